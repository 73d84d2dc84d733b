//! Pictures: their size from the header, and what is to be seen on them from the pixels.
//!
//! Pixels are decoded only below [`MOST_PIXELS`] and [`MOST_DECODED_BYTES`]; a larger picture is measured and its
//! pixels are left alone.

mod colours;
mod decode;
mod pixels;
mod survey;

use std::fmt;

pub use colours::COLOURS;
pub use pixels::{MOST_WORKED_PIXELS, Picture, Writing};
pub use survey::{ColourShare, Layout, PixelFacts};

use crate::MediaError;

/// The size taken for pictures that are only named by a URL: nothing is fetched.
pub const DEFAULT_IMAGE_SIZE: (u32, u32) = (1024, 1024);

/// Pictures with more pixels are measured but not decoded.
pub const MOST_PIXELS: u64 = 50_000_000;

/// Pictures whose decoder would need more memory are measured but not decoded.
pub const MOST_DECODED_BYTES: u64 = 64 << 20;

/// The formats of pictures that the API takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageFormat {
    /// PNG, animated or not.
    Png,
    /// JPEG, baseline or progressive.
    Jpeg,
    /// GIF, animated or not.
    Gif,
    /// WebP, lossy, lossless or animated.
    WebP,
}

impl ImageFormat {
    /// The format's usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Gif => "GIF",
            Self::WebP => "WebP",
        }
    }
}

/// What is known of a picture. Its `Display` is one line of English.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageFacts {
    /// How it is written.
    pub format: ImageFormat,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Pictures in it: 1, or more for an animation.
    pub frames: u32,
    /// What the first frame shows; `None` if it is too large to be decoded.
    pub pixels: Option<PixelFacts>,
}

impl fmt::Display for ImageFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} picture of {} × {} pixels", self.format.name(), self.width, self.height)?;
        if self.frames > 1 {
            write!(f, " with {} frames", self.frames)?;
        }
        self.pixels.as_ref().map_or(Ok(()), |pixels| write!(f, ", {pixels}"))
    }
}

/// Pixels across and down of a PNG, JPEG, GIF or WebP picture; `None` for anything else.
pub fn image_size(bytes: &[u8]) -> Option<(u32, u32)> {
    measure(bytes).map(|(_, width, height)| (width, height))
}

/// Looks at a picture: format, size, frames, colours, layout.
///
/// # Errors
/// [`MediaError::Unknown`] if it is no PNG, JPEG, GIF or WebP; [`MediaError::Broken`] if its pixels cannot be decoded.
pub fn describe_image(bytes: &[u8]) -> Result<ImageFacts, MediaError> {
    let (format, width, height) = measure(bytes).ok_or(MediaError::Unknown { wanted: "picture" })?;
    let name = format.name();
    let seen = crate::error::shield(name, || decode::look(format, bytes, width, height))?;
    Ok(ImageFacts { format, width, height, frames: seen.frames, pixels: seen.pixels })
}

fn measure(bytes: &[u8]) -> Option<(ImageFormat, u32, u32)> {
    use imagesize::ImageType::{Gif, Jpeg, Png, Webp};
    let format = match imagesize::image_type(bytes).ok()? {
        Png => ImageFormat::Png,
        Jpeg => ImageFormat::Jpeg,
        Gif => ImageFormat::Gif,
        Webp => ImageFormat::WebP,
        _ => return None,
    };
    let size = imagesize::blob_size(bytes).ok()?;
    let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
    (width > 0 && height > 0).then_some((format, width, height))
}

#[cfg(test)]
mod tests;
