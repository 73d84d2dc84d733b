//! Recordings turned into mono samples.
//!
//! symphonia takes the container apart and decodes everything but Opus, which `opus` does.

use std::io::Cursor;

use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::units::TimeBase;

use super::AudioFormat;
use super::opus::{self, PacketDecoder};
use crate::MediaError;
use crate::error::shield;

/// The samples of a recording, its channels mixed into one.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodedAudio {
    /// Samples a second.
    pub sample_rate: u32,
    /// From −1 to 1, perhaps a little beyond.
    pub samples: Vec<f32>,
    /// False if the recording goes on after the limit.
    pub is_whole: bool,
}

/// Decodes the first `most_samples` samples of a recording.
///
/// # Errors
/// As [`super::audio_facts`].
pub fn decode_audio(bytes: &[u8], most_samples: usize) -> Result<DecodedAudio, MediaError> {
    let mut samples: Vec<f32> = Vec::new();
    let mut is_whole = true;
    let listened = listen(bytes, |block, _| {
        let room = most_samples - samples.len();
        is_whole &= block.len() <= room;
        samples.extend_from_slice(&block[..block.len().min(room)]);
        is_whole
    })?;
    Ok(DecodedAudio { sample_rate: listened.sample_rate, samples, is_whole })
}

/// What is known after listening.
pub(super) struct Listened {
    pub(super) format: AudioFormat,
    pub(super) sample_rate: u32,
    pub(super) channels: u16,
    pub(super) seconds: f64,
}

/// Gives mono samples and their rate to `take` until it returns false; from then on packets are only counted.
pub(super) fn listen(bytes: &[u8], mut take: impl FnMut(&[f32], u32) -> bool) -> Result<Listened, MediaError> {
    let format = AudioFormat::of(bytes).ok_or(MediaError::Unknown { wanted: "recording" })?;
    let is_opus = format == AudioFormat::Ogg && bytes.get(28..36) == Some(b"OpusHead");
    shield(format.name(), || {
        if is_opus { opus::listen(bytes, &mut take) } else { listen_by_symphonia(bytes, format, &mut take) }
    })
}

fn listen_by_symphonia(
    bytes: &[u8],
    format: AudioFormat,
    take: &mut dyn FnMut(&[f32], u32) -> bool,
) -> Result<Listened, MediaError> {
    let broken = |reason: Error| MediaError::broken(format.name(), reason.to_string());
    let source =
        MediaSourceStream::new(Box::new(Cursor::new(bytes)), symphonia::core::io::MediaSourceStreamOptions::default());
    let probe = symphonia::default::get_probe();
    let mut reader =
        probe.probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default()).map_err(broken)?;
    let track = reader.default_track(TrackType::Audio);
    let track = track.ok_or_else(|| MediaError::broken(format.name(), "it has no sound"))?;
    let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio()).cloned();
    let parameters = parameters.ok_or(MediaError::Unsupported("this codec of sound"))?;
    let (id, time_base) = (track.id, track.time_base);
    let mut decoder = Decoder::new(&parameters)?;
    let mut tally = Tally { is_wanted: true, time_base, ..Tally::default() };
    while let Some(packet) = next_packet(reader.as_mut()) {
        if packet.track_id != id {
            continue;
        }
        if tally.is_wanted {
            tally.hear(&mut decoder, &packet, take);
        } else {
            tally.rest_ticks = tally.rest_ticks.saturating_add(packet.dur.get());
        }
    }
    if tally.frames == 0 {
        return Err(MediaError::broken(format.name(), "no packet of it can be decoded"));
    }
    Ok(Listened { format, sample_rate: tally.rate, channels: tally.channels, seconds: tally.seconds() })
}

/// The next packet; none at the end, be it the file's or the readable part's.
fn next_packet(reader: &mut dyn FormatReader) -> Option<symphonia::core::packet::Packet> {
    reader.next_packet().ok().flatten()
}

/// What went by so far.
#[derive(Default)]
struct Tally {
    rate: u32,
    channels: u16,
    frames: u64,
    rest_ticks: u64,
    time_base: Option<TimeBase>,
    is_wanted: bool,
    mono: Vec<f32>,
}

impl Tally {
    /// Decodes a packet; one that does not decode is left out, as players do.
    fn hear(
        &mut self,
        decoder: &mut Decoder,
        packet: &symphonia::core::packet::Packet,
        take: &mut dyn FnMut(&[f32], u32) -> bool,
    ) {
        let Some((interleaved, rate, channels)) = decoder.decode(packet) else { return };
        if rate == 0 || channels == 0 || (self.rate != 0 && self.rate != rate) {
            return;
        }
        (self.rate, self.channels) = (rate, channels);
        mix(interleaved, channels, &mut self.mono);
        self.frames += self.mono.len() as u64;
        self.is_wanted = take(&self.mono, rate);
    }

    fn seconds(&self) -> f64 {
        let tick = self.time_base.map_or(1.0 / f64::from(self.rate.max(1)), |base| {
            f64::from(base.numer.get()) / f64::from(base.denom.get())
        });
        self.frames as f64 / f64::from(self.rate.max(1)) + self.rest_ticks as f64 * tick
    }
}

/// The mean of the channels.
pub(super) fn mix(interleaved: &[f32], channels: u16, mono: &mut Vec<f32>) {
    let channels = usize::from(channels.max(1));
    mono.clear();
    mono.extend(interleaved.chunks_exact(channels).map(|frame| {
        let mean = frame.iter().sum::<f32>() / channels as f32;
        if mean.is_finite() { mean } else { 0.0 }
    }));
}

/// symphonia's decoders, or ours for Opus.
enum Decoder {
    Symphonia { decoder: Box<dyn AudioDecoder>, interleaved: Vec<f32> },
    Opus(Box<PacketDecoder>),
}

impl Decoder {
    fn new(parameters: &AudioCodecParameters) -> Result<Self, MediaError> {
        if parameters.codec == CODEC_ID_OPUS {
            return Ok(Self::Opus(Box::new(PacketDecoder::new(parameters.extra_data.as_deref().unwrap_or(&[]))?)));
        }
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map_err(|_| MediaError::Unsupported("this codec of sound"))?;
        Ok(Self::Symphonia { decoder, interleaved: Vec::new() })
    }

    /// Interleaved samples, their rate and their channels.
    fn decode(&mut self, packet: &symphonia::core::packet::Packet) -> Option<(&[f32], u32, u16)> {
        match self {
            Self::Opus(decoder) => decoder.decode(&packet.data),
            Self::Symphonia { decoder, interleaved } => {
                let sound = decoder.decode(packet).ok()?;
                let (rate, channels) = (sound.spec().rate(), sound.spec().channels().count());
                sound.copy_to_vec_interleaved(interleaved);
                Some((interleaved, rate, u16::try_from(channels).ok()?))
            }
        }
    }
}
