//! What a model says about pictures, sounds, videos and documents it was given: what was measured, nothing made up.

use crate::embedding::Bag;
use crate::{GenerationRequest, Part, Prompt, Role, Turn};

/// Sentences of a document that are quoted.
const QUOTED: usize = 3;
/// Sentences of a document that are looked at.
const MOST_SENTENCES: usize = 4000;
/// Bytes of a quoted sentence.
const LONGEST_BYTES: usize = 400;

/// What there is to say about what the user showed last; `None` if nothing was shown.
pub(crate) fn told(request: &GenerationRequest) -> Option<String> {
    let Prompt::Chat(turns) = &request.prompt else { return None };
    let turn = turns.iter().rev().find(|turn| turn.role == Role::User)?;
    let question = turn.text().unwrap_or_default();
    let parts = turn.parts.iter().filter(|part| !matches!(part, Part::Text(_)));
    let said: Vec<String> = parts.enumerate().map(|(index, part)| one(part, index, turn, question)).collect();
    (!said.is_empty()).then(|| said.join("\n\n"))
}

fn one(part: &Part, index: usize, turn: &Turn, question: &str) -> String {
    let media = |part: &&Part| !matches!(part, Part::Text(_) | Part::File { .. });
    // "The first image", where there are several.
    let several = turn.parts.iter().filter(media).count() > 1;
    let which = if several { ["first ", "second ", "third ", "fourth ", "next "][index.min(4)] } else { "" };
    match part {
        Part::Image { facts: Some(facts), .. } => format!("The {which}image is a {facts}."),
        Part::Image { width, height, .. } => {
            format!("I take the {which}image you link to as {width} × {height} pixels; I have not fetched it.")
        }
        Part::Audio { seconds, facts } => match facts {
            Some(facts) => format!("The {which}recording is a {facts}."),
            None => format!("The {which}recording lasts {seconds:.1} seconds."),
        },
        Part::Video { width, height, seconds, facts, .. } => match facts {
            Some(facts) => format!("The {which}video is a {facts}."),
            None => format!(
                "I take the {which}video you link to as {width} × {height} pixels and {seconds:.1} seconds; I have not \
                 fetched it."
            ),
        },
        Part::File { name, pages, text } => document(name, *pages, text, question),
        Part::Text(text) => text.clone(),
    }
}

fn document(name: &str, pages: u32, text: &str, question: &str) -> String {
    let words = text.split_whitespace().count();
    let pages = match pages {
        0 => String::new(),
        1 => "1 page and ".to_owned(),
        several => format!("{several} pages and "),
    };
    let head = format!("“{name}” has {pages}{words} words.");
    let found = sentences(text, question);
    if found.is_empty() {
        format!("{head} There is no text in it.")
    } else {
        format!("{head} It says: {}", found.join(" "))
    }
}

/// The sentences that share most with the question, in their order; the first ones where none do.
fn sentences<'a>(text: &'a str, question: &str) -> Vec<&'a str> {
    let asked = Bag::of(question);
    let all = text.split_inclusive(['.', '!', '?', '\n', '。']).map(str::trim).filter(|part| part.len() > 2);
    let all = all.take(MOST_SENTENCES).map(|sentence| &sentence[..sentence.floor_char_boundary(LONGEST_BYTES)]);
    let mut rated: Vec<(f32, usize, &str)> =
        all.enumerate().map(|(at, sentence)| (asked.shared(&Bag::of(sentence)), at, sentence)).collect();
    // Ties in the order of the text.
    rated.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    rated.truncate(QUOTED);
    rated.sort_by_key(|(_, at, _)| *at);
    rated.into_iter().map(|(.., sentence)| sentence).collect()
}

#[cfg(test)]
mod tests {
    use fakeai_tokens::ImageDetail;

    use super::*;
    use crate::fixtures::chat;

    fn shown(question: &str, part: Part) -> String {
        let mut request = chat(question);
        let Prompt::Chat(turns) = &mut request.prompt else { unreachable!() };
        turns[0].parts.push(part);
        told(&request).unwrap()
    }

    #[test]
    fn what_was_measured_is_said() {
        let facts = Some("PNG picture of 512 × 288 pixels, mostly blue (64 %)".to_owned());
        let said = shown("What is this?", Part::Image { width: 512, height: 288, detail: ImageDetail::Auto, facts });
        assert_eq!(said, "The image is a PNG picture of 512 × 288 pixels, mostly blue (64 %).");
        assert_eq!(told(&chat("What is this?")), None);
    }

    #[test]
    fn documents_are_quoted_where_they_answer() {
        let text = "The ship left on Monday. Its captain was Ada Voss. It carried salt. The crew was happy. ".repeat(2);
        let part = Part::File { name: "log.pdf".to_owned(), pages: 2, text };
        let said = shown("Who was the captain of the ship?", part);
        assert!(said.starts_with("“log.pdf” has 2 pages and 34 words.") && said.contains("Ada Voss"), "{said}");
    }
}
