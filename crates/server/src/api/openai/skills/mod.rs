//! Skills: bundles of files with a `SKILL.md` that says what they are for, in versions.

mod bundle;
mod routes;
mod stored;

pub(super) use routes::endpoints;
