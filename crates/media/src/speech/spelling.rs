//! From letters to sounds: rules and a few common exceptions for English, and something speakable for other scripts.

use super::sounds::Sound::{
    self, Aa, Ae, Ah, Ao, Ax, B, D, Dh, Eh, Er, F, G, H, Ih, Iy, K, L, M, N, Ng, P, R, S, Sh, T, Th, Uh, Uw, V, W, Y,
    Z, Zh,
};

/// Words that the rules get wrong and that are in every other sentence.
const EXCEPTIONS: [(&str, &[Sound]); 46] = [
    ("a", &[Ax]),
    ("an", &[Ae, N]),
    ("are", &[Aa, R]),
    ("be", &[B, Iy]),
    ("been", &[B, Ih, N]),
    ("by", &[B, Aa, Iy]),
    ("come", &[K, Ah, M]),
    ("could", &[K, Uh, D]),
    ("do", &[D, Uw]),
    ("does", &[D, Ah, Z]),
    ("done", &[D, Ah, N]),
    ("from", &[F, R, Ah, M]),
    ("give", &[G, Ih, V]),
    ("go", &[G, Ao, Uw]),
    ("has", &[H, Ae, Z]),
    ("have", &[H, Ae, V]),
    ("he", &[H, Iy]),
    ("hello", &[H, Eh, L, Ao, Uw]),
    ("i", &[Aa, Iy]),
    ("is", &[Ih, Z]),
    ("me", &[M, Iy]),
    ("my", &[M, Aa, Iy]),
    ("no", &[N, Ao, Uw]),
    ("of", &[Ah, V]),
    ("one", &[W, Ah, N]),
    ("people", &[P, Iy, P, Ax, L]),
    ("said", &[S, Eh, D]),
    ("she", &[Sh, Iy]),
    ("should", &[Sh, Uh, D]),
    ("so", &[S, Ao, Uw]),
    ("some", &[S, Ah, M]),
    ("the", &[Dh, Ax]),
    ("there", &[Dh, Eh, R]),
    ("they", &[Dh, Eh, Iy]),
    ("to", &[T, Uw]),
    ("two", &[T, Uw]),
    ("was", &[W, Ah, Z]),
    ("we", &[W, Iy]),
    ("were", &[W, Er]),
    ("what", &[W, Ah, T]),
    ("who", &[H, Uw]),
    ("world", &[W, Er, L, D]),
    ("would", &[W, Uh, D]),
    ("you", &[Y, Uw]),
    ("your", &[Y, Ao, R]),
    ("very", &[V, Eh, R, Iy]),
];

/// Spellings and their sounds; the first that fits is taken, so longer ones come first.
const RULES: [(&str, &[Sound]); 83] = [
    ("ought", &[Ao, T]),
    ("tion", &[Sh, Ax, N]),
    ("sion", &[Zh, Ax, N]),
    ("eigh", &[Eh, Iy]),
    ("ough", &[Ao, Uw]),
    ("ture", &[T, Sh, Er]),
    ("igh", &[Aa, Iy]),
    ("tch", &[T, Sh]),
    ("dge", &[D, Zh]),
    ("eau", &[Ao, Uw]),
    ("ear", &[Ih, R]),
    ("air", &[Eh, R]),
    ("oor", &[Ao, R]),
    ("our", &[Aa, W, Er]),
    ("ing", &[Ih, Ng]),
    ("th", &[Th]),
    ("sh", &[Sh]),
    ("ch", &[T, Sh]),
    ("ph", &[F]),
    ("wh", &[W]),
    ("ck", &[K]),
    ("ng", &[Ng]),
    ("qu", &[K, W]),
    ("gh", &[]),
    ("ee", &[Iy]),
    ("ea", &[Iy]),
    ("oo", &[Uw]),
    ("ou", &[Aa, Uw]),
    ("ow", &[Ao, Uw]),
    ("ai", &[Eh, Iy]),
    ("ay", &[Eh, Iy]),
    ("ei", &[Eh, Iy]),
    ("ey", &[Iy]),
    ("oi", &[Ao, Iy]),
    ("oy", &[Ao, Iy]),
    ("au", &[Ao]),
    ("aw", &[Ao]),
    ("ie", &[Iy]),
    ("oa", &[Ao, Uw]),
    ("oe", &[Ao, Uw]),
    ("ue", &[Uw]),
    ("ui", &[Uw]),
    ("ew", &[Y, Uw]),
    ("er", &[Er]),
    ("ir", &[Er]),
    ("ur", &[Er]),
    ("ar", &[Aa, R]),
    ("or", &[Ao, R]),
    ("bb", &[B]),
    ("cc", &[K]),
    ("dd", &[D]),
    ("ff", &[F]),
    ("gg", &[G]),
    ("ll", &[L]),
    ("mm", &[M]),
    ("nn", &[N]),
    ("pp", &[P]),
    ("rr", &[R]),
    ("ss", &[S]),
    ("tt", &[T]),
    ("zz", &[Z]),
    ("a", &[Ae]),
    ("b", &[B]),
    ("d", &[D]),
    ("e", &[Eh]),
    ("f", &[F]),
    ("g", &[G]),
    ("h", &[H]),
    ("i", &[Ih]),
    ("j", &[D, Zh]),
    ("k", &[K]),
    ("l", &[L]),
    ("m", &[M]),
    ("n", &[N]),
    ("o", &[Aa]),
    ("p", &[P]),
    ("r", &[R]),
    ("s", &[S]),
    ("t", &[T]),
    ("u", &[Ah]),
    ("v", &[V]),
    ("w", &[W]),
    ("z", &[Z]),
];

const DIGITS: [&[Sound]; 10] = [
    &[Z, Iy, R, Ao, Uw],
    &[W, Ah, N],
    &[T, Uw],
    &[Th, R, Iy],
    &[F, Ao, R],
    &[F, Aa, Iy, V],
    &[S, Ih, K, S],
    &[S, Eh, V, Ax, N],
    &[Eh, Iy, T],
    &[N, Aa, Iy, N],
];

/// For letters of scripts that are not known here: an onset and a vowel, picked by the letter's number.
const ONSETS: [Sound; 15] = [M, N, L, R, W, Y, H, S, Sh, F, V, T, D, K, G];
const VOWELS: [Sound; 6] = [Aa, Eh, Iy, Ao, Uw, Ax];

/// The sounds of a word. Marks that are not spoken have none.
pub(super) fn pronounce(word: &str) -> Vec<Sound> {
    let plain: String = word.chars().flat_map(char::to_lowercase).map(base_letter).collect();
    let letters: String = plain.chars().filter(|letter| *letter != '\'' && *letter != '’').collect();
    if let Some((_, sounds)) = EXCEPTIONS.iter().find(|(exception, _)| *exception == letters) {
        return sounds.to_vec();
    }
    let mut sounds = Vec::new();
    let mut rest = letters.as_str();
    while let Some(first) = rest.chars().next() {
        let before = &letters[..letters.len() - rest.len()];
        rest = &rest[speak_start(before, rest, first, &mut sounds)..];
    }
    sounds
}

/// Adds the sounds of the beginning of `rest`; how many bytes of it they take.
fn speak_start(before: &str, rest: &str, first: char, sounds: &mut Vec<Sound>) -> usize {
    let next = rest[first.len_utf8()..].chars().next();
    let is_front = next.is_some_and(|next| matches!(next, 'e' | 'i' | 'y'));
    if let Some(digit) = first.to_digit(10) {
        sounds.extend(DIGITS[digit as usize]);
        return first.len_utf8();
    }
    if !first.is_ascii_lowercase() {
        sounds.extend(foreign(first));
        return first.len_utf8();
    }
    if let Some(long) = long_vowel(rest) {
        sounds.extend(long);
        return 1;
    }
    let has_vowel = sounds.iter().any(|sound| sound.is_vowel());
    match first {
        // Silent at the end of a word that has another vowel, and the k of knee, the w of write.
        'e' if next.is_none() && has_vowel => return 1,
        'k' if before.is_empty() && next == Some('n') => return 1,
        'w' if before.is_empty() && next == Some('r') => return 1,
        'c' if next != Some('h') && next != Some('k') => sounds.push(if is_front { S } else { K }),
        'g' if is_front && has_vowel => sounds.extend([D, Zh]),
        'y' if before.is_empty() => sounds.push(Y),
        'y' if has_vowel => sounds.push(Iy),
        'y' => sounds.extend([Aa, Iy]),
        'x' => sounds.extend([K, S]),
        // The plural of what ends in voice.
        's' if next.is_none()
            && sounds.last().is_some_and(|last| matches!(last, M | N | L | B | D | G | Iy | Uw | Er)) =>
        {
            sounds.push(Z);
        }
        't' if rest.starts_with("th")
            && before.is_empty()
            && matches!(rest.as_bytes().get(2), Some(b'a' | b'e' | b'i' | b'o')) =>
        {
            sounds.push(Dh);
            return 2;
        }
        _ => {
            let rule = RULES.iter().find(|(spelling, _)| rest.starts_with(spelling));
            sounds.extend(rule.map_or(&[][..], |(_, spoken)| spoken));
            return rule.map_or(1, |(spelling, _)| spelling.len());
        }
    }
    1
}

/// A vowel before one consonant and a last e is long: late, time, home, rule.
fn long_vowel(rest: &str) -> Option<&'static [Sound]> {
    let [vowel, consonant, b'e', end @ ..] = rest.as_bytes() else { return None };
    let is_end = matches!(end, [] | [b's' | b'd']);
    if !is_end || matches!(consonant, b'a' | b'e' | b'i' | b'o' | b'u' | b'w' | b'x' | b'y' | b'r') {
        return None;
    }
    match vowel {
        b'a' => Some(&[Eh, Iy]),
        b'e' => Some(&[Iy]),
        b'i' => Some(&[Aa, Iy]),
        b'o' => Some(&[Ao, Uw]),
        b'u' => Some(&[Uw]),
        _ => None,
    }
}

/// The Latin letter that one with a mark is read as.
fn base_letter(letter: char) -> char {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'æ' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' | 'œ' => 'o',
        'š' | 'ś' | 'ş' | 'ß' => 's',
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ž' | 'ź' | 'ż' => 'z',
        other => other,
    }
}

/// A letter of another script: a vowel if it is known to be one, otherwise a syllable or a consonant.
fn foreign(letter: char) -> Vec<Sound> {
    if !letter.is_alphanumeric() {
        return Vec::new();
    }
    let number = letter as usize;
    match letter {
        'а' | 'я' | 'α' | 'ά' => vec![Aa],
        'е' | 'э' | 'ё' | 'ε' | 'έ' => vec![Eh],
        'и' | 'ы' | 'й' | 'η' | 'ή' | 'ι' | 'ί' | 'υ' | 'ύ' => vec![Iy],
        'о' | 'ο' | 'ό' | 'ω' | 'ώ' => vec![Ao],
        'у' | 'ю' => vec![Uw],
        'ь' | 'ъ' => Vec::new(),
        // Greek and Cyrillic have letters for consonants; most other scripts write syllables or only consonants.
        '\u{370}'..='\u{52F}' => vec![ONSETS[number % ONSETS.len()]],
        _ => vec![ONSETS[number % ONSETS.len()], VOWELS[number / ONSETS.len() % VOWELS.len()]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_are_said_as_they_are() {
        assert_eq!(pronounce("Hello"), [H, Eh, L, Ao, Uw]);
        assert_eq!(pronounce("ship"), [Sh, Ih, P]);
        assert_eq!(pronounce("time"), [T, Aa, Iy, M]);
        assert_eq!(pronounce("knee"), [N, Iy]);
        assert_eq!(pronounce("station"), [S, T, Ae, Sh, Ax, N]);
        assert_eq!(pronounce("this"), [Dh, Ih, S]);
        assert_eq!(pronounce("city"), [S, Ih, T, Iy]);
        assert_eq!(pronounce("dogs"), [D, Aa, G, Z]);
        assert_eq!(pronounce("42"), [F, Ao, R, T, Uw]);
    }

    #[test]
    fn other_scripts_are_spoken_too() {
        assert_eq!(pronounce("über"), pronounce("uber"));
        assert!(!pronounce("привет").is_empty());
        assert_eq!(pronounce("你好").len(), 4);
        assert!(pronounce("—…").is_empty());
    }
}
