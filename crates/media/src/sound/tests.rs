use proptest::prelude::*;

use super::*;
use crate::MediaError;

/// A second and a half of 440 Hz, then half a second of silence, as ffmpeg writes it.
const TONES: [(&[u8], AudioFormat); 7] = [
    (include_bytes!("../../tests/data/tone.mp3"), AudioFormat::Mp3),
    (include_bytes!("../../tests/data/tone.flac"), AudioFormat::Flac),
    (include_bytes!("../../tests/data/tone.ogg"), AudioFormat::Ogg),
    (include_bytes!("../../tests/data/tone.opus"), AudioFormat::Ogg),
    (include_bytes!("../../tests/data/tone.m4a"), AudioFormat::Mp4),
    (include_bytes!("../../tests/data/tone.aac"), AudioFormat::Aac),
    (include_bytes!("../../tests/data/tone.webm"), AudioFormat::WebM),
];

/// How often a wave crosses zero upwards, a second: its pitch.
fn crossings(samples: &[f32], rate: u32) -> f64 {
    let count = samples.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
    count as f64 * f64::from(rate) / samples.len() as f64
}

#[test]
fn each_format_is_measured() {
    for (bytes, format) in TONES {
        let facts = audio_facts(bytes).unwrap();
        assert_eq!((facts.format, facts.channels), (format, 1), "{format:?}");
        assert!((facts.seconds - 2.0).abs() < 0.1, "{format:?}: {} s", facts.seconds);
        assert!((facts.silence_share - 0.25).abs() < 0.05, "{format:?}: {}", facts.silence_share);
        // A sine of 1/8 of full scale has 20·log10(1/8/√2) dB, for three quarters of the time.
        assert!((facts.loudness_dbfs + 22.3).abs() < 1.0, "{format:?}: {} dB", facts.loudness_dbfs);
    }
}

#[test]
fn the_samples_of_each_format_have_the_pitch() {
    for (bytes, format) in TONES {
        let audio = decode_audio(bytes, usize::MAX).unwrap();
        assert!(audio.is_whole);
        let second = audio.samples.get(audio.sample_rate as usize / 5..audio.sample_rate as usize).unwrap();
        let pitch = crossings(second, audio.sample_rate);
        assert!((pitch - 440.0).abs() < 5.0, "{format:?}: {pitch} Hz");
    }
}

#[test]
fn decoding_stops_at_the_limit() {
    for (bytes, _) in TONES {
        let audio = decode_audio(bytes, 1000).unwrap();
        assert_eq!((audio.samples.len(), audio.is_whole), (1000, false));
    }
    assert_eq!(audio_facts(b"not a sound").unwrap_err(), MediaError::Unknown { wanted: "recording" });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_heard_without_a_panic(bytes: Vec<u8>, kind in 0..6_usize) {
        let heads: [&[u8]; 6] =
            [b"fLaC", b"OggS", b"\x1a\x45\xdf\xa3", b"\0\0\0\x18ftypM4A ", b"RIFF\xff\xff\xff\xffWAVEfmt ", b"\xff\xf1"];
        let all = [heads[kind], &bytes].concat();
        audio_seconds(&all);
        let _ = audio_facts(&all);
    }

    #[test]
    fn damaged_recordings_are_heard_without_a_panic(
        kind in 0..TONES.len(), at in 0..20_000_usize, value: u8, cut in 0..20_000_usize,
    ) {
        let mut bytes = TONES[kind].0.to_vec();
        let place = if value % 2 == 0 { at % bytes.len() } else { at % 200 };
        bytes[place] = value;
        bytes.truncate(cut);
        if let Ok(facts) = audio_facts(&bytes) {
            prop_assert!(facts.seconds.is_finite() && (0.0..=1.0).contains(&facts.silence_share));
        }
    }
}
