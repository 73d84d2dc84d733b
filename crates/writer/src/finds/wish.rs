//! What a field wants, told from its name, its description and its format.

/// What a field wants.
#[derive(Debug, PartialEq)]
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
        let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
        if has(&["email", "mail"]) && !has(&["subject", "body", "message", "content", "text"]) {
            return Self::Email;
        }
        let direction =
            has(&["city", "airport", "location", "place", "station", "country", "code"]) || words.len() == 1;
        let table: [(&[&str], Self); 18] = [
            (&["url", "uri", "link", "website", "webpage"], Self::Url),
            (&["phone", "telephone", "mobile"], Self::Phone),
            (&["currency", "currencies"], Self::Currency { into: !has(&["from", "source", "base"]) }),
            (&["language", "lang", "locale"], Self::Language),
            (&["expression", "formula", "equation", "calculation"], Self::Expression),
            (&["destination", "arrival"], Self::Place { before: &["to"] }),
            (&["origin", "departure", "source"], Self::Place { before: &["from"] }),
            (
                &["city", "location", "place", "country", "region", "town", "address", "where", "state", "destination"],
                Self::Place { before: &["in", "at", "near"] },
            ),
            (&["date", "day", "when", "deadline", "due"], Self::Date),
            (&["time", "hour"], Self::Time),
            (&["message", "body", "content", "reply", "comment", "note"], Self::Message),
            (&["query", "question", "search", "keywords", "keyword", "prompt", "input", "request", "q"], Self::Query),
            (&["id", "identifier", "number", "order", "ticket", "sku", "account"], Self::Code),
            (&["topic", "title", "subject", "task", "item", "product", "label", "theme"], Self::Title),
            (
                &[
                    "person",
                    "recipient",
                    "user",
                    "customer",
                    "contact",
                    "author",
                    "employee",
                    "guest",
                    "name",
                    "company",
                ],
                Self::Person,
            ),
            (&["ticker", "symbol", "stock"], Self::Person),
            (&["text", "sentence", "statement", "description"], Self::Message),
            (&["to"], Self::Place { before: &["to"] }),
        ];
        let unclear = |wish: &Self| matches!(wish, Self::Place { before } if before.len() == 1) && !direction;
        let found = table.into_iter().find(|(any, wish)| has(any) && !unclear(wish));
        found.map_or(Self::Other, |(_, wish)| wish)
    }
}

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
