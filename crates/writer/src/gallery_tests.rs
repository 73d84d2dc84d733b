//! Answers kept as snapshots, to be read by people: seed 42, one answer to each prompt of the gallery.

use std::fmt::Write as _;

use fakeai_core::Seed;
use fakeai_tokens::CountMemo;

use crate::fixtures::{chat, chat_with_system, completion};
use crate::gallery::{COMMON, COMPLETIONS, PROMPTS, WITH_SYSTEM};
use crate::{Format, GenerationRequest, Writer, WriterOptions, count_prompt};

fn answer(request: &GenerationRequest) -> String {
    let writer = Writer::new(WriterOptions {
        safety: crate::Safety { refusals: true, ..crate::Safety::default() },
        ..WriterOptions::default()
    });
    let generation = writer.write(request, count_prompt(request, &CountMemo::default()), request.seed(Seed::new(42)));
    let choice = &generation.choices[0];
    let count = generation.usage.completion_tokens;
    format!("[{count} tokens, {}]\n{}", choice.finish.name(), choice.segments[0].text)
}

fn gallery(requests: impl Iterator<Item = (String, GenerationRequest)>) -> String {
    let mut shown = String::new();
    for (title, request) in requests {
        writeln!(shown, "######## {title}\n{}\n", answer(&request)).unwrap();
    }
    shown
}

#[test]
fn prompts() {
    insta::assert_snapshot!(gallery(PROMPTS.iter().map(|prompt| ((*prompt).to_owned(), chat(prompt)))));
}

#[test]
fn common_asks() {
    insta::assert_snapshot!(gallery(COMMON.iter().map(|prompt| ((*prompt).to_owned(), chat(prompt)))));
}

#[test]
fn objects() {
    let asks = ["Hi", "Colours of the rainbow"].map(|prompt| {
        let mut request = chat(prompt);
        request.format = Format::JsonObject;
        (prompt.to_owned(), request)
    });
    insta::assert_snapshot!(gallery(asks.into_iter()));
}

/// What other tests rely on, as it was.
#[test]
fn staples() {
    let chats = ["Tell me about the sea.", "hello"].map(|prompt| (prompt.to_owned(), chat(prompt)));
    insta::assert_snapshot!(gallery(chats.into_iter()));
}

#[test]
fn personas() {
    insta::assert_snapshot!(gallery(
        WITH_SYSTEM
            .iter()
            .map(|(system, prompt)| { (format!("{system} / {prompt}"), chat_with_system(system, prompt)) })
    ));
}

#[test]
fn completions() {
    insta::assert_snapshot!(gallery(COMPLETIONS.iter().map(|prompt| ((*prompt).to_owned(), completion(prompt)))));
}
