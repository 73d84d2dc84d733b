//! The families as tables of a document.

use std::fmt::Write;

use crate::engine::dynamo::Front;
use crate::engine::table::{Metric, Table};
use crate::engine::{Gpu, Instance, LastStep, Physical, Setup, Steps, dcgm, dynamo, nim, sglang, trtllm, vllm};

/// Every family in Markdown: one heading for each program, one row for each family.
pub fn document() -> String {
    let mut text = String::new();
    let (without, with) = (Instance::default(), physical());
    section(&mut text, "vLLM", "/vllm/metrics", &[(&vllm::TABLE, ""), (&vllm::INFO, "")], &without, &with);
    section(&mut text, "SGLang", "/sglang/metrics", &[(&sglang::TABLE, "")], &without, &with);
    section(&mut text, "TensorRT-LLM", "/trtllm/metrics", &[(&trtllm::TABLE, "")], &without, &with);
    section(&mut text, "NIM", "/v1/metrics", &[(&nim::TABLE, "")], &without, &with);
    let (alone, behind) = (Front::eventful(None), Front::eventful(Some(&with)));
    section(&mut text, "Dynamo's frontend", "/dynamo/metrics", &[(&dynamo::FRONTEND, "")], &alone, &behind);
    let workers = [(&dynamo::WORKERS, "as its frontend sees them"), (&dynamo::COMPONENT, "as they see themselves")];
    section(&mut text, "Dynamo's workers", "/dynamo/metrics", &workers, &without, &with);
    let (gpu, none) = (Gpu::default(), "a sample for each GPU of the physical engine, none without one");
    section(&mut text, "DCGM", "/dcgm/metrics", &[(&dcgm::TABLE, none)], &gpu, &gpu);
    text
}

/// An engine to which everything happened that can.
fn physical() -> Instance {
    let mut steps = Steps { last: LastStep { sequences: 1, ..LastStep::default() }, ..Steps::default() };
    steps.verify(1, 1);
    steps.last_first_token = (0.1, 1);
    let setup = Setup { drafts: 1, adapters: Some(1), ..Setup::default() };
    Instance { of: 2, physical: Some(Physical { steps, setup, ..Physical::default() }), ..Instance::default() }
}

fn section<S>(text: &mut String, title: &str, path: &str, tables: &[(&Table<S>, &str)], without: &S, with: &S) {
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(text, "## {title}: `{path}`");
    for (table, remark) in tables {
        let names: Vec<String> = (table.labels)(with).iter().map(|(name, _)| format!("`{name}`")).collect();
        let remark = if remark.is_empty() { String::new() } else { format!("{remark}; ") };
        let labels = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let _ = writeln!(text, "\nLabels of every sample ({remark}with two engines): {labels}.\n");
        let _ =
            writeln!(text, "| family | type | more labels | without a physical engine | help |\n|---|---|---|---|---|");
        table.metrics.iter().for_each(|metric| row(text, metric, without, with));
    }
    text.push('\n');
}

fn row<S>(text: &mut String, metric: &Metric<S>, without: &S, with: &S) {
    debug_assert!(metric.is_known(with), "{}", metric.name);
    let labels: Vec<String> = metric.labels.iter().map(|name| format!("`{name}`")).collect();
    let known = if metric.is_known(without) { "yes" } else { "left out" };
    let help = metric.help.replace('|', "\\|");
    let _ = writeln!(text, "| `{}` | {} | {} | {known} | {help} |", metric.name, metric.kind.name(), labels.join(", "));
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str =
        "<!-- Made from crates/telemetry/src/engine; `UPDATE_DOCS=1 cargo test -p fakeai-telemetry` rewrites it. -->";

    /// `UPDATE_DOCS=1` rewrites the page's tables instead.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test that rewrites a page when it is told to")]
    fn the_page_shows_every_family() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics-families.md");
        let page = std::fs::read_to_string(path).unwrap_or_default();
        let (before, _) = page.split_once(MARK).unwrap_or((&page, ""));
        let made = format!("{before}{MARK}\n\n{}", document().trim_end()) + "\n";
        if std::env::var("UPDATE_DOCS").is_ok() {
            std::fs::write(path, &made).unwrap();
        } else {
            assert!(page == made, "{path} is stale: UPDATE_DOCS=1 cargo test -p fakeai-telemetry rewrites it");
        }
    }

    #[test]
    fn every_family_has_one_row() {
        let document = document();
        let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| `")).collect();
        let mut names: Vec<&str> = rows.iter().map(|row| row.split('`').nth(1).unwrap_or_default()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!((names.len(), count > 100), (count, true));
        let find = |name: &str| rows.iter().find(|row| row.contains(name)).copied().unwrap_or_default();
        assert!(find("`vllm:kv_cache_usage_perc`").contains("left out"));
        assert!(find("`vllm:prompt_tokens_total`").contains("| yes |"));
    }
}
