//! What a reader sees of an HTML page, and the entities that XML shares.

/// Elements whose content is not shown.
const HIDDEN: [&str; 5] = ["script", "style", "noscript", "template", "svg"];
/// Elements that begin a line.
const BLOCKS: [&str; 26] = [
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "section",
    "article",
    "header",
    "footer",
    "title",
    "pre",
    "blockquote",
    "hr",
    "dt",
    "dd",
    "nav",
    "main",
];

/// The visible text: a line for each block, white space folded, entities resolved.
pub(super) fn visible_text(html: &str) -> String {
    let mut text = Folded::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        if !rest[1..].starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?')) {
            text.push("<");
            rest = &rest[1..];
            continue;
        }
        let (tag, after) = split_tag(rest);
        rest = after;
        let is_end = tag.starts_with('/');
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        if HIDDEN.contains(&name.as_str()) && !is_end && !tag.ends_with('/') {
            rest = after_element(rest, &name);
        } else if BLOCKS.contains(&name.as_str()) {
            text.new_line();
        } else if matches!(name.as_str(), "td" | "th") {
            text.push(" ");
        }
    }
    text.push(rest);
    text.lines.trim().to_owned()
}

/// What is between the angle brackets at the start, and what comes after. Quoted brackets do not end it.
fn split_tag(html: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, byte) in html.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (None, b'>') => return (&html[1..at], &html[at + 1..]),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    ("", "")
}

/// What comes after the end tag of `name`.
fn after_element<'a>(html: &'a str, name: &str) -> &'a str {
    let is_end = |at: &usize| {
        let after = html.as_bytes().get(at + 2..at + 2 + name.len());
        after.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    };
    match html.match_indices("</").map(|(at, _)| at).find(is_end) {
        Some(at) => html[at..].find('>').map_or("", |end| &html[at + end + 1..]),
        None => "",
    }
}

/// Text with its white space folded.
#[derive(Default)]
struct Folded {
    lines: String,
    has_gap: bool,
}

impl Folded {
    fn push(&mut self, raw: &str) {
        for character in unescape(raw).chars() {
            if character.is_whitespace() && character != '\u{a0}' {
                self.has_gap = true;
                continue;
            }
            if self.has_gap && !self.lines.is_empty() && !self.lines.ends_with('\n') {
                self.lines.push(' ');
            }
            self.has_gap = false;
            self.lines.push(if character == '\u{a0}' { ' ' } else { character });
        }
    }

    fn new_line(&mut self) {
        self.has_gap = false;
        if !self.lines.is_empty() && !self.lines.ends_with('\n') {
            self.lines.push('\n');
        }
    }
}

/// Replaces the entities that are common in text; others stay as they are.
pub(super) fn unescape(raw: &str) -> String {
    const LONGEST: usize = 10;
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(LONGEST + 2).position(|byte| byte == b';');
        let found = end.and_then(|end| entity(&rest[1..end]).map(|character| (end, character)));
        // What is no entity stays as it is.
        let (end, character) = found.unwrap_or((0, '&'));
        text.push(character);
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    text
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hexadecimal = number.strip_prefix(['x', 'X']).map(|digits| u32::from_str_radix(digits, 16));
        return char::from_u32(hexadecimal.unwrap_or_else(|| number.parse()).ok()?);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "hellip" => '…',
        "mdash" => '—',
        "ndash" => '–',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "laquo" => '«',
        "raquo" => '»',
        "bull" => '•',
        "middot" => '·',
        "euro" => '€',
        "pound" => '£',
        "times" => '×',
        "deg" => '°',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        "agrave" => 'à',
        "ccedil" => 'ç',
        "ntilde" => 'ñ',
        _ => return None,
    })
}
