//! Values that belong together: a person, a place and a company for each object, and what is made from them.

use std::fmt::Write as _;

use fakeai_core::Rng;

use crate::format::Format;
use crate::prose;

/// What can be made from a persona.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    FirstName,
    LastName,
    FullName,
    Username,
    Email,
    Phone,
    BirthDate,
    Address,
    Street,
    City,
    Location,
    Region,
    Country,
    CountryCode,
    PostalCode,
    Latitude,
    Longitude,
    Timezone,
    Company,
    Url,
    Domain,
    Date,
    Time,
    DateTime,
    Id,
    Ip,
    Slug,
    ColorHex,
    Title,
}

const WORDS: [(&str, Made); 29] = [
    ("first_name", Made::FirstName),
    ("last_name", Made::LastName),
    ("full_name", Made::FullName),
    ("username", Made::Username),
    ("email", Made::Email),
    ("phone", Made::Phone),
    ("birth_date", Made::BirthDate),
    ("address", Made::Address),
    ("street", Made::Street),
    ("city", Made::City),
    ("location", Made::Location),
    ("region", Made::Region),
    ("country", Made::Country),
    ("country_code", Made::CountryCode),
    ("postal_code", Made::PostalCode),
    ("latitude", Made::Latitude),
    ("longitude", Made::Longitude),
    ("timezone", Made::Timezone),
    ("company", Made::Company),
    ("url", Made::Url),
    ("domain", Made::Domain),
    ("date", Made::Date),
    ("time", Made::Time),
    ("datetime", Made::DateTime),
    ("id", Made::Id),
    ("ip", Made::Ip),
    ("slug", Made::Slug),
    ("color_hex", Made::ColorHex),
    ("title", Made::Title),
];

impl Made {
    pub(crate) fn named(word: &str) -> Option<Self> {
        WORDS.iter().find(|(known, _)| *known == word).map(|(_, made)| *made)
    }
}

const FIRST: [&str; 16] = [
    "Alice", "Daniel", "Maria", "James", "Sofia", "Liam", "Emma", "Noah", "Priya", "Lucas", "Hannah", "Omar", "Grace",
    "Mateo", "Yuki", "Clara",
];
const LAST: [&str; 16] = [
    "Johnson", "Garcia", "Müller", "Chen", "Patel", "Nguyen", "Rossi", "Silva", "Kowalski", "Tanaka", "Brown",
    "Martin", "Dubois", "Hansen", "Okafor", "Miller",
];
const COMPANIES: [&str; 10] = [
    "Northwind Traders",
    "Acme Corporation",
    "Bluefield Labs",
    "Harbor & Sons",
    "Summit Analytics",
    "Greenleaf Foods",
    "Brightline Systems",
    "Cedar Health",
    "Orbit Logistics",
    "Lakeside Studio",
];
const STREETS: [&str; 8] = [
    "Maple Street",
    "Park Avenue",
    "High Street",
    "Mill Road",
    "Cedar Lane",
    "Station Road",
    "Church Street",
    "Hill Road",
];

/// City, region, country, its code, postal code, latitude, longitude, time zone, phone prefix.
type Town =
    (&'static str, &'static str, &'static str, &'static str, &'static str, f64, f64, &'static str, &'static str);

const TOWNS: [Town; 12] = [
    ("San Francisco", "CA", "United States", "US", "94103", 37.7749, -122.4194, "America/Los_Angeles", "+1 415 555 01"),
    ("New York", "NY", "United States", "US", "10001", 40.7128, -74.006, "America/New_York", "+1 212 555 01"),
    ("Austin", "TX", "United States", "US", "78701", 30.2672, -97.7431, "America/Chicago", "+1 512 555 01"),
    ("Seattle", "WA", "United States", "US", "98101", 47.6062, -122.3321, "America/Los_Angeles", "+1 206 555 01"),
    ("London", "England", "United Kingdom", "GB", "SW1A 1AA", 51.5074, -0.1278, "Europe/London", "+44 20 7946 09"),
    ("Paris", "Île-de-France", "France", "FR", "75001", 48.8566, 2.3522, "Europe/Paris", "+33 1 99 00 41 "),
    ("Berlin", "Berlin", "Germany", "DE", "10115", 52.52, 13.405, "Europe/Berlin", "+49 30 231257"),
    ("Toronto", "ON", "Canada", "CA", "M5H 2N2", 43.6532, -79.3832, "America/Toronto", "+1 416 555 01"),
    ("Sydney", "NSW", "Australia", "AU", "2000", -33.8688, 151.2093, "Australia/Sydney", "+61 2 5550 10"),
    ("Tokyo", "Tokyo", "Japan", "JP", "100-0001", 35.6762, 139.6503, "Asia/Tokyo", "+81 3 5550 00"),
    ("Madrid", "Madrid", "Spain", "ES", "28013", 40.4168, -3.7038, "Europe/Madrid", "+34 910 055 0"),
    ("Dublin", "Leinster", "Ireland", "IE", "D02 X285", 53.3498, -6.2603, "Europe/Dublin", "+353 20 915 01"),
];

/// Who and where the values of one object are about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Persona {
    first: &'static str,
    last: &'static str,
    company: &'static str,
    town: Town,
    /// Days since 2025-01-01, for dates.
    day: i16,
}

impl Persona {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let first = FIRST[rng.below(FIRST.len())];
        let last = LAST[rng.below(LAST.len())];
        let company = COMPANIES[rng.below(COMPANIES.len())];
        Self { first, last, company, town: TOWNS[rng.below(TOWNS.len())], day: rng.below(300) as i16 }
    }

    /// A value that fits the others of this persona.
    pub(crate) fn value(&self, what: Made, rng: &mut Rng) -> String {
        let (city, region, country, country_code, postal_code, latitude, longitude, timezone, phone) = self.town;
        let (first, last) = (ascii(self.first), ascii(self.last));
        match what {
            Made::FirstName => self.first.to_owned(),
            Made::LastName => self.last.to_owned(),
            Made::FullName => format!("{} {}", self.first, self.last),
            Made::Username => format!("{first}.{last}"),
            Made::Email => format!("{first}.{last}@example.com"),
            Made::Phone => format!("{phone}{:02}", rng.below(100)),
            Made::BirthDate => format!("{}-{:02}-{:02}", 1960 + rng.below(42), 1 + rng.below(12), 1 + rng.below(28)),
            Made::Address => format!("{}, {city}, {region} {postal_code}, {country}", street(rng)),
            Made::Street => street(rng),
            Made::City => city.to_owned(),
            Made::Location => format!("{city}, {region}"),
            Made::Region => region.to_owned(),
            Made::Country => country.to_owned(),
            Made::CountryCode => country_code.to_owned(),
            Made::PostalCode => postal_code.to_owned(),
            Made::Latitude => latitude.to_string(),
            Made::Longitude => longitude.to_string(),
            Made::Timezone => timezone.to_owned(),
            Made::Company => self.company.to_owned(),
            Made::Url => format!("https://www.example.com/{}", prose::slug(rng)),
            Made::Domain => format!("{}.example.com", prose::word(rng)),
            Made::Date => self.date(rng),
            Made::Time => format!("{:02}:{:02}", 8 + rng.below(11), 15 * rng.below(4)),
            Made::DateTime => self.moment(rng),
            Made::Id => hex(rng, 12),
            Made::Ip => format!("192.0.2.{}", 1 + rng.below(254)),
            Made::Slug => prose::slug(rng),
            Made::ColorHex => format!("#{}", hex(rng, 6)),
            Made::Title => prose::title(rng),
        }
    }

    /// Latitude or longitude, where a number is asked for.
    pub(crate) const fn number(&self, what: Made) -> Option<f64> {
        match what {
            Made::Latitude => Some(self.town.5),
            Made::Longitude => Some(self.town.6),
            _ => None,
        }
    }

    /// A text of the format.
    pub(crate) fn formatted(&self, format: Format, name: &str, is_varied: bool, rng: &mut Rng) -> String {
        match format {
            Format::DateTime => self.moment(rng),
            Format::Date if name.contains("birth") => self.value(Made::BirthDate, rng),
            Format::Date => self.date(rng),
            Format::Time => format!("{:02}:{:02}:{:02}Z", 6 + rng.below(16), rng.below(60), rng.below(60)),
            Format::Duration => {
                ["PT30M", "PT1H", "PT2H", "P1D", "P3D", "P1W", "P2W", "PT45M", "P1M"][rng.below(9)].to_owned()
            }
            Format::Email if is_varied => format!("{}{}@example.com", ascii(self.first), rng.below(1000)),
            Format::Email => self.value(Made::Email, rng),
            Format::Uuid => uuid(rng),
            Format::Uri => self.value(Made::Url, rng),
            Format::UriReference => format!("/{}", prose::slug(rng)),
            Format::UriTemplate => format!("/{}/{{id}}", prose::word(rng)),
            Format::Hostname => self.value(Made::Domain, rng),
            Format::Ipv4 => self.value(Made::Ip, rng),
            Format::Ipv6 => format!("2001:db8::{:x}", 1 + rng.below(65_000)),
            Format::JsonPointer => format!("/{}/{}", prose::word(rng), rng.below(10)),
            Format::RelativeJsonPointer => format!("{}/{}", rng.below(4), prose::word(rng)),
            Format::Regex => ["^[a-z]+$", "^[0-9]{4}$", "^\\w+$", "^[A-Z]{3}$"][rng.below(4)].to_owned(),
        }
    }

    fn date(&self, rng: &mut Rng) -> String {
        let start = jiff::civil::date(2025, 1, 1);
        let day = jiff::Span::new().days(i64::from(self.day) + rng.below(30) as i64);
        start.saturating_add(day).to_string()
    }

    fn moment(&self, rng: &mut Rng) -> String {
        format!("{}T{:02}:{:02}:{:02}Z", self.date(rng), 6 + rng.below(16), rng.below(60), rng.below(60))
    }
}

fn street(rng: &mut Rng) -> String {
    format!("{} {}", 1 + rng.below(240), STREETS[rng.below(STREETS.len())])
}

/// In lower case, without what addresses cannot hold.
fn ascii(name: &str) -> String {
    name.to_lowercase().replace('ü', "ue")
}

fn hex(rng: &mut Rng, digits: usize) -> String {
    let mut text = String::with_capacity(digits);
    for _ in 0..digits {
        // Writing to a string cannot fail.
        let _ = write!(text, "{:x}", rng.below(16));
    }
    text
}

/// A random UUID, version 4.
pub(crate) fn uuid(rng: &mut Rng) -> String {
    let variant = ["8", "9", "a", "b"][rng.below(4)];
    format!("{}-{}-4{}-{variant}{}-{}", hex(rng, 8), hex(rng, 4), hex(rng, 3), hex(rng, 3), hex(rng, 12))
}
