//! A picture as pixels: decoded under limits, written as PNG, JPEG or WebP, brought to another size.

use std::io::Cursor;

use super::survey::channels_of;
use super::{ImageFormat, MOST_DECODED_BYTES, measure};
use crate::MediaError;
use crate::error::shield;

/// Most pixels of a picture that is worked on: four bytes each, and a decoder needs as much again.
pub const MOST_WORKED_PIXELS: u64 = MOST_DECODED_BYTES / 4;

/// Red, green, blue, opacity of every pixel, rows first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Four bytes for each pixel; colours are not multiplied by opacity.
    pub rgba: Vec<u8>,
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// Without loss.
    Png,
    /// Quality 1 to 100. What is transparent becomes white.
    Jpeg(u8),
    /// Quality 0 to 100. The format's lossless kind; below 100 colours are rounded before, so that it gets smaller.
    WebP(u8),
}

impl Picture {
    /// One colour all over.
    pub fn filled(width: u32, height: u32, colour: [u8; 4]) -> Self {
        Self { width, height, rgba: colour.repeat(width as usize * height as usize) }
    }

    /// The pixels of a PNG, JPEG or WebP file; of an animation, the first picture.
    ///
    /// # Errors
    /// [`MediaError::Unknown`] if it is no picture, [`MediaError::TooLarge`] before anything is decoded if it has more
    /// than [`MOST_WORKED_PIXELS`], [`MediaError::Broken`] if it cannot be decoded to its end.
    pub fn decode(bytes: &[u8]) -> Result<Self, MediaError> {
        let (format, width, height) = measure(bytes).ok_or(MediaError::Unknown { wanted: "picture" })?;
        let name = format.name();
        if u64::from(width) * u64::from(height) > MOST_WORKED_PIXELS {
            return Err(MediaError::TooLarge { format: name, limit: "16 million pixels" });
        }
        let (pixels, channels) = shield(name, || match format {
            ImageFormat::Png => png_pixels(bytes),
            ImageFormat::Jpeg => jpeg_pixels(bytes),
            ImageFormat::WebP => webp_pixels(bytes),
            ImageFormat::Gif => Err(MediaError::Unsupported("editing GIF pictures")),
        })?;
        let line = width as usize * channels;
        if pixels.len() < line * height as usize {
            return Err(MediaError::broken(name, "it ends before its last row"));
        }
        let rows = pixels.chunks_exact(line).take(height as usize);
        let rgba = rows.flat_map(|row| (0..width as usize).flat_map(|x| channels_of(row, x, channels))).collect();
        Ok(Self { width, height, rgba })
    }

    /// Whether no pixel lets anything through.
    pub fn is_opaque(&self) -> bool {
        self.rgba.chunks_exact(4).all(|pixel| pixel[3] == 255)
    }

    /// Writes the picture as a file.
    ///
    /// # Errors
    /// [`MediaError::Broken`] if the encoder refuses it: a JPEG has at most 65,535 pixels a side.
    pub fn encode(&self, writing: Writing) -> Result<Vec<u8>, MediaError> {
        match writing {
            Writing::Png => self.to_png(),
            Writing::Jpeg(quality) => self.to_jpeg(quality),
            Writing::WebP(quality) => self.to_webp(quality),
        }
    }

    fn to_png(&self) -> Result<Vec<u8>, MediaError> {
        let broken = |error: png::EncodingError| MediaError::broken("PNG", error.to_string());
        let mut bytes = Vec::with_capacity(self.rgba.len() / 2);
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_depth(png::BitDepth::Eight);
        // The quickest kind of compression: a picture is made far more often than it is sent far.
        encoder.set_compression(png::Compression::Fastest);
        encoder.set_filter(png::Filter::Up);
        let is_opaque = self.is_opaque();
        encoder.set_color(if is_opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
        let mut writer = encoder.write_header().map_err(broken)?;
        if is_opaque {
            writer.write_image_data(&self.rgb()).map_err(broken)?;
        } else {
            writer.write_image_data(&self.rgba).map_err(broken)?;
        }
        writer.finish().map_err(broken)?;
        Ok(bytes)
    }

    fn to_jpeg(&self, quality: u8) -> Result<Vec<u8>, MediaError> {
        let side =
            |pixels: u32| u16::try_from(pixels).map_err(|_| MediaError::broken("JPEG", "too many pixels a side"));
        let mut bytes = Vec::new();
        jpeg_encoder::Encoder::new(&mut bytes, quality.clamp(1, 100))
            .encode(&self.rgb(), side(self.width)?, side(self.height)?, jpeg_encoder::ColorType::Rgb)
            .map_err(|error| MediaError::broken("JPEG", error.to_string()))?;
        Ok(bytes)
    }

    fn to_webp(&self, quality: u8) -> Result<Vec<u8>, MediaError> {
        let mut bytes = Vec::new();
        // Each fifth of quality that is given up takes one bit of every colour.
        let dropped = u32::from(100 - quality.min(100)).div_ceil(20);
        let (is_opaque, kind) =
            if self.is_opaque() { (true, image_webp::ColorType::Rgb8) } else { (false, image_webp::ColorType::Rgba8) };
        let mut pixels = if is_opaque { self.rgb() } else { self.rgba.clone() };
        if dropped > 0 {
            let (keep, half) = (u8::MAX << dropped, 1_u8 << (dropped - 1));
            for part in &mut pixels {
                *part = part.saturating_add(half) & keep;
            }
        }
        image_webp::WebPEncoder::new(&mut bytes)
            .encode(&pixels, self.width, self.height, kind)
            .map_err(|error| MediaError::broken("WebP", error.to_string()))?;
        Ok(bytes)
    }

    /// Three bytes for each pixel, on white.
    fn rgb(&self) -> Vec<u8> {
        let mut rgb = Vec::with_capacity(self.rgba.len() / 4 * 3);
        for pixel in self.rgba.chunks_exact(4) {
            if pixel[3] == 255 {
                rgb.extend_from_slice(&pixel[..3]);
            } else {
                let opacity = u32::from(pixel[3]);
                rgb.extend(
                    pixel[..3].iter().map(|part| ((u32::from(*part) * opacity + 255 * (255 - opacity)) / 255) as u8),
                );
            }
        }
        rgb
    }

    /// The picture in another size: what does not fit its shape is cut off at the sides, the middle stays.
    #[must_use]
    pub fn fitted(&self, width: u32, height: u32) -> Self {
        if (self.width, self.height) == (width, height) {
            return self.clone();
        }
        let scale = (self.width as f32 / width as f32).min(self.height as f32 / height as f32);
        let left = (self.width as f32 - width as f32 * scale) / 2.0;
        let top = (self.height as f32 - height as f32 * scale) / 2.0;
        let mut rgba = Vec::with_capacity(width as usize * height as usize * 4);
        // Where it shrinks, several samples are averaged, so that nothing fine is lost or flickers.
        let samples = (scale.round() as u32).clamp(1, 8);
        for y in 0..height {
            for x in 0..width {
                let mut sum = [0.0; 4];
                for step in 0..samples * samples {
                    let part = |step: u32| (step as f32 + 0.5) / samples as f32;
                    let across = left + (x as f32 + part(step % samples)) * scale - 0.5;
                    let down = top + (y as f32 + part(step / samples)) * scale - 0.5;
                    sum.iter_mut().zip(self.between(across, down)).for_each(|(sum, value)| *sum += value);
                }
                rgba.extend(sum.map(|sum| (sum / (samples * samples) as f32 + 0.5) as u8));
            }
        }
        Self { width, height, rgba }
    }

    /// The colour between four pixels; beyond the edge, that of the edge.
    pub(crate) fn between(&self, x: f32, y: f32) -> [f32; 4] {
        let (x, y) = (x.clamp(0.0, self.width as f32 - 1.0), y.clamp(0.0, self.height as f32 - 1.0));
        let (left, top) = (x as u32, y as u32);
        let (right, below) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let (across, down) = (x - left as f32, y - top as f32);
        let (first, second) = (self.pixel(left, top), self.pixel(right, top));
        let (third, fourth) = (self.pixel(left, below), self.pixel(right, below));
        std::array::from_fn(|part| {
            let above = f32::from(first[part]) * (1.0 - across) + f32::from(second[part]) * across;
            let under = f32::from(third[part]) * (1.0 - across) + f32::from(fourth[part]) * across;
            above * (1.0 - down) + under * down
        })
    }

    /// One pixel; transparent outside.
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        let at = (y as usize * self.width as usize + x as usize) * 4;
        self.rgba.get(at..at + 4).and_then(|pixel| pixel.try_into().ok()).unwrap_or_default()
    }
}

type Pixels = (Vec<u8>, usize);

fn png_pixels(bytes: &[u8]) -> Result<Pixels, MediaError> {
    let broken = |error: png::DecodingError| MediaError::broken("PNG", error.to_string());
    let limits = png::Limits { bytes: MOST_DECODED_BYTES as usize };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(broken)?;
    let size = reader.output_buffer_size().filter(|size| *size as u64 <= MOST_DECODED_BYTES);
    let size = size.ok_or(MediaError::TooLarge { format: "PNG", limit: "64 MB of pixels" })?;
    let channels = reader.output_color_type().0.samples();
    let mut pixels = vec![0; size];
    reader.next_frame(&mut pixels).map_err(broken)?;
    Ok((pixels, channels))
}

fn jpeg_pixels(bytes: &[u8]) -> Result<Pixels, MediaError> {
    use zune_jpeg::zune_core::bytestream::ZCursor;
    use zune_jpeg::zune_core::colorspace::ColorSpace;
    use zune_jpeg::zune_core::options::DecoderOptions;
    let broken = |error: zune_jpeg::errors::DecodeErrors| MediaError::broken("JPEG", format!("{error:?}"));
    let options =
        DecoderOptions::default().set_strict_mode(true).jpeg_set_max_scans(64).jpeg_set_out_colorspace(ColorSpace::RGB);
    let pixels = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options).decode().map_err(broken)?;
    Ok((pixels, 3))
}

fn webp_pixels(bytes: &[u8]) -> Result<Pixels, MediaError> {
    let broken = |error: image_webp::DecodingError| MediaError::broken("WebP", error.to_string());
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    decoder.set_memory_limit(MOST_DECODED_BYTES as usize);
    let size = decoder.output_buffer_size().filter(|size| *size as u64 <= MOST_DECODED_BYTES);
    let size = size.ok_or(MediaError::TooLarge { format: "WebP", limit: "64 MB of pixels" })?;
    let mut pixels = vec![0; size];
    decoder.read_image(&mut pixels).map_err(broken)?;
    Ok((pixels, if decoder.has_alpha() { 4 } else { 3 }))
}
