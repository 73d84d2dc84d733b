//! Videos: jobs by the clock, whose content is made when somebody fetches it.
//!
//! What a video shows follows from its seed, so nothing is kept of it but what was asked. It is a moving scene and has
//! nothing to do with what the prompt says; reference pictures and videos are checked and looked at no further.

mod ask;
mod body;
mod routes;
mod stored;

use super::Endpoint;
use super::declared::{Field, From, Identity, Kind, PLAIN, Resource, Rule, Verb};

pub(super) fn endpoints() -> Vec<Endpoint> {
    routes::endpoints().into_iter().chain(CHARACTERS.endpoints()).collect()
}

pub(super) static CHARACTERS: Resource = Resource {
    name: "video character",
    path: "/videos/characters",
    item: "/videos/characters/{character_id}",
    identity: Identity::Made("char_", 24),
    fields: &[
        Field("id", From::Id),
        Field("object", From::Fixed("\"video.character\"")),
        Field("name", From::Given(Rule::needed(Kind::Text(80)))),
        Field("created_at", From::Now),
    ],
    verbs: &[(Verb::Create, "CreateVideoCharacter"), (Verb::Get, "GetVideoCharacter")],
    file: Some("video"),
    ..PLAIN
};
