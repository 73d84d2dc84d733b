//! Thresholds: a subscriber is told when a figure goes beyond one, and when it comes back.

use serde_json::{Map, Value, json};

/// Thresholds of one subscriber.
const MOST_THRESHOLDS: usize = 16;

/// A bound of one figure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Threshold {
    /// Where the figure is in `data`, with dots: `error.error_rate`.
    metric: String,
    bound: f64,
    is_upper: bool,
    is_crossed: bool,
}

impl Threshold {
    /// Reads `thresholds`: a list of objects with `metric` and either `above` or `below`. `data` shows which figures
    /// there are.
    pub(super) fn read_all(thresholds: Option<&Value>, data: &Value) -> Result<Vec<Self>, String> {
        let list = match thresholds {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(list)) if list.len() <= MOST_THRESHOLDS => list,
            Some(_) => return Err(format!("Invalid 'thresholds': expected a list of at most {MOST_THRESHOLDS}.")),
        };
        list.iter().map(|threshold| Self::read(threshold, data)).collect()
    }

    fn read(value: &Value, data: &Value) -> Result<Self, String> {
        let metric = value.get("metric").and_then(Value::as_str);
        let metric = metric.ok_or("Invalid 'thresholds': each has a 'metric', such as 'error.error_rate'.")?;
        if figure(data, metric).is_none() {
            return Err(format!("Invalid 'thresholds': '{metric}' is no figure of the metric types subscribed to."));
        }
        let bound = |name: &str| value.get(name).and_then(Value::as_f64);
        let (bound, is_upper) = match (bound("above"), bound("below")) {
            (Some(bound), None) => (bound, true),
            (None, Some(bound)) => (bound, false),
            _ => return Err(format!("Invalid threshold of '{metric}': it has a number as 'above' or as 'below'.")),
        };
        Ok(Self { metric: metric.to_owned(), bound, is_upper, is_crossed: false })
    }

    /// The message to send if the figure has just gone beyond the bound or come back.
    pub(super) fn check(&mut self, data: &Value, timestamp: f64) -> Option<String> {
        let value = figure(data, &self.metric)?;
        let is_crossed = if self.is_upper { value > self.bound } else { value < self.bound };
        if is_crossed == self.is_crossed {
            return None;
        }
        self.is_crossed = is_crossed;
        let mut message = Map::new();
        message.insert("type".to_owned(), Value::from("alert"));
        message.insert("timestamp".to_owned(), json!(timestamp));
        message.insert("state".to_owned(), Value::from(if is_crossed { "firing" } else { "resolved" }));
        message.insert("metric".to_owned(), Value::from(self.metric.clone()));
        message.insert("value".to_owned(), json!(value));
        message.insert((if self.is_upper { "above" } else { "below" }).to_owned(), json!(self.bound));
        Some(Value::Object(message).to_string())
    }
}

/// The number at a path with dots.
fn figure(data: &Value, path: &str) -> Option<f64> {
    path.split('.').try_fold(data, |value, name| value.get(name))?.as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_tells_once_each_way() {
        let data = |rate: f64| json!({"error": {"error_rate": rate}});
        let list = json!([{"metric": "error.error_rate", "above": 5}]);
        let mut threshold = Threshold::read_all(Some(&list), &data(0.0)).unwrap().remove(0);
        let mut state = |rate: f64| {
            let message = threshold.check(&data(rate), 1.5)?;
            Some(serde_json::from_str::<Value>(&message).unwrap()["state"].as_str().unwrap().to_owned())
        };
        let states: Vec<_> =
            [0.0, 6.0, 7.0, 5.0, 4.0, 9.0].map(&mut state).into_iter().map(Option::unwrap_or_default).collect();
        assert_eq!(states, ["", "firing", "", "resolved", "", "firing"]);
    }

    #[test]
    fn what_is_no_threshold_is_refused() {
        let data = json!({"error": {"error_rate": 0.0}});
        for list in [
            json!({}),
            json!([{}]),
            json!([{"metric": "error", "above": 1}]),
            json!([{"metric": "no.such", "above": 1}]),
            json!([{"metric": "error.error_rate"}]),
            json!([{"metric": "error.error_rate", "above": 1, "below": 2}]),
            json!([{"metric": "error.error_rate", "above": "1"}]),
            json!(vec![json!({"metric": "error.error_rate", "above": 1}); 17]),
        ] {
            assert!(Threshold::read_all(Some(&list), &data).is_err(), "{list}");
        }
    }
}
