//! Containers and the files in them. Nothing runs in a container: it is a place with files that goes when nobody uses it.

mod files;
mod routes;
mod stored;

pub(super) use routes::endpoints;
pub(super) use stored::Container;
