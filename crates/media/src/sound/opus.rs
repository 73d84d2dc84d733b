//! Opus decoded: whole Ogg files, and single packets out of WebM and MP4.

use opus_pure::{MAX_PACKET_SAMPLES, OggOpusReader, OpusDecoder, Trim};

use super::AudioFormat;
use super::decode::{Listened, mix};
use crate::MediaError;

/// Opus decodes to any of its rates; this one is always right (RFC 7845, 5.1).
const RATE: u32 = 48_000;

fn broken(error: impl Into<opus_pure::Error>) -> MediaError {
    MediaError::broken("Opus", error.into().to_string())
}

/// As `decode::listen`, for an Ogg Opus file.
pub(super) fn listen(bytes: &[u8], take: &mut dyn FnMut(&[f32], u32) -> bool) -> Result<Listened, MediaError> {
    let mut reader = OggOpusReader::new(bytes).map_err(broken)?;
    let channels = u16::from(reader.head().channel_count);
    let pre_skip = i64::from(reader.head().pre_skip);
    let mut decoder = reader.head().decoder(RATE as i32).map_err(broken)?;
    let mut trim = Trim::new(reader.head(), RATE as i32, usize::from(channels)).map_err(broken)?;
    let mut block = vec![0.0; MAX_PACKET_SAMPLES * usize::from(channels)];
    let (mut mono, mut frames, mut is_wanted, mut last) = (Vec::new(), 0_u64, true, 0);
    while let Ok(Some(packet)) = reader.read_packet() {
        last = last.max(packet.page_granule);
        if !is_wanted {
            continue;
        }
        let Ok(count) = decoder.decode(&packet.data, MAX_PACKET_SAMPLES, &mut block) else { continue };
        let kept = trim.keep(&packet, &block[..count * usize::from(channels)]);
        mix(kept, channels, &mut mono);
        frames += mono.len() as u64;
        is_wanted = take(&mono, RATE);
    }
    if frames == 0 {
        return Err(MediaError::broken("Opus", "no packet of it can be decoded"));
    }
    // Granule positions count samples at 48 kHz from the pre-skip on (RFC 7845, 4).
    let counted = u64::try_from(last.saturating_sub(pre_skip)).unwrap_or(0);
    let total = if is_wanted { frames } else { frames.max(counted) };
    Ok(Listened { format: AudioFormat::Ogg, sample_rate: RATE, channels, seconds: total as f64 / f64::from(RATE) })
}

/// Decodes packets that another container carries.
pub(super) struct PacketDecoder {
    decoder: OpusDecoder,
    channels: u16,
    block: Vec<f32>,
    /// Samples of each channel that are still to be left out: the encoder's delay.
    skip: usize,
}

impl PacketDecoder {
    /// A decoder for the stream that this `OpusHead` describes (RFC 7845, 5.1); stereo if there is none.
    pub(super) fn new(head: &[u8]) -> Result<Self, MediaError> {
        let is_head = head.starts_with(b"OpusHead");
        let channels = head.get(9).filter(|_| is_head).map_or(2, |count| u16::from(*count));
        if !matches!(channels, 1 | 2) {
            return Err(MediaError::Unsupported("Opus of more than two channels outside Ogg"));
        }
        let skip =
            head.get(10..12).filter(|_| is_head).map_or(0, |skip| usize::from(skip[0]) | usize::from(skip[1]) << 8);
        let decoder = OpusDecoder::new(RATE as i32, usize::from(channels)).map_err(broken)?;
        Ok(Self { decoder, channels, block: vec![0.0; MAX_PACKET_SAMPLES * usize::from(channels)], skip })
    }

    /// Interleaved samples, their rate and their channels; `None` for a packet that does not decode.
    pub(super) fn decode(&mut self, packet: &[u8]) -> Option<(&[f32], u32, u16)> {
        let count = self.decoder.decode(packet, MAX_PACKET_SAMPLES, &mut self.block).ok()?;
        let skipped = self.skip.min(count);
        self.skip -= skipped;
        let channels = usize::from(self.channels);
        Some((self.block.get(skipped * channels..count * channels)?, RATE, self.channels))
    }
}
