//! The codecs, each driven piece by piece.

use flacenc::bitsink::ByteSink;
use flacenc::component::BitRepr;
use flacenc::error::Verify;
use opus_pure::{Application, MAX_PACKET_BYTES, OggOpusWriter, OpusEncoder, OpusHead};

use super::SoundFormat;
use crate::{MediaError, Pcm};

const MP3_KBPS: u32 = 64;
const AAC_BPS: u32 = 64_000;
const OPUS_BPS: i32 = 32_000;

/// A codec at work.
pub(super) enum Codec {
    Mp3(Box<Mp3Stream>),
    Aac(Box<syom::Encoder>),
    Opus(Box<OpusStream>),
    Flac { samples: Vec<i16>, rate: u32 },
}

impl Codec {
    pub(super) fn new(format: SoundFormat, rate: u32) -> Result<Self, MediaError> {
        match format {
            SoundFormat::Mp3 => {
                const RATES: [u32; 9] = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
                if !RATES.contains(&rate) {
                    return Err(MediaError::Unsupported("this rate of samples in MP3"));
                }
                Ok(Self::Mp3(Box::new(Mp3Stream::new(rate))))
            }
            SoundFormat::Aac => {
                let options = syom::EncodeOptions::adts().with_bitrate_bps(AAC_BPS);
                let encoder = syom::Encoder::new(rate, 1, &options);
                encoder
                    .map(|encoder| Self::Aac(Box::new(encoder)))
                    .map_err(|_| MediaError::Unsupported("this rate of samples in AAC"))
            }
            SoundFormat::Opus => OpusStream::new(rate).map(|stream| Self::Opus(Box::new(stream))),
            SoundFormat::Flac => Ok(Self::Flac { samples: Vec::new(), rate }),
            SoundFormat::Wav | SoundFormat::Pcm16 => Err(MediaError::Unsupported("a codec for samples alone")),
        }
    }

    pub(super) fn feed(&mut self, samples: &[i16]) -> Result<Vec<u8>, MediaError> {
        match self {
            Self::Mp3(stream) => stream.feed(&floats(samples)),
            Self::Aac(encoder) => {
                let mut bytes = Vec::new();
                let keep = |frame: syom::EncodedFrame<'_>| -> syom::Result<()> {
                    bytes.extend_from_slice(frame.au);
                    Ok(())
                };
                encoder.feed(&[&floats(samples)], keep).map_err(|error| broken("AAC", &error))?;
                Ok(bytes)
            }
            Self::Opus(stream) => stream.feed(&floats(samples)),
            Self::Flac { samples: all, .. } => {
                all.extend_from_slice(samples);
                Ok(Vec::new())
            }
        }
    }

    pub(super) fn finish(self) -> Result<Vec<u8>, MediaError> {
        match self {
            Self::Mp3(mut stream) => Ok(stream.finish()),
            Self::Aac(mut encoder) => {
                let mut bytes = Vec::new();
                let keep = |frame: syom::EncodedFrame<'_>| -> syom::Result<()> {
                    bytes.extend_from_slice(frame.au);
                    Ok(())
                };
                match encoder.finish(keep) {
                    Ok(_) => Ok(bytes),
                    // It does not take no sound for a sound.
                    Err(syom::AacError::InvalidPcm(syom::PcmReject::Empty)) => Ok(Vec::new()),
                    Err(error) => Err(broken("AAC", &error)),
                }
            }
            Self::Opus(stream) => stream.finish(),
            Self::Flac { samples, rate } => whole_flac(&Pcm { rate, samples }),
        }
    }
}

fn broken(format: &'static str, error: &dyn std::error::Error) -> MediaError {
    MediaError::broken(format, error.to_string())
}

fn floats(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect()
}

/// Layer III frames as they get ready.
///
/// The encoder's first frame is a tag that tells how many follow. While frames are streamed nobody knows, and a tag of
/// none makes players think there are none; so it is left out, and put before the frames only where they are whole.
pub(super) struct Mp3Stream {
    encoder: rusty_mp3::Mp3Encoder,
    rate: u32,
    is_tag_gone: bool,
}

impl Mp3Stream {
    fn new(rate: u32) -> Self {
        let config = rusty_mp3::Mp3EncoderConfig { bitrate_kbps: MP3_KBPS, vbr_quality: None };
        Self { encoder: rusty_mp3::Mp3Encoder::new(config), rate, is_tag_gone: false }
    }

    fn feed(&mut self, samples: &[f32]) -> Result<Vec<u8>, MediaError> {
        self.encoder.push_pcm_f32(samples, 1, self.rate).map_err(|error| broken("MP3", &error))?;
        Ok(self.frames())
    }

    fn finish(&mut self) -> Vec<u8> {
        self.encoder.finish();
        self.frames()
    }

    fn frames(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Ok(packet) = self.encoder.next_packet() {
            if self.is_tag_gone {
                bytes.extend_from_slice(&packet);
            }
            self.is_tag_gone = true;
        }
        bytes
    }
}

/// Writes MP3 at once, with the tag that tells how many samples to play.
pub(super) fn whole_mp3(sound: &Pcm) -> Result<Vec<u8>, MediaError> {
    let mut codec = Codec::new(SoundFormat::Mp3, sound.rate)?;
    let mut bytes = codec.feed(&sound.samples)?;
    if let Codec::Mp3(stream) = &mut codec {
        bytes.extend(stream.finish());
        if let Some(tag) = stream.encoder.lame_tag_frame() {
            bytes.splice(..0, tag.iter().copied());
        }
    }
    Ok(bytes)
}

/// Writes FLAC at once: its header has the length and a digest of all samples.
pub(super) fn whole_flac(sound: &Pcm) -> Result<Vec<u8>, MediaError> {
    let samples: Vec<i32> = sound.samples.iter().map(|sample| i32::from(*sample)).collect();
    let config = flacenc::config::Encoder::default().into_verified();
    let config = config.map_err(|(_, error)| MediaError::broken("FLAC", format!("{error:?}")))?;
    let source = flacenc::source::MemSource::from_samples(&samples, 1, 16, sound.rate as usize);
    let stream = flacenc::encode_with_fixed_block_size(&config, source, config.block_size);
    let stream = stream.map_err(|error| MediaError::broken("FLAC", format!("{error:?}")))?;
    let mut sink = ByteSink::new();
    stream.write(&mut sink).map_err(|error| MediaError::broken("FLAC", format!("{error:?}")))?;
    let mut bytes = sink.as_slice().to_vec();
    // The least size of a block does not count the last one (RFC 9639, 8.2), but here it does, and readers that go by
    // the book take the stream for one of varying blocks.
    if let Some([least_high, least_low, most_high, most_low]) = bytes.get_mut(8..12) {
        (*least_high, *least_low) = (*most_high, *most_low);
    }
    Ok(bytes)
}

/// Opus packets of 20 ms in Ogg pages, ended so that a player plays exactly the samples that went in (RFC 7845, 4.4).
pub(super) struct OpusStream {
    encoder: OpusEncoder,
    writer: OggOpusWriter<Vec<u8>>,
    pre_skip: u64,
    /// Samples at 48 kHz for one of ours.
    ticks: u64,
    frame: usize,
    pending: Vec<f32>,
    taken: u64,
}

fn opus_error(error: impl Into<opus_pure::Error>) -> MediaError {
    MediaError::broken("Opus", error.into().to_string())
}

impl OpusStream {
    fn new(rate: u32) -> Result<Self, MediaError> {
        if !matches!(rate, 8000 | 12_000 | 16_000 | 24_000 | 48_000) {
            return Err(MediaError::Unsupported("this rate of samples in Opus"));
        }
        // No mode for speech: it models the voice and loses the watermark above it.
        let mode = Application::RestrictedLowDelay;
        let mut encoder = OpusEncoder::new(rate as i32, 1, mode).map_err(opus_error)?;
        encoder.bitrate_bps = OPUS_BPS;
        let head = OpusHead::for_encoder(&encoder, rate);
        let pre_skip = u64::from(head.pre_skip);
        let mut writer =
            OggOpusWriter::with_serial(Vec::new(), head, opus_pure::OpusTags::new(), 1).map_err(opus_error)?;
        // About a fifth of a second: pages leave while the speech is made.
        writer.set_page_target(800);
        let (ticks, frame) = (u64::from(48_000 / rate), (rate / 50) as usize);
        Ok(Self { encoder, writer, pre_skip, ticks, frame, pending: Vec::new(), taken: 0 })
    }

    fn feed(&mut self, samples: &[f32]) -> Result<Vec<u8>, MediaError> {
        self.taken += samples.len() as u64;
        self.pending.extend_from_slice(samples);
        let whole = self.pending.len() / self.frame * self.frame;
        // One frame is kept back, since the last packet is told when to stop.
        let ready = whole.saturating_sub(self.frame);
        let rest = self.pending.split_off(ready);
        let blocks = std::mem::replace(&mut self.pending, rest);
        for block in blocks.chunks_exact(self.frame) {
            let packet = self.packet(block)?;
            self.writer.write_packet(&packet).map_err(opus_error)?;
        }
        Ok(self.writer.get_mut().map(std::mem::take).unwrap_or_default())
    }

    fn finish(mut self) -> Result<Vec<u8>, MediaError> {
        let end = self.pre_skip + self.taken * self.ticks;
        // Silence flushes what is still inside the encoder.
        let missing = end.div_ceil(self.ticks) * self.ticks - u64::try_from(self.writer.granule()).unwrap_or(0);
        let frames = (missing / self.ticks).div_ceil(self.frame as u64).max(1) as usize;
        self.pending.resize(frames * self.frame, 0.0);
        let blocks = std::mem::take(&mut self.pending);
        for (index, block) in blocks.chunks_exact(self.frame).enumerate() {
            let packet = self.packet(block)?;
            if index + 1 == frames {
                let left = end.saturating_sub(u64::try_from(self.writer.granule()).unwrap_or(0));
                self.writer.write_packet_with_duration(&packet, left as u32).map_err(opus_error)?;
            } else {
                self.writer.write_packet(&packet).map_err(opus_error)?;
            }
        }
        self.writer.finish().map_err(opus_error)
    }

    fn packet(&mut self, block: &[f32]) -> Result<Vec<u8>, MediaError> {
        let mut packet = vec![0; MAX_PACKET_BYTES];
        let length = self.encoder.encode(block, self.frame, &mut packet).map_err(opus_error)?;
        packet.truncate(length);
        Ok(packet)
    }
}
