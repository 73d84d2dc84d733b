//! `truncation: auto`: the oldest turns are dropped until the rest fits the model.

use fakeai_writer::{GenerationRequest, Prompt, Role, Turn, count_prompt};

use crate::context::Context;
use crate::error::ApiError;
use crate::generation::TokenLimit;

/// Whether old turns may be dropped.
pub(super) fn wanted(truncation: Option<&str>) -> Result<bool, ApiError> {
    match truncation {
        None | Some("disabled") => Ok(false),
        Some("auto") => Ok(true),
        Some(other) => Err(ApiError::unsupported_value("truncation", other, &["auto", "disabled"])),
    }
}

/// Drops as few of the oldest turns as it takes to fit. What the application said stays, and so does the last turn;
/// a call is never parted from its results.
pub(in crate::api::openai) fn fit(context: &Context, request: &mut GenerationRequest, limit: Option<TokenLimit>) {
    let Prompt::Chat(turns) = &request.prompt else { return };
    let turns = turns.clone();
    let room = request.model.context_window_tokens.saturating_sub(limit.map_or(1, |limit| limit.tokens));
    let mut fits = |dropped: usize| {
        request.prompt = Prompt::Chat(without_oldest(&turns, dropped));
        count_prompt(request, &context.app().counts).tokens <= room
    };
    if fits(0) {
        return;
    }
    // The fewest dropped, by halving: more dropped never count more.
    let (mut too_few, mut enough) = (0, turns.len());
    while enough - too_few > 1 {
        let middle = usize::midpoint(too_few, enough);
        if fits(middle) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    fits(enough);
}

/// The turns without the `dropped` oldest.
fn without_oldest(turns: &[Turn], dropped: usize) -> Vec<Turn> {
    let told = |turn: &Turn| matches!(turn.role, Role::System | Role::Developer);
    let mut first = dropped.min(turns.len().saturating_sub(1));
    // Results whose call is dropped go with it.
    while first + 1 < turns.len() && turns[first].role == Role::Tool {
        first += 1;
    }
    let kept = turns.iter().enumerate().filter(|(index, turn)| *index >= first || told(turn));
    kept.map(|(_, turn)| turn.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_and_the_last_turn_stay() {
        let turns = [
            Turn::new(Role::System, "s"),
            Turn::new(Role::User, "a"),
            Turn::new(Role::Assistant, "b"),
            Turn::new(Role::Tool, "c"),
            Turn::new(Role::User, "d"),
        ];
        let roles = |dropped| without_oldest(&turns, dropped).iter().map(|turn| turn.role).collect::<Vec<_>>();
        assert_eq!(roles(0).len(), 5);
        assert_eq!(roles(2), [Role::System, Role::Assistant, Role::Tool, Role::User]);
        assert_eq!(roles(3), [Role::System, Role::User]);
        assert_eq!(roles(99), [Role::System, Role::User]);
    }
}
