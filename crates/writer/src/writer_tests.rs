//! The promises of [`crate::Writer`] that hold for every text.

use fakeai_core::Seed;
use fakeai_tokens::{CountMemo, Encoding, Tokenizer};
use proptest::prelude::*;

use crate::fixtures::{card, chat, chat_with_system, completion};
use crate::{
    Finish, Format, Generation, GenerationRequest, OutputLength, Prompt, PromptCount, ReplyMode, Role, Seeding,
    SegmentKind, Turn, Writer, WriterOptions, count_prompt,
};

const ROOT: Seed = Seed::new(42);

/// A writer of answers of so many tokens, or of any length for `auto`.
fn writer(output_tokens: &str, reply: ReplyMode) -> Writer {
    let output_tokens = match output_tokens {
        "auto" => OutputLength::Auto,
        number => OutputLength::Fixed(number.parse().unwrap()),
    };
    Writer::new(WriterOptions { output_tokens, reply, safety: crate::Safety::default() })
}

fn auto() -> Writer {
    Writer::new(WriterOptions::default())
}

fn write(writer: &Writer, request: &GenerationRequest) -> Generation {
    writer.write(request, count_prompt(request, &CountMemo::default()), request.seed(ROOT))
}

fn text(generation: &Generation) -> &str {
    &generation.choices[0].segments[0].text
}

/// Tokens tile the text, usage is their sum.
fn check(generation: &Generation) {
    let mut written = 0;
    for choice in &generation.choices {
        for segment in &choice.segments {
            let joined: Vec<u8> =
                (0..segment.tokens.len()).flat_map(|index| segment.token_bytes(index).to_vec()).collect();
            assert_eq!(joined, segment.text.as_bytes());
        }
        written += choice.written_tokens();
    }
    assert_eq!(generation.usage.completion_tokens, written);
}

#[test]
fn phrases_whose_tokens_are_known_give_the_tokens_of_the_whole_text() {
    let prompts = [
        "Explain how the tides of the harbour work and why they matter to old boats",
        "Write an essay about C++ and rust, 3 pages",
        "How do I bake sourdough bread?",
        "Should I buy \"an electric car\" in 2025?",
        "Explique la historia de la imprenta en Europa",
        "Explique l'histoire de l'imprimerie et du papier",
        "Erkläre mir die Geschichte der Buchdruckerkunst",
        "请介绍一下黄山的历史",
        "Tell me a story about a lighthouse",
        "ANSWER IN ALL CAPS: what is a tide?",
    ];
    for encoding in Encoding::ALL {
        for prompt in prompts {
            for seed in 0..6 {
                let mut request = chat(prompt);
                request.model = card(Tokenizer::Bpe(encoding));
                request.limits.min_tokens = 40 * seed as u32;
                request.sampling.seed = Seeding::Given(seed);
                let generation = write(&auto(), &request);
                let choice = &generation.choices[0];
                assert_eq!(choice.finish, Finish::Stop);
                assert_eq!(choice.segments[0].tokens, request.tokenizer().encode(text(&generation)), "{prompt} {seed}");
            }
        }
    }
}

#[test]
fn same_request_same_seed_same_answer() {
    let request = chat("Explain how tides work");
    let answers: Vec<_> = [ROOT, ROOT, Seed::new(43)]
        .map(|root| auto().write(&request, PromptCount::default(), request.seed(root)))
        .into();
    assert_eq!(text(&answers[0]), text(&answers[1]));
    assert_ne!(text(&answers[0]), text(&answers[2]));
    let mut again = request.clone();
    again.sampling.seed = Seeding::Repeat(1);
    assert_ne!(text(&write(&auto(), &again)), text(&answers[0]));
    again.sampling.seed = Seeding::Given(5);
    assert_eq!(text(&write(&auto(), &again)), text(&write(&auto(), &again)));
}

/// The same text as a question, as instructions, as an earlier turn and as text to go on with.
#[test]
fn what_was_asked_before_changes_no_answer() {
    let asked = ["Answer in Spanish, like a pirate: what is a tide?", "How do tides work?", "Say hello."];
    let pairs = asked.iter().flat_map(|first| asked.iter().map(move |second| (*first, *second)));
    let requests: Vec<GenerationRequest> = pairs
        .flat_map(|(first, second)| {
            let mut later = chat(first);
            if let Prompt::Chat(turns) = &mut later.prompt {
                turns.push(Turn::new(Role::User, second));
            }
            [chat(first), completion(first), chat_with_system(first, second), later]
        })
        .collect();
    let used = auto();
    for _ in 0..2 {
        for request in &requests {
            assert_eq!(text(&write(&used, request)), text(&write(&auto(), request)));
        }
    }
}

/// Instructions to say something are no place in another text.
#[test]
fn instructions_are_no_part_of_what_the_model_said() {
    let mut request = chat("unused");
    request.prompt = Prompt::Chat(vec![
        Turn::new(Role::System, "Say exactly: I am a rather long sentence."),
        Turn::new(Role::Assistant, "é"),
    ]);
    check(&write(&auto(), &request));
}

#[test]
fn choices_differ() {
    let mut request = chat("Explain how tides work");
    request.choices = 5;
    let generation = write(&auto(), &request);
    let mut texts: Vec<_> = generation.choices.iter().map(|choice| &choice.segments[0].text).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 5);
    check(&generation);
}

#[test]
fn echo_and_fixed_replies_are_what_was_given() {
    assert_eq!(text(&write(&writer("auto", ReplyMode::Echo), &chat("Ping 1, ping 2"))), "Ping 1, ping 2");
    let fixed = writer("auto", ReplyMode::Fixed("All is well.".to_owned()));
    assert_eq!(text(&write(&fixed, &chat("How are you?"))), "All is well.");
    let long = writer("100", ReplyMode::Fixed("All is well.".to_owned()));
    assert_eq!(write(&long, &chat("How are you?")).usage.completion_tokens, 100);
    let nothing = write(&writer("12", ReplyMode::Fixed(String::new())), &chat("?"));
    assert_eq!(nothing.usage.completion_tokens, 12);
    assert!(text(&write(&writer("auto", ReplyMode::Lorem), &chat("?"))).starts_with("Lorem ipsum dolor sit amet"));
}

#[test]
fn completions_echo_their_prompt_free_of_charge() {
    let mut request = completion("Once upon a time");
    let Prompt::Completion(continuation) = &mut request.prompt else { unreachable!() };
    continuation.echo = true;
    request.limits.max_tokens = 7;
    let generation = write(&auto(), &request);
    let segments = &generation.choices[0].segments;
    assert_eq!((segments[0].kind, segments[0].text.as_str()), (SegmentKind::Echo, "Once upon a time"));
    assert_eq!((generation.usage.completion_tokens, generation.choices[0].token_count()), (7, 11));
    request.limits.max_tokens = 0;
    assert_eq!(write(&auto(), &request).usage.completion_tokens, 0);
}

#[test]
fn only_exclusive_tokens_are_written() {
    let tokenizer = Tokenizer::Bpe(Encoding::O200k);
    let yes = tokenizer.encode(" yes")[0].id;
    let mut request = chat("Is water wet?");
    request.sampling.logit_bias = vec![(yes, 100.0)];
    request.limits.max_tokens = 3;
    request.limits.min_tokens = 3;
    assert_eq!(text(&write(&auto(), &request)), " yes yes yes");
}

#[test]
fn a_stop_ends_the_answer_before_it() {
    let mut request = chat("Explain how tides work");
    let whole = write(&writer("300", ReplyMode::Auto), &request);
    let whole = text(&whole);
    let stop = whole.chars().skip(whole.chars().count() / 2).take(9).collect::<String>();
    let before = &whole[..whole.find(&stop).unwrap()];
    request.limits.stop = vec![stop];
    let generation = write(&writer("300", ReplyMode::Auto), &request);
    assert_eq!((text(&generation), generation.choices[0].finish), (before, Finish::Stop));
    check(&generation);
}

#[test]
fn long_answers_do_not_repeat_themselves() {
    for prompt in
        ["Explain how tides work", "Write an essay about renewable energy", "Tell me a story about a fox", "Hello!"]
    {
        let mut request = chat(prompt);
        request.limits.max_tokens = 100_000;
        let generation = write(&writer("20000", ReplyMode::Auto), &request);
        assert_eq!(generation.usage.completion_tokens, 20_000);
        let text = text(&generation);
        let paragraphs: Vec<&str> = text.split("\n\n").filter(|paragraph| paragraph.len() > 60).collect();
        let mut distinct = paragraphs.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), paragraphs.len(), "{prompt}");
        let sentences: Vec<&str> = text.split(". ").collect();
        assert!(sentences.windows(2).all(|pair| pair[0] != pair[1]), "{prompt}");
    }
}

#[test]
fn answers_are_in_the_language_of_the_prompt() {
    let tells: [(&str, &[&str]); 8] = [
        ("¿Cómo funciona la fotosíntesis?", &[" la ", " que "]),
        ("Comment fonctionne la photosynthèse ?", &[" la ", " est "]),
        ("Wie funktioniert die Photosynthese?", &[" die ", " der "]),
        ("光合作用是怎么进行的？", &["的", "是"]),
        ("光合成の仕組みを説明してください。", &["です", "ます"]),
        ("How does photosynthesis work?", &[" the ", " is "]),
        ("Explain photosynthesis in French", &[" la ", " est "]),
        ("用英语解释光合作用", &[" the ", " is "]),
    ];
    for (prompt, words) in tells {
        let generation = write(&writer("300", ReplyMode::Auto), &chat(prompt));
        assert!(words.iter().all(|word| text(&generation).contains(word)), "{prompt}: {}", text(&generation));
    }
}

/// What follows the JSON value `text` begins with.
fn behind_json(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let list = |close: char, item: fn(&str) -> Option<&str>| {
        let mut rest = text[1..].trim_start();
        while !rest.starts_with(close) {
            rest = item(rest)?.trim_start();
            rest = rest.strip_prefix(',').map_or(rest, str::trim_start);
        }
        Some(&rest[1..])
    };
    match text.chars().next()? {
        '{' => list('}', |rest| behind_json(behind_json(rest)?.trim_start().strip_prefix(':')?)),
        '[' => list(']', behind_json),
        '"' => {
            let mut escaped = false;
            let end = text[1..].find(|letter| {
                let ends = letter == '"' && !escaped;
                escaped = letter == '\\' && !escaped;
                ends
            })?;
            Some(&text[end + 2..])
        }
        _ => Some(text.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric() || "-.".contains(letter))),
    }
}

#[test]
fn objects_are_whole_whatever_their_length() {
    for prompt in ["List three \"quoted\" colors as JSON", "name and age, please", "你好", "Say {\"a\": 1}"] {
        for length in ["auto", "30", "64", "200", "1500"] {
            let mut request = chat(prompt);
            request.format = Format::JsonObject;
            let generation = write(&writer(length, ReplyMode::Auto), &request);
            let text = text(&generation);
            assert!(text.starts_with('{') && behind_json(text) == Some(""), "{prompt} {length}: {text}");
            if let Ok(exact) = length.parse::<u32>() {
                assert_eq!(generation.usage.completion_tokens, exact, "{text}");
            }
        }
    }
}

#[test]
fn lists_have_as_many_items_as_asked_for() {
    for (prompt, count) in
        [("Give me 7 ideas for dinner", 7), ("List three reasons to learn Rust", 3), ("30 tips for sleep", 30)]
    {
        let generation = write(&auto(), &chat(prompt));
        let items = text(&generation).lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit()));
        assert_eq!(items.count(), count, "{}", text(&generation));
    }
}

#[test]
fn harmful_requests_are_refused_where_that_is_on() {
    let options = WriterOptions {
        safety: crate::Safety { refusals: true, ..crate::Safety::default() },
        ..WriterOptions::default()
    };
    let mut request = chat("How do I build a bomb?");
    request.limits.min_tokens = 100;
    let generation = write(&Writer::new(options), &request);
    assert_eq!(generation.choices[0].segments[0].kind, SegmentKind::Refusal);
    assert!(text(&generation).starts_with("I'm sorry"));
    assert_eq!(write(&auto(), &request).choices[0].segments[0].kind, SegmentKind::Text);
}

fn tokenizers() -> impl Strategy<Value = Tokenizer> {
    prop::sample::select(vec![Tokenizer::Bpe(Encoding::O200k), Tokenizer::Bpe(Encoding::Cl100k), Tokenizer::Words])
}

fn prompts() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(crate::gallery::PROMPTS.iter().map(|prompt| (*prompt).to_owned()).collect::<Vec<_>>()),
        "\\PC{0,80}",
        "(say|reply with|translate|summarize|correct|compare|5 ideas for|how do I|write code|json|poem|翻译|要約) \\PC{0,40}[:\n\"'“] ?\\PC{0,300}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn limits_are_exact(
        prompt in prompts(), tokenizer in tokenizers(), max in 0_u32..400, min in 0_u32..400, ignore_eos: bool,
        fixed in prop::option::of(1_u32..400), echo: bool,
    ) {
        let mut request = chat(&prompt);
        request.model = card(tokenizer);
        request.limits.max_tokens = max;
        request.limits.min_tokens = min;
        request.limits.ignore_eos = ignore_eos;
        let output_tokens = fixed.map_or(OutputLength::Auto, OutputLength::Fixed);
        let reply = if echo { ReplyMode::Echo } else { ReplyMode::Auto };
        let generation = write(&Writer::new(WriterOptions { output_tokens, reply, safety: crate::Safety { refusals: true, ..crate::Safety::default() } }), &request);
        check(&generation);
        let (count, finish) = (generation.usage.completion_tokens, generation.choices[0].finish);
        prop_assert!(count <= max);
        prop_assert!(count >= min.min(max) || generation.choices[0].segments[0].kind == SegmentKind::Refusal);
        if generation.choices[0].segments[0].kind == SegmentKind::Text {
            match fixed {
                _ if ignore_eos => prop_assert_eq!((count, finish), (max, Finish::Length)),
                Some(fixed) if fixed.max(min) <= max => prop_assert_eq!((count, finish), (fixed.max(min), Finish::Stop)),
                Some(_) => prop_assert_eq!((count, finish), (max, Finish::Length)),
                None => prop_assert!(finish == Finish::Stop || count == max),
            }
        }
    }

    #[test]
    fn natural_answers_tokenise_to_their_tokens(prompt in prompts(), tokenizer in tokenizers(), min in 0_u32..600) {
        let mut request = chat(&prompt);
        request.model = card(tokenizer);
        request.limits.min_tokens = min;
        let generation = write(&auto(), &request);
        prop_assert_eq!(&generation.choices[0].segments[0].tokens, &tokenizer.encode(text(&generation)));
        prop_assert_eq!(generation.choices[0].finish, Finish::Stop);
    }

    #[test]
    fn banned_tokens_never_appear(prompt in prompts(), picks in prop::collection::vec(any::<prop::sample::Index>(), 1..12)) {
        let tokenizer = Tokenizer::Bpe(Encoding::O200k);
        let mut request = chat(&prompt);
        let usual = write(&writer("200", ReplyMode::Auto), &request);
        let banned: Vec<u32> =
            picks.iter().map(|pick| pick.get(&usual.choices[0].segments[0].tokens).id).collect();
        request.sampling.logit_bias = banned.iter().map(|id| (*id, -100.0)).collect();
        request.logprobs = Some(5);
        let generation = write(&auto(), &request);
        check(&generation);
        let segment = &generation.choices[0].segments[0];
        prop_assert!(segment.tokens.iter().all(|token| !banned.contains(&token.id)));
        prop_assert!(tokenizer.encode(&segment.text).iter().all(|token| !banned.contains(&token.id)));
        let banned: Vec<Vec<u8>> = banned.iter().map(|id| tokenizer.decode(&[*id])).collect();
        prop_assert!(segment.logprobs.iter().flat_map(|logprob| &logprob.top).all(|(bytes, _)| !banned.contains(bytes)));
    }

    #[test]
    fn logprobs_are_normalised(prompt in prompts(), top in 0_u8..=20, greedy: bool) {
        let mut request = chat(&prompt);
        request.logprobs = Some(top);
        request.sampling.temperature = greedy.then_some(0.0);
        let generation = write(&auto(), &request);
        let segment = &generation.choices[0].segments[0];
        prop_assert_eq!(segment.logprobs.len(), segment.tokens.len());
        for (index, logprob) in segment.logprobs.iter().enumerate() {
            prop_assert_eq!(logprob.top.len(), usize::from(top));
            prop_assert!(logprob.logprob <= 0.0 && logprob.logprob.is_finite());
            prop_assert!(logprob.top.is_sorted_by(|one, other| one.1 >= other.1));
            let chosen = logprob.top.iter().position(|(bytes, _)| bytes == segment.token_bytes(index));
            let sum: f64 = logprob.top.iter().map(|(_, logprob)| logprob.exp()).sum();
            let rest = if chosen.is_none() { logprob.logprob.exp() } else { 0.0 };
            prop_assert!(sum + rest <= 1.0 + 1e-9);
            match chosen {
                Some(rank) => {
                    prop_assert!((logprob.top[rank].1 - logprob.logprob).abs() < 1e-12);
                    prop_assert!(!greedy || rank == 0);
                }
                None => prop_assert!(logprob.top.iter().all(|(_, other)| *other >= logprob.logprob)),
            }
            let mut bytes: Vec<_> = logprob.top.iter().map(|(bytes, _)| bytes).collect();
            bytes.sort();
            bytes.dedup();
            prop_assert_eq!(bytes.len(), logprob.top.len());
        }
    }
}
