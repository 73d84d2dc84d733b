//! A few facts people test assistants with.

use super::Language;
use super::composer::Composer;

/// Countries and their capitals, as English writes them.
const CAPITALS: &[(&str, &str)] = &[
    ("France", "Paris"),
    ("Germany", "Berlin"),
    ("Spain", "Madrid"),
    ("Italy", "Rome"),
    ("Portugal", "Lisbon"),
    ("England", "London"),
    ("United Kingdom", "London"),
    ("UK", "London"),
    ("Ireland", "Dublin"),
    ("Scotland", "Edinburgh"),
    ("Netherlands", "Amsterdam"),
    ("Belgium", "Brussels"),
    ("Switzerland", "Bern"),
    ("Austria", "Vienna"),
    ("Poland", "Warsaw"),
    ("Czech Republic", "Prague"),
    ("Hungary", "Budapest"),
    ("Greece", "Athens"),
    ("Turkey", "Ankara"),
    ("Russia", "Moscow"),
    ("Ukraine", "Kyiv"),
    ("Sweden", "Stockholm"),
    ("Norway", "Oslo"),
    ("Denmark", "Copenhagen"),
    ("Finland", "Helsinki"),
    ("Iceland", "Reykjavík"),
    ("Romania", "Bucharest"),
    ("Bulgaria", "Sofia"),
    ("Croatia", "Zagreb"),
    ("Serbia", "Belgrade"),
    ("USA", "Washington, D.C."),
    ("United States", "Washington, D.C."),
    ("Canada", "Ottawa"),
    ("Mexico", "Mexico City"),
    ("Brazil", "Brasília"),
    ("Argentina", "Buenos Aires"),
    ("Chile", "Santiago"),
    ("Peru", "Lima"),
    ("Colombia", "Bogotá"),
    ("Cuba", "Havana"),
    ("China", "Beijing"),
    ("Japan", "Tokyo"),
    ("South Korea", "Seoul"),
    ("India", "New Delhi"),
    ("Pakistan", "Islamabad"),
    ("Indonesia", "Jakarta"),
    ("Thailand", "Bangkok"),
    ("Vietnam", "Hanoi"),
    ("Philippines", "Manila"),
    ("Malaysia", "Kuala Lumpur"),
    ("Australia", "Canberra"),
    ("New Zealand", "Wellington"),
    ("Egypt", "Cairo"),
    ("Morocco", "Rabat"),
    ("Nigeria", "Abuja"),
    ("Kenya", "Nairobi"),
    ("Ethiopia", "Addis Ababa"),
    ("South Africa", "Pretoria"),
    ("Israel", "Jerusalem"),
    ("Saudi Arabia", "Riyadh"),
    ("Iran", "Tehran"),
    ("Iraq", "Baghdad"),
    // As the other languages write them, where that differs.
    ("Francia", "París"),
    ("Alemania", "Berlín"),
    ("España", "Madrid"),
    ("Italia", "Roma"),
    ("Japón", "Tokio"),
    ("Allemagne", "Berlin"),
    ("Espagne", "Madrid"),
    ("Italie", "Rome"),
    ("Japon", "Tokyo"),
    ("Angleterre", "Londres"),
    ("Frankreich", "Paris"),
    ("Deutschland", "Berlin"),
    ("Spanien", "Madrid"),
    ("Italien", "Rom"),
    ("Österreich", "Wien"),
    ("Schweiz", "Bern"),
    ("Inglaterra", "Londres"),
    ("Suisse", "Berne"),
    ("Suiza", "Berna"),
    ("Polen", "Warschau"),
];

impl Composer<'_> {
    /// The capital the prompt asks for.
    pub(super) fn capital_name(&self) -> Option<&'static str> {
        self.country().map(|(_, capital)| *capital)
    }

    fn country(&self) -> Option<&'static (&'static str, &'static str)> {
        let asked = self.brief.clause(self.brief.from as usize);
        CAPITALS.iter().find(|(country, _)| find_ignoring_case(asked, country))
    }

    /// Names the capital asked for, or writes about the question where it is not known.
    pub(super) fn capital(&mut self, out: &mut String) {
        let Some((country, capital)) = self.country() else {
            let phrase = self.pick(self.bank.facts);
            return self.say(out, phrase);
        };
        (self.slots.a, self.slots.b) = (country, capital);
        let definite = ["Netherlands", "UK", "United", "USA", "Philippines", "Czech"]
            .iter()
            .any(|start| country.starts_with(start));
        let phrase = match self.brief.language {
            Language::English if definite => "The capital of the {a} is {b}.",
            Language::English => "The capital of {a} is {b}.",
            Language::Spanish => "La capital de {a} es {b}.",
            Language::French => "La capitale ({a}) est {b}.",
            Language::German => "Die Hauptstadt von {a} ist {b}.",
            Language::Chinese => "{a}的首都是{b}。",
            Language::Japanese => "{a}の首都は{b}です。",
        };
        self.say(out, phrase);
    }
}

fn find_ignoring_case(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    text.windows(word.len()).enumerate().any(|(at, window)| {
        let bounded = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        window.eq_ignore_ascii_case(word)
            && bounded(at.checked_sub(1).and_then(|before| text.get(before)))
            && bounded(text.get(at + word.len()))
    })
}
