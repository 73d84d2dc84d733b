//! Words on a picture, in letters of straight strokes.

use super::canvas::{Canvas, Point};
use super::palette::{Palette, luminance, tone};

/// Most letters that are written.
const MOST_LETTERS: usize = 60;

/// Letters as strokes on a grid of 4 across and 6 down; a stroke is points of two digits, strokes are parted by a space.
#[rustfmt::skip]
const LETTERS: &[(char, &str)] = &[
    ('A', "062046 1434"), ('B', "06003041423303 3344453606"), ('C', "4130100105163645"), ('D', "0600304244360606"),
    ('E', "40000646 0333"), ('F', "400006 0333"), ('G', "413010010516364544 4424"), ('H', "0006 4046 0343"), ('I', "1030 2026 1636"),
    ('J', "404536160504"), ('K', "0006 400346"), ('L', "000646"), ('M', "0600234046"), ('N', "06004640"), ('O', "103041453616050110"),
    ('P', "06003041423303"), ('Q', "103041453616050110 2446"), ('R', "06003041423303 2346"), ('S', "41301001021333444536160505"),
    ('T', "0040 2026"), ('U', "000516364540"), ('V', "002640"), ('W', "0016233640"), ('X', "0046 4006"), ('Y', "002340 2326"), ('Z', "00400646"),
    ('0', "103041453616050110 0541"), ('1', "112026 1636"), ('2', "011030410646"), ('3', "011030413223334445361605"), ('4', "363004 0444"),
    ('5', "400002324345361605"), ('6', "4130100105163645443303"), ('7', "004016"), ('8', "13021010304142331304051636454433"), ('9', "4313020110304145361605"),
    ('.', "2526"), (',', "2517"), ('!', "2024 2526"), ('?', "01103041322324 2526"), ('-', "1333"), ('\'', "2021"), (':', "2122 2526"), ('&', "4602011020310405162644"), ('+', "2125 0343"),
    ('/', "0640"), ('(', "30212536"), (')', "10212516"), ('#', "1016 3036 0242 0444"), ('%', "0640 0001 4546"),
];

/// What a prompt puts between quotation marks, if it asks for words.
pub(super) fn quoted(prompt: &str) -> Option<String> {
    let lower = prompt.to_lowercase();
    let asks = [
        "text", "saying", "says", "caption", "titled", "title", "sign", "reading", "reads", "words", "letters",
        "written", "logo", "label",
    ];
    if !asks.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let open = prompt.find(['"', '“', '\''])?;
    let mark = prompt[open..].chars().next()?;
    let rest = &prompt[open + mark.len_utf8()..];
    let end = rest.find(match mark {
        '“' => '”',
        other => other,
    })?;
    let text = rest[..end].trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Writes a text on a band at the bottom, as large as fits one line.
pub(super) fn write(canvas: &mut Canvas, text: &str, palette: &Palette) {
    let letters: Vec<char> = text.to_uppercase().chars().take(MOST_LETTERS).collect();
    let count = letters.len() as f32;
    if letters.is_empty() {
        return;
    }
    // A letter is 4 wide and 6 tall, with 2 between.
    let scale = (canvas.width * 0.88 / (count * 6.0 - 2.0)).min(canvas.height * 0.09 / 6.0);
    let band = scale * 11.0;
    let top = canvas.height - band - canvas.unit * 5.0;
    let paper = if luminance(palette.near) < 0.5 { palette.near } else { tone(palette.near, -0.7) };
    canvas.rect((0.0, top), (canvas.width, band), paper, 0.82);
    let mut x = (canvas.width - scale * (count * 6.0 - 2.0)) / 2.0;
    let ink = tone(palette.light, 0.4);
    for letter in letters {
        if let Some((_, strokes)) = LETTERS.iter().find(|(known, _)| *known == letter) {
            for stroke in strokes.split(' ') {
                canvas.line(&points(stroke, (x, top + scale * 2.5), scale), scale * 0.85, ink, 1.0);
            }
        }
        x += scale * 6.0;
    }
}

fn points(stroke: &str, (x, y): Point, scale: f32) -> Vec<Point> {
    let digit = |byte: u8| f32::from(byte.saturating_sub(b'0'));
    stroke.as_bytes().chunks_exact(2).map(|pair| (x + digit(pair[0]) * scale, y + digit(pair[1]) * scale)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_strokes_on_the_grid() {
        for (letter, strokes) in LETTERS {
            for stroke in strokes.split(' ') {
                assert!(stroke.len() >= 4 && stroke.len() % 2 == 0, "{letter}: {stroke}");
                for pair in stroke.as_bytes().chunks_exact(2) {
                    assert!((b'0'..=b'4').contains(&pair[0]) && (b'0'..=b'7').contains(&pair[1]), "{letter}: {stroke}");
                }
            }
        }
    }

    #[test]
    fn only_words_that_are_asked_for_are_written() {
        assert_eq!(quoted("A sign saying \"Open now\" on a door").as_deref(), Some("Open now"));
        assert_eq!(quoted("The so-called \"king\" of cats"), None);
        assert_eq!(quoted("A poster titled “Été”").as_deref(), Some("Été"));
        assert_eq!(quoted("text \""), None);
    }
}
