//! Transcripts as answers: JSON of four kinds, text, subtitles.

use std::fmt::Write as _;
use std::ops::Range;

use fakeai_tokens::Token;
use serde_json::{Value, json};

use super::transcript::{Transcript, Word};
use super::wish::{Family, Task, Wish};

/// Tokens of a second of sound given (`OpenAI`'s audio tokens of transcription: ten).
const TOKENS_PER_SECOND: f64 = 10.0;

/// What a transcript counts, in tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct TranscriptUsage {
    pub text: u32,
    pub audio: u32,
    pub output: u32,
}

impl TranscriptUsage {
    pub(super) fn of(wish: &Wish, transcript: &Transcript) -> Self {
        Self {
            text: wish.card.tokenizer.count(&wish.prompt) as u32,
            audio: (transcript.seconds * TOKENS_PER_SECOND).ceil() as u32,
            output: wish.card.tokenizer.count(&transcript.text) as u32,
        }
    }

    /// By tokens, or by time for models that are sold so.
    pub(super) fn to_json(self, wish: &Wish, seconds: f64) -> Value {
        if wish.family == Family::Whisper {
            return json!({"type": "duration", "seconds": seconds.ceil()});
        }
        let input = self.text + self.audio;
        json!({
            "type": "tokens", "input_tokens": input, "output_tokens": self.output, "total_tokens": input + self.output,
            "input_token_details": {"text_tokens": self.text, "audio_tokens": self.audio},
        })
    }
}

/// The whole answer and its content type.
pub(super) fn whole(wish: &Wish, transcript: &Transcript, usage: TranscriptUsage) -> (String, &'static str) {
    let plain = "text/plain; charset=utf-8";
    let answer = match wish.format {
        "text" => return (format!("{}\n", transcript.text), plain),
        "srt" => return (subtitles(transcript, false), plain),
        "vtt" => return (subtitles(transcript, true), plain),
        "verbose_json" => verbose(wish, transcript, usage),
        "diarized_json" => json!({
            "task": "transcribe", "duration": rounded(transcript.seconds), "text": transcript.text,
            "segments": diarized(wish, transcript), "usage": usage.to_json(wish, transcript.seconds),
        }),
        _ if wish.task == Task::Translate => json!({"text": transcript.text}),
        _ => {
            let mut answer = json!({"text": transcript.text, "usage": usage.to_json(wish, transcript.seconds)});
            if wish.has_logprobs {
                answer["logprobs"] = logprobs(wish, transcript);
            }
            if wish.family == Family::Languages {
                answer["languages"] = languages(wish, transcript);
            }
            answer
        }
    };
    (answer.to_string(), "application/json")
}

/// Languages that are spoken, for models that guess them.
pub(super) fn languages(wish: &Wish, transcript: &Transcript) -> Value {
    if transcript.text.is_empty() {
        return json!([]);
    }
    json!([{"code": wish.language.as_deref().unwrap_or("en")}])
}

fn verbose(wish: &Wish, transcript: &Transcript, usage: TranscriptUsage) -> Value {
    let task = if wish.task == Task::Translate { "translate" } else { "transcribe" };
    let language = match wish.task {
        Task::Translate => "english",
        Task::Transcribe => language_name(wish.language.as_deref().unwrap_or("en")),
    };
    let mut answer = json!({
        "task": task, "language": language, "duration": rounded(transcript.seconds), "text": transcript.text,
    });
    if wish.has_words {
        let word = |word: &Word| {
            let text = transcript.text[word.span.clone()].trim_end_matches(['.', ',', '!', '?', ';', ':']);
            json!({"word": text, "start": rounded(word.time.start), "end": rounded(word.time.end)})
        };
        answer["words"] = transcript.words.iter().map(word).collect();
    }
    if wish.has_segments {
        let all = transcript.segments.iter().enumerate();
        answer["segments"] = all.map(|(id, segment)| verbose_segment(wish, transcript, id, segment)).collect();
    }
    if wish.task == Task::Transcribe {
        answer["usage"] = usage.to_json(wish, transcript.seconds);
    }
    answer
}

fn verbose_segment(wish: &Wish, transcript: &Transcript, id: usize, segment: &Range<usize>) -> Value {
    let (text, time) = (transcript.segment_text(segment), transcript.segment_time(segment));
    let tokens = wish.card.tokenizer.encode(text);
    let mut rng = transcript.seed.derive("segment").mix(id as u64).rng();
    json!({
        "id": id, "seek": (time.start * 100.0) as u64 / 3000 * 3000, "start": rounded(time.start),
        "end": rounded(time.end), "text": format!(" {text}"),
        "tokens": tokens.iter().map(|token| token.id).collect::<Vec<_>>(), "temperature": wish.temperature,
        "avg_logprob": -rng.range(0.12, 0.42), "compression_ratio": rng.range(1.0, 1.7),
        "no_speech_prob": rng.range(0.000_1, 0.04),
    })
}

/// Segments with who speaks: a segment after a pause may be somebody else's. In our own speech there is one voice.
pub(super) fn diarized(wish: &Wish, transcript: &Transcript) -> Vec<Value> {
    const TURN_SECONDS: f64 = 0.5;
    let mut rng = transcript.seed.derive("speakers").rng();
    let (mut speaker, mut last) = (0, 0.0);
    let segment = |(id, segment): (usize, &Range<usize>)| {
        let time = transcript.segment_time(segment);
        if id > 0 && !transcript.is_ours && time.start - last > TURN_SECONDS && rng.range(0.0, 1.0) < 0.7 {
            speaker = 1 - speaker;
        }
        last = time.end;
        let usual = ["A", "B"][speaker];
        json!({
            "type": "transcript.text.segment", "id": format!("seg_{:03}", id + 1), "start": rounded(time.start),
            "end": rounded(time.end), "text": transcript.segment_text(segment),
            "speaker": wish.speakers.get(speaker).map_or(usual, String::as_str),
        })
    };
    transcript.segments.iter().enumerate().map(segment).collect()
}

/// Each token's text, bytes and log probability.
pub(super) fn logprobs(wish: &Wish, transcript: &Transcript) -> Value {
    let tokens = wish.card.tokenizer.encode(&transcript.text);
    (0..tokens.len()).map(|place| logprob(&tokens, place, transcript)).collect()
}

/// The log probability of one token: mostly near 0, as of speech that is understood.
pub(in crate::api::openai) fn logprob(tokens: &[Token], place: usize, transcript: &Transcript) -> Value {
    let start = place.checked_sub(1).map_or(0, |before| tokens[before].end as usize);
    let bytes = &transcript.text.as_bytes()[start..tokens[place].end as usize];
    let draw = transcript.seed.derive("logprobs").mix(place as u64).rng().range(0.0, 1.0);
    json!({"token": String::from_utf8_lossy(bytes), "logprob": -draw.powi(4), "bytes": bytes})
}

fn subtitles(transcript: &Transcript, is_vtt: bool) -> String {
    let mut text = if is_vtt { "WEBVTT\n\n".to_owned() } else { String::new() };
    for (id, segment) in transcript.segments.iter().enumerate() {
        let time = transcript.segment_time(segment);
        let (start, end) = (stamp(time.start, is_vtt), stamp(time.end, is_vtt));
        if !is_vtt {
            let _ = writeln!(text, "{}", id + 1);
        }
        let _ = writeln!(text, "{start} --> {end}\n{}\n", transcript.segment_text(segment));
    }
    text
}

/// `00:00:01,250`, or `00:00:01.250`.
fn stamp(seconds: f64, is_vtt: bool) -> String {
    let all = (seconds * 1000.0).round() as u64;
    let (hours, minutes, whole, rest) = (all / 3_600_000, all / 60_000 % 60, all / 1000 % 60, all % 1000);
    let mark = if is_vtt { '.' } else { ',' };
    format!("{hours:02}:{minutes:02}:{whole:02}{mark}{rest:03}")
}

/// Seconds to the millisecond.
pub(super) fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// The name of a language by its code; the code of those whose name is not known here.
fn language_name(code: &str) -> &str {
    match code {
        "en" => "english",
        "es" => "spanish",
        "fr" => "french",
        "de" => "german",
        "it" => "italian",
        "pt" => "portuguese",
        "nl" => "dutch",
        "pl" => "polish",
        "ru" => "russian",
        "uk" => "ukrainian",
        "tr" => "turkish",
        "ar" => "arabic",
        "hi" => "hindi",
        "zh" => "chinese",
        "ja" => "japanese",
        "ko" => "korean",
        "sv" => "swedish",
        other => other,
    }
}
