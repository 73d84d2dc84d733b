//! Section `api`.

use std::collections::BTreeMap;

use crate::config::kind::Kind;
use crate::config::section::section;

section! {
    /// How the API answers.
    api: Api {
        /// Status of the answer to an invalid request: 400 as the real API does, or 422 as the original system.
        validation_status: u16 = 400, Key::new(Kind::OneOfNumbers(&[400, 422])).value("STATUS");
        /// Answer ids that nobody made with an object of their kind, marked by the header `x-fakeai-fabricated`.
        fabricate: bool = false, Key::switch().flat("fabricate").flag("fabricate");
        /// Models that Azure's deployments stand for. A deployment that is not named here is the model of its name.
        azure_deployments: Vec<String> = Vec::new(), Key::new(Kind::Texts { allowed: "NAME=MODEL", accepts: is_deployment })
            .value("NAME=MODEL");
    }
}

fn is_deployment(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, model)| !name.trim().is_empty() && !model.trim().is_empty())
}

impl Api {
    /// The model of each deployment.
    pub fn deployments(&self) -> BTreeMap<String, String> {
        let pair = |text: &String| {
            let (name, model) = text.split_once('=')?;
            Some((name.trim().to_owned(), model.trim().to_owned()))
        };
        self.azure_deployments.iter().filter_map(pair).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deployments_have_a_name_and_a_model() {
        assert!(is_deployment("prod=gpt-4o") && !is_deployment("prod") && !is_deployment("=gpt-4o"));
        let api = Api { azure_deployments: vec!["prod = gpt-4o".to_owned()], ..Api::default() };
        assert_eq!(api.deployments().get("prod").map(String::as_str), Some("gpt-4o"));
    }
}
