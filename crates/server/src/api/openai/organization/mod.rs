//! The organisation: people, projects, keys, roles and limits. Records of [`declared`](super::declared) resources, and a
//! few that are more. They are kept and shown; nobody is kept out by them.

mod certificates;
mod keys;
mod people;
mod policies;
mod projects;
mod rate_limits;
mod roles;
mod spending;
mod validity;

use crate::api::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let rooms = [
        people::endpoints(),
        projects::endpoints(),
        keys::endpoints(),
        roles::endpoints(),
        spending::endpoints(),
        policies::endpoints(),
        certificates::endpoints(),
        rate_limits::endpoints(),
    ];
    rooms.into_iter().flatten().collect()
}
