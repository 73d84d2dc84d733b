//! Tools the platform runs itself: simulated, one file each, with their items, events and results.
//!
//! One runs when `tool_choice` demands it, or when the user's last turn clearly asks for it. What it finds is given to
//! the writer as the result of a call. Files are really searched; nothing else is searched, run or contacted, and what
//! has nothing behind it says so in its result. All events of a hosted item follow from the item and its tool, so that a stored one streams again as it did.

mod apply_patch;
mod code_interpreter;
mod computer;
mod file_search;
mod image_generation;
mod local_shell;
mod mcp;
mod shell;
mod tool_search;
mod web_search;

use serde_json::{Value, json};

use super::items::ItemIds;
use super::lower::Include;
use super::wire::Object;
use crate::context::Context;
use crate::error::ApiError;
use crate::gate::policy;

/// A kind of hosted tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hosted {
    WebSearch,
    FileSearch,
    CodeInterpreter,
    ImageGeneration,
    Computer,
    Mcp,
    LocalShell,
    Shell,
    ApplyPatch,
    ToolSearch,
}

/// Type names on the wire, and what each stands for.
const NAMES: &[(&str, Hosted)] = &[
    ("web_search", Hosted::WebSearch),
    ("web_search_2025_08_26", Hosted::WebSearch),
    ("web_search_preview", Hosted::WebSearch),
    ("web_search_preview_2025_03_11", Hosted::WebSearch),
    ("file_search", Hosted::FileSearch),
    ("code_interpreter", Hosted::CodeInterpreter),
    ("image_generation", Hosted::ImageGeneration),
    ("computer", Hosted::Computer),
    ("computer_use", Hosted::Computer),
    ("computer_use_preview", Hosted::Computer),
    ("mcp", Hosted::Mcp),
    ("local_shell", Hosted::LocalShell),
    ("shell", Hosted::Shell),
    ("apply_patch", Hosted::ApplyPatch),
    ("tool_search", Hosted::ToolSearch),
];

/// What a hosted tool goes by.
pub(super) struct Asked<'a> {
    pub context: &'a Context,
    /// The tool as the client described it.
    pub tool: &'a Object,
    /// What the user said last.
    pub text: &'a str,
    /// All tools as the client described them.
    pub all: &'a [Value],
    /// The tool of an MCP server that was demanded.
    pub name: Option<&'a str>,
    /// All items so far.
    pub items: &'a [Value],
    pub ids: &'a ItemIds,
    pub include: Include,
    /// Whether the client demands it, or the user's words clearly ask for it.
    pub is_wished: bool,
}

/// A file that an answer cites.
#[derive(Debug)]
pub(super) struct Cited {
    pub file_id: String,
    pub filename: String,
    /// What the answer takes from it.
    pub passage: String,
}

/// What one run of a hosted tool adds to the answer.
#[derive(Debug, Default)]
pub(super) struct Performed {
    /// The item, finished.
    pub item: Value,
    /// What the model writes for it, in tokens.
    pub written: String,
    /// What the model is told: the tool's name and its result.
    pub told: Option<(&'static str, String)>,
    /// What the model reads beside that: names and texts of files.
    pub files: Vec<(String, String)>,
    /// What the answer cites: title and URL.
    pub sources: Vec<(String, String)>,
    /// Files that the answer cites.
    pub cited: Vec<Cited>,
    /// Whether the client has to do something before the answer goes on.
    pub waits: bool,
}

/// How a hosted item looks as events.
pub(super) struct Steps {
    /// The item as it is first shown.
    pub added: Value,
    /// Between that and what the model writes: types, and what they have beside the item's id and place.
    pub before: Vec<(&'static str, Value)>,
    /// The type of the deltas of what the model writes; `None` if that does not show.
    pub delta: Option<&'static str>,
    /// After what the model wrote.
    pub after: Vec<(&'static str, Value)>,
}

impl Hosted {
    /// The tool of a type name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, hosted)| *hosted)
    }

    /// All type names of tools, also of those that are not hosted.
    pub(super) fn all_names() -> Vec<&'static str> {
        ["function", "custom", "namespace"].into_iter().chain(NAMES.iter().map(|(name, _)| *name)).collect()
    }

    /// Whether `tool_choice` can demand it.
    pub(super) const fn can_be_chosen(self) -> bool {
        !matches!(self, Self::ToolSearch)
    }

    /// Refuses a description without what the tool needs.
    pub(super) fn check(self, tool: &Object, param: &str) -> Result<(), ApiError> {
        let needed: &[&str] = match self {
            Self::FileSearch => &["vector_store_ids"],
            Self::CodeInterpreter => &["container"],
            Self::Mcp => &["server_label"],
            Self::Computer if tool.get("type").is_some_and(|kind| kind == "computer_use_preview") => {
                &["display_width", "display_height", "environment"]
            }
            _ => &[],
        };
        if let Some(field) = needed.iter().find(|field| tool.get(**field).is_none_or(Value::is_null)) {
            return Err(ApiError::missing(&format!("{param}.{field}")));
        }
        match self {
            Self::FileSearch => file_search::check(tool, param),
            Self::Mcp => mcp::check(tool, param),
            Self::ImageGeneration => image_generation::check(tool, param),
            _ => Ok(()),
        }
    }

    /// Whether a user's words clearly ask for it.
    pub(super) fn is_asked_for(self, text: &str) -> bool {
        let cues: &[&str] = match self {
            Self::WebSearch => web_search::CUES,
            Self::FileSearch => file_search::CUES,
            Self::CodeInterpreter => code_interpreter::CUES,
            Self::ImageGeneration => image_generation::CUES,
            Self::Computer => computer::CUES,
            Self::LocalShell | Self::Shell => shell::CUES,
            Self::ApplyPatch => apply_patch::CUES,
            Self::ToolSearch => tool_search::CUES,
            Self::Mcp => mcp::CUES,
        };
        let lower = format!(" {} ", text.to_lowercase());
        cues.iter().any(|cue| lower.contains(cue))
    }

    /// What permissions of projects call it.
    const fn permission(self) -> Option<&'static str> {
        Some(match self {
            Self::WebSearch => "web_search",
            Self::FileSearch => "file_search",
            Self::CodeInterpreter => "code_interpreter",
            Self::ImageGeneration => "image_generation",
            Self::Mcp => "mcp",
            _ => return None,
        })
    }

    /// Refuses a tool that is not allowed, and a description of something that is not there.
    pub(super) fn find(self, context: &Context, tool: &Object) -> Result<(), ApiError> {
        if let Some(name) = self.permission() {
            policy::tool(context, name)?;
        }
        if self == Self::FileSearch { file_search::check_stores(context, tool) } else { Ok(()) }
    }

    /// Whether it finds out by itself if it has something to say.
    pub(super) fn looks_unasked(self) -> bool {
        self == Self::FileSearch
    }

    /// Runs it.
    pub(super) fn perform(self, asked: &Asked<'_>) -> Result<Vec<Performed>, ApiError> {
        let performed = match self {
            Self::WebSearch => web_search::perform(asked),
            Self::FileSearch => file_search::perform(asked)?,
            Self::CodeInterpreter => code_interpreter::perform(asked),
            Self::ImageGeneration => image_generation::perform(asked),
            Self::Computer => computer::perform(asked),
            Self::LocalShell => local_shell::perform(asked),
            Self::Shell => shell::perform(asked),
            Self::ApplyPatch => apply_patch::perform(asked),
            Self::ToolSearch => tool_search::perform(asked),
            Self::Mcp => mcp::perform(asked),
        };
        self.charge(asked, performed.len() as u64);
        Ok(performed)
    }

    /// Notes what running it used.
    fn charge(self, asked: &Asked<'_>, times: u64) {
        let units = &mut asked.context.note().units;
        match self {
            Self::WebSearch => units.web_searches += times,
            Self::FileSearch => units.file_searches += times,
            Self::ImageGeneration => units.images += times,
            // A container that is named was opened before.
            Self::CodeInterpreter if !asked.tool.get("container").is_some_and(Value::is_string) => {
                units.code_sessions += times;
            }
            _ => {}
        }
    }
}

/// What an MCP server does without being asked: it lists its tools, and goes on where it waited for an approval.
pub(super) fn unasked(hosted: Hosted, asked: &Asked<'_>) -> Vec<Performed> {
    match hosted {
        Hosted::Mcp => mcp::begin(asked),
        _ => Vec::new(),
    }
}

/// What is shown of `item` before what ends it, where `tools` were on offer: unfinished pictures, which take a while to
/// make, so it is asked once.
pub(super) fn partials(item: &Value, tools: &[Value]) -> Vec<(&'static str, Value)> {
    if item["type"] == "image_generation_call" { image_generation::partials(item, tools) } else { Vec::new() }
}

/// How `item` looks as events; `None` if it is no item of a hosted tool.
pub(super) fn steps(item: &Value) -> Option<Steps> {
    match item["type"].as_str()? {
        "web_search_call" => Some(web_search::steps(item)),
        "file_search_call" => Some(file_search::steps(item)),
        "code_interpreter_call" => Some(code_interpreter::steps(item)),
        "image_generation_call" => Some(image_generation::steps(item)),
        "shell_call" => Some(shell::steps(item)),
        "mcp_call" => Some(mcp::call_steps(item)),
        "mcp_list_tools" => Some(mcp::list_steps(item)),
        "shell_call_output" => Some(shell::output_steps(item)),
        "computer_call"
        | "local_shell_call"
        | "apply_patch_call"
        | "tool_search_call"
        | "tool_search_output"
        | "mcp_approval_request" => Some(Steps::plain(item)),
        _ => None,
    }
}

impl Steps {
    /// An item without events of its own.
    fn plain(item: &Value) -> Self {
        let mut added = item.clone();
        if added["status"].is_string() {
            added["status"] = json!("in_progress");
        }
        Self { added, before: Vec::new(), delta: None, after: Vec::new() }
    }

    /// Steps that have nothing but a type.
    fn bare(mut self, before: &[&'static str], after: &[&'static str]) -> Self {
        let step = |kind: &&'static str| (*kind, json!({}));
        self.before.extend(before.iter().map(step));
        self.after.extend(after.iter().map(step));
        self
    }
}

/// The first text between backticks, where a user quotes what is to be run.
fn quoted(text: &str) -> Option<&str> {
    text.split('`').nth(1).map(str::trim).filter(|quoted| !quoted.is_empty())
}

/// `text` as a query: one line, at most 200 bytes.
fn query(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line[..line.floor_char_boundary(200)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_questions_ask_for_no_tool() {
        for (_, hosted) in NAMES {
            for text in ["Hello", "What is the capital of France?", "Tell me about the sea.", ""] {
                assert!(!hosted.is_asked_for(text), "{hosted:?} {text}");
            }
        }
    }

    #[test]
    fn clear_wishes_ask_for_their_tool() {
        for (text, hosted) in [
            ("Search the web for Rust news", Hosted::WebSearch),
            ("What is the latest on Mars?", Hosted::WebSearch),
            ("Draw a cat", Hosted::ImageGeneration),
            ("Generate an image of a fox", Hosted::ImageGeneration),
            ("Compute 12 * 34", Hosted::CodeInterpreter),
            ("What do my files say about rent?", Hosted::FileSearch),
            ("Run `ls -la`", Hosted::Shell),
            ("Take a screenshot", Hosted::Computer),
            ("Fix the bug in main.py", Hosted::ApplyPatch),
        ] {
            assert!(hosted.is_asked_for(text), "{text}");
        }
    }
}
