//! What a field wants, told from its name, its description and its format.

/// What a field wants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wish<'a> {
    Email,
    Url,
    Phone,
    Date,
    Time,
    /// A number; `field` tells which one.
    Number {
        field: &'a str,
        whole: bool,
    },
    /// A place, led to by one of these words.
    Place {
        before: &'static [&'static str],
    },
    /// A city alone, without the country behind its comma.
    City,
    /// The country or state behind a city's comma.
    Country,
    Person,
    Code,
    /// A currency: the one something is turned into, or the one it is in.
    Currency {
        into: bool,
    },
    Language,
    Expression,
    Query,
    Message,
    Title,
    Other,
}

impl<'a> Wish<'a> {
    /// What the field `name` wants.
    pub(crate) fn of(name: &'a str, description: &str, format: Option<&str>, number: bool) -> Self {
        match format {
            Some("email" | "idn-email") => return Self::Email,
            Some("uri" | "url" | "uri-reference" | "iri") => return Self::Url,
            Some("date" | "date-time") => return Self::Date,
            Some("time") => return Self::Time,
            _ => {}
        }
        if number {
            return Self::Number { field: name, whole: false };
        }
        let name_words = words(name);
        match &name_words[..] {
            [one] if matches!(one.as_str(), "city" | "town") => return Self::City,
            [one] if matches!(one.as_str(), "country" | "state") => return Self::Country,
            _ => {}
        }
        let by_name = Self::by_words(&name_words);
        let told = Self::by_words(&words(description));
        match by_name {
            Self::Other => told,
            // "to", "id", "name": what they are of is in the description.
            _ if matches!(told, Self::Email | Self::Url) && name.len() <= 9 => told,
            found => found,
        }
    }

    fn by_words(words: &[String]) -> Self {
        let is = |any: &[&str], word: &str| {
            any.contains(&word) || word.strip_suffix('s').is_some_and(|one| any.contains(&one))
        };
        let has = |any: &[&str]| words.iter().any(|word| is(any, word));
        if has(&["email", "mail"]) && !has(&["subject", "body", "message", "content", "text"]) {
            return Self::Email;
        }
        // The name of a recipe is none of a person.
        if has(&["name"]) && words.len() == 2 && words.iter().any(|word| !PEOPLE.contains(&word.as_str())) {
            return Self::Title;
        }
        let is_place = has(PLACES) || words.len() == 1;
        let unclear = |wish: &Self| matches!(wish, Self::Place { before } if before.len() == 1) && !is_place;
        let found = WORDS.iter().find(|(any, wish)| has(any) && !unclear(wish));
        match found {
            Some((_, Self::Currency { .. })) => Self::Currency { into: !has(&["from", "source", "base"]) },
            Some((_, wish)) => wish.clone(),
            None => Self::Other,
        }
    }
}

/// Words of names that are of people and companies.
const PEOPLE: &[&str] = &[
    "name",
    "first",
    "last",
    "full",
    "user",
    "customer",
    "person",
    "contact",
    "author",
    "employee",
    "guest",
    "given",
    "family",
    "recipient",
    "sender",
    "company",
    "organization",
    "client",
    "patient",
    "student",
];

/// Words that say that a way's end is a place.
const PLACES: &[&str] = &["city", "airport", "location", "place", "station", "country", "code"];

/// What fields want, by the words of their names; the first that fits.
const WORDS: &[(&[&str], Wish<'static>)] = &[
    (&["url", "uri", "link", "website", "webpage"], Wish::Url),
    (&["phone", "telephone", "mobile"], Wish::Phone),
    (&["currency", "currencies"], Wish::Currency { into: true }),
    (&["language", "lang", "locale"], Wish::Language),
    (&["expression", "formula", "equation", "calculation"], Wish::Expression),
    (&["destination", "arrival"], Wish::Place { before: &["to"] }),
    (&["origin", "departure", "source"], Wish::Place { before: &["from"] }),
    (
        &["city", "location", "place", "country", "region", "town", "address", "where", "state", "destination"],
        Wish::Place { before: &["in", "at", "near"] },
    ),
    (&["date", "day", "when", "deadline", "due"], Wish::Date),
    (&["time", "hour"], Wish::Time),
    (&["message", "body", "content", "reply", "comment", "note"], Wish::Message),
    (&["query", "question", "search", "keywords", "keyword", "prompt", "input", "request", "q"], Wish::Query),
    (&["id", "identifier", "number", "order", "ticket", "sku", "account"], Wish::Code),
    (&["topic", "title", "subject", "task", "item", "product", "label", "theme"], Wish::Title),
    (
        &["person", "recipient", "user", "customer", "contact", "author", "employee", "guest", "name", "company"],
        Wish::Person,
    ),
    (&["people", "participant", "attendee", "member", "speaker", "player", "friend"], Wish::Person),
    (&["ticker", "symbol", "stock"], Wish::Person),
    (&["text", "sentence", "statement", "description"], Wish::Message),
    (&["to"], Wish::Place { before: &["to"] }),
];

/// The words of a name in any style, lower case.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for letter in name.chars().take(200) {
        let starts = !before.is_alphanumeric() || (letter.is_uppercase() && before.is_lowercase());
        if letter.is_alphanumeric() {
            if starts {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
        }
        before = letter;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_told_from_names() {
        let wish = |name| Wish::of(name, "", None, false);
        assert_eq!(wish("recipientEmail"), Wish::Email);
        assert_eq!(wish("email_subject"), Wish::Title);
        assert_eq!(wish("location"), Wish::Place { before: &["in", "at", "near"] });
        assert_eq!((wish("city"), wish("country")), (Wish::City, Wish::Country));
        assert_eq!(wish("from_currency"), Wish::Currency { into: false });
        assert_eq!(wish("user_name"), Wish::Person);
        assert_eq!(wish("q"), Wish::Query);
        assert_eq!(wish("flavour"), Wish::Other);
        assert_eq!(Wish::of("x", "The city to look up", None, false), wish("location"));
    }
}
