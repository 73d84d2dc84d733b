//! Everyday things people ask to have listed: "Name three fruits".

use super::Language;
use super::brief::Brief;
use super::composer::Composer;
use super::tone::number;
use super::walk::Walk;
use super::words::{Cue, Words};

/// What a list is of: its names, whether these are all there are and have an order, and the things.
type Category = (&'static [&'static str], bool, &'static [&'static str]);

const CATEGORIES: &[Category] = &[
    (
        &["fruit", "fruits"],
        false,
        &[
            "Apple",
            "Banana",
            "Orange",
            "Mango",
            "Strawberry",
            "Pear",
            "Grape",
            "Pineapple",
            "Peach",
            "Kiwi",
            "Cherry",
            "Plum",
            "Watermelon",
            "Blueberry",
            "Lemon",
        ],
    ),
    (
        &["vegetable", "vegetables"],
        false,
        &[
            "Carrot",
            "Broccoli",
            "Spinach",
            "Potato",
            "Onion",
            "Cauliflower",
            "Zucchini",
            "Cabbage",
            "Kale",
            "Leek",
            "Beetroot",
            "Asparagus",
        ],
    ),
    (
        &["colour", "colours", "color", "colors"],
        false,
        &["Red", "Blue", "Green", "Yellow", "Purple", "Orange", "Pink", "Brown", "Black", "White", "Turquoise", "Grey"],
    ),
    (
        &["animal", "animals"],
        false,
        &[
            "Elephant", "Tiger", "Dolphin", "Giraffe", "Owl", "Kangaroo", "Penguin", "Fox", "Octopus", "Horse", "Wolf",
            "Turtle", "Bear", "Zebra",
        ],
    ),
    (
        &["country", "countries"],
        false,
        &[
            "France",
            "Japan",
            "Brazil",
            "Canada",
            "Kenya",
            "Australia",
            "India",
            "Mexico",
            "Norway",
            "Egypt",
            "Italy",
            "Argentina",
            "Thailand",
            "Germany",
        ],
    ),
    (
        &["city", "cities"],
        false,
        &[
            "Paris",
            "Tokyo",
            "New York",
            "London",
            "Cairo",
            "Sydney",
            "Mumbai",
            "Rome",
            "Toronto",
            "Nairobi",
            "Lisbon",
            "Buenos Aires",
        ],
    ),
    (
        &["programming language", "programming languages"],
        false,
        &[
            "Python",
            "Java",
            "Rust",
            "JavaScript",
            "C++",
            "Go",
            "Ruby",
            "Swift",
            "Kotlin",
            "TypeScript",
            "Haskell",
            "C#",
        ],
    ),
    (
        &["language", "languages"],
        false,
        &[
            "English",
            "Spanish",
            "Mandarin",
            "French",
            "Arabic",
            "Hindi",
            "Portuguese",
            "Japanese",
            "German",
            "Swahili",
            "Korean",
            "Italian",
        ],
    ),
    (
        &["book", "books", "novel", "novels"],
        false,
        &[
            "Pride and Prejudice",
            "1984",
            "To Kill a Mockingbird",
            "The Great Gatsby",
            "Moby-Dick",
            "Jane Eyre",
            "The Hobbit",
            "Frankenstein",
            "Crime and Punishment",
            "Don Quixote",
            "Dracula",
            "Brave New World",
        ],
    ),
    (
        &["movie", "movies", "film", "films"],
        false,
        &[
            "The Godfather",
            "Casablanca",
            "Spirited Away",
            "Jaws",
            "The Matrix",
            "Inception",
            "Psycho",
            "Back to the Future",
            "Toy Story",
            "Parasite",
            "Alien",
            "Seven Samurai",
        ],
    ),
    (
        &["sport", "sports"],
        false,
        &[
            "Football",
            "Tennis",
            "Basketball",
            "Swimming",
            "Cricket",
            "Volleyball",
            "Rugby",
            "Cycling",
            "Golf",
            "Badminton",
            "Rowing",
            "Ice hockey",
        ],
    ),
    (
        &["flower", "flowers"],
        false,
        &[
            "Rose",
            "Tulip",
            "Lily",
            "Sunflower",
            "Daisy",
            "Orchid",
            "Iris",
            "Poppy",
            "Lavender",
            "Peony",
            "Daffodil",
            "Carnation",
        ],
    ),
    (
        &["bird", "birds"],
        false,
        &[
            "Robin",
            "Eagle",
            "Sparrow",
            "Owl",
            "Heron",
            "Swan",
            "Parrot",
            "Crow",
            "Falcon",
            "Puffin",
            "Flamingo",
            "Kingfisher",
        ],
    ),
    (
        &["musical instrument", "musical instruments", "instrument", "instruments"],
        false,
        &[
            "Piano",
            "Guitar",
            "Violin",
            "Flute",
            "Drums",
            "Trumpet",
            "Cello",
            "Clarinet",
            "Harp",
            "Saxophone",
            "Accordion",
            "Oboe",
        ],
    ),
    (&["planet", "planets"], true, &["Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune"]),
    (
        &["month", "months"],
        true,
        &[
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
    ),
    (
        &["day", "days", "weekday", "weekdays"],
        true,
        &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    ),
    (&["season", "seasons"], true, &["Spring", "Summer", "Autumn", "Winter"]),
    (
        &["continent", "continents"],
        true,
        &["Africa", "Antarctica", "Asia", "Australia", "Europe", "North America", "South America"],
    ),
];

/// How many things are asked for, and the byte behind that number: "Name three …", "Give me 5 …", "List two …".
pub(super) fn asked(text: &str, words: &Words) -> Option<(u32, u32)> {
    let list = &words.list;
    let asks = |word: &str| ["name", "list", "give"].iter().any(|ask| word.eq_ignore_ascii_case(ask));
    let at = list.iter().take(4).position(|word| asks(word.of(text)))?;
    let me = list.get(at + 1).is_some_and(|word| word.of(text).eq_ignore_ascii_case("me"));
    let word = list.get(at + 1 + usize::from(me))?;
    let count = number(word.cue, word.of(text)).filter(|count| *count > 1)?;
    Some((count, word.end))
}

/// The category a prompt asks for, and its name as the user wrote it.
fn category<'b>(brief: &Brief<'b>) -> Option<(&'static Category, &'b str)> {
    let behind = brief.words().iter().filter(|word| word.start >= brief.from);
    let mut words = behind.skip_while(|word| {
        let lead = word.of(brief.text);
        matches!(word.cue, Cue::Function | Cue::Doer | Cue::Number(_))
            || lead.bytes().all(|byte| byte.is_ascii_digit())
            || ["popular", "famous", "common", "random", "different", "great", "classic"].contains(&lead)
    });
    let (first, second, third) = (words.next()?, words.next(), words.next());
    let named = |end: u32| {
        let name = brief.text.get(first.start as usize..end as usize)?;
        let is = |category: &&Category| category.0.iter().any(|known| name.eq_ignore_ascii_case(known));
        CATEGORIES.iter().find(is).map(|category| (category, name))
    };
    let two = second.filter(|word| word.follows).and_then(|word| named(word.end)).map(|found| (found, third));
    let (found, next) = two.or_else(|| named(first.end).map(|found| (found, second)))?;
    // "Fruit recipes" are no fruits.
    next.is_none_or(|word| !word.follows || word.cue != Cue::Content).then_some(found)
}

impl Composer<'_> {
    /// A list of things everybody knows, if that is asked for; whether it was.
    pub(super) fn things(&mut self, out: &mut String, count: u32) -> bool {
        if self.brief.language != Language::English {
            return false;
        }
        let Some(((_, whole, things), name)) = category(self.brief) else { return false };
        if count as usize > things.len() && !whole {
            return false;
        }
        let words = &mut self.brief.words().iter();
        let counted = words.any(|word| number(word.cue, word.of(self.brief.text)).is_some());
        let count = if *whole && !counted { things.len() } else { things.len().min(count as usize) };
        self.slots.n = format!("{count} {name}");
        let phrase = self.pick(&["Here are {n}:", "Sure! Here are {n}:"]);
        self.say(out, phrase);
        out.push('\n');
        let mut walk = Walk::new(things.len());
        for item in 0..count {
            let thing = things[if *whole { item } else { walk.next(&mut self.rng) }];
            out.push('\n');
            out.push_str(&(item + 1).to_string());
            out.push_str(". ");
            out.push_str(thing);
        }
        true
    }
}
