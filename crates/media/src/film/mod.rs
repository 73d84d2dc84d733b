//! Films: small MP4 videos of a scene that moves, made from a seed, and pictures of them.
//!
//! The video is H.264 of the constrained baseline profile in squares of 16 by 16 pixels, each of one colour, which the
//! decoder's deblocking filter makes soft: coarse, but what every player and browser plays. There is no sound.

mod bits;
mod h264;
mod mp4;
mod scene;

use crate::MediaError;
use scene::Scene;

/// Pixels on a side of a square.
pub(crate) const SQUARE: u32 = 16;
/// Pictures a second.
pub const FRAMES_PER_SECOND: u32 = 30;
/// Most pixels of a picture and most seconds of a film.
const MOST_PIXELS: u32 = 1920 * 1088;
const MOST_SECONDS: u32 = 120;
/// Squares across and down of a sheet of sprites.
const SPRITES: u32 = 4;

/// What a film looks like. The same values always give the same film.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Film {
    /// Decides what is seen.
    pub seed: u64,
    /// Pixels across, a multiple of 16.
    pub width: u32,
    /// Pixels down, a multiple of 16.
    pub height: u32,
    /// How long it plays.
    pub seconds: u32,
}

impl Film {
    fn check(&self) -> Result<(), MediaError> {
        let Self { width, height, seconds, .. } = *self;
        let whole = width > 0 && height > 0 && width % SQUARE == 0 && height % SQUARE == 0;
        if !whole {
            return Err(MediaError::Unsupported("a film whose sides are no multiples of 16"));
        }
        if width.saturating_mul(height) > MOST_PIXELS || !(1..=MOST_SECONDS).contains(&seconds) {
            return Err(MediaError::TooLarge { format: "MP4", limit: "1920 by 1088 pixels and 120 seconds" });
        }
        Ok(())
    }

    /// The film as MP4. Takes some 100 ms: keep it off threads that serve.
    ///
    /// # Errors
    /// [`MediaError::Unsupported`] if a side is no multiple of 16, [`MediaError::TooLarge`] beyond 1920 by 1088 pixels
    /// or 120 seconds.
    pub fn to_mp4(&self) -> Result<Vec<u8>, MediaError> {
        self.check()?;
        let (columns, rows) = (self.width / SQUARE, self.height / SQUARE);
        let scene = Scene::new(self.seed, columns, rows, self.seconds);
        let mut encoder = h264::Encoder::new(columns, rows);
        let frames = self.seconds * FRAMES_PER_SECOND;
        let frames: Vec<mp4::Frame> = (0..frames)
            .map(|number| {
                let is_key = number % FRAMES_PER_SECOND == 0;
                mp4::Frame { bytes: encoder.frame(&scene.colours(number), is_key), is_key }
            })
            .collect();
        Ok(mp4::write(self, &encoder.headers(), &frames))
    }

    /// Its first picture as WebP, a pixel for each four pixels on a side.
    ///
    /// # Errors
    /// As [`Film::to_mp4`].
    pub fn thumbnail(&self) -> Result<Vec<u8>, MediaError> {
        self.check()?;
        let scene = self.scene();
        let (width, height) = (self.width / 4, self.height / 4);
        let mut pixels = Vec::with_capacity((width * height * 3) as usize);
        for y in 0..height {
            for x in 0..width {
                pixels.extend(scene.colour(0, place(x, width), place(y, height)));
            }
        }
        webp(&pixels, width, height)
    }

    /// Sixteen pictures of it, four by four in the order of time, as WebP: each an eighth of the film's sides.
    ///
    /// # Errors
    /// As [`Film::to_mp4`].
    pub fn spritesheet(&self) -> Result<Vec<u8>, MediaError> {
        self.check()?;
        let (scene, frames) = (self.scene(), self.seconds * FRAMES_PER_SECOND);
        let (width, height) = (self.width / 8, self.height / 8);
        let mut pixels = Vec::with_capacity((width * height * SPRITES * SPRITES * 3) as usize);
        for y in 0..height * SPRITES {
            for x in 0..width * SPRITES {
                let number = (y / height * SPRITES + x / width) * frames / (SPRITES * SPRITES);
                pixels.extend(scene.colour(number, place(x % width, width), place(y % height, height)));
            }
        }
        webp(&pixels, width * SPRITES, height * SPRITES)
    }

    fn scene(&self) -> Scene {
        Scene::new(self.seed, self.width / SQUARE, self.height / SQUARE, self.seconds)
    }
}

/// The middle of pixel `at` of `all`, from 0 to 1.
fn place(at: u32, all: u32) -> f32 {
    (at as f32 + 0.5) / all as f32
}

fn webp(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, MediaError> {
    let mut bytes = Vec::new();
    let encoder = image_webp::WebPEncoder::new(&mut bytes);
    let encoded = encoder.encode(pixels, width, height, image_webp::ColorType::Rgb8);
    encoded.map_err(|error| MediaError::broken("WebP", error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{image_size, video_facts};

    #[test]
    fn a_film_is_as_large_and_long_as_it_says() {
        let film = Film { seed: 42, width: 320, height: 176, seconds: 4 };
        let bytes = film.to_mp4().unwrap();
        let facts = video_facts(&bytes).unwrap();
        assert_eq!((facts.width, facts.height), (320, 176));
        assert!((facts.seconds - 4.0).abs() < 1e-6, "{facts:?}");
        assert_eq!(facts.frames_per_second, Some(30.0));
        assert_eq!(film.to_mp4().unwrap(), bytes, "the same every time");
        assert_ne!(Film { seed: 43, ..film }.to_mp4().unwrap(), bytes);
        assert_eq!(image_size(&film.thumbnail().unwrap()), Some((80, 44)));
        assert_eq!(image_size(&film.spritesheet().unwrap()), Some((160, 88)));
    }

    #[test]
    fn a_film_of_the_largest_kind_is_small() {
        let film = Film { seed: 1, width: 1280, height: 720, seconds: 4 };
        let bytes = film.to_mp4().unwrap().len();
        assert!((50_000..3_000_000).contains(&bytes), "{bytes}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_size_is_made_or_refused(width in 0..140_u32, height in 0..140_u32, seconds in 0..3_u32, seed in any::<u64>()) {
            let film = Film { seed, width, height, seconds };
            match film.to_mp4() {
                Ok(bytes) => prop_assert_eq!(video_facts(&bytes).unwrap().width, width),
                Err(_) => prop_assert!(width % 16 != 0 || height % 16 != 0 || width == 0 || height == 0 || seconds == 0),
            }
        }
    }
}
