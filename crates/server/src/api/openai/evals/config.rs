//! What an eval is made of: where its data come from and how it grades, as clients write it.

use fakeai_schema::Schema;
use serde_json::{Map, Value, json};

use crate::api::openai::graders::Grader;
use crate::error::ApiError;

/// Most criteria of an eval.
const MOST_CRITERIA: usize = 100;
const SOURCES: [&str; 3] = ["custom", "stored_completions", "logs"];
const GRADERS: [&str; 5] = ["label_model", "string_check", "text_similarity", "python", "score_model"];

/// `data_source_config` as it is shown: with the schema of its rows.
pub(super) fn data_source(given: Option<&Value>) -> Result<Value, ApiError> {
    let given = given.filter(|given| !given.is_null()).ok_or_else(|| ApiError::missing("data_source_config"))?;
    let kind = given["type"].as_str().ok_or_else(|| ApiError::missing("data_source_config.type"))?;
    let Some(kind) = SOURCES.iter().find(|known| **known == kind) else {
        return Err(ApiError::unsupported_value("data_source_config.type", kind, &SOURCES));
    };
    let metadata = given.get("metadata").filter(|metadata| !metadata.is_null());
    if *kind != "custom" {
        let item = json!({"type": "object"});
        let mut config = json!({"type": kind, "schema": rows_of(&item, true)});
        config["metadata"] = metadata.cloned().unwrap_or_else(|| json!({}));
        return Ok(config);
    }
    let item = given.get("item_schema").filter(|schema| schema.is_object());
    let item = item.ok_or_else(|| ApiError::missing("data_source_config.item_schema"))?;
    if let Err(error) = Schema::parse(item) {
        let message = format!("Invalid 'data_source_config.item_schema': {error}.");
        return Err(ApiError::invalid(message).param("data_source_config.item_schema").code("invalid_schema"));
    }
    Ok(json!({"type": kind, "schema": rows_of(item, given["include_sample_schema"] == true)}))
}

/// The schema of rows whose items are of `item`.
fn rows_of(item: &Value, has_sample: bool) -> Value {
    let mut properties = Map::from_iter([("item".to_owned(), item.clone())]);
    let mut required = vec!["item"];
    if has_sample {
        required.push("sample");
        let sample = json!({
            "type": "object",
            "properties": {
                "model": {"type": "string"},
                "choices": {"type": "array", "items": {"type": "object"}},
                "output_text": {"type": "string"},
                "output_json": {"type": "object"},
                "output_tools": {"type": "array", "items": {"type": "object"}},
            },
            "required": ["model", "choices"],
        });
        properties.insert("sample".to_owned(), sample);
    }
    json!({"type": "object", "properties": properties, "required": required})
}

/// The criteria as they are kept, each with a name of its own.
pub(super) fn criteria(given: Option<&Value>) -> Result<Vec<Value>, ApiError> {
    let given = given.filter(|given| !given.is_null()).ok_or_else(|| ApiError::missing("testing_criteria"))?;
    let Some(given) = given.as_array() else {
        let message = "Invalid type for 'testing_criteria': expected an array of objects.";
        return Err(ApiError::invalid(message).param("testing_criteria").code("invalid_type"));
    };
    if given.len() > MOST_CRITERIA {
        return Err(ApiError::too_many("testing_criteria", MOST_CRITERIA, given.len()));
    }
    let mut criteria: Vec<Value> = Vec::with_capacity(given.len());
    for (index, criterion) in given.iter().enumerate() {
        let param = format!("testing_criteria[{index}]");
        let grader = Grader::parse(criterion, &param)?;
        if !GRADERS.contains(&grader.kind) {
            return Err(ApiError::unsupported_value(&format!("{param}.type"), grader.kind, &GRADERS));
        }
        if grader.kind == "text_similarity" && criterion["pass_threshold"].is_null() {
            return Err(ApiError::missing(&format!("{param}.pass_threshold")));
        }
        let mut criterion = criterion.clone();
        // Results are told apart by names.
        let same = criteria.iter().filter(|known| known["name"] == grader.name.as_str()).count();
        if same > 0 {
            criterion["name"] = format!("{}-{}", grader.name, index + 1).into();
        }
        criteria.push(criterion);
    }
    Ok(criteria)
}
