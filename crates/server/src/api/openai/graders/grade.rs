//! Grading: a grader, an item and a sample become a score.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::grader::{Grader, Kind, Operation};
use super::simulated;
use super::template::Values;
use crate::context::Context;
use crate::error::ApiError;

/// What a grader found.
#[derive(Debug, Default)]
pub(super) struct Grade {
    pub reward: f64,
    /// What went wrong, by the names of OpenAI's `errors`.
    pub errors: Vec<&'static str>,
    /// Scores of the graders of a `multi`.
    pub sub_rewards: Map<String, Value>,
    /// Tokens that models took.
    pub tokens: BTreeMap<String, u64>,
    /// The model asked, if one was.
    pub model: Option<String>,
}

/// What OpenAI tells of what went wrong; those that are `null` or a text where nothing did.
const ERRORS: [&str; 11] = [
    "formula_parse_error",
    "sample_parse_error",
    "truncated_observation_error",
    "unresponsive_reward_error",
    "invalid_variable_error",
    "other_error",
    "python_grader_server_error",
    "python_grader_runtime_error",
    "model_grader_server_error",
    "model_grader_refusal_error",
    "model_grader_parse_error",
];
const DETAILS: [&str; 3] =
    ["python_grader_server_error_type", "python_grader_runtime_error_details", "model_grader_server_error_details"];

/// Grades a sample.
pub(super) fn grade(context: &Context, grader: &Grader, values: &Values) -> Result<Grade, ApiError> {
    let fill = |texts: &[String]| texts.iter().map(|text| values.fill(text)).collect::<Result<Vec<_>, _>>();
    Ok(match &grader.kind {
        Kind::StringCheck { input, reference, operation } => match (values.fill(input), values.fill(reference)) {
            (Ok(input), Ok(reference)) => Grade::of(f64::from(u8::from(operation.holds(&input, &reference)))),
            _ => Grade::failed("invalid_variable_error"),
        },
        Kind::TextSimilarity { input, reference, metric } => match (values.fill(input), values.fill(reference)) {
            (Ok(input), Ok(reference)) => Grade::of(metric.score(&input, &reference)),
            _ => Grade::failed("invalid_variable_error"),
        },
        Kind::Python { source } => {
            simulated::python(values, source).map_or_else(|| Grade::failed("python_grader_runtime_error"), Grade::of)
        }
        Kind::Label { model, input, labels, passing } => match fill(input) {
            Ok(told) => {
                let label = simulated::label(values, &told, labels);
                let passes = passing.iter().any(|passing| passing == label);
                Grade::of(f64::from(u8::from(passes))).asked(context, model, &told)?
            }
            Err(_) => Grade::failed("invalid_variable_error"),
        },
        Kind::Score { model, input, range: (low, high) } => match fill(input) {
            Ok(told) => {
                let score = low + (high - low) * simulated::score(values, &told);
                Grade::of(score).asked(context, model, &told)?
            }
            Err(_) => Grade::failed("invalid_variable_error"),
        },
        Kind::Multi { graders, formula } => {
            let mut all = Grade::default();
            let mut named = Vec::new();
            for (names, grader) in graders {
                let one = grade(context, grader, values)?;
                all.errors.extend(one.errors);
                one.tokens.into_iter().for_each(|(model, tokens)| *all.tokens.entry(model).or_default() += tokens);
                all.sub_rewards.insert(grader.name.clone(), one.reward.into());
                named.push((names, one.reward));
            }
            let of = |name: &str| {
                let found = named.iter().find(|(names, _)| names.iter().any(|known| known == name));
                found.map_or(0.0, |(_, reward)| *reward)
            };
            let reward = formula.value(&of);
            if reward.is_finite() {
                all.reward = reward;
            } else {
                all.errors.push("other_error");
            }
            all
        }
    })
}

impl Operation {
    fn holds(self, input: &str, reference: &str) -> bool {
        match self {
            Self::Eq => input == reference,
            Self::Ne => input != reference,
            Self::Like => input.contains(reference),
            Self::Ilike => input.to_lowercase().contains(&reference.to_lowercase()),
        }
    }
}

impl Grade {
    fn of(reward: f64) -> Self {
        Self { reward, ..Self::default() }
    }

    fn failed(error: &'static str) -> Self {
        Self { errors: vec![error], ..Self::default() }
    }

    /// The same with what asking a model took, which is charged to the request.
    fn asked(mut self, context: &Context, model: &str, told: &[String]) -> Result<Self, ApiError> {
        let card = context.model(model)?;
        let tokens = simulated::tokens(&card, told);
        self.tokens.insert(model.to_owned(), tokens);
        self.model = Some(model.to_owned());
        let mut note = context.note();
        note.tokens.prompt = note.tokens.prompt.saturating_add(u32::try_from(tokens).unwrap_or(u32::MAX));
        note.cost_usd += card.pricing.cost_usd(tokens, 0, 0);
        Ok(self)
    }

    /// As it is shown.
    pub(super) fn object(&self, grader: &Grader, execution_time: f64) -> Value {
        let mut errors = Map::new();
        for name in ERRORS {
            errors.insert(name.to_owned(), self.errors.contains(&name).into());
        }
        for name in DETAILS {
            errors.insert(name.to_owned(), Value::Null);
        }
        if self.errors.contains(&"python_grader_runtime_error") {
            let details = "The source does not define a function 'grade'.";
            errors.insert("python_grader_runtime_error_details".to_owned(), details.into());
        }
        let tokens: Option<u64> = (!self.tokens.is_empty()).then(|| self.tokens.values().sum());
        json!({
            "reward": self.reward,
            "metadata": {
                "name": grader.name,
                "type": grader.kind.name(),
                "errors": errors,
                "execution_time": execution_time,
                "scores": {grader.name.clone(): self.reward},
                "token_usage": tokens,
                "sampled_model_name": self.model,
            },
            "sub_rewards": self.sub_rewards,
            "model_grader_token_usage_per_model": self.tokens,
        })
    }
}
