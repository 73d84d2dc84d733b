use proptest::prelude::*;

use super::*;

const MP4: &[u8] = include_bytes!("../../tests/data/clip.mp4");
const MOV: &[u8] = include_bytes!("../../tests/data/clip.mov");
const WEBM: &[u8] = include_bytes!("../../tests/data/clip.webm");
const LIVE: &[u8] = include_bytes!("../../tests/data/live.mkv");

#[test]
fn containers_tell_size_length_and_rate() {
    for (bytes, container) in [
        (MP4, VideoContainer::Mp4),
        (MOV, VideoContainer::Mov),
        (WEBM, VideoContainer::WebM),
        (LIVE, VideoContainer::Matroska),
    ] {
        let facts = video_facts(bytes).unwrap();
        assert_eq!((facts.container, facts.width, facts.height), (container, 96, 64));
        assert!((facts.seconds - 2.0).abs() < 0.05, "{container:?}: {} s", facts.seconds);
        let rate = facts.frames_per_second.unwrap();
        assert!((rate - 12.0).abs() < 0.2, "{container:?}: {rate} a second");
    }
}

#[test]
fn what_is_no_video_is_refused() {
    assert_eq!(video_facts(b"hello").unwrap_err(), MediaError::Unknown { wanted: "video" });
    let sound = include_bytes!("../../tests/data/tone.m4a");
    assert!(matches!(video_facts(sound), Err(MediaError::Broken { .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_walked_without_a_panic(bytes: Vec<u8>, is_webm: bool) {
        let head: &[u8] = if is_webm { b"\x1a\x45\xdf\xa3" } else { b"\0\0\0\x08ftyp" };
        let _ = video_facts(&[head, &bytes].concat());
    }

    #[test]
    fn damaged_videos_are_walked_without_a_panic(
        kind in 0..4_usize, at in 0..8000_usize, value: u8, cut in 0..8000_usize,
    ) {
        let mut bytes = [MP4, MOV, WEBM, LIVE][kind].to_vec();
        let place = at % bytes.len();
        bytes[place] = value;
        bytes.truncate(cut);
        if let Ok(facts) = video_facts(&bytes) {
            prop_assert!(facts.seconds.is_finite() && facts.seconds >= 0.0);
        }
    }
}
