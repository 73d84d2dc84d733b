//! The tools of assistants and runs: functions of the client's, and the two the platform has.

use fakeai_writer::Tool;
use serde::Deserialize;
use serde_json::{Value, json};

use super::checks::wrong_type;
use crate::api::openai::tools::{FunctionWire, function};
use crate::api::openai::vector_stores::{MOST_RESULTS, Ranking, RankingWire};
use crate::error::ApiError;
use crate::wire::integer;

/// What may be used.
#[derive(Debug, Default)]
pub(in crate::api::openai) struct Offered {
    /// Functions, in order.
    pub functions: Vec<Tool>,
    /// Whether code may be run.
    pub code: bool,
    /// How files are searched, if they may be.
    pub search: Option<Searching>,
}

/// How files are searched.
#[derive(Clone, Debug)]
pub(in crate::api::openai) struct Searching {
    /// Most results; `None` leaves it to the model.
    pub most: Option<usize>,
    pub ranking: Ranking,
    /// The name of the ranker, as steps show it.
    pub ranker: &'static str,
}

/// The tool's own settings as clients write them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SearchingWire {
    max_num_results: Option<i64>,
    ranking_options: Option<RankingWire>,
}

/// The only ranker that steps may show.
const RANKER: &str = "default_2024_08_21";

fn searching(given: Option<&Value>, param: &str) -> Result<Searching, ApiError> {
    let wire: SearchingWire = match given.filter(|given| !given.is_null()) {
        None => SearchingWire::default(),
        Some(given) => serde_json::from_value(given.clone()).map_err(|_| wrong_type(param, "an object"))?,
    };
    let most = integer(&format!("{param}.max_num_results"), wire.max_num_results, MOST_RESULTS)?;
    let ranking = Ranking::read(wire.ranking_options.as_ref(), &["auto", RANKER], &format!("{param}.ranking_options"))?;
    Ok(Searching { most: most.map(|most| most as usize), ranking, ranker: RANKER })
}

/// The tools a client describes, at most `most`.
pub(in crate::api::openai) fn offered(tools: &[Value], most: usize) -> Result<Offered, ApiError> {
    if tools.len() > most {
        return Err(ApiError::too_many("tools", most, tools.len()));
    }
    let mut offered = Offered::default();
    for (index, tool) in tools.iter().enumerate() {
        let param = format!("tools[{index}]");
        if !tool.is_object() {
            return Err(wrong_type(&param, "an object"));
        }
        match tool["type"].as_str() {
            None => return Err(ApiError::missing(&format!("{param}.type"))),
            Some("code_interpreter") => offered.code = true,
            Some("file_search") => {
                offered.search = Some(searching(tool.get("file_search"), &format!("{param}.file_search"))?);
            }
            Some("function") => {
                let param = format!("{param}.function");
                let wire = tool.get("function").ok_or_else(|| ApiError::missing(&param))?;
                let wire: FunctionWire =
                    serde_json::from_value(wire.clone()).map_err(|_| wrong_type(&param, "an object"))?;
                offered.functions.push(function(wire, &param)?);
            }
            Some(other) => {
                let known = ["code_interpreter", "file_search", "function"];
                return Err(ApiError::unsupported_value(&format!("{param}.type"), other, &known));
            }
        }
    }
    Ok(offered)
}

/// The tools as they are shown: functions say whether they are strict.
pub(in crate::api::openai) fn echoed(mut tools: Vec<Value>) -> Vec<Value> {
    for function in tools.iter_mut().filter_map(|tool| tool.get_mut("function")?.as_object_mut()) {
        if function.get("strict").is_none_or(Value::is_null) {
            function.insert("strict".to_owned(), json!(false));
        }
    }
    tools
}
