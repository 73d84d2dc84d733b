//! What is said in a recording, and when each word is.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use fakeai_catalog::ModelCard;
use fakeai_core::Seed;
use fakeai_media::speech::Mark;
use fakeai_media::{Heard, MediaError, hear};
use fakeai_store::Change;
use fakeai_tokens::CountMemo;
use fakeai_writer::{
    Format, GenerationRequest, Limits, Part, Prompt, Role, Sampling, Tools, Turn, Verbosity, Writer, count_prompt,
};

use super::wish::{Task, Wish};
use crate::context::Context;
use crate::error::ApiError;

/// Words a second of speech where nobody knows what is said.
const WORDS_PER_SECOND: f64 = 2.5;
/// Shorter recordings are refused, as `OpenAI` does.
const LEAST_SECONDS: f64 = 0.1;
/// A segment ends at a pause this long, or after so many words.
const PAUSE_SECONDS: f64 = 0.9;
const MOST_WORDS: usize = 24;
/// Where texts are kept whose speech carries a number only, and for how long.
const KIND: &str = "speech.text";
const KEPT_MILLISECONDS: i64 = 24 * 3600 * 1000;

/// A word where it is said.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::api::openai) struct Word {
    /// Its bytes in the text.
    pub span: Range<usize>,
    /// Seconds from the beginning.
    pub time: Range<f64>,
}

/// What was said.
#[derive(Clone, Debug)]
pub(in crate::api::openai) struct Transcript {
    pub text: String,
    pub seconds: f64,
    pub words: Vec<Word>,
    /// Ranges of words.
    pub segments: Vec<Range<usize>>,
    /// Whether the speech was made here.
    pub is_ours: bool,
    pub seed: Seed,
}

impl Transcript {
    /// The text of a segment.
    pub(super) fn segment_text(&self, segment: &Range<usize>) -> &str {
        let words = &self.words[segment.clone()];
        match (words.first(), words.last()) {
            (Some(first), Some(last)) => &self.text[first.span.start..last.span.end],
            _ => "",
        }
    }

    /// When a segment is said, in seconds.
    pub(super) fn segment_time(&self, segment: &Range<usize>) -> Range<f64> {
        let words = &self.words[segment.clone()];
        let at =
            |word: Option<&Word>, end: bool| word.map_or(0.0, |word| if end { word.time.end } else { word.time.start });
        at(words.first(), false)..at(words.last(), true)
    }
}

/// Keeps a text, so that speech that carries its number only can be read.
pub(in crate::api::openai) async fn keep(context: &Context, number: u64, text: &str) -> Result<(), ApiError> {
    let expires = (context.created() * 1000).saturating_add(KEPT_MILLISECONDS);
    let put = Change::put(KIND, format!("{number:016x}"), Bytes::copy_from_slice(text.as_bytes()));
    context.documents().change(put.expiring(Some(expires))).await?;
    Ok(())
}

/// Listens to a recording and says what it says.
pub(super) async fn transcribe(context: &Context, wish: &Wish, file: Bytes) -> Result<Transcript, ApiError> {
    let language = if wish.task == Task::Translate { None } else { wish.language.as_deref() };
    let transcript = transcript_of(context, &wish.card, language, file).await?;
    if transcript.seconds < LEAST_SECONDS {
        let message = "Audio file is too short. Minimum audio length is 0.1 seconds.";
        return Err(ApiError::invalid(message).param("file").code("audio_too_short"));
    }
    Ok(transcript)
}

/// What a recording says, as `card` would write it; `language` is the one that is spoken.
///
/// # Errors
/// It can't be read.
pub(in crate::api::openai) async fn transcript_of(
    context: &Context,
    card: &Arc<ModelCard>,
    language: Option<&str>,
    file: Bytes,
) -> Result<Transcript, ApiError> {
    let fingerprint = xxhash_rust::xxh3::xxh3_64(&file);
    let heard = context.app().kit.tasks.compute(move || hear(&file)).await.ok_or_else(ApiError::internal)?;
    let heard = heard.map_err(|error| unreadable(&error))?;
    let seed = context.workspace().seed().derive("transcript").mix(fingerprint);
    let known = recall(context, &heard)?;
    let is_ours = known.is_some();
    let text = known.unwrap_or_else(|| written(card, language, &heard, seed));
    let words = timed(&text, &heard);
    let segments = segments(&text, &words);
    Ok(Transcript { text, seconds: heard.seconds, words, segments, is_ours, seed })
}

fn unreadable(error: &MediaError) -> ApiError {
    let message = match error {
        MediaError::Unknown { .. } => {
            "Invalid file format. Supported formats: ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', 'wav', \
             'webm']"
        }
        _ => "Audio file might be corrupted or unsupported",
    };
    ApiError::invalid(message).param("file").code("invalid_value")
}

/// The text that our own speech carries.
fn recall(context: &Context, heard: &Heard) -> Result<Option<String>, ApiError> {
    match &heard.mark {
        None => Ok(None),
        Some(Mark::Text(text)) => Ok(Some(text.trim().to_owned())),
        Some(Mark::Id(number)) => {
            let found = context.documents().get(KIND, &format!("{number:016x}")).wait()?;
            Ok(found.map(|found| String::from_utf8_lossy(&found.body).trim().to_owned()))
        }
    }
}

/// Plausible words, as many as there is speech for; the same for the same recording.
fn written(card: &Arc<ModelCard>, language: Option<&str>, heard: &Heard, seed: Seed) -> String {
    let voiced: f64 = heard.voiced.iter().map(|span| span.end - span.start).sum();
    let count = (voiced * WORDS_PER_SECOND).round() as usize;
    if count == 0 {
        return String::new();
    }
    let opening = match language {
        Some("es") => "Cuéntame cómo ha ido la semana en el trabajo.",
        Some("fr") => "Raconte-moi comment s'est passée la semaine au travail.",
        Some("de") => "Erzähl mir, wie die Woche bei der Arbeit war.",
        _ => "Tell me how the week at work went.",
    };
    let request = request(card, opening, count);
    let generation =
        Writer::default().write(&request, count_prompt(&request, &CountMemo::default()), request.seed(seed));
    let text: String = generation.choices.iter().flat_map(|choice| &choice.segments).map(|part| &*part.text).collect();
    let words: Vec<&str> = text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).collect();
    let mut said = words.iter().cycle().take(count).copied().collect::<Vec<_>>().join(" ");
    said.truncate(said.trim_end_matches([',', ';', ':', '.', '!', '?']).len());
    said.push('.');
    said
}

fn request(card: &Arc<ModelCard>, opening: &str, words: usize) -> GenerationRequest {
    let tokens = u32::try_from(words * 3 + 64).unwrap_or(u32::MAX);
    let turn = Turn {
        role: Role::User,
        name: None,
        parts: vec![Part::Text(opening.to_owned())],
        calls: Vec::new(),
        answers: None,
    };
    GenerationRequest {
        model: card.clone(),
        prompt: Prompt::Chat(vec![turn]),
        choices: 1,
        sampling: Sampling::default(),
        limits: Limits { max_tokens: tokens, min_tokens: tokens, ignore_eos: true, stop: Vec::new() },
        format: Format::Text,
        logprobs: None,
        verbosity: Verbosity::Medium,
        tools: Tools::default(),
        reasoning: None,
        prediction: None,
    }
}

/// The words of a text; writing without spaces has one for each few letters.
fn spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices() {
        match (letter.is_whitespace(), start) {
            (false, None) => start = Some(at),
            (true, Some(begun)) => {
                spans.push(begun..at);
                start = None;
            }
            _ => {}
        }
    }
    spans.extend(start.map(|start| start..text.len()));
    spans
}

/// Lays the words over the stretches of speech, each as long as its letters ask for, none across a gap.
fn timed(text: &str, heard: &Heard) -> Vec<Word> {
    let spans = spans(text);
    let weight = |span: &Range<usize>| (text[span.clone()].chars().count() + 1) as f64;
    let whole: f64 = spans.iter().map(weight).sum();
    let all = [0.0..heard.seconds];
    let voiced: &[Range<f64>] = if heard.voiced.is_empty() { &all } else { &heard.voiced };
    let time: f64 = voiced.iter().map(|span| span.end - span.start).sum();
    let mut groups: Vec<Vec<Range<usize>>> = vec![Vec::new(); voiced.len()];
    let (mut said, mut group, mut end) = (0.0, 0, voiced.first().map_or(0.0, |span| span.end - span.start));
    for span in spans {
        // A word belongs to the stretch in which its middle lies.
        let middle = (said + weight(&span) / 2.0) / whole * time;
        while middle > end && group + 1 < voiced.len() {
            group += 1;
            end += voiced[group].end - voiced[group].start;
        }
        said += weight(&span);
        groups[group].push(span);
    }
    let mut words = Vec::new();
    for (group, stretch) in groups.into_iter().zip(voiced) {
        let sum: f64 = group.iter().map(weight).sum();
        let length = stretch.end - stretch.start;
        let mut before = 0.0;
        for span in group {
            let after = before + weight(&span);
            let at = |part: f64| stretch.start + length * part / sum;
            words.push(Word { time: at(before)..at(after), span });
            before = after;
        }
    }
    words
}

/// Sentences, cut where they are long or pause.
fn segments(text: &str, words: &[Word]) -> Vec<Range<usize>> {
    let mut segments = Vec::new();
    let mut start = 0;
    for (place, word) in words.iter().enumerate() {
        let marks = text[word.span.clone()].trim_end_matches(['"', '\'', ')', '”', '’']);
        let ends = marks.ends_with(['.', '!', '?', '。', '！', '？']);
        let pauses = words.get(place + 1).is_none_or(|next| next.time.start - word.time.end > PAUSE_SECONDS);
        if ends || pauses || place + 1 - start >= MOST_WORDS {
            segments.push(start..place + 1);
            start = place + 1;
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use fakeai_media::AudioFormat;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_lie_in_speech_and_in_order(
            text in "\\PC{0,80}", lengths in proptest::collection::vec((0.05..1.0_f64, 0.05..2.0_f64), 0..6),
        ) {
            let mut voiced = Vec::new();
            let mut at = 0.0;
            for (gap, length) in lengths {
                voiced.push(at + gap..at + gap + length);
                at += gap + length;
            }
            let heard = Heard { format: AudioFormat::Wav, seconds: at + 1.0, voiced: voiced.clone(), mark: None };
            let words = timed(&text, &heard);
            let joined: String = words.iter().map(|word| &text[word.span.clone()]).collect();
            prop_assert_eq!(joined, text.split_whitespace().collect::<String>());
            prop_assert!(words.windows(2).all(|pair| pair[0].time.end <= pair[1].time.start + 1e-9));
            let holds = |word: &Word| voiced.iter().any(|span| span.start - 1e-9 <= word.time.start && word.time.end <= span.end + 1e-9);
            prop_assert!(voiced.is_empty() || words.iter().all(holds));
            let parts = segments(&text, &words);
            prop_assert_eq!(parts.iter().map(Range::len).sum::<usize>(), words.len());
        }
    }
}
