//! Voices of one's own and the consents they need. Recordings are looked at and not kept: there is nobody to learn a
//! voice from them, and the API never gives them back.

use serde_json::Value;

use crate::api::Endpoint;
use crate::api::openai::declared::{Field, From, Identity, Kind, Making, PLAIN, Resource, Rule, Verb};
use crate::error::ApiError;

pub(super) fn endpoints() -> Vec<Endpoint> {
    CONSENTS.endpoints().chain(VOICES.endpoints()).collect()
}

pub(super) static CONSENTS: Resource = Resource {
    name: "voice_consent",
    path: "/audio/voice_consents",
    item: "/audio/voice_consents/{consent_id}",
    identity: Identity::Made("cons_", 24),
    fields: &[
        Field("object", From::Fixed("\"audio.voice_consent\"")),
        Field("id", From::Id),
        Field("name", From::Given(Rule::needed(Kind::Text(256)).changing())),
        Field("language", From::Given(Rule::needed(Kind::Text(35)))),
        Field("created_at", From::Now),
    ],
    deleted: &[
        Field("id", From::Id),
        Field("object", From::Fixed("\"audio.voice_consent\"")),
        Field("deleted", From::Fixed("true")),
    ],
    verbs: &[
        (Verb::Create, "createVoiceConsent"),
        (Verb::List, "listVoiceConsents"),
        (Verb::Get, "getVoiceConsent"),
        (Verb::Update, "updateVoiceConsent"),
        (Verb::Delete, "deleteVoiceConsent"),
    ],
    file: Some("recording"),
    ..PLAIN
};

static VOICES: Resource = Resource {
    name: "voice",
    path: "/audio/voices",
    identity: Identity::Made("voice_", 24),
    fields: &[
        Field("object", From::Fixed("\"audio.voice\"")),
        Field("id", From::Id),
        Field("name", From::Made(name_with_consent)),
        Field("created_at", From::Now),
    ],
    verbs: &[(Verb::Create, "createVoice")],
    file: Some("audio_sample"),
    ..PLAIN
};

/// The name of a voice whose consent is there.
fn name_with_consent(making: &Making<'_>) -> Result<Value, ApiError> {
    let name = making.given("name", Rule::needed(Kind::Text(256)))?;
    let consent = making.given("consent", Rule::needed(Kind::Text(64)))?;
    CONSENTS.need(making.context, making.params, consent.as_str().unwrap_or_default())?;
    Ok(name)
}
