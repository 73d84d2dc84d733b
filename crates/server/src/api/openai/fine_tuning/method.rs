//! How a model is tuned, and with which numbers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::openai::graders::Grader;
use crate::error::ApiError;
use crate::wire::{Range, integer, number};

/// A method of tuning with its settings as the client gave them, where it gave any.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Method {
    pub kind: Kind,
    /// `grader` of reinforcement, as given.
    pub grader: Option<Value>,
    pub n_epochs: Option<i64>,
    pub batch_size: Option<i64>,
    pub learning_rate_multiplier: Option<f64>,
    /// Of `dpo`.
    pub beta: Option<f64>,
    /// Those of reinforcement.
    pub reasoning_effort: Option<String>,
    pub compute_multiplier: Option<f64>,
    pub eval_interval: Option<i64>,
    pub eval_samples: Option<i64>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) enum Kind {
    Supervised,
    Dpo,
    Reinforcement,
}

/// The numbers a job goes by.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Numbers {
    pub epochs: u64,
    pub batch_size: u64,
    pub learning_rate: f64,
    pub steps: u64,
}

impl Kind {
    const NAMES: [(&'static str, Self); 3] =
        [("dpo", Self::Dpo), ("reinforcement", Self::Reinforcement), ("supervised", Self::Supervised)];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Supervised => "supervised",
            Self::Dpo => "dpo",
            Self::Reinforcement => "reinforcement",
        }
    }
}

/// A number, or none for `auto`.
fn given(fields: &Map<String, Value>, param: &str, name: &str) -> Result<Option<f64>, ApiError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(auto)) if auto == "auto" => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_f64()),
        Some(_) => {
            let message = format!("Invalid type for '{param}.{name}': expected a number or 'auto'.");
            Err(ApiError::invalid(message).param(format!("{param}.{name}")).code("invalid_type"))
        }
    }
}

fn whole(fields: &Map<String, Value>, param: &str, name: &str, range: Range<i64>) -> Result<Option<i64>, ApiError> {
    let path = format!("{param}.{name}");
    let Some(found) = given(fields, param, name)? else { return Ok(None) };
    if found.fract() != 0.0 {
        let message = format!("Invalid type for '{path}': expected an integer or 'auto'.");
        return Err(ApiError::invalid(message).param(path).code("invalid_type"));
    }
    integer(&path, Some(found as i64), range)
}

/// Above 0, up to `most` if there is a limit.
fn positive(fields: &Map<String, Value>, param: &str, name: &str, most: Option<f64>) -> Result<Option<f64>, ApiError> {
    let found = given(fields, param, name)?;
    number(&format!("{param}.{name}"), found, Range { least: Some(f64::MIN_POSITIVE), most })
}

fn object(value: Option<&Value>, param: &str) -> Result<Map<String, Value>, ApiError> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(fields)) => Ok(fields.clone()),
        Some(_) => {
            let message = format!("Invalid type for '{param}': expected an object.");
            Err(ApiError::invalid(message).param(param).code("invalid_type"))
        }
    }
}

impl Method {
    /// What `method` and the older `hyperparameters` say.
    pub(super) fn read(method: Option<&Value>, older: Option<&Value>) -> Result<Self, ApiError> {
        let Some(method) = method.filter(|method| !method.is_null()) else {
            return Self::of(Kind::Supervised, &object(older, "hyperparameters")?, "hyperparameters", None);
        };
        let fields = object(Some(method), "method")?;
        let kind = match fields.get("type") {
            None | Some(Value::Null) => return Err(ApiError::missing("method.type")),
            Some(kind) => {
                let text = kind.as_str().unwrap_or_default();
                let found = Kind::NAMES.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind);
                let names: Vec<&str> = Kind::NAMES.iter().map(|(name, _)| *name).collect();
                found.ok_or_else(|| ApiError::unsupported_value("method.type", text, &names))?
            }
        };
        let param = format!("method.{}", kind.name());
        let own = object(fields.get(kind.name()), &param)?;
        let numbers = object(own.get("hyperparameters").or(older), &format!("{param}.hyperparameters"))?;
        let grader = match (kind, own.get("grader")) {
            (Kind::Reinforcement, None | Some(Value::Null)) => {
                return Err(ApiError::missing("method.reinforcement.grader"));
            }
            (Kind::Reinforcement, Some(grader)) => {
                Grader::parse(grader, "method.reinforcement.grader")?;
                Some(grader.clone())
            }
            _ => None,
        };
        Self::of(kind, &numbers, &format!("{param}.hyperparameters"), grader)
    }

    fn of(kind: Kind, fields: &Map<String, Value>, param: &str, grader: Option<Value>) -> Result<Self, ApiError> {
        const EFFORTS: [&str; 4] = ["default", "low", "medium", "high"];
        let reasoning_effort = match fields.get("reasoning_effort").and_then(Value::as_str) {
            Some(effort) if !EFFORTS.contains(&effort) => {
                return Err(ApiError::unsupported_value(&format!("{param}.reasoning_effort"), effort, &EFFORTS));
            }
            effort => effort.map(str::to_owned),
        };
        Ok(Self {
            kind,
            grader,
            n_epochs: whole(fields, param, "n_epochs", Range::new(1, 50))?,
            batch_size: whole(fields, param, "batch_size", Range::new(1, 256))?,
            learning_rate_multiplier: positive(fields, param, "learning_rate_multiplier", None)?,
            beta: positive(fields, param, "beta", Some(2.0))?,
            reasoning_effort,
            compute_multiplier: positive(fields, param, "compute_multiplier", Some(10.0))?,
            eval_interval: whole(fields, param, "eval_interval", Range::from(1))?,
            eval_samples: whole(fields, param, "eval_samples", Range::from(1))?,
        })
    }

    /// The numbers for so many examples. `auto` is as OpenAI's cookbook says: three epochs, more of few examples and
    /// fewer of very many; batches of 0.2 % of the examples.
    pub(super) fn numbers(&self, examples: u64) -> Numbers {
        let examples = examples.max(1);
        let epochs = match self.n_epochs {
            Some(epochs) => epochs.cast_unsigned(),
            None if examples * 3 < 100 => (100 / examples).clamp(1, 25),
            None if examples * 3 > 25_000 => (25_000 / examples).max(1),
            None => 3,
        };
        let auto = examples.div_ceil(500).min(256);
        let batch_size = self.batch_size.map_or(auto, i64::cast_unsigned);
        let steps = (examples * epochs).div_ceil(batch_size).max(1);
        Numbers { epochs, batch_size, learning_rate: self.learning_rate_multiplier.unwrap_or(1.8), steps }
    }

    /// `method`: with `numbers` where they are known, else as asked.
    pub(super) fn object(&self, numbers: Option<Numbers>) -> Value {
        let mut fields = self.hyperparameters(numbers);
        let auto = |value: Option<Value>| value.unwrap_or_else(|| "auto".into());
        let known = |value: Option<Value>, number: Value| auto(value.or_else(|| numbers.map(|_| number)));
        if self.kind == Kind::Dpo {
            fields["beta"] = known(self.beta.map(Value::from), json!(0.1));
        }
        let mut own = json!({});
        if self.kind == Kind::Reinforcement {
            fields["reasoning_effort"] = self.reasoning_effort.as_deref().unwrap_or("default").into();
            fields["compute_multiplier"] = known(self.compute_multiplier.map(Value::from), json!(1.0));
            let interval = numbers.map_or(1, |numbers| numbers.steps.div_ceil(10));
            fields["eval_interval"] = known(self.eval_interval.map(Value::from), json!(interval));
            fields["eval_samples"] = known(self.eval_samples.map(Value::from), json!(3));
            own["grader"] = self.grader.clone().unwrap_or_default();
        }
        own["hyperparameters"] = fields;
        json!({"type": self.kind.name(), self.kind.name(): own})
    }

    /// The numbers that all methods have.
    pub(super) fn hyperparameters(&self, numbers: Option<Numbers>) -> Value {
        let auto = |value: Option<Value>| value.unwrap_or_else(|| "auto".into());
        match numbers {
            Some(Numbers { epochs, batch_size, learning_rate, .. }) => {
                json!({"n_epochs": epochs, "batch_size": batch_size, "learning_rate_multiplier": learning_rate})
            }
            None => json!({
                "n_epochs": auto(self.n_epochs.map(Value::from)),
                "batch_size": auto(self.batch_size.map(Value::from)),
                "learning_rate_multiplier": auto(self.learning_rate_multiplier.map(Value::from)),
            }),
        }
    }
}
