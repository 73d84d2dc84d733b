//! What the codes of a font stand for, and how wide they are (ISO 32000-1, 9.6 to 9.10).

use std::collections::BTreeMap;

use super::file::File;
use super::object::{Dictionary, Object, Reader};
use crate::document::text::{utf_16, windows_1252};

/// Codes that one map may give.
const MOST_CODES: usize = 70_000;

/// A font as far as text needs it.
#[derive(Debug, Default)]
pub(super) struct Font {
    /// Codes of two bytes each.
    is_wide: bool,
    /// Codes are UTF-16.
    is_unicode: bool,
    to_unicode: BTreeMap<u32, String>,
    differences: BTreeMap<u32, char>,
    widths: BTreeMap<u32, f64>,
    default_width: f64,
}

/// Names of glyphs that are not their own letter (Adobe Glyph List), the common ones.
const GLYPHS: [(&str, char); 62] = [
    ("space", ' '),
    ("exclam", '!'),
    ("quotedbl", '"'),
    ("numbersign", '#'),
    ("dollar", '$'),
    ("percent", '%'),
    ("ampersand", '&'),
    ("quotesingle", '\''),
    ("parenleft", '('),
    ("parenright", ')'),
    ("asterisk", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("hyphen", '-'),
    ("period", '.'),
    ("slash", '/'),
    ("zero", '0'),
    ("one", '1'),
    ("two", '2'),
    ("three", '3'),
    ("four", '4'),
    ("five", '5'),
    ("six", '6'),
    ("seven", '7'),
    ("eight", '8'),
    ("nine", '9'),
    ("colon", ':'),
    ("semicolon", ';'),
    ("less", '<'),
    ("equal", '='),
    ("greater", '>'),
    ("question", '?'),
    ("at", '@'),
    ("bracketleft", '['),
    ("backslash", '\\'),
    ("bracketright", ']'),
    ("underscore", '_'),
    ("quoteleft", '‘'),
    ("quoteright", '’'),
    ("quotedblleft", '“'),
    ("quotedblright", '”'),
    ("endash", '–'),
    ("emdash", '—'),
    ("bullet", '•'),
    ("ellipsis", '…'),
    ("fi", 'ﬁ'),
    ("fl", 'ﬂ'),
    ("ff", 'ﬀ'),
    ("ffi", 'ﬃ'),
    ("ffl", 'ﬄ'),
    ("adieresis", 'ä'),
    ("odieresis", 'ö'),
    ("udieresis", 'ü'),
    ("Adieresis", 'Ä'),
    ("Odieresis", 'Ö'),
    ("Udieresis", 'Ü'),
    ("germandbls", 'ß'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("agrave", 'à'),
    ("ccedilla", 'ç'),
    ("minus", '−'),
];

impl Font {
    pub(super) fn new(file: &File<'_>, entries: &Dictionary) -> Self {
        let is_wide = entries.get(&b"Subtype"[..]).and_then(Object::name) == Some(b"Type0");
        let encoding = file.entry(entries, b"Encoding");
        let name = encoding.as_ref().and_then(Object::name).map(String::from_utf8_lossy).unwrap_or_default();
        let mut font = Self {
            is_wide,
            is_unicode: name.contains("UCS2") || name.contains("UTF16"),
            default_width: if is_wide { 1000.0 } else { 500.0 },
            ..Self::default()
        };
        if let Some((_, map)) = entries.get(&b"ToUnicode"[..]).and_then(|map| file.stream(map)) {
            font.read_map(&map);
        }
        if let Some(Object::Dictionary(encoding)) = encoding {
            font.read_differences(file, &encoding);
        }
        if is_wide {
            let below = match file.entry(entries, b"DescendantFonts") {
                Some(Object::Array(fonts)) => fonts.first().and_then(|font| file.resolve(font)),
                _ => None,
            };
            font.read_wide_widths(file, below.as_ref().and_then(Object::dictionary));
        } else if let Some(Object::Array(widths)) = file.entry(entries, b"Widths") {
            let first = file.entry(entries, b"FirstChar").and_then(|first| first.number()).unwrap_or(0.0) as u32;
            let widths = widths.iter().filter_map(|width| file.resolve(width)?.number());
            font.widths = (first..).zip(widths.take(256)).collect();
        }
        font
    }

    /// Each code of a shown string: what it says, its width in thousandths of an em, and whether it is the byte 32.
    pub(super) fn read(&self, shown: &[u8]) -> Vec<(String, f64, bool)> {
        let step = if self.is_wide { 2 } else { 1 };
        let codes = shown.chunks_exact(step);
        let code_of = |bytes: &[u8]| bytes.iter().fold(0_u32, |code, byte| code << 8 | u32::from(*byte));
        codes
            .map(|bytes| {
                let code = code_of(bytes);
                let width = self.widths.get(&code).copied().unwrap_or(self.default_width);
                (self.text_of(code, bytes), width, step == 1 && code == 32)
            })
            .collect()
    }

    fn text_of(&self, code: u32, bytes: &[u8]) -> String {
        if let Some(text) = self.to_unicode.get(&code) {
            return text.clone();
        }
        if self.is_unicode {
            return utf_16(bytes, u16::from_be_bytes);
        }
        if self.is_wide {
            return String::new();
        }
        let character = self.differences.get(&code).copied().unwrap_or_else(|| windows_1252(code as u8));
        if character.is_control() { String::new() } else { character.into() }
    }

    /// Reads a map from codes to text (9.10.3).
    fn read_map(&mut self, map: &[u8]) {
        let mut reader = Reader::new(map, 0);
        let mut operands: Vec<Object> = Vec::new();
        while let Some(object) = reader.object() {
            let Object::Word(word) = object else {
                operands.push(object);
                if operands.len() > MOST_CODES {
                    return;
                }
                continue;
            };
            match word.as_slice() {
                b"endbfchar" => operands.chunks_exact(2).for_each(|pair| self.map_one(pair)),
                b"endbfrange" => operands.chunks_exact(3).for_each(|three| self.map_range(three)),
                b"endcodespacerange" => {
                    self.is_wide = operands.iter().any(|end| matches!(end, Object::Text(end) if end.len() == 2));
                }
                _ => {}
            }
            operands.clear();
        }
    }

    fn map_one(&mut self, pair: &[Object]) {
        if let [Object::Text(code), Object::Text(text)] = pair
            && self.to_unicode.len() < MOST_CODES
        {
            self.to_unicode.insert(number(code), utf_16(text, u16::from_be_bytes));
        }
    }

    fn map_range(&mut self, three: &[Object]) {
        let [Object::Text(first), Object::Text(last), target] = three else { return };
        let (first, last) = (number(first), number(last));
        for (index, code) in (first..=last).take(MOST_CODES - self.to_unicode.len().min(MOST_CODES)).enumerate() {
            let text = match target {
                Object::Array(texts) => match texts.get(index) {
                    Some(Object::Text(text)) => utf_16(text, u16::from_be_bytes),
                    _ => return,
                },
                // The last unit counts up.
                Object::Text(text) if text.len() >= 2 => {
                    let (start, end) = text.split_at(text.len() - 2);
                    let unit = u16::from_be_bytes([end[0], end[1]]).wrapping_add(index as u16);
                    utf_16(&[start, &unit.to_be_bytes()].concat(), u16::from_be_bytes)
                }
                _ => return,
            };
            self.to_unicode.insert(code, text);
        }
    }

    fn read_differences(&mut self, file: &File<'_>, encoding: &Dictionary) {
        let Some(Object::Array(differences)) = file.entry(encoding, b"Differences") else { return };
        let mut code = 0_u32;
        for difference in differences {
            match difference {
                Object::Number(number) => code = number as u32,
                Object::Name(name) => {
                    if let Some(character) = glyph(&String::from_utf8_lossy(&name)) {
                        self.differences.insert(code, character);
                    }
                    code = code.wrapping_add(1);
                }
                _ => {}
            }
        }
    }

    /// Widths of a font of many glyphs: `c [w w w]` and `first last w` (9.7.4.3).
    fn read_wide_widths(&mut self, file: &File<'_>, entries: Option<&Dictionary>) {
        let Some(entries) = entries else { return };
        if let Some(width) = file.entry(entries, b"DW").and_then(|width| width.number()) {
            self.default_width = width;
        }
        let Some(Object::Array(widths)) = file.entry(entries, b"W") else { return };
        let mut rest = widths.as_slice();
        while let [Object::Number(first), next, after @ ..] = rest {
            let first = *first as u32;
            match (file.resolve(next), after) {
                (Some(Object::Array(each)), after) => {
                    self.widths.extend((first..).zip(each.iter().filter_map(Object::number)));
                    rest = after;
                }
                (Some(Object::Number(last)), [Object::Number(width), after @ ..]) => {
                    self.widths.extend((first..=last as u32).take(MOST_CODES).map(|code| (code, *width)));
                    rest = after;
                }
                _ => return,
            }
            if self.widths.len() > MOST_CODES {
                return;
            }
        }
    }
}

fn number(code: &[u8]) -> u32 {
    code.iter().fold(0, |code, byte| code << 8 | u32::from(*byte))
}

fn glyph(name: &str) -> Option<char> {
    let name = name.split('.').next().unwrap_or(name);
    let mut letters = name.chars();
    if let (Some(only), None) = (letters.next(), letters.next()) {
        return Some(only);
    }
    if let Some(code) = name.strip_prefix("uni").or_else(|| name.strip_prefix('u')).filter(|code| code.len() >= 4)
        && let Ok(code) = u32::from_str_radix(code, 16)
    {
        return char::from_u32(code);
    }
    GLYPHS.iter().find(|(known, _)| *known == name).map(|(_, character)| *character)
}
