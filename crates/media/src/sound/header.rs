//! How long a recording is, from its headers alone: fast, for WAV and MP3 only.

/// Seconds of a WAV or MP3 recording; `None` for anything else.
pub fn audio_seconds(bytes: &[u8]) -> Option<f64> {
    if bytes.starts_with(b"RIFF") { wav_seconds(bytes) } else { mp3_seconds(bytes) }
}

/// Walks the chunks of a WAV file to its format and its data.
fn wav_seconds(bytes: &[u8]) -> Option<f64> {
    if bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut at = 12;
    let mut bytes_per_second = None;
    while let Some(head) = bytes.get(at..at + 8) {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let start = at + 8;
        match &head[..4] {
            b"fmt " => {
                let rate = bytes.get(start + 8..start + 12)?;
                bytes_per_second = Some(u32::from_le_bytes([rate[0], rate[1], rate[2], rate[3]]));
            }
            b"data" => {
                // Headers of streams claim sizes that are not there.
                let there = size.min(bytes.len() - start);
                let rate = bytes_per_second.filter(|rate| *rate > 0)?;
                return Some(there as f64 / f64::from(rate));
            }
            _ => {}
        }
        at = start.checked_add(size)?.checked_add(size % 2)?;
    }
    None
}

/// Adds up the frames of an MP3 file.
fn mp3_seconds(bytes: &[u8]) -> Option<f64> {
    let mut at = id3_length(bytes);
    let mut seconds = 0.0;
    while let Some(frame) = bytes.get(at..).and_then(frame) {
        seconds += frame.seconds;
        at += frame.bytes;
    }
    (seconds > 0.0).then_some(seconds)
}

/// Bytes of an `ID3v2` tag at the start.
fn id3_length(bytes: &[u8]) -> usize {
    match bytes.get(..10) {
        Some([b'I', b'D', b'3', _, _, _, size @ ..]) => {
            10 + size.iter().fold(0, |sum, byte| (sum << 7) | usize::from(byte & 0x7F))
        }
        _ => 0,
    }
}

struct Frame {
    bytes: usize,
    seconds: f64,
}

/// The layer III frame at the start of `bytes` (ISO/IEC 11172-3, 2.4.1.3 and 13818-3).
fn frame(bytes: &[u8]) -> Option<Frame> {
    const MPEG1_KBPS: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const MPEG2_KBPS: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    const RATES: [u32; 3] = [44_100, 48_000, 32_000];
    let head = bytes.get(..4)?;
    if head[0] != 0xFF || head[1] & 0xE0 != 0xE0 || (head[1] >> 1) & 3 != 1 {
        return None;
    }
    let version = (head[1] >> 3) & 3;
    let (table, divisor, samples) = match version {
        3 => (&MPEG1_KBPS, 1, 1152),
        2 => (&MPEG2_KBPS, 2, 576),
        0 => (&MPEG2_KBPS, 4, 576),
        _ => return None,
    };
    let kbps = *table.get(usize::from(head[2] >> 4)).filter(|kbps| **kbps > 0)?;
    let rate = RATES.get(usize::from((head[2] >> 2) & 3))? / divisor;
    let padding = u32::from((head[2] >> 1) & 1);
    let bytes = (samples / 8 * kbps * 1000 / rate + padding) as usize;
    Some(Frame { bytes, seconds: f64::from(samples) / f64::from(rate) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(data: usize, claimed: u32) -> Vec<u8> {
        let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        wav.extend(24_000_u32.to_le_bytes());
        wav.extend(48_000_u32.to_le_bytes());
        wav.extend([2, 0, 16, 0]);
        wav.extend(b"data");
        wav.extend(claimed.to_le_bytes());
        wav.resize(wav.len() + data, 0);
        wav
    }

    #[test]
    fn a_wav_lasts_as_long_as_its_data() {
        assert_eq!(audio_seconds(&wav(96_000, 96_000)), Some(2.0));
        assert_eq!(audio_seconds(&wav(48_000, u32::MAX)), Some(1.0));
        assert_eq!(audio_seconds(b"RIFF\0\0\0\0WAVE"), None);
    }

    #[test]
    fn an_mp3_lasts_as_long_as_its_frames() {
        let mut frame = vec![0xFF, 0xFB, 0x90, 0x00];
        frame.resize(417, 0);
        let seconds = audio_seconds(&frame.repeat(100)).unwrap();
        assert!((seconds - 100.0 * 1152.0 / 44_100.0).abs() < 1e-9);
    }
}
