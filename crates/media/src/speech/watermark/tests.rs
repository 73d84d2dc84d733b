use proptest::prelude::*;

use super::*;
use crate::speech::{SPEECH_RATE, VOICES, Voice, speak};
use crate::{Pcm, SoundFormat, decode_audio, encode};

const TEXT: &str = "The quick brown fox jumps over the lazy dog. Does it? Yes, it does, 42 times: again and again!";
const FORMATS: [SoundFormat; 5] =
    [SoundFormat::Wav, SoundFormat::Flac, SoundFormat::Mp3, SoundFormat::Opus, SoundFormat::Aac];

fn heard(samples: &[f32], rate: u32) -> Option<Mark> {
    let mut ear = Ear::new(rate);
    samples.chunks(777).for_each(|block| ear.hear(block));
    ear.mark()
}

fn through(sound: &Pcm, format: SoundFormat) -> Option<Mark> {
    let audio = decode_audio(&encode(sound, format).unwrap(), usize::MAX).unwrap();
    heard(&audio.samples, audio.sample_rate)
}

fn floats(sound: &Pcm) -> Vec<f32> {
    sound.samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect()
}

/// The samples at another rate, by straight lines.
fn at_rate(samples: &[f32], from: u32, to: u32) -> Vec<f32> {
    let count = (samples.len() as u64 * u64::from(to) / u64::from(from)) as usize;
    let sample = |at: usize| {
        let place = at as f64 * f64::from(from) / f64::from(to);
        let (whole, part) = (place as usize, place.fract() as f32);
        let next = samples.get(whole + 1).copied().unwrap_or_default();
        samples[whole] * (1.0 - part) + next * part
    };
    (0..count).map(sample).collect()
}

#[test]
fn every_format_brings_the_text_back() {
    for voice in &VOICES {
        let sound = speak(TEXT, voice, 1.0);
        for format in FORMATS {
            assert_eq!(through(&sound, format), Some(Mark::Text(TEXT.to_owned())), "{} in {format:?}", voice.name);
        }
    }
}

#[test]
fn other_rates_and_a_late_beginning_bring_it_back() {
    let sound = floats(&speak(TEXT, &VOICES[0], 1.0));
    for rate in [16_000, 22_050, 44_100, 48_000] {
        let other = at_rate(&sound, SPEECH_RATE, rate);
        let late = [vec![0.0; 1234], other.iter().map(|sample| sample * 0.5).collect()].concat();
        assert_eq!(heard(&late, rate), Some(Mark::Text(TEXT.to_owned())), "at {rate} Hz");
    }
    assert_eq!(heard(&at_rate(&sound, SPEECH_RATE, 8000), 8000), None);
}

#[test]
fn short_and_fast_speech_is_known_by_a_number() {
    let voice = Voice::named("alloy").unwrap();
    for (text, speed) in [("Yes.", 1.0), ("Hello there!", 1.0), (TEXT, 1.5), ("Grüße aus Köln, 你好。", 1.0)] {
        assert_eq!(through(&speak(text, voice, speed), SoundFormat::Mp3), Some(Mark::Text(text.to_owned())), "{text}");
    }
    let fast = speak(TEXT, voice, 4.0);
    assert!(is_marked_by_id(TEXT, fast.samples.len()));
    for format in FORMATS {
        assert_eq!(through(&fast, format), Some(Mark::Id(mark_id(TEXT))), "{format:?}");
    }
    assert_eq!(through(&speak("Yes.", voice, 4.0), SoundFormat::Wav), None);
}

#[test]
fn speeches_one_after_the_other_are_both_heard() {
    let both = [floats(&speak("The first one.", &VOICES[0], 1.0)), floats(&speak("The second one.", &VOICES[4], 1.0))];
    assert_eq!(heard(&both.concat(), SPEECH_RATE), Some(Mark::Text("The first one. The second one.".to_owned())));
}

#[test]
fn the_mark_is_quiet() {
    let (text, voice) = (TEXT, &VOICES[0]);
    let plan = Plan::of(text, 400);
    let mut silence = vec![0_i16; 400 * tones::SYMBOL];
    let mut writing = Writing { symbols: plan.symbols(), voicing: Voicing::default() };
    writing.add(0, &mut silence);
    assert!(silence.iter().all(|sample| sample.abs() <= 120) && silence.iter().any(|sample| *sample > 50));
    let loudest = speak(text, voice, 1.0).samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
    assert!(loudest > 10_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_packed_and_unpacked(bytes: Vec<u8>, odd: Vec<u8>) {
        prop_assert_eq!(letters::unpack(&letters::pack(&bytes)), Some(bytes));
        let halves: Vec<u8> = odd.iter().map(|byte| byte & 15).collect();
        let _ = letters::unpack(&halves);
    }

    #[test]
    fn any_text_survives_lossless_speech(text in "[a-zA-Z ,.éß你]{12,80}") {
        let sound = speak(&text, &VOICES[3], 0.5);
        let mark = heard(&floats(&sound), SPEECH_RATE);
        let is_right = match &mark {
            Some(Mark::Text(found)) => *found == text,
            Some(Mark::Id(number)) => *number == mark_id(&text),
            // There was no room, or nothing to say.
            None => sound.seconds() < 1.0 || text.trim().is_empty(),
        };
        prop_assert!(is_right, "{:?}", mark);
    }

    #[test]
    fn noise_says_nothing(samples in proptest::collection::vec(-1.0..1.0_f32, 0..40_000), rate in 8000..48_000_u32) {
        prop_assert_eq!(heard(&samples, rate), None);
    }

    #[test]
    fn any_tones_are_read_without_a_panic(tones in proptest::collection::vec(0..16_u8, 0..200)) {
        let doubts = vec![0.5; tones.len()];
        let _ = Packet::read(&tones, &doubts);
    }
}
