//! Names for colours, by how near they look.
//!
//! Nearness is measured in Oklab (Björn Ottosson, "A perceptual color space for image processing", 2020), where equal
//! distances look about equally different.

/// The names that colours are given, with the sRGB value each stands for.
pub const COLOURS: [(&str, [u8; 3]); 32] = [
    ("black", [0, 0, 0]),
    ("dark grey", [72, 72, 72]),
    ("grey", [128, 128, 128]),
    ("light grey", [200, 200, 200]),
    ("white", [255, 255, 255]),
    ("red", [220, 20, 30]),
    ("dark red", [120, 10, 16]),
    ("coral", [255, 127, 90]),
    ("pink", [255, 170, 190]),
    ("hot pink", [255, 70, 150]),
    ("orange", [255, 140, 0]),
    ("brown", [120, 70, 30]),
    ("tan", [200, 165, 120]),
    ("beige", [240, 225, 195]),
    ("yellow", [255, 230, 20]),
    ("gold", [212, 170, 40]),
    ("olive", [120, 120, 20]),
    ("lime green", [130, 220, 30]),
    ("green", [30, 150, 50]),
    ("dark green", [10, 80, 30]),
    ("light green", [150, 225, 150]),
    ("teal", [0, 128, 128]),
    ("turquoise", [64, 215, 200]),
    ("cyan", [0, 235, 255]),
    ("light blue", [170, 215, 240]),
    ("sky blue", [90, 170, 235]),
    ("blue", [20, 60, 220]),
    ("navy", [10, 20, 90]),
    ("purple", [120, 30, 150]),
    ("violet", [150, 110, 235]),
    ("lavender", [215, 200, 245]),
    ("magenta", [230, 30, 210]),
];

/// A colour in Oklab: lightness from 0 (black) to 1 (white), then green to red and blue to yellow, about ±0.4.
pub(super) type Lab = [f32; 3];

/// Turns sRGB bytes into Oklab and into names.
pub(super) struct Namer {
    linear: Vec<f32>,
    palette: Vec<Lab>,
    /// The nearest name of each colour seen, by five bits a channel.
    nearest: Vec<Option<u8>>,
}

impl Namer {
    pub(super) fn new() -> Self {
        let linear: Vec<f32> = (0..=255_u8).map(|value| linear(f32::from(value) / 255.0)).collect();
        let palette = COLOURS.iter().map(|(_, colour)| lab(&linear, *colour)).collect();
        Self { linear, palette, nearest: vec![None; 1 << 15] }
    }

    /// The colour in Oklab.
    pub(super) fn lab(&self, colour: [u8; 3]) -> Lab {
        lab(&self.linear, colour)
    }

    /// The place in [`COLOURS`] of the name that `colour` is nearest to.
    pub(super) fn nearest(&mut self, colour: [u8; 3]) -> usize {
        let key = colour.iter().fold(0, |key, channel| (key << 5) | usize::from(channel >> 3));
        if let Some(known) = self.nearest[key] {
            return usize::from(known);
        }
        // The middle of the cube that shares the key, so that the answer does not depend on who asks first.
        let seen = self.lab(colour.map(|channel| (channel & !7) | (channel >> 5)));
        let distance = |other: &Lab| -> f32 { (0..3).map(|axis| (seen[axis] - other[axis]).powi(2)).sum() };
        let distances = self.palette.iter().map(distance).enumerate();
        let found = distances.min_by(|one, other| one.1.total_cmp(&other.1)).map_or(0, |(place, _)| place);
        self.nearest[key] = u8::try_from(found).ok();
        found
    }
}

/// The sRGB transfer function undone (IEC 61966-2-1).
fn linear(value: f32) -> f32 {
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// The two matrices of the Oklab article, with a cube root between them.
fn lab(linear: &[f32], [red, green, blue]: [u8; 3]) -> Lab {
    let [red, green, blue] = [red, green, blue].map(|value| linear[usize::from(value)]);
    let long = (0.412_221_46 * red + 0.536_332_55 * green + 0.051_445_995 * blue).cbrt();
    let middle = (0.211_903_5 * red + 0.680_699_5 * green + 0.107_396_96 * blue).cbrt();
    let short = (0.088_302_46 * red + 0.281_718_85 * green + 0.629_978_7 * blue).cbrt();
    [
        0.210_454_26 * long + 0.793_617_8 * middle - 0.004_072_047 * short,
        1.977_998_5 * long - 2.428_592_2 * middle + 0.450_593_7 * short,
        0.025_904_037 * long + 0.782_771_77 * middle - 0.808_675_77 * short,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_colour_has_its_name() {
        let mut namer = Namer::new();
        for (place, (name, colour)) in COLOURS.iter().enumerate() {
            let found = namer.nearest(*colour);
            assert_eq!(found, place, "{name} is called {}", COLOURS[found].0);
        }
    }

    #[test]
    fn colours_are_called_what_people_call_them() {
        let mut namer = Namer::new();
        let mut name = |colour| COLOURS[namer.nearest(colour)].0;
        assert_eq!(name([255, 0, 0]), "red");
        assert_eq!(name([0, 0, 255]), "blue");
        assert_eq!(name([0, 128, 0]), "green");
        assert_eq!(name([255, 255, 0]), "yellow");
        assert_eq!(name([250, 250, 250]), "white");
        assert_eq!(name([135, 206, 235]), "light blue");
    }

    #[test]
    fn lightness_runs_from_black_to_white() {
        let namer = Namer::new();
        assert!(namer.lab([0, 0, 0])[0].abs() < 1e-3);
        assert!((namer.lab([255, 255, 255])[0] - 1.0).abs() < 1e-3);
    }
}
