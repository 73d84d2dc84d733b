use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

fn read_with(bytes: &[u8], skip_bad: bool, limit: Option<usize>) -> Result<Trace, SimulateError> {
    let count_tokens = |text: &str| text.split_whitespace().count() as u32;
    Trace::read(bytes, &Reading { file: "trace", skip_bad, limit, count_tokens: &count_tokens })
}

fn read(text: &str) -> Result<Trace, SimulateError> {
    read_with(text.as_bytes(), false, None)
}

fn arrivals_ms(trace: &Trace) -> Vec<u128> {
    trace.sessions.iter().map(|session| session.arrival.as_millis()).collect()
}

const AZURE: &str = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n\
                     2023-11-16 18:15:46.6805900,374,44\r\n\
                     2023-11-16 18:15:50.9951690,396,109\r\n";

#[test]
fn azures_csv_counts_from_its_first_request() {
    let trace = read(AZURE).unwrap();
    assert_eq!((trace.format, trace.is_timed), (Format::Csv, true));
    assert_eq!(arrivals_ms(&trace), [0, 4314]);
    assert_eq!((trace.turns[1].prompt_tokens, trace.turns[1].output_tokens), (396, 109));
}

#[test]
fn other_names_of_the_columns_are_known() {
    let burst =
        "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,GPT-4,10,20,30,x\n3,m,1,2,3,y\n";
    let trace = read(burst).unwrap();
    assert_eq!(arrivals_ms(&trace), [0, 2000]);
    assert_eq!(trace.turns[trace.sessions[0].first].prompt_tokens, 1);
    let zoned = "timestamp,input_length,output_length\n2024-05-10 00:00:00.009930+00:00,2,3\n";
    assert_eq!(read(zoned).unwrap().turns[0].output_tokens, 3);
}

#[test]
fn mooncakes_blocks_become_contents() {
    let text = r#"{"timestamp": 0, "input_length": 1000, "output_length": 5, "hash_ids": [0, 1]}
{"timestamp": 3000, "input_length": 600, "output_length": 7, "hash_ids": [0, 9]}
"#;
    let trace = read(text).unwrap();
    assert_eq!((trace.format, arrivals_ms(&trace)), (Format::Mooncake, vec![0, 3000]));
    let (one, other) = (trace.turns[0].chain(16), trace.turns[1].chain(16));
    assert_eq!((one.len(), other.len()), (1000 / 16, 600 / 16));
    assert_eq!(one.iter().zip(other.iter()).filter(|(a, b)| a == b).count(), 512 / 16);
}

#[test]
fn conversations_grow_turn_by_turn() {
    let conversation = r#"{"id": "a", "conversations": [
        {"from": "gpt", "value": "hello there"},
        {"from": "human", "value": "one two three"}, {"from": "gpt", "value": "four five"},
        {"from": "human", "value": "six"}, {"from": "gpt", "value": "seven eight nine"}]}"#;
    let line = conversation.replace('\n', "");
    for text in [format!("[{conversation},\n{conversation}]"), format!("{line}\n\n{line}\n")] {
        let trace = read(&text).unwrap();
        assert_eq!((trace.format, trace.is_timed, trace.sessions.len()), (Format::ShareGpt, false, 2));
        let lengths: Vec<(u32, u32)> =
            trace.turns.iter().map(|turn| (turn.prompt_tokens, turn.output_tokens)).collect();
        assert_eq!(lengths, [(5, 2), (8, 3), (5, 2), (8, 3)]);
        let (first, second, other) = (trace.turns[0].chain(1), trace.turns[1].chain(1), trace.turns[2].chain(1));
        assert_eq!(first[..], second[..first.len()]);
        assert_ne!(first[0], other[0]);
    }
}

#[test]
fn a_bad_line_is_named_or_counted() {
    let cases = [
        (format!("{AZURE}2023-11-16 18:15:50,x,4\n"), "trace, line 4: `x` is no count of tokens"),
        (format!("{AZURE}yesterday,1,4\n"), "trace, line 4: `yesterday` is no time"),
        (format!("{AZURE}\n2023-11-16 18:15:50,4\n"), "trace, line 5: a field is missing"),
        ("{\"timestamp\": 1, \"input_length\": 1, \"output_length\": 1}\n{\"timestamp\": 1}".to_owned(),
         "trace, line 2: missing field `input_length`"),
        ("[{\"conversations\": [{\"from\": \"human\", \"value\": \"a\"}, {\"from\": \"gpt\", \"value\": \"b\"}]},\n {\"id\": 4}]".to_owned(),
         "trace, line 2: missing field `conversations`"),
    ];
    for (text, words) in cases {
        assert_eq!(read(&text).unwrap_err().to_string(), words);
        assert_eq!(read_with(text.as_bytes(), true, None).unwrap().skipped, 1, "{words}");
    }
}

#[test]
fn what_is_no_trace_says_so() {
    for text in ["", "hello", "a,b,c\n1,2,3", "[]", "TIMESTAMP,ContextTokens,GeneratedTokens\n", "[1"] {
        assert!(read(text).is_err(), "{text}");
    }
    assert!(read_with(b"{}\n{}\n", true, None).unwrap_err().to_string().contains("2 lines were skipped"));
}

#[test]
fn gzip_and_limits_are_understood() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(AZURE.as_bytes()).unwrap();
    let bytes = gzip.finish().unwrap();
    assert_eq!(read_with(&bytes, false, None).unwrap(), read(AZURE).unwrap());
    assert_eq!(read_with(&bytes, false, Some(1)).unwrap().sessions.len(), 1);
    assert!(matches!(read_with(&bytes[..40], false, None), Err(SimulateError::Read { .. })));
}

proptest! {
    #[test]
    fn garbage_is_refused_and_nothing_breaks(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        rows in "([0-9:. ,-]{0,40}\n){0,6}",
        json in r#"[\[\]{}",: a-z0-9]{0,200}"#,
        skip_bad: bool,
    ) {
        let _ = read_with(&bytes, skip_bad, None);
        let _ = read_with(&[&[0x1F, 0x8B, 8, 0], &bytes[..]].concat(), skip_bad, None);
        let _ = read_with(format!("TIMESTAMP,ContextTokens,GeneratedTokens\n{rows}").as_bytes(), skip_bad, None);
        let _ = read_with(format!("{{\"timestamp\": 1, {json}\n").as_bytes(), skip_bad, None);
        let _ = read_with(format!("[{{\"conversations\": {json}\n").as_bytes(), skip_bad, None);
    }

    #[test]
    fn csv_is_read_as_written(rows in prop::collection::vec((0_u32..1_000_000, 0_u32..10_000, 0_u32..10_000), 1..40)) {
        let lines: Vec<String> = rows.iter().map(|(at, read, write)| format!("{at}.5,{read},{write}")).collect();
        let trace = read(&format!("timestamp,ContextTokens,GeneratedTokens\n{}", lines.join("\n"))).unwrap();
        let start = rows.iter().map(|(at, ..)| *at).min().unwrap();
        let mut expected: Vec<(u64, u32, u32)> =
            rows.iter().map(|(at, read, write)| (u64::from(at - start), *read, *write)).collect();
        expected.sort_by_key(|(at, ..)| *at);
        let found: Vec<(u64, u32, u32)> = trace
            .sessions
            .iter()
            .map(|session| {
                let turn = &trace.turns[session.first];
                (session.arrival.as_secs(), turn.prompt_tokens, turn.output_tokens)
            })
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn mooncake_is_read_as_written(ids in prop::collection::vec(0_u64..1_000, 0..8), tokens in 0_u32..5_000) {
        let line = format!("{{\"timestamp\": 7, \"input_length\": {tokens}, \"output_length\": 1, \"hash_ids\": {ids:?}}}");
        let trace = read(&line).unwrap();
        let known: u32 = trace.turns[0].segments.iter().map(|segment| segment.tokens).sum();
        prop_assert_eq!(known, tokens.min(512 * ids.len() as u32));
    }
}
