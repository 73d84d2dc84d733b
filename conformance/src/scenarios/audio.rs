//! Audio: speech in events, and the same speech written down in each form.

use anyhow::Result;
use fakeai_media::speech::{VOICES, speak};
use fakeai_media::{SoundFormat, encode};
use serde_json::json;

use crate::trial::Trial;

const SPEAK: &str = "createSpeech";
const TRANSCRIBE: &str = "createTranscription";
const TRANSLATE: &str = "createTranslation";
const TEXT: &str = "The quick brown fox jumps over the lazy dog.";

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("spoken in events");
    let body = json!({"model": "gpt-4o-mini-tts", "input": TEXT, "voice": "coral", "stream_format": "sse"});
    let events = trial.stream(SPEAK, &[], body).await?;
    trial.hold(SPEAK, events.is_empty() || events.len() > 2, "not several deltas and the end")?;
    let wav = encode(&speak(TEXT, &VOICES[0], 1.0), SoundFormat::Wav)?;
    for (name, fields) in [
        ("whisper", vec![("model", "whisper-1")]),
        (
            "verbose",
            vec![
                ("model", "whisper-1"),
                ("response_format", "verbose_json"),
                ("timestamp_granularities[]", "word"),
                ("timestamp_granularities[]", "segment"),
            ],
        ),
        ("log probabilities", vec![("model", "gpt-4o-transcribe"), ("include[]", "logprobs")]),
        ("speakers", vec![("model", "gpt-4o-transcribe-diarize"), ("response_format", "diarized_json")]),
        ("languages", vec![("model", "gpt-transcribe"), ("languages[]", "en")]),
    ] {
        trial.name(name);
        let answer = trial.form(TRANSCRIBE, &[], &fields, ("file", &wav)).await?;
        trial.hold(TRANSCRIBE, answer.is_null() || answer["text"] == TEXT, "not the text that was spoken")?;
    }
    trial.name("translated");
    trial.form(TRANSLATE, &[], &[("model", "whisper-1")], ("file", &wav)).await?;
    let fields = [("model", "whisper-1"), ("response_format", "verbose_json")];
    trial.form(TRANSLATE, &[], &fields, ("file", &wav)).await?;
    trial.name("refused");
    trial.refuse(SPEAK, &[], json!({"model": "tts-1", "input": TEXT, "voice": "nobody"}), 400).await?;
    trial.refuse(SPEAK, &[], json!({"model": "tts-1", "voice": "alloy"}), 400).await
}
