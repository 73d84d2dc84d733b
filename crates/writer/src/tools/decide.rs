//! Whether a tool fits what the user said.

use crate::embedding::Bag;
use crate::finds::wish_words;
use crate::{GenerationRequest, Prompt, Role, Tool, ToolChoice, ToolInput, Turn};

/// Kinship from which a tool is called without being told to.
const ENOUGH: f32 = 1.0;

/// What a conversation says since the user last spoke.
pub(super) struct Situation<'a> {
    /// What the user said.
    pub(super) text: &'a str,
    /// Calls made since: name and input.
    pub(super) made: Vec<(&'a str, &'a str)>,
    /// Their results, with the name of the tool where it is known.
    pub(super) results: Vec<(&'a str, &'a str)>,
}

impl<'a> Situation<'a> {
    pub(super) fn of(request: &'a GenerationRequest) -> Self {
        let turns: &[Turn] = match &request.prompt {
            Prompt::Chat(turns) => turns,
            Prompt::Completion(_) => &[],
        };
        let from = turns.iter().rposition(|turn| turn.role == Role::User).map_or(0, |at| at + 1);
        let since = &turns[from..];
        let calls = || since.iter().flat_map(|turn| &turn.calls);
        let name = |turn: &'a Turn| {
            let id = turn.answers.as_deref();
            let call = calls().find(|call| id == Some(call.id.as_str()));
            call.map(|call| call.name.as_str()).or(turn.name.as_deref()).unwrap_or_default()
        };
        let results = since.iter().filter(|turn| matches!(turn.role, Role::Tool | Role::Function));
        Self {
            text: request.last_user_text(),
            made: calls().map(|call| (call.name.as_str(), call.input.as_str())).collect(),
            results: results.map(|turn| (name(turn), turn.text().unwrap_or_default())).collect(),
        }
    }
}

/// The tools to call, by their places, the best first; none means an answer in words.
pub(super) fn chosen(request: &GenerationRequest, situation: &Situation<'_>) -> Vec<usize> {
    let tools = &request.tools;
    let fresh = |tool: &Tool| situation.made.iter().all(|(name, _)| *name != tool.name);
    match tools.choice {
        ToolChoice::Never => Vec::new(),
        ToolChoice::Named(place) => vec![place],
        ToolChoice::Required | ToolChoice::Auto => {
            let said = Bag::of(situation.text);
            let allowed = tools.offered.iter().enumerate().filter(|(_, tool)| tool.allowed);
            let mut fits: Vec<(f32, usize)> =
                allowed.map(|(place, tool)| (fit(&said, situation.text, tool), place)).collect();
            // Ties go to the tool that stands first.
            fits.sort_by(|a, b| b.0.total_cmp(&a.0));
            // One that was called has given what it can: conversations end.
            let open: Vec<(f32, usize)> =
                fits.iter().copied().filter(|(_, place)| fresh(&tools.offered[*place])).collect();
            if tools.choice == ToolChoice::Required {
                let best = open.first().or(fits.first());
                return best.map(|(_, place)| *place).into_iter().collect();
            }
            wanted(&open, situation)
        }
    }
}

/// Of the tools not called yet, those that fit well enough.
fn wanted(open: &[(f32, usize)], situation: &Situation<'_>) -> Vec<usize> {
    let Some((best, first)) = open.first().copied().filter(|(fit, _)| *fit >= ENOUGH) else { return Vec::new() };
    // "… and then mail it": what comes after the first thing asked for is another tool's.
    let joined = [" and ", " then ", " also ", ", "].iter().any(|word| situation.text.contains(word));
    let others = open[1..].iter().filter(|(fit, _)| joined && *fit >= ENOUGH && *fit >= 0.75 * best);
    std::iter::once(first).chain(others.map(|(_, place)| *place)).take(4).collect()
}

/// How well a tool fits what was said: its name tells most, then what it is for, then what it takes.
fn fit(said: &Bag, text: &str, tool: &Tool) -> f32 {
    let name = Bag::of(&wish_words(&tool.name).join(" "));
    let description = Bag::of(&tool.description);
    let mut fit = 1.2 * said.shared(&name) + 0.8 * said.shared(&description).min(2.0);
    if let ToolInput::Arguments(arguments) = &tool.input {
        let (mut names, mut values) = (String::new(), String::new());
        for (name, field) in arguments.source()["properties"].as_object().into_iter().flatten() {
            names.extend([&wish_words(name).join(" "), " "]);
            names.extend([field["description"].as_str().unwrap_or_default(), " "]);
            for value in field["enum"].as_array().into_iter().flatten().filter_map(|value| value.as_str()) {
                values.extend([value, " "]);
            }
        }
        fit += 0.3 * said.shared(&Bag::of(&names)).min(2.0) + 0.4 * said.shared(&Bag::of(&values)).min(1.0);
    }
    // "Use get_weather": the tool is named.
    if text.contains(&tool.name) { fit + 3.0 } else { fit }
}
