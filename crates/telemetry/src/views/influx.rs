//! Totals in `InfluxDB`'s line protocol (v1 and v2 alike).

use std::borrow::Cow;
use std::fmt::Write;

use super::dates::Dates;
use crate::ledger::Ledger;

/// Content type of the text.
pub const INFLUX_CONTENT_TYPE: &str = "text/plain; charset=utf-8";

/// One line of the measurement `fakeai_requests` for each combination of endpoint, model, status and error, with what was
/// counted since the start; and one of `fakeai_server`. Times are Unix nanoseconds.
pub fn influx(ledger: &Ledger, dates: Dates) -> String {
    let now = dates.unix_nanos(dates.now());
    let mut text = String::new();
    for (key, totals) in ledger.totals() {
        text.push_str("fakeai_requests");
        let status = key.status.to_string();
        let tags = [("endpoint", key.endpoint), ("model", &*key.model), ("status", &*status), ("error", key.error)];
        // An empty tag is no tag there.
        for (name, value) in tags.into_iter().filter(|(_, value)| !value.is_empty()) {
            let _ = write!(text, ",{name}={}", escaped(value));
        }
        let counts = [
            ("requests", totals.requests),
            ("streams", totals.streams),
            ("client_closed", totals.client_closed),
            ("prompt_tokens", totals.prompt_tokens),
            ("cached_tokens", totals.cached_tokens),
            ("completion_tokens", totals.completion_tokens),
            ("reasoning_tokens", totals.reasoning_tokens),
            ("delivered_tokens", totals.delivered_tokens),
            ("bytes_in", totals.bytes_in),
            ("bytes_out", totals.bytes_out),
        ];
        for (number, (name, count)) in counts.into_iter().enumerate() {
            let _ = write!(text, "{}{name}={count}i", if number == 0 { ' ' } else { ',' });
        }
        let sums = [
            ("cost_usd", totals.cost_usd),
            ("latency_seconds_sum", totals.latency.sum()),
            ("ttft_seconds_sum", totals.ttft.sum()),
            ("itl_seconds_sum", totals.itl.sum()),
        ];
        for (name, sum) in sums {
            let _ = write!(text, ",{name}={sum}");
        }
        let _ = writeln!(text, " {now}");
    }
    let (streams, age) = (ledger.active_streams(), dates.now().since(ledger.began()).as_secs_f64());
    let _ = writeln!(text, "fakeai_server active_streams={streams}i,uptime_seconds={age} {now}");
    text
}

/// A tag's value: commas, spaces and equals signs are escaped; line breaks and backslashes, which the protocol cannot
/// say in all places, become underscores.
fn escaped(value: &str) -> Cow<'_, str> {
    if !value.contains(|c: char| matches!(c, ',' | ' ' | '=' | '\\') || c.is_control()) {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        match c {
            ',' | ' ' | '=' => text.extend(['\\', c]),
            '\\' => text.push('_'),
            c if c.is_control() => text.push('_'),
            c => text.push(c),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fakeai_core::Tick;
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::tests::record;

    #[test]
    fn known_input_gives_known_lines() {
        let ledger = Ledger::new(true);
        let mut odd = record("/v1/chat/completions", 1);
        odd.model = Some(Arc::from("my model,a=b\\\n"));
        ledger.add(odd);
        let text = influx(&ledger, Dates::new(Tick::from_nanos(2_000_000_000), 1_735_689_600_000_000_000));
        let expected = "fakeai_requests,endpoint=/v1/chat/completions,model=my\\ model\\,a\\=b__,status=200 \
                        requests=1i,streams=1i,client_closed=0i,prompt_tokens=10i,cached_tokens=0i,completion_tokens=11i,\
                        reasoning_tokens=0i,delivered_tokens=11i,bytes_in=100i,bytes_out=1000i,cost_usd=0.001,\
                        latency_seconds_sum=0.07,ttft_seconds_sum=0.02,itl_seconds_sum=0.005 1735689600000000000\n\
                        fakeai_server active_streams=0i,uptime_seconds=2 1735689600000000000\n";
        assert_eq!(text, expected);
    }

    proptest! {
        #[test]
        fn any_name_stays_on_its_line(name in any::<String>()) {
            let text = escaped(&name);
            prop_assert!(!text.contains('\n') && !text.ends_with('\\'));
        }
    }
}
