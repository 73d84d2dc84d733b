//! What a path of Azure's means.

use crate::wire::Query;

/// What all of Azure's paths begin with.
pub(crate) const PREFIX: &str = "/openai/";

/// Operations of deployments. One that ends as another does comes first.
const OPERATIONS: [&str; 9] = [
    "chat/completions",
    "completions",
    "embeddings",
    "images/generations",
    "images/edits",
    "audio/speech",
    "audio/transcriptions",
    "audio/translations",
    "responses",
];

/// What a path of Azure's means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// An operation of a deployment.
    Deployment { name: String, operation: &'a str },
    /// Any operation of OpenAI's API; `versioned` unless it is in Azure's newer form, `/openai/v1/`.
    Resource { operation: &'a str, versioned: bool },
}

impl<'a> Target<'a> {
    /// The target of a path without its query; `None` if Azure has no such path.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let rest = path.strip_prefix(PREFIX)?;
        if let Some(rest) = rest.strip_prefix("deployments/") {
            // Names of models may hold slashes, and clients do not always escape them.
            return OPERATIONS.iter().find_map(|operation| {
                let name = rest.strip_suffix(operation)?.strip_suffix('/')?;
                let name = unescaped(name);
                (!name.is_empty()).then_some(Self::Deployment { name, operation })
            });
        }
        let (operation, versioned) = match rest.strip_prefix("v1/") {
            Some(operation) => (operation, false),
            None => (rest, true),
        };
        // What it may not mean: itself again, or a path of ours.
        let is_known = !operation.is_empty() && !operation.starts_with('/') && !operation.starts_with("openai/");
        is_known.then_some(Self::Resource { operation, versioned })
    }

    /// The operation as OpenAI's API has it, without `/v1/`.
    pub(super) const fn operation(&self) -> &str {
        match self {
            Self::Deployment { operation, .. } | Self::Resource { operation, .. } => operation,
        }
    }
}

/// The operation that a path of Azure's means, `chat/completions`; `None` for other paths.
pub(crate) fn operation(path: &str) -> Option<&str> {
    match Target::of(path)? {
        Target::Deployment { operation, .. } | Target::Resource { operation, .. } => Some(operation),
    }
}

/// A name as it is meant, `%2F` being a slash.
fn unescaped(name: &str) -> String {
    // A plus stands for itself in a path.
    let query = format!("?name={}", name.replace('+', "%2B").replace('&', "%26"));
    Query::of(&query).get("name").unwrap_or_default().to_owned()
}

/// Whether a text is a version as Azure names them: `2024-10-21`, `2025-04-01-preview`.
pub(super) fn is_version(text: &str) -> bool {
    let date = text.strip_suffix("-preview").unwrap_or(text);
    let parts: Vec<&str> = date.split('-').collect();
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts[..], [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_mean_operations() {
        let deployment = |name: &str, operation| Some(Target::Deployment { name: name.to_owned(), operation });
        let cases = [
            ("/openai/deployments/gpt-4o/chat/completions", deployment("gpt-4o", "chat/completions")),
            ("/openai/deployments/a/b/completions", deployment("a/b", "completions")),
            ("/openai/deployments/a%2Fb+c/embeddings", deployment("a/b+c", "embeddings")),
            ("/openai/deployments//embeddings", None),
            ("/openai/deployments/a/assistants", None),
            ("/openai/v1/responses", Some(Target::Resource { operation: "responses", versioned: false })),
            ("/openai/files/x", Some(Target::Resource { operation: "files/x", versioned: true })),
            ("/openai/v1//x", None),
            ("/openai/openai/v1/x", None),
            ("/openai/", None),
            ("/v1/files", None),
        ];
        for (path, target) in cases {
            assert_eq!(Target::of(path), target, "{path}");
        }
        assert!(is_version("2024-10-21") && is_version("2025-04-01-preview"));
        assert!(!is_version("2024") && !is_version("v1") && !is_version("2024-1-21") && !is_version(""));
    }

    proptest! {
        #[test]
        fn any_path_means_something_or_nothing(rest in "[a-z0-9/%+&é?-]{0,30}") {
            let path = format!("/openai/{rest}");
            let target = Target::of(&path);
            prop_assert_eq!(target.as_ref().map(Target::operation), operation(&path));
            is_version(&rest);
        }
    }
}
