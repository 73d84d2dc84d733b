//! Pixels and sound, measured.
//!
//! Reads only what is needed to know a picture's size or a recording's length, never trusts a header beyond the bytes
//! that are there, and knows no requests.

mod sound;

pub use sound::audio_seconds;

/// The size taken for pictures that are only named by a URL: nothing is fetched.
pub const DEFAULT_IMAGE_SIZE: (u32, u32) = (1024, 1024);

/// Pixels across and down of a PNG, JPEG, GIF or WebP picture; `None` for anything else.
pub fn image_size(bytes: &[u8]) -> Option<(u32, u32)> {
    use imagesize::ImageType::{Gif, Jpeg, Png, Webp};
    if !matches!(imagesize::image_type(bytes).ok()?, Gif | Jpeg | Png | Webp) {
        return None;
    }
    let size = imagesize::blob_size(bytes).ok()?;
    Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?)).filter(|size| size.0 > 0 && size.1 > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_come_from_headers() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        png.extend([0, 0, 2, 0, 0, 0, 1, 32, 8, 6, 0, 0, 0]);
        assert_eq!(image_size(&png), Some((512, 288)));
        assert_eq!(image_size(b"GIF89a\x10\0\x20\0\0\0\0"), Some((16, 32)));
        assert_eq!(image_size(b"no picture"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at_without_a_panic(bytes: Vec<u8>, kind in 0..5_usize) {
            let heads: [&[u8]; 5] = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\xff\xff\xff\xffWEBPVP8 ", b"RIFF\xff\xff\xff\xffWAVEfmt "];
            let all = [heads[kind], &bytes].concat();
            image_size(&all);
            audio_seconds(&all);
        }
    }
}
