//! What a key may be used for: which scope an operation needs, and whether those that were granted cover it.
//!
//! OpenAI's document lists no scopes; the names are those of its errors (`model.request`, `api.responses.write`) and of its
//! examples (`api.groups.read`). What nobody has seen follows the same pattern.

/// The scope that an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Its name: `api.responses.write`.
    pub name: &'static str,
    /// Whether it is of the organisation's administration: nothing for the keys of projects unless they are granted it by
    /// name, and all that the keys of administrators are for.
    pub is_administrative: bool,
}

/// What paths begin with, without `/v1/`, and the scopes for looking and for changing. The first that fits counts.
const AREAS: &[(&str, &str, &str)] = &[
    ("organization/usage", "api.usage.read", "api.usage.read"),
    ("organization/costs", "api.usage.read", "api.usage.read"),
    ("organization/audit_logs", "api.audit_logs.read", "api.audit_logs.read"),
    ("organization/groups", "api.groups.read", "api.groups.write"),
    ("organization/roles", "api.roles.read", "api.roles.write"),
    ("organization", "api.management.read", "api.management.write"),
    ("projects", "api.management.read", "api.management.write"),
    ("fine_tuning/checkpoints", "api.management.read", "api.management.write"),
    ("models", "api.model.read", "api.model.write"),
    ("chat/completions", "api.chat.completions.read", REQUEST),
    ("images", "api.model.images.request", "api.model.images.request"),
    ("audio/voice", "api.voices.read", "api.voices.write"),
    ("audio", "api.model.audio.request", "api.model.audio.request"),
    ("realtime", REQUEST, REQUEST),
    ("responses", "api.responses.read", "api.responses.write"),
    ("conversations", "api.conversations.read", "api.conversations.write"),
    ("files", "api.files.read", "api.files.write"),
    ("uploads", "api.files.read", "api.files.write"),
    ("vector_stores", "api.vector_stores.read", "api.vector_stores.write"),
    ("assistants", "api.assistants.read", "api.assistants.write"),
    ("threads", "api.threads.read", "api.threads.write"),
    ("batches", "api.batches.read", "api.batches.write"),
    ("fine_tuning", "api.fine_tuning.jobs.read", "api.fine_tuning.jobs.write"),
    ("evals", "api.evals.read", "api.evals.write"),
    ("containers", "api.containers.read", "api.containers.write"),
    ("skills", "api.skills.read", "api.skills.write"),
    ("chatkit", "api.chatkit.read", "api.chatkit.write"),
    ("videos", "api.videos.read", "api.videos.write"),
];
/// Areas of the organisation's administration.
const ADMINISTRATIVE: [&str; 3] = ["organization", "projects", "fine_tuning/checkpoints"];
/// To ask a model.
const REQUEST: &str = "model.request";
/// Everything of the kind that its owner may do.
const ALL: &str = "all";
/// All that only looks.
const READ_ONLY: &str = "read_only";
/// The keys of a project, which a member may be granted to look after.
const KEYS: [&str; 2] = ["api.organization.projects.api_keys.read", "api.organization.projects.api_keys.write"];

/// Whether `path` lies in `area`: it is it, or goes on below it.
fn lies_in(path: &str, area: &str) -> bool {
    path.strip_prefix(area).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Scope {
    /// The scope that an operation of this path, without `/v1/` and query, needs; none where nothing is guarded by scopes.
    /// `looks` says that it changes nothing.
    pub fn needed(path: &str, looks: bool) -> Option<Self> {
        // A search is sent with a body and changes nothing all the same.
        let looks = looks || path.ends_with("/search") || path == "responses/input_tokens";
        let is_administrative = ADMINISTRATIVE.iter().any(|area| lies_in(path, area));
        if is_administrative && path.split('/').any(|part| part == "api_keys") {
            return Some(Self { name: KEYS[usize::from(!looks)], is_administrative });
        }
        let area = AREAS.iter().find(|(area, ..)| lies_in(path, area));
        let name = match area {
            Some((_, read, _)) if looks => read,
            Some((.., write)) => write,
            // Whatever else is sent asks a model; whatever else is looked at says nothing of anybody.
            None if looks => return None,
            None => REQUEST,
        };
        Some(Self { name, is_administrative })
    }

    /// Whether one of `granted` covers it. `all` and `read_only` say nothing of administration unless `administers`.
    pub fn is_covered<'g>(self, granted: impl IntoIterator<Item = &'g str>, administers: bool) -> bool {
        granted.into_iter().any(|granted| self.is_covered_by(granted, administers))
    }

    fn is_covered_by(self, granted: &str, administers: bool) -> bool {
        let looks = self.name.strip_suffix(".read").is_some();
        let is_own_kind = self.is_administrative == administers;
        match granted {
            ALL => is_own_kind,
            READ_ONLY => is_own_kind && looks,
            "model.request" | "api.model.request" | "api.all.request" => self.name.strip_suffix("request").is_some(),
            "api.management.write" => self.is_administrative,
            "api.management.read" => self.is_administrative && looks,
            // Who may change something may look at it.
            _ => {
                granted == self.name
                    || looks
                        && granted
                            .strip_suffix(".write")
                            .is_some_and(|base| self.name.strip_suffix(".read") == Some(base))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(path: &str, looks: bool) -> &'static str {
        Scope::needed(path, looks).map_or("", |scope| scope.name)
    }

    #[test]
    fn operations_need_the_scopes_of_their_area() {
        for (path, looks, expected) in [
            ("chat/completions", false, "model.request"),
            ("chat/completions/chatcmpl-1", true, "api.chat.completions.read"),
            ("models", true, "api.model.read"),
            ("modelsx", true, ""),
            ("responses", false, "api.responses.write"),
            ("vector_stores/vs_1/search", false, "api.vector_stores.read"),
            ("images/generations", false, "api.model.images.request"),
            ("organization/projects/proj_1/api_keys", true, "api.organization.projects.api_keys.read"),
            ("organization/usage/completions", true, "api.usage.read"),
            ("organization/projects", false, "api.management.write"),
            ("fine_tuning/jobs", false, "api.fine_tuning.jobs.write"),
            ("rerank", false, "model.request"),
        ] {
            assert_eq!(name(path, looks), expected, "{path}");
        }
        assert!(Scope::needed("projects/proj_1/roles", true).unwrap().is_administrative);
        assert!(!Scope::needed("projectsx", false).unwrap().is_administrative);
    }

    #[test]
    fn grants_cover_what_they_say() {
        let covers = |granted: &str, path: &str, looks: bool, administers: bool| {
            Scope::needed(path, looks).unwrap().is_covered([granted], administers)
        };
        assert!(
            covers("all", "chat/completions", false, false) && !covers("all", "organization/projects", true, false)
        );
        assert!(covers("all", "organization/projects", false, true) && !covers("all", "chat/completions", false, true));
        assert!(covers("read_only", "files", true, false) && !covers("read_only", "files", false, false));
        assert!(covers("api.files.write", "files", true, false) && !covers("api.files.read", "files", false, false));
        assert!(
            covers("model.request", "audio/speech", false, false)
                && !covers("model.request", "responses", false, false)
        );
        assert!(covers("api.management.read", "organization/groups", true, true));
        assert!(!covers("api.management.read", "organization/groups", false, true));
    }

    proptest! {
        #[test]
        fn any_path_and_grant_is_judged(path in "\\PC{0,40}", granted in "\\PC{0,30}", looks: bool, administers: bool) {
            if let Some(scope) = Scope::needed(&path, looks) {
                prop_assert!(scope.is_covered([scope.name], administers));
                let _ = scope.is_covered([granted.as_str()], administers);
            }
        }
    }
}
