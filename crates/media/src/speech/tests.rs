use proptest::prelude::*;

use super::*;

const TEXT: &str = "The quick brown fox jumps over the lazy dog. Does it? Yes, it does, again and again.";

fn root_mean_square(samples: &[i16]) -> f64 {
    (samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
}

/// The pitch by autocorrelation, between 60 and 400 Hz.
fn pitch(samples: &[i16]) -> f64 {
    let at = |lag: usize| -> f64 {
        let pairs = samples.iter().zip(&samples[lag..]);
        pairs.map(|(one, other)| f64::from(*one) * f64::from(*other)).sum::<f64>() / (samples.len() - lag) as f64
    };
    let best = (60..400_usize).map(at).fold(0.0, f64::max);
    // Two periods fit as well as one: the shortest good one counts, at its own peak.
    let first = (60..400_usize).find(|lag| at(*lag) > 0.85 * best && at(*lag) > at(lag + 1)).unwrap();
    f64::from(SPEECH_RATE) / first as f64
}

#[test]
fn people_speak_at_the_speed_of_people() {
    let words = TEXT.split_whitespace().count() as f64;
    for voice in &VOICES {
        let sound = speak(TEXT, voice, 1.0);
        let per_minute = words / sound.seconds() * 60.0;
        assert!((110.0..=220.0).contains(&per_minute), "{}: {per_minute} words a minute", voice.name);
        let loudness = root_mean_square(&sound.samples);
        assert!((1500.0..=9000.0).contains(&loudness), "{}: {loudness}", voice.name);
    }
}

#[test]
fn voices_differ_in_pitch() {
    for voice in &VOICES {
        let sound = speak("aaaa", voice, 0.25);
        let heard = pitch(&sound.samples[4000..10_000]);
        let expected = f64::from(voice.pitch_hz);
        assert!((heard / expected).log2().abs() < 0.5, "{}: {heard} Hz, not {expected} Hz", voice.name);
    }
    assert!(Voice::named("Onyx").unwrap().pitch_hz < Voice::named("nova").unwrap().pitch_hz);
    assert_eq!(Voice::named("nobody"), None);
}

#[test]
fn twice_the_speed_is_half_the_length() {
    let voice = &VOICES[0];
    let usual = speak(TEXT, voice, 1.0).samples.len() as f64;
    for speed in [0.25, 0.5, 1.5, 2.0, 4.0] {
        let length = speak(TEXT, voice, speed).samples.len() as f64;
        assert!((length - usual / speed).abs() <= 2.0, "at {speed}: {length}");
    }
    assert_eq!(speak(TEXT, voice, 100.0), speak(TEXT, voice, 4.0));
    assert_eq!(speak(TEXT, voice, f64::NAN), speak(TEXT, voice, 1.0));
}

#[test]
fn instructions_change_what_is_heard() {
    let voice = &VOICES[0];
    let as_told = |told: &str| voice.instructed(told);
    let length = |told: &str| speak(TEXT, &as_told(told), 1.0).samples.len() as f64;
    let loudness = |told: &str| root_mean_square(&speak(TEXT, &as_told(told), 1.0).samples);
    let high = |told: &str| pitch(&speak("aaaa", &as_told(told), 0.25).samples[4000..10_000]);
    let usual = (length(""), loudness(""), high(""));
    assert!(length("Speak slowly and clearly.") > 1.2 * usual.0 && length("Be quick!") < 0.85 * usual.0);
    assert!(loudness("Please shout it.") > 1.2 * usual.1 && loudness("softly, like a lullaby") < 0.8 * usual.1);
    assert!(high("in a deep voice") < 0.9 * usual.2 && high("Cheerful and upbeat") > 1.05 * usual.2);
    assert!(loudness("Whisper this.") < 0.8 * usual.1);
    assert_ne!(speak(TEXT, &as_told("monotone"), 1.0), speak(TEXT, voice, 1.0));
    for nothing in ["", "Don't whisper, and do not speak too slowly.", "Mention the fastball.", "Sprich wie ein Pirat."]
    {
        assert_eq!(&as_told(nothing), voice, "{nothing}");
    }
    // Slow, and twice as fast as that.
    let slow = as_told("slowly");
    let [whole, half] = [1.0, 2.0].map(|speed| speak(TEXT, &slow, speed).samples.len() as f64);
    assert!((half - whole / 2.0).abs() <= 2.0);
}

#[test]
fn a_whisper_has_no_pitch() {
    let voice = VOICES[0].instructed("whisper");
    let sound = &speak("aaaa", &voice, 0.25).samples[4000..10_000];
    let at = |lag: usize| -> f64 {
        sound.iter().zip(&sound[lag..]).map(|(one, other)| f64::from(*one) * f64::from(*other)).sum()
    };
    let best = (75..400).map(at).fold(0.0, f64::max);
    assert!(best < 0.5 * at(0), "{best} of {}", at(0));
}

#[test]
fn sentences_have_pauses() {
    let sound = speak("Yes. No.", &VOICES[0], 1.0);
    let quiet = sound.samples.chunks(240).filter(|block| root_mean_square(block) < 100.0).count();
    assert!((50..=90).contains(&quiet), "{quiet} quiet hundredths");
}

#[test]
fn nothing_is_silence() {
    assert!(speak("", &VOICES[0], 1.0).samples.is_empty());
    assert_eq!(Speaker::new("  …  ", &VOICES[0], 1.0).map(|chunk| chunk.span).collect::<Vec<_>>(), vec![0..7]);
}

#[test]
fn letters_written_without_spaces_are_chunks_of_their_own() {
    assert_eq!(Speaker::new("你好。世界", &VOICES[0], 1.0).count(), 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_instructions_leave_a_voice(told in any::<String>(), words in "((not|very|slow|loud|whisper|deep|high|angry|sad) ){0,30}") {
        for told in [told, words] {
            let voice = VOICES[2].instructed(&told);
            let samples = speak("Yes, so it is.", &voice, 1.0).samples;
            prop_assert!(!samples.is_empty() && root_mean_square(&samples) > 100.0);
        }
    }

    #[test]
    fn chunks_cover_the_text_and_are_the_speech(text in "\\PC{0,60}", voice in 0..13_usize, speed in 1.0..4.0_f64) {
        let speaker = Speaker::new(&text, &VOICES[voice], speed);
        let total = speaker.total_samples();
        let chunks: Vec<SpokenChunk> = speaker.collect();
        let mut at = 0;
        for chunk in &chunks {
            prop_assert_eq!(chunk.span.start, at);
            at = chunk.span.end;
            prop_assert!(text.get(chunk.span.clone()).is_some());
        }
        prop_assert_eq!(at, text.len());
        let samples: Vec<i16> = chunks.into_iter().flat_map(|chunk| chunk.samples).collect();
        prop_assert_eq!(samples.len(), total);
        prop_assert_eq!(speak(&text, &VOICES[voice], speed).samples, samples);
    }
}
