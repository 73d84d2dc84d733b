//! The organisation: people, projects, keys, roles and limits. Records of [`declared`](super::declared) resources, and a
//! few that are more. The gate reads keys, permissions and limits where they are kept.

mod audit_logs;
mod certificates;
mod joining;
mod keys;
mod people;
mod policies;
mod projects;
mod rate_limits;
mod roles;
mod spending;
mod told;
mod usage;
mod validity;

pub(in crate::api) use joining::accept as accept_invite;

use super::declared::Resource;
use crate::api::Endpoint;

/// The resources whose objects have ids.
pub(super) fn resources() -> [&'static Resource; 19] {
    use certificates::CERTIFICATES;
    use keys::{ADMIN_KEYS, PROJECT_KEYS, SERVICE_ACCOUNTS};
    use people::{GROUP_USERS, GROUPS, INVITES, USERS};
    use projects::{PROJECT_GROUPS, PROJECT_USERS, PROJECTS};
    use roles::{GROUP_ROLES, PROJECT_GROUP_ROLES, PROJECT_ROLES, PROJECT_USER_ROLES, ROLES, USER_ROLES};
    use spending::{ALERTS, PROJECT_ALERTS};
    [
        &USERS,
        &INVITES,
        &GROUPS,
        &GROUP_USERS,
        &PROJECTS,
        &PROJECT_USERS,
        &PROJECT_GROUPS,
        &ADMIN_KEYS,
        &PROJECT_KEYS,
        &SERVICE_ACCOUNTS,
        &ROLES,
        &PROJECT_ROLES,
        &GROUP_ROLES,
        &USER_ROLES,
        &PROJECT_GROUP_ROLES,
        &PROJECT_USER_ROLES,
        &ALERTS,
        &PROJECT_ALERTS,
        &CERTIFICATES,
    ]
}

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
        usage::endpoints(),
        vec![audit_logs::endpoint()],
    ];
    rooms.into_iter().flatten().collect()
}
