//! A text as sentences of words: lower case, without marks, apostrophes straightened.

/// One sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sentence {
    pub words: Vec<String>,
    /// For each word, whether it stands between quotation marks.
    pub quoted: Vec<bool>,
    pub is_question: bool,
}

/// Longest word that is kept, bytes: what is longer is no word of the lists.
const LONGEST_WORD: usize = 64;
/// A sentence with more words is parted, so that a text without full stops is judged piece by piece.
const MOST_WORDS: usize = 60;

/// The sentences of a text, in order.
pub(crate) fn sentences(text: &str) -> Vec<Sentence> {
    let mut all = Vec::new();
    let mut sentence = Sentence::default();
    let mut word = String::new();
    let mut in_quotes = false;
    for letter in text.chars() {
        match letter {
            '\'' | '’' | '‘' if !word.is_empty() => word.push('\''),
            '-' if !word.is_empty() => end_word(&mut word, &mut sentence, in_quotes),
            _ if letter.is_alphanumeric() => word.extend(letter.to_lowercase().map(plain)),
            // Letters that are hidden behind marks.
            '*' | '@' | '$' if !word.is_empty() => word.push(plain(letter)),
            _ => {
                end_word(&mut word, &mut sentence, in_quotes);
                if matches!(letter, '"' | '“' | '”' | '«' | '»') {
                    in_quotes = !in_quotes;
                }
                if matches!(letter, '.' | '!' | '?' | '\n' | ';') || sentence.words.len() >= MOST_WORDS {
                    sentence.is_question = letter == '?';
                    end_sentence(&mut sentence, &mut all);
                }
            }
        }
    }
    end_word(&mut word, &mut sentence, in_quotes);
    end_sentence(&mut sentence, &mut all);
    all
}

/// The letter that a mark or an accented letter stands for.
const fn plain(letter: char) -> char {
    match letter {
        '@' | 'á' | 'à' => 'a',
        '$' => 's',
        'é' | 'è' => 'e',
        other => other,
    }
}

fn end_word(word: &mut String, sentence: &mut Sentence, in_quotes: bool) {
    let trimmed = word.trim_end_matches(['\'', '*']);
    if !trimmed.is_empty() && trimmed.len() <= LONGEST_WORD {
        sentence.words.push(trimmed.to_owned());
        sentence.quoted.push(in_quotes);
    }
    word.clear();
}

fn end_sentence(sentence: &mut Sentence, all: &mut Vec<Sentence>) {
    if !sentence.words.is_empty() {
        all.push(std::mem::take(sentence));
    }
    sentence.is_question = false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_marks_and_quotes_are_remembered() {
        let all = sentences("He said “I’ll go”. Really? Self-harm");
        let words: Vec<Vec<&str>> = all.iter().map(|one| one.words.iter().map(String::as_str).collect()).collect();
        assert_eq!(words, [vec!["he", "said", "i'll", "go"], vec!["really"], vec!["self", "harm"]]);
        assert_eq!(all[0].quoted, [false, false, true, true]);
        assert!(all[1].is_question && !all[0].is_question);
    }
}
