//! Measurements from CSV, by the names of its columns: aiconfigurator's, or shorter ones.

use rustc_hash::FxHashMap;

use super::Measurement;
use crate::{Architecture, EngineError, Precision};

/// Names of columns, first the ones of aiconfigurator's `silicon_sample.csv`.
const MODEL: [&str; 2] = ["model_path", "model"];
const GPU: [&str; 2] = ["system", "gpu"];
const ENGINE: [&str; 2] = ["backend", "engine"];
const PRECISION: [&str; 2] = ["gemm_quant_mode", "precision"];
const GPUS: [&str; 2] = ["tp_size", "tp"];
const CLIENTS: [&str; 2] = ["batch_size", "concurrency"];
const TTFT: [&str; 2] = ["silicon_ttft_ms", "ttft_ms"];
const TPOT: [&str; 2] = ["silicon_tpot_ms", "tpot_ms"];

/// Rows of this source were measured by another protocol, whose TTFT cannot be compared.
const OTHER_PROTOCOL: &str = "harrli/";

/// Reads measurements. The first line names the columns: `model`, `isl`, `osl`, `concurrency`, `ttft_ms` and
/// `tpot_ms` are needed; `gpu` (H100), `tp` (1), `engine` (vllm), `precision` (the model's own) and `id` are not.
///
/// # Errors
/// [`EngineError::Measurement`] with the line and what is wrong with it.
pub fn read_csv(text: &str) -> Result<Vec<Measurement>, EngineError> {
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let Some((_, header)) = lines.next() else {
        return Err(EngineError::Measurement { line: 1, reason: "a line of column names was expected".to_owned() });
    };
    let names = fields(header.trim_start_matches('\u{feff}'));
    let columns: FxHashMap<String, usize> =
        names.into_iter().enumerate().map(|(place, name)| (name.trim().to_ascii_lowercase(), place)).collect();
    lines
        .map(|(line, text)| {
            let row = Row { columns: &columns, fields: fields(text) };
            row.measurement(line).map_err(|reason| EngineError::Measurement { line, reason })
        })
        .collect()
}

/// The fields of one line; quotes may hold commas, a doubled quote is one.
pub(crate) fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(letter),
        }
    }
    fields.push(field);
    fields
}

struct Row<'a> {
    columns: &'a FxHashMap<String, usize>,
    fields: Vec<String>,
}

impl Row<'_> {
    fn text(&self, names: &[&str]) -> Option<&str> {
        let found = names.iter().find_map(|name| self.columns.get(*name));
        let field = self.fields.get(*found?)?.trim();
        if field.is_empty() { None } else { Some(field) }
    }

    fn needed(&self, names: &[&str]) -> Result<&str, String> {
        self.text(names).ok_or_else(|| format!("column `{}` is missing or empty", names[names.len() - 1]))
    }

    fn millis(&self, names: &[&str]) -> Result<f64, String> {
        let text = self.needed(names)?;
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
        number.ok_or_else(|| format!("`{text}` is no time in milliseconds"))
    }

    /// A count in `1..=most`.
    fn count(&self, names: &[&str], most: u32) -> Result<u32, String> {
        let text = self.needed(names)?;
        let number = text.parse::<u32>().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| format!("`{text}` is no count from 1 to {most}"))
    }

    /// A count that may be missing or 0, which both mean 1.
    fn optional(&self, name: &str) -> Result<u32, String> {
        match self.text(&[name]) {
            None | Some("0") => Ok(1),
            Some(_) => self.count(&[name], 1024),
        }
    }

    fn measurement(&self, line: usize) -> Result<Measurement, String> {
        let model = self.needed(&MODEL)?.to_owned();
        let source = self.text(&["silicon_data_source"]).unwrap_or_default();
        let ttft_ms = if source.contains(OTHER_PROTOCOL) { None } else { Some(self.millis(&TTFT)?) };
        Ok(Measurement {
            id: self.text(&["id"]).map_or_else(|| line.to_string(), str::to_owned),
            engine: self.text(&ENGINE).unwrap_or("vllm").parse().map_err(|error: EngineError| error.to_string())?,
            weights: precision(&model, self.text(&PRECISION))?,
            gpu: self.text(&GPU).unwrap_or("H100").to_owned(),
            tensor_parallel: self.text(&GPUS).map_or(Ok(1), |_| self.count(&GPUS, 1024))?,
            expert_parallel: self.optional("moe_ep_size")?,
            data_parallel: self.optional("attention_dp_size")?,
            prompt_tokens: self.count(&["isl"], 10_000_000)?,
            output_tokens: self.count(&["osl"], 10_000_000)?,
            concurrency: self.count(&CLIENTS, 100_000)?,
            ttft_ms,
            tpot_ms: self.millis(&TPOT)?,
            model,
        })
    }
}

fn precision(model: &str, name: Option<&str>) -> Result<Precision, String> {
    let own = Architecture::find(model).map_or(Precision::Bf16, |architecture| architecture.weights);
    match name.map(str::to_ascii_lowercase).as_deref() {
        None if model.to_ascii_lowercase().contains("fp8") => Ok(Precision::Fp8),
        None => Ok(own),
        // A model that is published in four bits stays in its own.
        Some("nvfp4" | "fp4") if own == Precision::Mxfp4 => Ok(own),
        Some(other) => other.parse().map_err(|error: EngineError| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::step::EngineKind;

    #[test]
    fn short_names_and_defaults_are_enough() {
        let rows = read_csv("model,isl,osl,concurrency,ttft_ms,tpot_ms\nQwen/Qwen3-8B,100,\"20\",4,30.5,9\n").unwrap();
        let row = &rows[0];
        assert_eq!((row.tensor_parallel, row.concurrency, row.ttft_ms, row.id.as_str()), (1, 4, Some(30.5), "2"));
        assert_eq!((row.weights, row.engine), (Precision::Bf16, EngineKind::Vllm));
    }

    #[test]
    fn a_bad_line_is_named() {
        let text = "model,isl,osl,concurrency,ttft_ms,tpot_ms\nm,100,20,4,30,9\n\nm,100,20,0,30,9\n";
        let error = read_csv(text).unwrap_err();
        assert_eq!(error.to_string(), "line 4: `0` is no count from 1 to 100000");
        assert!(read_csv("").is_err());
    }

    #[test]
    fn times_of_another_protocol_count_for_tpot_only() {
        let text = "silicon_data_source,model_path,isl,osl,batch_size,silicon_ttft_ms,silicon_tpot_ms\n\
                    \"file=/harrli/x, y\",openai/gpt-oss-120b,100,20,4,30,9\n";
        let rows = read_csv(text).unwrap();
        assert_eq!((rows[0].ttft_ms, rows[0].weights), (None, Precision::Mxfp4));
    }

    proptest! {
        #[test]
        fn garbage_is_refused_and_nothing_breaks(
            text in any::<String>(),
            body in "[a-z0-9,.\"\n-]{0,200}",
        ) {
            let _ = read_csv(&text);
            let _ = read_csv(&format!("model,isl,osl,concurrency,ttft_ms,tpot_ms\n{body}"));
        }
    }
}
