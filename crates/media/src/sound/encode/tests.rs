use proptest::prelude::*;

use super::*;
use crate::speech::{VOICES, speak};
use crate::{AudioFormat, audio_facts, decode_audio};

const FORMATS: [(SoundFormat, AudioFormat); 5] = [
    (SoundFormat::Wav, AudioFormat::Wav),
    (SoundFormat::Mp3, AudioFormat::Mp3),
    (SoundFormat::Flac, AudioFormat::Flac),
    (SoundFormat::Opus, AudioFormat::Ogg),
    (SoundFormat::Aac, AudioFormat::Aac),
];

/// The file, and how many of its bytes came before the end.
fn in_pieces(sound: &Pcm, format: SoundFormat, piece: usize) -> Result<(Vec<u8>, usize), MediaError> {
    let mut encoder = SoundEncoder::new(format, sound.rate)?;
    let mut bytes = Vec::new();
    for samples in sound.samples.chunks(piece) {
        bytes.extend(encoder.feed(samples)?);
    }
    let early = bytes.len();
    bytes.extend(encoder.finish()?);
    Ok((bytes, early))
}

#[test]
fn every_format_is_decoded_again() {
    let sound = speak("One, two, three. Every format can be read again.", &VOICES[4], 1.0);
    let loudness = audio_facts(&encode(&sound, SoundFormat::Wav).unwrap()).unwrap().loudness_dbfs;
    for (format, expected) in FORMATS {
        let bytes = encode(&sound, format).unwrap();
        let facts = audio_facts(&bytes).unwrap();
        assert_eq!((facts.format, facts.channels), (expected, 1));
        let longer = facts.seconds - sound.seconds();
        assert!(longer.abs() < 0.1, "{format:?} is {longer} s longer");
        assert!((facts.loudness_dbfs - loudness).abs() < 1.5, "{format:?} has {} dB", facts.loudness_dbfs);
    }
    assert_eq!(encode(&sound, SoundFormat::Pcm16).unwrap().len(), sound.samples.len() * 2);
}

#[test]
fn lossless_formats_lose_nothing() {
    let sound = speak("Nothing is lost.", &VOICES[9], 1.0);
    for format in [SoundFormat::Wav, SoundFormat::Flac] {
        let back = decode_audio(&encode(&sound, format).unwrap(), usize::MAX).unwrap();
        let samples: Vec<i16> = back.samples.iter().map(|sample| (sample * 32_768.0).round() as i16).collect();
        assert_eq!(samples, sound.samples, "{format:?}");
    }
}

#[test]
fn pieces_make_the_same_file_and_leave_early() {
    let sound = speak("Sound leaves while it is made, word by word, piece by piece.", &VOICES[0], 1.0);
    for format in [SoundFormat::Mp3, SoundFormat::Opus, SoundFormat::Aac, SoundFormat::Flac, SoundFormat::Pcm16] {
        let whole = encode(&sound, format).unwrap();
        let (bytes, early) = in_pieces(&sound, format, 1111).unwrap();
        // Only a whole MP3 begins with a tag.
        let is_same = if format == SoundFormat::Mp3 { whole.ends_with(&bytes) } else { bytes == whole };
        assert!(is_same, "{format:?}: {} and {} bytes", bytes.len(), whole.len());
        if format != SoundFormat::Flac {
            assert!(early * 2 > whole.len(), "{format:?}: {early} of {} bytes are early", whole.len());
        }
    }
}

#[test]
fn a_file_is_as_long_as_its_sound() {
    let sound = speak("Exactly so long.", &VOICES[0], 1.0);
    let opus = decode_audio(&encode(&sound, SoundFormat::Opus).unwrap(), usize::MAX).unwrap();
    assert_eq!(opus.samples.len(), sound.samples.len() * 2);
}

#[test]
fn rates_that_a_format_does_not_have_are_refused() {
    let sound = Pcm { rate: 12_345, samples: vec![0; 100] };
    for format in [SoundFormat::Opus, SoundFormat::Mp3, SoundFormat::Aac] {
        assert!(matches!(encode(&sound, format), Err(MediaError::Unsupported(_))), "{format:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_sound_can_be_written(samples in proptest::collection::vec(any::<i16>(), 0..3000), format in 0..6_usize) {
        let formats = [
            SoundFormat::Wav, SoundFormat::Mp3, SoundFormat::Flac, SoundFormat::Opus, SoundFormat::Aac, SoundFormat::Pcm16,
        ];
        let written = encode(&Pcm { rate: 24_000, samples }, formats[format]);
        prop_assert!(written.is_ok(), "{:?}", written.err());
    }
}
