//! The answer to a grader that is run alone.

use serde_json::{Map, Value, json};

use super::grade::{Fault, Grade};
use super::parse::Grader;

/// `RunGraderResponse` for a grade. `seconds` is how long it took.
pub(in crate::api::openai) fn answer(grader: &Grader, grade: &Grade, seconds: f64) -> Value {
    let mut usage = Map::new();
    for asked in &grade.asked {
        let sum =
            |field: &str, more: u64| usage.get(&asked.model).and_then(|one| one[field].as_u64()).unwrap_or(0) + more;
        let one = json!({
            "prompt_tokens": sum("prompt_tokens", asked.prompt_tokens),
            "completion_tokens": sum("completion_tokens", asked.completion_tokens),
            "total_tokens": sum("total_tokens", asked.prompt_tokens + asked.completion_tokens),
        });
        usage.insert(asked.model.clone(), one);
    }
    let tokens: u64 = grade.asked.iter().map(|asked| asked.prompt_tokens + asked.completion_tokens).sum();
    let scores: Map<String, Value> = match grade.parts.as_slice() {
        [] => Map::from_iter([(grader.name.clone(), json!(grade.score))]),
        parts => parts.iter().map(|(name, score)| (name.clone(), json!(score))).collect(),
    };
    let parts: Map<String, Value> = grade.parts.iter().map(|(name, score)| (name.clone(), json!(score))).collect();
    json!({
        "reward": grade.score,
        "metadata": {
            "name": grader.name,
            "type": grader.kind,
            "errors": {
                "formula_parse_error": grade.fault == Some(Fault::Formula),
                "sample_parse_error": false,
                "truncated_observation_error": false,
                "unresponsive_reward_error": false,
                "invalid_variable_error": matches!(grade.fault, Some(Fault::Variable(_))),
                "other_error": false,
                "python_grader_server_error": false,
                "python_grader_server_error_type": null,
                "python_grader_runtime_error": false,
                "python_grader_runtime_error_details": null,
                "model_grader_server_error": false,
                "model_grader_refusal_error": false,
                "model_grader_parse_error": false,
                "model_grader_server_error_details": null,
            },
            "execution_time": seconds,
            "scores": scores,
            "token_usage": (!grade.asked.is_empty()).then_some(tokens),
            "sampled_model_name": grade.asked.first().map(|asked| &asked.model),
        },
        "sub_rewards": parts,
        "model_grader_token_usage_per_model": usage,
    })
}
