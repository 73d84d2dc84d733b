//! The answer most clients get, written straight into one buffer: text alone, without log probabilities.
//!
//! It is what [`super::encode::completion`] gives, byte for byte; a test holds the two together.

use bytes::{Bytes, BytesMut};
use fakeai_writer::{Choice, Generation, SegmentKind, Usage};

use super::head::Head;
use crate::body::push_text;

/// Bytes of an answer beside the texts in it, at most about.
const AROUND_BYTES: usize = 512;

/// The whole answer as JSON; `None` if there is more to it than text.
pub(super) fn plain(head: &Head, generation: &Generation) -> Option<Bytes> {
    if head.manner.logprobs || !head.spoken.is_empty() || head.transfer.is_some() || head.moderation.is_some() {
        return None;
    }
    let texts: usize = generation.choices.iter().map(|choice| text(choice).map(str::len)).sum::<Option<_>>()?;
    let room = AROUND_BYTES + texts + texts / 16 + 128 * generation.choices.len();
    // The allocator is quickest with powers of two, and the buffer does not live long.
    let mut out = BytesMut::with_capacity(room.next_power_of_two());
    out.extend_from_slice(b"{\"id\":\"");
    push_text(&mut out, &head.id);
    out.extend_from_slice(b"\",\"object\":\"chat.completion\",\"created\":");
    push_integer(&mut out, head.created);
    out.extend_from_slice(b",\"model\":\"");
    push_text(&mut out, &head.model);
    out.extend_from_slice(b"\",\"choices\":[");
    for (index, choice) in generation.choices.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{\"index\":" } else { b",{\"index\":" });
        push_integer(&mut out, index);
        out.extend_from_slice(b",\"message\":{\"role\":\"assistant\",\"content\":\"");
        push_text(&mut out, text(choice)?);
        out.extend_from_slice(b"\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"");
        out.extend_from_slice(choice.finish.name().as_bytes());
        out.extend_from_slice(b"\"}");
    }
    out.extend_from_slice(b"],\"usage\":");
    push_usage(&mut out, generation.usage);
    out.extend_from_slice(b",\"service_tier\":\"");
    out.extend_from_slice(head.service_tier.as_bytes());
    out.extend_from_slice(b"\",\"system_fingerprint\":\"");
    push_text(&mut out, &head.fingerprint);
    out.extend_from_slice(b"\"}");
    Some(out.freeze())
}

/// The text of a choice that is nothing but text.
fn text(choice: &Choice) -> Option<&str> {
    match &choice.segments[..] {
        [segment] if segment.kind == SegmentKind::Text => Some(&segment.text),
        _ => None,
    }
}

fn push_integer(out: &mut BytesMut, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn push_usage(out: &mut BytesMut, usage: Usage) {
    let counts = [
        (&b"{\"prompt_tokens\":"[..], usage.prompt_tokens),
        (b",\"completion_tokens\":", usage.completion_tokens),
        (b",\"total_tokens\":", usage.total_tokens()),
        (b",\"prompt_tokens_details\":{\"cached_tokens\":", usage.cached_tokens),
        (b",\"audio_tokens\":", usage.prompt_audio_tokens),
        (b"},\"completion_tokens_details\":{\"reasoning_tokens\":", usage.reasoning_tokens),
        (b",\"audio_tokens\":", usage.completion_audio_tokens),
        (b",\"accepted_prediction_tokens\":", usage.accepted_prediction_tokens),
        (b",\"rejected_prediction_tokens\":", usage.rejected_prediction_tokens),
    ];
    for (name, count) in counts {
        out.extend_from_slice(name);
        push_integer(out, count);
    }
    out.extend_from_slice(b"}}");
}

#[cfg(test)]
mod tests {
    use fakeai_writer::{Finish, Segment};
    use proptest::prelude::*;

    use super::super::encode::completion;
    use super::super::head::{CallIds, Manner};
    use super::*;

    fn head() -> Head {
        Head {
            id: "chatcmpl-1".to_owned(),
            created: 0,
            model: String::new(),
            service_tier: "default",
            fingerprint: "fp_1".to_owned(),
            manner: Manner::default(),
            call_ids: CallIds::default(),
            spoken: Vec::new(),
            transfer: None,
            moderation: None,
        }
    }

    fn choice(kind: SegmentKind, text: String, finish: Finish) -> Choice {
        Choice { segments: vec![Segment { kind, text, ..Segment::default() }], finish }
    }

    proptest! {
        #[test]
        fn it_is_what_the_general_encoder_writes(
            texts in prop::collection::vec((any::<String>(), any::<bool>()), 0..4),
            model in any::<String>(),
            numbers in prop::array::uniform5(0_u32..1_000_000),
        ) {
            let head = Head { created: i64::from(numbers[0]) - 500, model, ..head() };
            let finish = |long| if long { Finish::Length } else { Finish::Stop };
            let choices = texts.into_iter().map(|(text, long)| choice(SegmentKind::Text, text, finish(long)));
            let usage = Usage {
                prompt_tokens: numbers[0],
                cached_tokens: numbers[1],
                prompt_audio_tokens: numbers[2],
                completion_tokens: numbers[3],
                reasoning_tokens: numbers[4],
                accepted_prediction_tokens: numbers[1],
                ..Usage::default()
            };
            let generation = Generation { choices: choices.collect(), usage };
            let written = plain(&head, &generation).unwrap();
            let general = serde_json::to_string(&completion(&head, &generation)).unwrap();
            let written = std::str::from_utf8(&written).unwrap();
            // The two may write a control character differently, which reads the same.
            if written.contains("\\u00") {
                let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
                prop_assert_eq!(read(written), read(&general));
            } else {
                prop_assert_eq!(written, general);
            }
        }
    }

    #[test]
    fn a_refusal_is_left_to_the_general_encoder() {
        let choices = vec![choice(SegmentKind::Refusal, "No.".to_owned(), Finish::Stop)];
        assert_eq!(plain(&head(), &Generation { choices, usage: Usage::default() }), None);
    }
}
