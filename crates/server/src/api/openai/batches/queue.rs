//! How many tokens of prompts somebody's batches may have waiting for a model, where keys have limits. They are
//! estimated by the bytes of the requests, as those of a request are before it is answered.

use fakeai_store::{Page, View};

use super::batch::{Batch, Checked, KIND, LineError, Owner};
use crate::error::ApiError;
use crate::gate::Quotas;

/// Batches that are looked at: far more than anybody has under way.
const MOST_BATCHES: usize = 10_000;

/// What is wrong with a batch whose requests would be too many beside those of its maker's other batches.
pub(super) async fn overflow(
    quotas: &Quotas,
    documents: &View<'_>,
    batch: &Batch,
    checked: &Checked,
) -> Result<Option<LineError>, ApiError> {
    let Some(model) = &checked.model else { return Ok(None) };
    let project = batch.caller.as_ref().map_or("", Owner::project);
    let Some(limit) = quotas.batch_queue(documents, project, model)? else { return Ok(None) };
    let page = Page { limit: MOST_BATCHES, ..Page::default() };
    let others = documents.find(KIND, &page, |body| {
        serde_json::from_slice::<Batch>(body).is_ok_and(|other| {
            other.id != batch.id
                && other.ended.is_none()
                && Owner::is_same(other.caller.as_ref(), batch.caller.as_ref())
        })
    });
    let others = others.await?.documents;
    let waiting = others.iter().filter_map(|(_, document)| Batch::read(document)?.checked);
    let waiting: u64 = waiting.filter(|other| other.model.as_ref() == Some(model)).map(|other| other.tokens).sum();
    if waiting.saturating_add(checked.tokens) <= limit {
        return Ok(None);
    }
    let message = format!(
        "Enqueued token limit reached for {model} in organization fakeai. Limit: {} enqueued tokens. Please try again \
         once some in_progress batches have been completed.",
        grouped(limit)
    );
    Ok(Some(LineError { code: "token_limit_exceeded".to_owned(), line: None, message, param: None }))
}

/// A number with commas between its thousands, as OpenAI writes limits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!([0, 999, 1000, 90_000, 1_350_000].map(grouped), ["0", "999", "1,000", "90,000", "1,350,000"]);
    }
}
