//! Values a prompt holds: names, places, numbers, dates, addresses, quoted text. Arguments of tools and fields of
//! structured answers are filled from them.

mod names;
mod scan;
mod wish;

use serde_json::{Number, Value};

use crate::embedding::Bag;

pub(crate) use wish::{Wish, words as wish_words};

/// Everything found in one text, in the order it stands there.
#[derive(Debug, Default)]
pub(crate) struct Finds {
    /// The text, without words of politeness around it.
    pub(crate) clause: String,
    quoted: Vec<String>,
    emails: Vec<String>,
    urls: Vec<String>,
    phones: Vec<String>,
    dates: Vec<String>,
    times: Vec<String>,
    codes: Vec<String>,
    numbers: Vec<FoundNumber>,
    names: Vec<FoundName>,
    expression: Option<String>,
    /// What stands behind "about", "for", "search for", …
    subject: Option<String>,
    /// What stands behind "saying", "that says", a colon.
    said: Option<String>,
    /// What the text is about, where its reader knows.
    pub(crate) topic: Option<String>,
    currencies: Vec<FoundCurrency>,
    languages: Vec<&'static str>,
}

#[derive(Debug)]
struct FoundNumber {
    value: f64,
    /// The words before and after it.
    around: String,
}

#[derive(Debug, Clone, Copy)]
struct FoundCurrency {
    code: &'static str,
    /// Whether something is to be turned into it.
    into: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct FoundName {
    text: String,
    /// The word before it, lower case.
    before: String,
}

impl Finds {
    /// What `text` holds.
    pub(crate) fn of(text: &str) -> Self {
        scan::scan(text)
    }

    /// The values that fit a wish, the best first.
    pub(crate) fn values(&self, wish: &Wish<'_>) -> Vec<Value> {
        let texts = |list: &[String]| list.iter().map(|text| Value::from(text.as_str())).collect::<Vec<_>>();
        let first = |text: &Option<String>| text.iter().map(|text| Value::from(text.as_str())).collect::<Vec<_>>();
        match wish {
            Wish::Email => texts(&self.emails),
            Wish::Url => texts(&self.urls),
            Wish::Phone => texts(&self.phones),
            Wish::Date => texts(&self.dates),
            Wish::Time => texts(&self.times),
            Wish::Number { field, whole } => self.numbers(field, *whole),
            Wish::Place { before } => self.places(before),
            Wish::City => self.places(PLACED).iter().map(|place| part(place, |(city, _)| city)).collect(),
            Wish::Country => self.countries(),
            Wish::Person => self.people(),
            Wish::Code => {
                let codes = texts(&self.codes);
                if codes.is_empty() { self.numbers("id", true).iter().map(stringified).collect() } else { codes }
            }
            Wish::Currency { into } => {
                let mut found = self.currencies.clone();
                found.sort_by_key(|currency| currency.into != *into);
                found.iter().map(|currency| Value::from(currency.code)).collect()
            }
            Wish::Language => self.languages.iter().map(|name| Value::from(*name)).collect(),
            Wish::Expression => {
                let found = first(&self.expression);
                if found.is_empty() { vec![Value::from(self.clause.as_str())] } else { found }
            }
            Wish::Query => {
                let found = first(&self.subject);
                if found.is_empty() { vec![Value::from(self.clause.as_str())] } else { found }
            }
            Wish::Message => [first(&self.said), texts(&self.quoted), vec![Value::from(self.clause.as_str())]]
                .into_iter()
                .find(|found| !found.is_empty())
                .unwrap_or_default(),
            Wish::Title => [texts(&self.quoted), self.named_subject(), first(&self.subject), first(&self.topic)]
                .into_iter()
                .find(|found| !found.is_empty())
                .unwrap_or_default(),
            Wish::Other => {
                [texts(&self.quoted), self.people()].into_iter().find(|found| !found.is_empty()).unwrap_or_default()
            }
        }
    }

    /// What the request is about, where it says so.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// What is to be said, where the request says so.
    pub(crate) fn said(&self) -> Option<&str> {
        self.said.as_deref()
    }

    /// Those of `choices` that the text names; where they are moods, the one it is in.
    pub(crate) fn chosen<'a>(&self, choices: &'a [Value]) -> Vec<&'a Value> {
        let text = format!(" {} ", plain(&self.clause));
        let named = |choice: &&Value| {
            choice.as_str().is_some_and(|name| !name.is_empty() && text.contains(&format!(" {} ", plain(name))))
        };
        let found: Vec<&Value> = choices.iter().filter(named).collect();
        if found.is_empty() { mood(&self.clause, choices).into_iter().collect() } else { found }
    }

    fn numbers(&self, field: &str, whole: bool) -> Vec<Value> {
        let words = Bag::of(field);
        let mut found: Vec<(f32, f64)> = self
            .numbers
            .iter()
            .map(|number| (words.shared(&Bag::of(&number.around)), number.value))
            .filter(|(_, value)| !whole || value.fract() == 0.0)
            .collect();
        // Those that stand alike keep their order.
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.iter().filter_map(|(_, value)| number(*value)).collect()
    }

    /// Names that stand where places stand; `before` are the words that lead to the very one wished for.
    fn places(&self, before: &[&str]) -> Vec<Value> {
        const PREPOSITIONS: [&str; 14] =
            ["in", "at", "near", "for", "of", "from", "to", "around", "and", "or", "visit", "between", "outside", ""];
        let of = |wanted: &dyn Fn(&FoundName) -> bool| -> Vec<Value> {
            self.names.iter().filter(|name| wanted(name)).map(|name| Value::from(name.text.as_str())).collect()
        };
        if !before.is_empty() {
            let led = of(&|name| before.contains(&name.before.as_str()));
            if !led.is_empty() {
                return led;
            }
        }
        let placed = of(&|name| PREPOSITIONS.contains(&name.before.as_str()));
        if placed.is_empty() { of(&|_| true) } else { placed }
    }

    /// What stands behind the commas of places; a place without one may be a country itself.
    fn countries(&self) -> Vec<Value> {
        let places = self.places(PLACED);
        let behind = |place: &&Value| place.as_str().is_some_and(|text| text.contains(", "));
        let found: Vec<Value> = places.iter().filter(behind).map(|place| part(place, |(_, country)| country)).collect();
        if found.is_empty() { places } else { found }
    }

    /// How many things the text speaks of that have a field of each of these names: as many as it has names, places or
    /// addresses for one of them.
    pub(crate) fn count(&self, fields: &[&str]) -> Option<usize> {
        let named = fields.iter().map(|field| match Wish::of(field, "", None, false) {
            wish @ (Wish::Person | Wish::City | Wish::Place { .. } | Wish::Email | Wish::Code) => {
                self.values(&wish).len()
            }
            _ => 0,
        });
        named.max().filter(|count| *count > 0)
    }

    /// Names within what the request is about: the movie Inception is called Inception.
    fn named_subject(&self) -> Vec<Value> {
        let subject = self.subject.as_deref().unwrap_or_default();
        let within = self.names.iter().filter(|name| subject.contains(&name.text));
        within.map(|name| Value::from(name.text.as_str())).collect()
    }

    /// The numbers in the order they stand, for lists of things with one each.
    pub(crate) fn numbers_in_order(&self, whole: bool) -> Vec<Value> {
        let fits = |number: &&FoundNumber| !whole || number.value.fract() == 0.0;
        self.numbers.iter().filter(fits).filter_map(|found| number(found.value)).collect()
    }

    fn people(&self) -> Vec<Value> {
        self.names.iter().map(|name| Value::from(name.text.as_str())).collect()
    }

    /// All names, for lists of them.
    pub(crate) fn listed(&self) -> Vec<Value> {
        let names = self.people();
        if names.is_empty() { self.quoted.iter().map(|text| Value::from(text.as_str())).collect() } else { names }
    }
}

/// Words that lead to a place where something is.
const PLACED: &[&str] = &["in", "at", "near"];

/// One side of a place's comma, or the whole.
fn part(place: &Value, side: impl for<'t> FnOnce((&'t str, &'t str)) -> &'t str) -> Value {
    let text = place.as_str().unwrap_or_default();
    Value::from(text.split_once(", ").map_or(text, side))
}

/// The choice for the mood of a text, if the choices are moods.
fn mood<'a>(text: &str, choices: &'a [Value]) -> Option<&'a Value> {
    const GOOD: &str = "love loved great excellent amazing wonderful happy good best fantastic perfect awesome enjoy \
                        enjoyed recommend pleased delighted beautiful brilliant superb thanks";
    const BAD: &str = "hate hated terrible awful bad worst horrible poor broken disappointed disappointing sad angry \
                       useless refund slow rude never waste boring unhappy annoying failed";
    let choice =
        |name: &str| choices.iter().find(|choice| choice.as_str().is_some_and(|text| text.eq_ignore_ascii_case(name)));
    let (good, bad) = (choice("positive")?, choice("negative")?);
    let said = plain(text);
    let count = |words: &str| said.split(' ').filter(|word| words.split_whitespace().any(|mood| mood == *word)).count();
    match count(GOOD).cmp(&count(BAD)) {
        std::cmp::Ordering::Greater => Some(good),
        std::cmp::Ordering::Less => Some(bad),
        std::cmp::Ordering::Equal => choice("neutral"),
    }
}

fn stringified(value: &Value) -> Value {
    value.as_str().map_or_else(|| Value::from(value.to_string()), Value::from)
}

fn number(value: f64) -> Option<Value> {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Some(Value::from(value as i64));
    }
    Number::from_f64(value).map(Value::Number)
}

/// Lower case, and only letters and digits with one space between words.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(text: &str, field: &str) -> Vec<Value> {
        Finds::of(text).values(&Wish::of(field, "", None, false))
    }

    #[test]
    fn places_and_people_are_found() {
        assert_eq!(values("What's the weather in Paris and Tokyo?", "location"), [json!("Paris"), json!("Tokyo")]);
        assert_eq!(values("weather in san francisco, please", "city"), [json!("San Francisco")]);
        assert_eq!(values("Weather in San Francisco, CA today?", "location"), [json!("San Francisco, CA")]);
        assert_eq!(values("Anna Schmidt lives in Berlin, Germany.", "city"), [json!("Berlin")]);
        assert_eq!(values("Anna Schmidt lives in Berlin, Germany.", "country"), [json!("Germany")]);
        assert_eq!(values("Book a flight from Berlin to New York", "destination"), [json!("New York")]);
        assert_eq!(values("Book a flight from Berlin to New York", "origin"), [json!("Berlin")]);
        assert_eq!(values("Jason is 25 years old", "name"), [json!("Jason")]);
    }

    #[test]
    fn numbers_dates_and_addresses_are_found() {
        let numbers = |text: &str, field: &str| Finds::of(text).values(&Wish::of(field, "", None, true));
        assert_eq!(numbers("Jason is 25 years old", "age"), [json!(25)]);
        assert_eq!(numbers("Add 12.5 and 7", "a"), [json!(12.5), json!(7)]);
        assert_eq!(numbers("a table for four people at 7pm", "people"), [json!(4)]);
        assert_eq!(values("mail to bob@example.com now", "recipient_email"), [json!("bob@example.com")]);
        assert_eq!(values("see https://example.com/a?b=1.", "url"), [json!("https://example.com/a?b=1")]);
        assert_eq!(values("due 2025-03-14 at noon", "due_date"), [json!("2025-03-14")]);
        assert_eq!(values("Where is order #A-1234?", "order_id"), [json!("A-1234")]);
        assert_eq!(values("What is (3 + 4) * 12?", "expression"), [json!("(3 + 4) * 12")]);
    }

    #[test]
    fn questions_are_cut_from_their_politeness() {
        assert_eq!(values("Please search the web for rust async runtimes.", "query"), [json!("rust async runtimes")]);
        assert_eq!(values("Send Bob a message saying I am late", "message"), [json!("I am late")]);
        assert_eq!(values("Create a task called \"Buy milk\"", "title"), [json!("Buy milk")]);
    }

    #[test]
    fn a_currency_is_the_one_that_is_asked_for() {
        let text = "Convert 20 euros to the currency USD";
        assert_eq!(values(text, "currency")[0], json!("USD"));
        assert_eq!(values(text, "from_currency")[0], json!("EUR"));
        assert_eq!(values("Pay 20 euros to Bob", "currency"), [json!("EUR")]);
    }

    #[test]
    fn things_are_counted_by_what_names_them() {
        let count = |text: &str, fields: &[&str]| Finds::of(text).count(fields);
        assert_eq!(count("Jason is 25 and Sarah is 30 years old", &["name", "age"]), Some(2));
        assert_eq!(count("a list of things", &["price", "is_new"]), None);
    }

    #[test]
    fn choices_are_named() {
        let choices = [json!("celsius"), json!("fahrenheit")];
        assert_eq!(Finds::of("in Fahrenheit please").chosen(&choices), [&json!("fahrenheit")]);
    }
}
