use proptest::prelude::*;

use super::*;
use crate::picture::Writing;
use crate::{describe_image, image_size};

fn sketch(prompt: &str, width: u32, height: u32, seed: u64) -> Sketch<'_> {
    Sketch { prompt, width, height, seed, look: Look::default(), caption: "" }
}

#[test]
fn the_same_sketch_is_the_same_picture_and_others_are_not() {
    let of = |prompt: &str, seed| paint(&sketch(prompt, 128, 96, seed));
    assert_eq!(of("a red boat at sea", 1), of("a red boat at sea", 1));
    assert_ne!(of("a red boat at sea", 1), of("a red boat at sea", 2));
    assert_ne!(of("a red boat at sea", 1), of("a red boat at sea!", 1));
}

#[test]
fn colours_that_are_named_are_seen() {
    let bytes = paint(&sketch("abstract shapes in deep blue", 256, 256, 3)).encode(Writing::Png).unwrap();
    let facts = describe_image(&bytes).unwrap().pixels.unwrap();
    assert!(facts.colours.iter().any(|colour| colour.name.contains("blue")), "{facts}");
    assert!(!facts.is_uniform);
}

#[test]
fn every_format_is_read_back() {
    let picture = paint(&sketch("a forest", 160, 120, 5));
    for writing in [Writing::Png, Writing::WebP(100)] {
        assert_eq!(Picture::decode(&picture.encode(writing).unwrap()).unwrap(), picture, "{writing:?}");
    }
    let lossy = Picture::decode(&picture.encode(Writing::Jpeg(90)).unwrap()).unwrap();
    let error: f64 = lossy.rgba.iter().zip(&picture.rgba).map(|(one, other)| f64::from(one.abs_diff(*other))).sum();
    assert!(error / (lossy.rgba.len() as f64) < 6.0);
    let size = |quality| picture.encode(Writing::Jpeg(quality)).unwrap().len();
    assert!(size(20) < size(90));
    let size = |quality| picture.encode(Writing::WebP(quality)).unwrap().len();
    assert!(size(20) < size(100));
}

#[test]
fn a_transparent_picture_has_a_subject_and_nothing_around_it() {
    let look = Look { is_transparent: true, ..Look::default() };
    let picture = paint(&Sketch { look, ..sketch("a cat", 128, 128, 1) });
    assert_eq!((picture.pixel(0, 0)[3], picture.pixel(127, 127)[3], picture.pixel(64, 64)[3]), (0, 0, 255));
    let back = Picture::decode(&picture.encode(Writing::Png).unwrap()).unwrap();
    assert_eq!(back, picture);
}

fn hole(width: u32, height: u32) -> Picture {
    let mut mask = Picture::filled(width, height, [0, 0, 0, 255]);
    for (at, pixel) in mask.rgba.chunks_exact_mut(4).enumerate() {
        let (x, y) = (at as u32 % width, at as u32 / width);
        if (width / 4..width / 2).contains(&x) && (height / 4..height / 2).contains(&y) {
            pixel[3] = 0;
        }
    }
    mask
}

#[test]
fn an_edit_changes_what_the_mask_leaves_open_and_nothing_else() {
    let source = paint(&sketch("a desert", 128, 128, 1));
    let mask = hole(128, 128);
    let wanted = Edit {
        source: &source,
        mask: Some(&mask),
        others: &[],
        prompt: "a blue boat at sea",
        seed: 4,
        width: 128,
        height: 128,
        look: Look::default(),
    };
    let edited = edit(&wanted);
    let (mut inside, mut changed) = (0, 0);
    for y in 0..128 {
        for x in 0..128 {
            let same = edited.pixel(x, y) == source.pixel(x, y);
            if mask.pixel(x, y)[3] == 255 {
                assert!(same, "{x} {y}");
            } else {
                inside += 1;
                changed += i32::from(!same);
            }
        }
    }
    assert!(changed * 10 > inside * 7, "{changed} of {inside}");
}

#[test]
fn words_name_a_treatment_of_the_whole_picture() {
    let source = paint(&sketch("a red house", 64, 64, 1));
    let treated = |prompt| {
        edit(&Edit {
            source: &source,
            mask: None,
            others: &[],
            prompt,
            seed: 1,
            width: 64,
            height: 64,
            look: Look::default(),
        })
    };
    let grey = treated("make it black and white");
    assert!(grey.rgba.chunks_exact(4).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]));
    let light = |picture: &Picture| picture.rgba.iter().map(|part| u64::from(*part)).sum::<u64>();
    assert!(light(&treated("at night")) < light(&source) && light(&source) < light(&treated("brighter")));
}

#[test]
fn a_variation_is_like_its_source_and_not_the_same() {
    let source = paint(&sketch("sunset over mountains", 256, 256, 1));
    let seen = |picture: &Picture| {
        let small = picture.fitted(8, 8);
        small.rgba.iter().map(|part| f64::from(*part)).collect::<Vec<_>>()
    };
    let far = |one: &[f64], other: &[f64]| {
        one.iter().zip(other).map(|(one, other)| (one - other).abs()).sum::<f64>() / one.len() as f64
    };
    let (one, other) = (vary(&source, 256, 256, 1), vary(&source, 256, 256, 2));
    assert_ne!(one, other);
    let stranger = paint(&sketch("a city at night", 256, 256, 1));
    assert!(far(&seen(&source), &seen(&one)) * 2.0 < far(&seen(&source), &seen(&stranger)));
}

#[test]
fn unfinished_pictures_come_nearer() {
    let picture = paint(&sketch("a lighthouse", 128, 128, 1));
    let far = |step| {
        let partial = unfinished(&picture, step, 3);
        partial.rgba.iter().zip(&picture.rgba).map(|(one, other)| u64::from(one.abs_diff(*other))).sum::<u64>()
    };
    assert!(far(0) > far(1) && far(1) > far(2) && far(2) > 0);
}

#[test]
fn bombs_are_refused_before_they_are_decoded() {
    let mut bomb = Vec::new();
    png::Encoder::new(&mut bomb, 60_000, 60_000).write_header().unwrap();
    assert_eq!(image_size(&bomb), Some((60_000, 60_000)));
    assert!(matches!(Picture::decode(&bomb), Err(crate::MediaError::TooLarge { .. })));
    assert!(matches!(Picture::decode(b"no picture at all"), Err(crate::MediaError::Unknown { .. })));
    let whole = paint(&sketch("sea", 64, 64, 1));
    for writing in [Writing::Png, Writing::Jpeg(80), Writing::WebP(100)] {
        let bytes = whole.encode(writing).unwrap();
        assert!(Picture::decode(&bytes[..bytes.len() / 2]).is_err(), "{writing:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_prompt_is_painted_in_every_size(
        prompt in "\\PC{0,60}", width in 1_u32..200, height in 1_u32..200, seed: u64, detail in 0..3_u8, is_transparent: bool,
    ) {
        let look = Look { is_vivid: seed % 2 == 0, is_transparent, detail };
        let picture = paint(&Sketch { prompt: &prompt, width, height, seed, look, caption: &prompt });
        prop_assert_eq!(picture.rgba.len(), (picture.width * picture.height * 4) as usize);
    }

    #[test]
    fn every_scene_is_painted_in_every_size(
        word in "(cat|otter|king|robot|astronaut|wizard|vase|coffee|wine|city|beach|lighthouse|forest|galaxy|aurora|lake|desert|map|treasure|chart|pie|bauhaus|balloon|cabin)",
        width in 16_u32..140, height in 16_u32..140, seed: u64,
    ) {
        paint(&sketch(&word, width, height, seed));
    }

    #[test]
    fn any_bytes_are_decoded_without_a_panic(bytes: Vec<u8>, kind in 0..4_usize) {
        let heads: [&[u8]; 4] = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\xff\xff\xff\xffWEBPVP8L"];
        let _ = Picture::decode(&[heads[kind], &bytes].concat());
    }
}
