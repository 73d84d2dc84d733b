//! Words of a text: lower case, accents off, `camelCase` and `snake_case` apart.

/// The words of a text, in one buffer.
#[derive(Debug, Default)]
pub(super) struct Words {
    buffer: String,
    ends: Vec<usize>,
}

impl Words {
    /// Takes `text` apart, up to `most` words.
    pub(super) fn of(text: &str, most: usize) -> Self {
        let mut words = Self { buffer: String::with_capacity(text.len().min(1 << 16)), ends: Vec::new() };
        let mut before = ' ';
        for character in text.chars() {
            if words.ends.len() >= most {
                break;
            }
            if is_apostrophe(character) && before.is_alphanumeric() {
                // "don't" is one word.
                continue;
            }
            let hump = character.is_uppercase() && before.is_lowercase();
            if !character.is_alphanumeric() || hump || stands_alone(character) || stands_alone(before) {
                words.end();
            }
            if character.is_alphanumeric() {
                words.push(character);
            }
            before = character;
        }
        words.end();
        words
    }

    /// The words, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.buffer[start..*end])
    }

    fn end(&mut self) {
        if self.buffer.len() > self.ends.last().copied().unwrap_or(0) {
            self.ends.push(self.buffer.len());
        }
    }

    fn push(&mut self, character: char) {
        if character.is_ascii() {
            self.buffer.push(character.to_ascii_lowercase());
        } else {
            match plain(character) {
                Some(letters) => self.buffer.push_str(letters),
                None => self.buffer.extend(character.to_lowercase()),
            }
        }
    }
}

const fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '\u{2019}')
}

/// Scripts written without spaces: each character is a word.
const fn stands_alone(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{0E00}'..='\u{0E7F}')
}

/// The letter without its accent, for the accents of western Europe.
const fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'À' | 'Á' | 'Â' | 'Ã' | 'Å' => "a",
        'ä' | 'Ä' | 'æ' | 'Æ' => "ae",
        'è' | 'é' | 'ê' | 'ë' | 'È' | 'É' | 'Ê' | 'Ë' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'Ì' | 'Í' | 'Î' | 'Ï' => "i",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ø' => "o",
        'ö' | 'Ö' | 'œ' | 'Œ' => "oe",
        'ù' | 'ú' | 'û' | 'Ù' | 'Ú' | 'Û' => "u",
        'ü' | 'Ü' => "ue",
        'ñ' | 'Ñ' => "n",
        'ç' | 'Ç' => "c",
        'ß' => "ss",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        Words::of(text, 100).iter().map(str::to_owned).collect()
    }

    #[test]
    fn words_are_taken_apart() {
        assert_eq!(words("Don't panic, it's 42!"), ["dont", "panic", "its", "42"]);
        assert_eq!(words("getUserName(user_id) // HTTPServer"), ["get", "user", "name", "user", "id", "httpserver"]);
        assert_eq!(words("Crème brûlée für 2"), ["creme", "brulee", "fuer", "2"]);
        assert_eq!(words("東京 2人"), ["東", "京", "2", "人"]);
        assert!(words(" \n…").is_empty());
    }
}
