//! Latencies as they were measured, instead of a model of steps: percentiles of TTFT and ITL for so many requests at a
//! time and prompts of such a length.
//!
//! Between the measured points latencies are interpolated: over the logarithm of the concurrency, then over the length
//! of the prompt; beyond them the nearest point holds. A draw takes a standard normal `z` and reads the logarithm of
//! the latency off the straight lines through `(0, ln p50)`, `(1.2816, ln p90)` and `(2.3263, ln p99)`, the first of
//! which goes on below the median: a log-normal distribution with a tail of its own.

use std::time::Duration;

use fakeai_core::Rng;
use rustc_hash::FxHashMap;

use crate::EngineError;
use crate::calibrate::fields;

/// Measured percentiles of latency.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyTable {
    /// By length of the prompt.
    columns: Vec<Column>,
}

/// All points of one length of prompt.
#[derive(Clone, Debug, PartialEq)]
struct Column {
    prompt_tokens: f64,
    /// By concurrency.
    points: Vec<Point>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    concurrency: f64,
    ttft: Percentiles,
    itl: Percentiles,
}

/// Logarithms of milliseconds at p50, p90 and p99.
type Percentiles = [f64; 3];

/// Standard normal quantiles of 0.9 and 0.99.
const Z90: f64 = 1.281_551_565_5;
const Z99: f64 = 2.326_347_874;

/// Draws stray no further: beyond, the table says nothing.
const MOST_Z: f64 = 3.5;

/// Latencies below a nanosecond or beyond a day are no latencies, milliseconds.
const RANGE_MS: (f64, f64) = (1e-6, 86_400_000.0);

const NEEDED: [&str; 7] =
    ["concurrency", "ttft_p50_ms", "ttft_p90_ms", "ttft_p99_ms", "itl_p50_ms", "itl_p90_ms", "itl_p99_ms"];

impl LatencyTable {
    /// Reads a table. The first line names the columns: `concurrency`, `ttft_p50_ms`, `ttft_p90_ms`, `ttft_p99_ms`,
    /// `itl_p50_ms`, `itl_p90_ms`, `itl_p99_ms` are needed; `isl`, the length of the prompts in tokens, is not. Other
    /// columns are ignored.
    ///
    /// # Errors
    /// [`EngineError::Measurement`] with the line and what is wrong with it: a number that is none, percentiles that
    /// fall, no lines at all.
    pub fn read_csv(text: &str) -> Result<Self, EngineError> {
        let wrong = |line, reason| EngineError::Measurement { line, reason };
        let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
        let header = lines.next().map(|(_, header)| header.trim_start_matches('\u{feff}')).unwrap_or_default();
        let places: FxHashMap<String, usize> =
            fields(header).iter().enumerate().map(|(place, name)| (name.trim().to_ascii_lowercase(), place)).collect();
        if let Some(missing) = NEEDED.iter().find(|name| !places.contains_key(**name)) {
            return Err(wrong(1, format!("a column `{missing}` was expected")));
        }
        let mut table = Self { columns: Vec::new() };
        for (line, text) in lines {
            let (prompt_tokens, point) = read_point(&places, &fields(text)).map_err(|reason| wrong(line, reason))?;
            table.add(prompt_tokens, point);
        }
        if table.columns.is_empty() {
            return Err(wrong(1, "a table needs at least one line of latencies".to_owned()));
        }
        table.columns.sort_by(|a, b| a.prompt_tokens.total_cmp(&b.prompt_tokens));
        for column in &mut table.columns {
            column.points.sort_by(|a, b| a.concurrency.total_cmp(&b.concurrency));
        }
        Ok(table)
    }

    fn add(&mut self, prompt_tokens: f64, point: Point) {
        let same = |column: &&mut Column| column.prompt_tokens.total_cmp(&prompt_tokens).is_eq();
        match self.columns.iter_mut().find(same) {
            Some(column) => column.points.push(point),
            None => self.columns.push(Column { prompt_tokens, points: vec![point] }),
        }
    }

    /// A time to first token, with so many requests at a time, this one included.
    pub fn draw_ttft(&self, concurrency: u32, prompt_tokens: u32, rng: &mut Rng) -> Duration {
        self.draw(concurrency, prompt_tokens, rng, |point| point.ttft)
    }

    /// A time between tokens, with so many requests at a time, this one included.
    pub fn draw_itl(&self, concurrency: u32, prompt_tokens: u32, rng: &mut Rng) -> Duration {
        self.draw(concurrency, prompt_tokens, rng, |point| point.itl)
    }

    fn draw(
        &self,
        concurrency: u32,
        prompt_tokens: u32,
        rng: &mut Rng,
        of: impl Fn(&Point) -> Percentiles,
    ) -> Duration {
        let prompt_tokens = f64::from(prompt_tokens);
        let concurrency = f64::from(concurrency.max(1)).ln();
        let at = |column: &Column| between(&column.points, concurrency, |point| point.concurrency.ln(), &of);
        let [p50, p90, p99] = between(&self.columns, prompt_tokens, |column| column.prompt_tokens, at);
        let z = rng.normal().clamp(-MOST_Z, MOST_Z);
        let log = if z < Z90 { p50 + (p90 - p50) * z / Z90 } else { p90 + (p99 - p90) * (z - Z90) / (Z99 - Z90) };
        Duration::from_secs_f64(log.exp().clamp(RANGE_MS.0, RANGE_MS.1) / 1e3)
    }
}

/// The percentiles at `x` between the two of `sorted` around it.
fn between<T>(sorted: &[T], x: f64, place: impl Fn(&T) -> f64, of: impl Fn(&T) -> Percentiles) -> Percentiles {
    let after = sorted.partition_point(|item| place(item) <= x);
    let (Some(low), high) = (sorted.get(after.saturating_sub(1)), sorted.get(after)) else { return [0.0; 3] };
    let Some(high) = high.filter(|_| after > 0) else { return of(low) };
    let share = (x - place(low)) / (place(high) - place(low));
    let (low, high) = (of(low), of(high));
    std::array::from_fn(|at| low[at] + (high[at] - low[at]) * share)
}

fn read_point(places: &FxHashMap<String, usize>, fields: &[String]) -> Result<(f64, Point), String> {
    let text = |name: &str| places.get(name).and_then(|place| fields.get(*place)).map(|text| text.trim());
    let number = |name: &str, low: f64, high: f64| {
        let text = text(name).unwrap_or_default();
        let number = text.parse::<f64>().ok().filter(|number| (low..=high).contains(number));
        number.ok_or_else(|| format!("`{text}` is no `{name}`; from {low} to {high} is expected"))
    };
    let log = |name: &str| number(name, RANGE_MS.0, RANGE_MS.1).map(f64::ln);
    let three = |p50: &str, p90: &str, p99: &str| {
        let percentiles = [log(p50)?, log(p90)?, log(p99)?];
        if percentiles.is_sorted() { Ok(percentiles) } else { Err(format!("`{p50}`, `{p90}`, `{p99}` must not fall")) }
    };
    let prompt_tokens = match text("isl") {
        None | Some("") => 1.0,
        Some(_) => number("isl", 1.0, 1e9)?,
    };
    let point = Point {
        concurrency: number("concurrency", 1.0, 1e6)?,
        ttft: three("ttft_p50_ms", "ttft_p90_ms", "ttft_p99_ms")?,
        itl: three("itl_p50_ms", "itl_p90_ms", "itl_p99_ms")?,
    };
    Ok((prompt_tokens, point))
}

#[cfg(test)]
mod tests {
    use fakeai_core::Seed;
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str = "concurrency,isl,ttft_p50_ms,ttft_p90_ms,ttft_p99_ms,itl_p50_ms,itl_p90_ms,itl_p99_ms\n";

    fn table(rows: &str) -> Result<LatencyTable, EngineError> {
        LatencyTable::read_csv(&format!("{HEADER}{rows}"))
    }

    fn percentiles(table: &LatencyTable, concurrency: u32, prompt_tokens: u32) -> [f64; 3] {
        let mut rng = Seed::new(42).rng();
        let mut draws: Vec<f64> =
            (0..20_000).map(|_| table.draw_ttft(concurrency, prompt_tokens, &mut rng).as_secs_f64() * 1e3).collect();
        draws.sort_by(f64::total_cmp);
        [draws[10_000], draws[18_000], draws[19_800]]
    }

    #[test]
    fn draws_have_the_percentiles_of_the_table() {
        let table = table("1,1000,100,150,400,10,12,20\n64,1000,800,1600,3000,30,40,90\n").unwrap();
        for (concurrency, expected) in [(1, [100.0, 150.0, 400.0]), (64, [800.0, 1600.0, 3000.0])] {
            let found = percentiles(&table, concurrency, 500);
            assert!(found.iter().zip(expected).all(|(found, wanted)| (found / wanted - 1.0).abs() < 0.06), "{found:?}");
        }
        let middle = percentiles(&table, 8, 500);
        assert!((middle[0] / 80_000_f64.sqrt() - 1.0).abs() < 0.03, "{middle:?}");
    }

    #[test]
    fn longer_prompts_take_longer_as_far_as_it_was_measured() {
        let table = table("4,100,10,10,10,5,5,5\n4,1000,50,50,50,5,5,5\n").unwrap();
        let medians = [50, 100, 550, 1000, 9000].map(|tokens| percentiles(&table, 4, tokens)[0].round() as u32);
        assert_eq!(medians, [10, 10, 22, 50, 50]);
    }

    #[test]
    fn a_bad_line_is_named() {
        let words = |rows| table(rows).unwrap_err().to_string();
        assert_eq!(
            words("1,,1,2,3,1,2,3\n2,,1,3,2,1,2,3\n"),
            "line 3: `ttft_p50_ms`, `ttft_p90_ms`, `ttft_p99_ms` must not fall"
        );
        assert!(words("0,,1,2,3,1,2,3\n").starts_with("line 2: `0` is no `concurrency`"));
        assert_eq!(words(""), "line 1: a table needs at least one line of latencies");
        assert!(LatencyTable::read_csv("a,b\n1,2").is_err());
    }

    proptest! {
        #[test]
        fn garbage_is_refused_and_draws_are_finite(
            text in any::<String>(),
            rows in "[0-9.,\n-]{0,120}",
            concurrency in 0_u32..10_000,
            prompt_tokens: u32,
        ) {
            let _ = LatencyTable::read_csv(&text);
            if let Ok(table) = table(&rows) {
                let drawn = table.draw_itl(concurrency, prompt_tokens, &mut Seed::new(1).rng());
                prop_assert!(drawn <= Duration::from_secs(86_400));
            }
        }
    }
}
