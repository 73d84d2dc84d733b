//! Each format's decoder, driven under the limits.
//!
//! A PNG that is not interlaced goes through row by row and is never whole in memory.

use std::io::Cursor;

use super::survey::{PixelFacts, Survey, channels_of};
use super::{ImageFormat, MOST_DECODED_BYTES, MOST_PIXELS};
use crate::MediaError;

/// What a decoder saw.
pub(super) struct Seen {
    pub(super) frames: u32,
    pub(super) pixels: Option<PixelFacts>,
}

/// Looks at the pixels, if the picture is not too large.
pub(super) fn look(format: ImageFormat, bytes: &[u8], width: u32, height: u32) -> Result<Seen, MediaError> {
    let is_small = u64::from(width) * u64::from(height) <= MOST_PIXELS;
    let survey = is_small.then(|| Survey::new(width, height));
    match format {
        ImageFormat::Png => look_at_png(bytes, survey),
        ImageFormat::Jpeg => look_at_jpeg(bytes, survey),
        ImageFormat::Gif => look_at_gif(bytes, survey),
        ImageFormat::WebP => look_at_webp(bytes, survey),
    }
}

fn look_at_png(bytes: &[u8], survey: Option<Survey>) -> Result<Seen, MediaError> {
    let broken = |error: png::DecodingError| MediaError::broken("PNG", error.to_string());
    let limits = png::Limits { bytes: MOST_DECODED_BYTES as usize };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(broken)?;
    let frames = reader.info().animation_control().map_or(1, |control| control.num_frames.max(1));
    let Some(mut survey) = survey else { return Ok(Seen { frames, pixels: None }) };
    let channels = reader.output_color_type().0.samples();
    if reader.info().interlaced {
        let size = reader.output_buffer_size().filter(|size| *size as u64 <= MOST_DECODED_BYTES);
        let Some(size) = size else { return Ok(Seen { frames, pixels: None }) };
        let mut pixels = vec![0; size];
        reader.next_frame(&mut pixels).map_err(broken)?;
        survey.picture(&pixels, channels);
    } else {
        let mut y = 0;
        while let Some(row) = reader.next_row().map_err(broken)? {
            survey.row(y, |x| channels_of(row.data(), x, channels));
            y += 1;
        }
    }
    Ok(Seen { frames, pixels: Some(survey.facts()) })
}

fn look_at_jpeg(bytes: &[u8], survey: Option<Survey>) -> Result<Seen, MediaError> {
    use zune_jpeg::zune_core::bytestream::ZCursor;
    use zune_jpeg::zune_core::colorspace::ColorSpace;
    use zune_jpeg::zune_core::options::DecoderOptions;
    let Some(mut survey) = survey else { return Ok(Seen { frames: 1, pixels: None }) };
    let broken = |error: zune_jpeg::errors::DecodeErrors| MediaError::broken("JPEG", format!("{error:?}"));
    let side = usize::from(u16::MAX);
    let options = DecoderOptions::default()
        .set_max_width(side)
        .set_max_height(side)
        // A progressive file with thousands of scans keeps a decoder busy for minutes.
        .jpeg_set_max_scans(64)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(broken)?;
    let info = decoder.info().ok_or_else(|| MediaError::broken("JPEG", "no frame"))?;
    let size = decoder.output_buffer_size().unwrap_or(usize::MAX);
    // A progressive decoder holds the coefficients of the whole picture, two bytes each, beside the pixels.
    let factor = if info.sof.is_sequential_dct() { 1 } else { 3 };
    if (size as u64).saturating_mul(factor) > MOST_DECODED_BYTES {
        return Ok(Seen { frames: 1, pixels: None });
    }
    let mut pixels = vec![0; size];
    decoder.decode_into(&mut pixels).map_err(broken)?;
    let channels = decoder.output_colorspace().map_or(3, |space| space.num_components());
    survey.picture(&pixels, channels);
    Ok(Seen { frames: 1, pixels: Some(survey.facts()) })
}

fn look_at_gif(bytes: &[u8], survey: Option<Survey>) -> Result<Seen, MediaError> {
    let broken = |error: gif::DecodingError| MediaError::broken("GIF", error.to_string());
    let frames = gif_frames(bytes).max(1);
    let Some(mut survey) = survey else { return Ok(Seen { frames, pixels: None }) };
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let Some(limit) = std::num::NonZeroU64::new(MOST_DECODED_BYTES) else { return Ok(Seen { frames, pixels: None }) };
    options.set_memory_limit(gif::MemoryLimit::Bytes(limit));
    let mut decoder = options.read_info(Cursor::new(bytes)).map_err(broken)?;
    let (width, height) = (usize::from(decoder.width()), u32::from(decoder.height()));
    if width as u64 * u64::from(height) * 4 > MOST_DECODED_BYTES {
        return Ok(Seen { frames, pixels: None });
    }
    let frame = decoder.read_next_frame().map_err(broken)?.ok_or_else(|| MediaError::broken("GIF", "no frame"))?;
    let (left, top) = (usize::from(frame.left), u32::from(frame.top));
    for y in 0..height {
        let start = y.checked_sub(top).map(|row| row as usize * usize::from(frame.width) * 4);
        let row = start.and_then(|start| frame.buffer.get(start..start + usize::from(frame.width) * 4)).unwrap_or(&[]);
        survey.row(y, |x| x.checked_sub(left).map_or([0; 4], |x| channels_of(row, x, 4)));
    }
    Ok(Seen { frames, pixels: Some(survey.facts()) })
}

/// Counts the image blocks of a GIF without decompressing them (`GIF89a`, sections 17 to 25).
fn gif_frames(bytes: &[u8]) -> u32 {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let after_blocks = |mut at: usize| {
        while let Some(size) = bytes.get(at).filter(|size| **size > 0) {
            at += 1 + usize::from(*size);
        }
        at + 1
    };
    let mut at = 13 + bytes.get(10).map_or(0, |flags| table(*flags));
    let mut frames = 0;
    loop {
        match bytes.get(at) {
            Some(0x21) => at = after_blocks(at + 2),
            Some(0x2C) => {
                let Some(flags) = bytes.get(at + 9) else { return frames };
                frames += 1;
                at = after_blocks(at + 11 + table(*flags));
            }
            _ => return frames,
        }
    }
}

fn look_at_webp(bytes: &[u8], survey: Option<Survey>) -> Result<Seen, MediaError> {
    let broken = |error: image_webp::DecodingError| MediaError::broken("WebP", error.to_string());
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    decoder.set_memory_limit(MOST_DECODED_BYTES as usize);
    let frames = decoder.num_frames().max(1);
    let size = decoder.output_buffer_size().filter(|size| *size as u64 <= MOST_DECODED_BYTES);
    let (Some(mut survey), Some(size)) = (survey, size) else { return Ok(Seen { frames, pixels: None }) };
    let mut pixels = vec![0; size];
    decoder.read_image(&mut pixels).map_err(broken)?;
    survey.picture(&pixels, if decoder.has_alpha() { 4 } else { 3 });
    Ok(Seen { frames, pixels: Some(survey.facts()) })
}
