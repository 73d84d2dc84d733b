//! Colours of a picture: a scheme that fits the scene and the mood, bent towards the colours that the prompt names.

#![expect(clippy::unreadable_literal, reason = "colours are written as designers write them")]

use super::chance::Chance;
use super::scene::Scene;

/// Red, green, blue, 0 to 1.
pub(super) type Rgb = [f32; 3];

/// The colours of one picture.
#[derive(Clone, Debug)]
pub(super) struct Palette {
    pub high: Rgb,
    pub low: Rgb,
    pub light: Rgb,
    pub far: Rgb,
    pub near: Rgb,
    pub accent: Rgb,
    pub second: Rgb,
    pub is_dark: bool,
}

/// From one colour to another.
pub(super) fn mix(one: Rgb, other: Rgb, share: f32) -> Rgb {
    std::array::from_fn(|part| one[part] + (other[part] - one[part]) * share)
}

/// Lighter (towards white) or, below 0, darker.
pub(super) fn tone(colour: Rgb, by: f32) -> Rgb {
    if by >= 0.0 { mix(colour, [1.0; 3], by) } else { mix(colour, [0.02, 0.02, 0.05], -by) }
}

const fn hex(value: u32) -> Rgb {
    [(value >> 16 & 255) as f32 / 255.0, (value >> 8 & 255) as f32 / 255.0, (value & 255) as f32 / 255.0]
}

/// Moods, their words and their colours: high, low, light, far, near, accent, second.
const SCHEMES: &[(&str, &[&str], [u32; 7])] = &[
    (
        "day",
        &["day", "sunny", "summer", "bright", "happy", "cheerful", "cute", "blue"],
        [0x4fa3d9, 0xd8eef2, 0xfff6d6, 0x9fc2cf, 0x2f5d50, 0xe4572e, 0xf3a712],
    ),
    (
        "sunset",
        &["sunset", "dusk", "evening", "golden", "warm", "romantic"],
        [0x3c2f66, 0xf7a072, 0xffe3a3, 0xb0617a, 0x2a1e3c, 0xf25c54, 0xf7b267],
    ),
    (
        "dawn",
        &["dawn", "sunrise", "morning", "misty", "foggy", "calm", "serene", "peaceful"],
        [0x7fa6c9, 0xf6d5c6, 0xfff1dc, 0xb9b8cf, 0x3a5068, 0xe07a5f, 0xf2cc8f],
    ),
    (
        "night",
        &["night", "midnight", "moon", "moonlit", "stars", "starry", "dark", "galaxy", "space", "nocturnal"],
        [0x0b1026, 0x2b3a67, 0xf4f1de, 0x33436f, 0x070b16, 0xf2a65a, 0x7fb7be],
    ),
    (
        "autumn",
        &["autumn", "fall", "october", "harvest", "rustic"],
        [0xd9c5a0, 0xf4e4c1, 0xfff3d0, 0xc08552, 0x5e3023, 0xd1495b, 0xedae49],
    ),
    (
        "winter",
        &["winter", "snow", "snowy", "ice", "arctic", "frozen", "cold"],
        [0x8fb3cf, 0xeaf2f6, 0xffffff, 0xb6cbd9, 0x30475e, 0xc8553d, 0x588b8b],
    ),
    (
        "spring",
        &["spring", "blossom", "cherry", "pastel", "gentle", "soft", "dreamy"],
        [0xa9c9e8, 0xfbe4ea, 0xfff8e7, 0xc9b6d8, 0x5b7f6b, 0xee6c8a, 0xf7c59f],
    ),
    (
        "desert",
        &["desert", "dune", "dunes", "sand", "mars", "canyon", "sahara"],
        [0xe8a87c, 0xf8e0b8, 0xfff2cc, 0xd08c60, 0x7a3b2e, 0x2a9d8f, 0xe76f51],
    ),
    (
        "neon",
        &["neon", "cyberpunk", "futuristic", "synthwave", "retrowave", "vaporwave", "sci", "robot"],
        [0x120a3a, 0xc2255c, 0xffd166, 0x5b2a86, 0x0a0620, 0x00d9ff, 0xff3cac],
    ),
    (
        "tropical",
        &["tropical", "beach", "island", "palm", "lagoon", "coral"],
        [0x1b98c9, 0xbdeee4, 0xfff4c9, 0x56b9b4, 0x0f5257, 0xff6f59, 0xffc857],
    ),
    (
        "vintage",
        &["vintage", "retro", "old", "antique", "poster", "bauhaus", "abstract"],
        [0xe9dcc3, 0xf4ead5, 0xfaf3e3, 0xbfa58a, 0x2d3142, 0xd1495b, 0x30638e],
    ),
    (
        "storm",
        &["storm", "stormy", "rain", "rainy", "gloomy", "moody", "sad", "dramatic"],
        [0x2b3440, 0x8d99a6, 0xdfe6e9, 0x6b7a89, 0x1a222b, 0xe0a458, 0x4a7c8c],
    ),
    (
        "jungle",
        &["jungle", "forest", "woods", "green", "moss", "rainforest"],
        [0x9cc5a1, 0xeef4d4, 0xfffbd6, 0x7ba889, 0x1f3d2b, 0xe36414, 0xf4d35e],
    ),
    (
        "mono",
        &["monochrome", "grayscale", "greyscale", "noir", "ink", "charcoal", "pencil"],
        [0x9a9a9a, 0xefefef, 0xffffff, 0xb5b5b5, 0x1c1c1c, 0x4a4a4a, 0x7a7a7a],
    ),
];

/// Colours that prompts name.
const NAMED: &[(&str, u32)] = &[
    ("red", 0xd7263d),
    ("crimson", 0xa4133c),
    ("scarlet", 0xe5383b),
    ("orange", 0xf3722c),
    ("yellow", 0xf9c74f),
    ("gold", 0xe6b325),
    ("green", 0x3a9d5d),
    ("emerald", 0x0b8a5f),
    ("teal", 0x16858b),
    ("turquoise", 0x2ec4b6),
    ("cyan", 0x22b8cf),
    ("blue", 0x2f6fde),
    ("navy", 0x1b2a6b),
    ("indigo", 0x4338ca),
    ("purple", 0x7b2cbf),
    ("violet", 0x8f5bd6),
    ("lavender", 0xb39ddb),
    ("magenta", 0xd6249f),
    ("pink", 0xf06595),
    ("rose", 0xe5738a),
    ("brown", 0x80543a),
    ("beige", 0xdbc7a5),
    ("white", 0xf5f5f2),
    ("black", 0x16181d),
    ("gray", 0x8b929a),
    ("grey", 0x8b929a),
    ("silver", 0xc3c9cf),
    ("lime", 0x94d82d),
    ("maroon", 0x7a1f2e),
    ("olive", 0x77803c),
    ("peach", 0xffbe98),
    ("coral", 0xff7f5c),
    ("mint", 0x9fe0c1),
    ("ruby", 0xb3123d),
    ("sapphire", 0x1c4fa0),
];

impl Palette {
    pub(super) fn of(words: &[String], scene: Scene, is_vivid: bool, chance: &mut Chance) -> Self {
        let says = |names: &[&str]| words.iter().filter(|word| names.contains(&word.as_str())).count();
        // The time of day decides the colours more than the season does.
        let weight = |name: &str| if matches!(name, "sunset" | "night" | "neon" | "mono") { 3 } else { 2 };
        let said = SCHEMES.iter().map(|scheme| (says(scheme.1) * weight(scheme.0), scheme));
        let scheme = said.filter(|(count, _)| *count > 0).max_by_key(|(count, _)| *count).map(|(_, scheme)| scheme);
        let fitting = scene.schemes();
        let drawn = fitting[chance.below(fitting.len())];
        let scheme = scheme.or_else(|| SCHEMES.iter().find(|(name, ..)| *name == drawn)).unwrap_or(&SCHEMES[0]);
        let [high, low, light, far, near, accent, second] = scheme.2.map(hex);
        let mut palette = Self { high, low, light, far, near, accent, second, is_dark: false };
        let named: Vec<Rgb> = words
            .iter()
            .filter_map(|word| NAMED.iter().find(|(name, _)| name == word).map(|(_, value)| hex(*value)))
            .collect();
        if let Some(first) = named.first() {
            palette.accent = *first;
            palette.second = named.get(1).copied().unwrap_or_else(|| tone(*first, 0.35));
            palette.high = mix(palette.high, *first, 0.28);
            palette.low = mix(palette.low, tone(*first, 0.6), 0.22);
            palette.far = mix(palette.far, *first, 0.30);
        }
        let turn = chance.range(-0.05, 0.05);
        palette.adjust(|colour| saturated(turned(colour, turn), if is_vivid { 1.08 } else { 0.72 }));
        palette.is_dark = luminance(palette.high) < 0.25 && luminance(palette.low) < 0.45;
        palette
    }

    fn adjust(&mut self, change: impl Fn(Rgb) -> Rgb) {
        for colour in [
            &mut self.high,
            &mut self.low,
            &mut self.light,
            &mut self.far,
            &mut self.near,
            &mut self.accent,
            &mut self.second,
        ] {
            *colour = change(*colour);
        }
    }
}

pub(super) fn luminance([red, green, blue]: Rgb) -> f32 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn saturated(colour: Rgb, by: f32) -> Rgb {
    let grey = luminance(colour);
    colour.map(|part| (grey + (part - grey) * by).clamp(0.0, 1.0))
}

/// Turns the hue by a share of the circle, about the axis of greys (Rodrigues' rotation).
pub(super) fn turned([red, green, blue]: Rgb, by: f32) -> Rgb {
    let (sine, cosine) = (by * std::f32::consts::TAU).sin_cos();
    let third = (1.0 - cosine) / 3.0;
    let aside = sine / 3.0_f32.sqrt();
    let rows = [
        [cosine + third, third - aside, third + aside],
        [third + aside, cosine + third, third - aside],
        [third - aside, third + aside, cosine + third],
    ];
    rows.map(|row| (row[0] * red + row[1] * green + row[2] * blue).clamp(0.0, 1.0))
}
