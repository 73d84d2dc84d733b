//! Pictures, sound, films and documents that clients send.

use fakeai_media::{
    Archive, Picture, VoiceActivity, audio_facts, audio_seconds, decode_alaw, decode_audio, decode_mulaw,
    describe_image, document_text, encode_alaw, encode_mulaw, hear, image_size, pack, video_facts,
};

use crate::mutate::{Shape, Source};
use crate::run::{Reader, Target};

macro_rules! data {
    ($($name:literal),* $(,)?) => {
        vec![$(include_bytes!(concat!("../../crates/media/tests/data/", $name)).to_vec()),*]
    };
}

/// All of them.
pub(crate) fn targets() -> Vec<Target> {
    let target = |name, seeds, words, read: fn(&[u8]) -> Result<(), String>| Target {
        name,
        source: Source { shape: Shape::Bytes, seeds, words, most_bytes: 64 << 10 },
        reader: Box::new(move || Ok(Box::new(read) as Reader)),
    };
    let html = b"<!doctype html><title>T</title><p class=x>One &amp; <b>two</b> &#8364;<script>x</script><table><tr><td>1</table>";
    let texts: Vec<Vec<u8>> = vec!["Größe\n".into(), b"\xff\xfea\0;\0b\0".to_vec(), b"\xfe\xff\0a\x20\xac".to_vec()];
    vec![
        target("media/picture", data!["halves.png", "blue.jpg", "anim.gif", "yellow.webp"], &PICTURE_WORDS, picture),
        target(
            "media/sound",
            data!["tone.aac", "tone.flac", "tone.m4a", "tone.mp3", "tone.ogg", "tone.opus", "tone.webm"],
            &[],
            sound,
        ),
        target("media/wav", vec![wav()], &["RIFF", "WAVE", "fmt ", "data", "LIST"], sound),
        target("media/hear", vec![wav()], &["RIFF", "WAVE", "fmt ", "data"], heard),
        target("media/g711", Vec::new(), &[], g711),
        target("media/video", data!["clip.mov", "clip.mp4", "clip.webm", "live.mkv"], &VIDEO_WORDS, video),
        target("media/pdf", data!["two-pages.pdf"], &PDF_WORDS, |bytes| document("a.pdf", bytes)),
        target("media/docx", data!["letter.docx"], &ZIP_WORDS, |bytes| document("a.docx", bytes)),
        target("media/pptx", vec![slides()], &ZIP_WORDS, |bytes| document("a.pptx", bytes)),
        target("media/html", vec![html.to_vec()], &HTML_WORDS, |bytes| document("a.html", bytes)),
        target("media/text", texts, &[], |bytes| document("a.txt", bytes)),
        target("media/archive", [data!["letter.docx"], vec![slides()]].concat(), &ZIP_WORDS, archive),
    ]
}

const PICTURE_WORDS: [&str; 8] = ["IHDR", "IDAT", "tEXt", "RIFF", "VP8L", "VP8X", "GIF89a", "JFIF"];
const VIDEO_WORDS: [&str; 8] = ["moov", "trak", "mdia", "stbl", "stts", "mvhd", "tkhd", "ftyp"];
const PDF_WORDS: [&str; 12] = [
    "<<",
    ">>",
    "/Type",
    "/Kids",
    "1 0 R",
    "stream\n",
    "endstream",
    "endobj",
    "BT",
    "Tj",
    "/Filter/FlateDecode",
    "(a\\",
];
const ZIP_WORDS: [&str; 4] = ["PK\u{3}\u{4}", "PK\u{1}\u{2}", "PK\u{5}\u{6}", "word/document.xml"];
const HTML_WORDS: [&str; 8] = ["<p>", "</p>", "<script>", "<!--", "-->", "&#x", "&amp;", "<table"];

fn share(name: &str, value: f64) -> Result<(), String> {
    if (0.0..=1.0001).contains(&value) { Ok(()) } else { Err(format!("{name} is {value}")) }
}

fn picture(bytes: &[u8]) -> Result<(), String> {
    let _ = image_size(bytes);
    if let Some(pixels) = describe_image(bytes).ok().and_then(|facts| facts.pixels) {
        share("the brightness", f64::from(pixels.brightness))?;
        share("the sum of colours", f64::from(pixels.colours.iter().map(|colour| colour.share).sum::<f32>()))?;
    }
    if image_size(bytes).is_none_or(|(width, height)| u64::from(width) * u64::from(height) < 1 << 20) {
        let _ = Picture::decode(bytes);
    }
    Ok(())
}

fn sound(bytes: &[u8]) -> Result<(), String> {
    let _ = audio_seconds(bytes);
    if let Ok(facts) = audio_facts(bytes) {
        share("the share of silence", f64::from(facts.silence_share as f32))?;
        if !facts.seconds.is_finite() || facts.seconds < 0.0 {
            return Err(format!("it lasts {} s", facts.seconds));
        }
    }
    match decode_audio(bytes, 100_000) {
        Ok(decoded) if decoded.samples.len() > 100_000 => Err(format!("{} samples", decoded.samples.len())),
        _ => Ok(()),
    }
}

fn heard(bytes: &[u8]) -> Result<(), String> {
    let _ = hear(bytes);
    let samples: Vec<f32> =
        bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]]))).collect();
    let mut activity = VoiceActivity::new(24_000);
    activity.hear(&samples);
    let spans = activity.spans();
    if spans.windows(2).all(|pair| pair[0].end <= pair[1].start) { Ok(()) } else { Err(format!("{spans:?}")) }
}

fn g711(bytes: &[u8]) -> Result<(), String> {
    let (mulaw, alaw) = (decode_mulaw(bytes), decode_alaw(bytes));
    let same = decode_mulaw(&encode_mulaw(&mulaw)) == mulaw && encode_alaw(&alaw) == bytes;
    if same { Ok(()) } else { Err("it does not read back".to_owned()) }
}

fn video(bytes: &[u8]) -> Result<(), String> {
    match video_facts(bytes) {
        Ok(facts) if !facts.seconds.is_finite() || facts.seconds < 0.0 => Err(format!("it lasts {} s", facts.seconds)),
        _ => Ok(()),
    }
}

fn document(name: &str, bytes: &[u8]) -> Result<(), String> {
    match document_text(Some(name), None, bytes) {
        Ok(document) if document.text().len() > 33 << 20 => Err(format!("{} bytes of text", document.text().len())),
        _ => Ok(()),
    }
}

fn archive(bytes: &[u8]) -> Result<(), String> {
    let Some(archive) = Archive::open(bytes) else { return Ok(()) };
    for name in archive.names().take(20) {
        if archive.read(&name, 1 << 20).is_ok_and(|content| content.len() > 1 << 20) {
            return Err(format!("{name} is larger than allowed"));
        }
    }
    Ok(())
}

fn slides() -> Vec<u8> {
    let slide = |text: &str| format!("<p:sld><a:p><a:t>{text} &amp; more</a:t></a:p></p:sld>").into_bytes();
    pack(&[("ppt/slides/slide1.xml".to_owned(), slide("One")), ("ppt/slides/slide2.xml".to_owned(), slide("Two"))])
}

/// A fifth of a second of a tone, 16 kHz.
fn wav() -> Vec<u8> {
    let samples: Vec<u8> = (0..3200_u32)
        .flat_map(|number| {
            let angle = f64::from(number) * 440.0 * std::f64::consts::TAU / 16_000.0;
            ((angle.sin() * 9000.0) as i16).to_le_bytes()
        })
        .collect();
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data".to_vec();
    bytes.extend((samples.len() as u32).to_le_bytes());
    bytes.extend(samples);
    bytes
}
