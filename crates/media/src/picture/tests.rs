use proptest::prelude::*;

use super::*;

const PNG: &[u8] = include_bytes!("../../tests/data/halves.png");
const JPEG: &[u8] = include_bytes!("../../tests/data/blue.jpg");
const GIF: &[u8] = include_bytes!("../../tests/data/anim.gif");
const WEBP: &[u8] = include_bytes!("../../tests/data/yellow.webp");

fn encoded(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    let pixels: Vec<u8> =
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| pixel(x, y)).collect();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn sizes_come_from_headers() {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend([0, 0, 2, 0, 0, 0, 1, 32, 8, 6, 0, 0, 0]);
    assert_eq!(image_size(&png), Some((512, 288)));
    assert_eq!(image_size(b"GIF89a\x10\0\x20\0\0\0\0"), Some((16, 32)));
    assert_eq!(image_size(b"no picture"), None);
}

#[test]
fn each_format_is_seen() {
    for (bytes, format, size, colour) in [
        (JPEG, ImageFormat::Jpeg, (64, 48), "blue"),
        (GIF, ImageFormat::Gif, (32, 32), "red"),
        (WEBP, ImageFormat::WebP, (40, 30), "yellow"),
    ] {
        let facts = describe_image(bytes).unwrap();
        assert_eq!((facts.format, (facts.width, facts.height)), (format, size));
        let pixels = facts.pixels.unwrap();
        assert!(pixels.is_uniform, "{format:?}");
        assert_eq!(pixels.colours[0].name, colour);
        assert!(pixels.colours[0].share > 0.99);
    }
    assert_eq!(describe_image(GIF).unwrap().frames, 5);
}

#[test]
fn the_layout_says_which_colour_is_where() {
    let facts = describe_image(PNG).unwrap();
    let pixels = facts.pixels.as_ref().unwrap();
    assert_eq!((pixels.layout.top, pixels.layout.bottom), (Some("white"), Some("green")));
    assert!(!pixels.is_uniform);
    let shown = facts.to_string();
    assert!(shown.starts_with("PNG picture of 60 × 40 pixels, much "), "{shown}");
    assert!(shown.contains("green at the bottom"), "{shown}");
}

#[test]
fn transparent_pixels_have_no_colour() {
    let facts = describe_image(&encoded(40, 40, |x, _| [255, 0, 0, if x < 10 { 255 } else { 0 }])).unwrap();
    let pixels = facts.pixels.unwrap();
    assert!((pixels.transparent_share - 0.75).abs() < 0.01);
    assert_eq!((pixels.layout.left, pixels.layout.right), (Some("red"), None));
    assert_eq!(pixels.colours.len(), 1);
    let facts = describe_image(&encoded(4, 4, |_, _| [0; 4])).unwrap();
    assert!(facts.to_string().ends_with("wholly transparent"));
}

#[test]
fn a_large_picture_is_sampled_and_a_huge_one_only_measured() {
    let facts = describe_image(&encoded(3000, 1000, |_, _| [0, 0, 255, 255])).unwrap();
    assert_eq!(facts.pixels.unwrap().colours[0].name, "blue");
    let mut encoder = Vec::new();
    png::Encoder::new(&mut encoder, 60_000, 60_000).write_header().unwrap();
    let facts = describe_image(&encoder[..]).ok().map(|facts| (facts.width, facts.pixels));
    assert!(matches!(facts, None | Some((60_000, None))));
    // A GIF of 65,535 × 65,535 in thirteen bytes.
    let facts = describe_image(b"GIF89a\xff\xff\xff\xff\0\0\0").unwrap();
    assert_eq!((facts.width, facts.pixels), (65_535, None));
}

#[test]
fn a_picture_cut_short_is_broken() {
    for bytes in [PNG, WEBP] {
        assert!(describe_image(&bytes[..bytes.len() / 2]).is_err());
    }
    assert_eq!(describe_image(b"hello"), Err(MediaError::Unknown { wanted: "picture" }));
}

proptest! {
    #[test]
    fn any_bytes_are_looked_at_without_a_panic(bytes: Vec<u8>, kind in 0..5_usize) {
        let heads: [&[u8]; 5] =
            [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\xff\xff\xff\xffWEBPVP8 ", b"GIF89a"];
        let all = [heads[kind], &bytes].concat();
        image_size(&all);
        let _ = describe_image(&all);
    }

    #[test]
    fn damaged_pictures_are_looked_at_without_a_panic(
        kind in 0..4_usize, at in 0..1000_usize, value: u8, cut in 0..1100_usize,
    ) {
        let mut bytes = [PNG, JPEG, GIF, WEBP][kind].to_vec();
        let place = at % bytes.len();
        bytes[place] = value;
        bytes.truncate(cut);
        if let Ok(ImageFacts { pixels: Some(pixels), .. }) = describe_image(&bytes) {
            let sum: f32 = pixels.colours.iter().map(|colour| colour.share).sum();
            prop_assert!(sum <= 1.001 && (0.0..=1.0).contains(&pixels.brightness));
        }
    }
}
