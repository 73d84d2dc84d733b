//! Holds the server to OpenAI's own document: walks every operation, plays scenarios for those we have, and judges each
//! request, answer and streamed event by the document's schemas.
//!
//! It must not know how the server works inside: it calls [`fakeai_server::Door`] as a client would, on a clock it moves
//! by hand, and asks only which operations the server says it has. The document is not part of this repository; where it
//! is not found, nothing is judged and the run says so.
#![expect(clippy::print_stdout, reason = "its output is what a person at a terminal reads")]

mod document;
mod events;
mod faults;
mod judge;
mod report;
mod scenarios;
mod server;
mod trial;
mod walk;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use document::Document;
use judge::Judge;
use report::Report;

/// Where the document is, if not beside the repository.
const DOCUMENT_ENV: &str = "OPENAI_OPENAPI";

fn main() -> Result<ExitCode> {
    let path = document_path();
    if !path.exists() {
        println!("  skipped: OpenAI's document is not at {}; {DOCUMENT_ENV} names another place", path.display());
        return Ok(ExitCode::SUCCESS);
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
    let document = Document::parse(&text).with_context(|| format!("{} is no document of OpenAI's", path.display()))?;
    let registry = document.registry()?;
    let judge = Judge::new(&registry);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let report = runtime.block_on(examine(&document, &judge))?;
    print!("{report}");
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn examine<'a>(document: &'a Document, judge: &Judge<'a>) -> Result<Report<'a>> {
    let mut report = Report::new(document);
    walk::all(document, judge, &mut report).await?;
    scenarios::all(document, judge, &mut report).await?;
    Ok(report)
}

fn document_path() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/reference/openai-openapi.json");
    std::env::var_os(DOCUMENT_ENV).map_or_else(|| PathBuf::from(beside), PathBuf::from)
}
