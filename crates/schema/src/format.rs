//! The formats of strings: what they are called, and whether a text has one.

use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::civil::Date;

/// A format that is checked. Others are annotations, as JSON Schema has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    DateTime,
    Date,
    Time,
    Duration,
    Email,
    Uuid,
    Uri,
    UriReference,
    Hostname,
    Ipv4,
    Ipv6,
    JsonPointer,
    RelativeJsonPointer,
    UriTemplate,
    Regex,
}

const NAMES: [(&str, Format); 21] = [
    ("date-time", Format::DateTime),
    ("date", Format::Date),
    ("time", Format::Time),
    ("duration", Format::Duration),
    ("email", Format::Email),
    ("idn-email", Format::Email),
    ("uuid", Format::Uuid),
    ("uri", Format::Uri),
    ("url", Format::Uri),
    ("iri", Format::Uri),
    ("uri-reference", Format::UriReference),
    ("iri-reference", Format::UriReference),
    ("uri-template", Format::UriTemplate),
    ("hostname", Format::Hostname),
    ("idn-hostname", Format::Hostname),
    ("ipv4", Format::Ipv4),
    ("ipv6", Format::Ipv6),
    ("json-pointer", Format::JsonPointer),
    ("relative-json-pointer", Format::RelativeJsonPointer),
    ("regex", Format::Regex),
    ("ip", Format::Ipv4),
];

impl Format {
    pub(crate) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }

    pub(crate) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// A short text of this format.
    pub(crate) const fn least(self) -> &'static str {
        match self {
            Self::DateTime => "2025-01-01T00:00:00Z",
            Self::Date => "2025-01-01",
            Self::Time => "00:00:00Z",
            Self::Duration => "P1D",
            Self::Email => "a@b.co",
            Self::Uuid => "00000000-0000-4000-8000-000000000000",
            Self::Uri => "http://a.co",
            Self::UriReference | Self::JsonPointer | Self::UriTemplate => "/a",
            Self::Hostname => "a.co",
            Self::Ipv4 => "10.0.0.1",
            Self::Ipv6 => "::1",
            Self::RelativeJsonPointer => "0",
            Self::Regex => "a",
        }
    }

    pub(crate) fn is_met(self, text: &str) -> bool {
        match self {
            Self::DateTime => {
                text.split_once(['T', 't', ' ']).is_some_and(|(date, time)| is_date(date) && is_time(time))
            }
            Self::Date => is_date(text),
            Self::Time => is_time(text),
            Self::Duration => is_duration(text),
            Self::Email => is_email(text),
            Self::Uuid => is_uuid(text),
            Self::Uri => is_uri(text),
            Self::UriReference => is_uri_reference(text),
            Self::UriTemplate => text.matches('{').count() == text.matches('}').count() && !text.contains(' '),
            Self::Hostname => is_hostname(text),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::JsonPointer => is_pointer(text),
            Self::RelativeJsonPointer => is_relative_pointer(text),
            Self::Regex => crate::ecma::translate(text).is_ok_and(|text| regex_syntax::parse(&text).is_ok()),
        }
    }
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let number = |part: &str, length| {
        (part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<i16>().ok())
            .flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    Date::new(year, month as i8, day as i8).is_ok()
}

fn is_time(text: &str) -> bool {
    let Some((time, offset)) = text.find(['Z', 'z', '+', '-']).map(|at| text.split_at(at)) else { return false };
    let two = |part: &str, most: u32| {
        part.len() == 2
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u32>().is_ok_and(|part| part <= most)
    };
    let is_zone = match offset.as_bytes() {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', rest @ ..] if rest.len() == 5 => {
            offset[1..].split_once(':').is_some_and(|(hours, minutes)| two(hours, 23) && two(minutes, 59))
        }
        _ => false,
    };
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let parts: Vec<&str> = clock.split(':').collect();
    let [hours, minutes, seconds] = parts[..] else { return false };
    is_zone
        && two(hours, 23)
        && two(minutes, 59)
        && two(seconds, 59)
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

/// ISO 8601 as RFC 3339, appendix A, has it.
fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let (date, time) = rest.split_once('T').map_or((rest, None), |(date, time)| (date, Some(time)));
    let units = |mut text: &str, order: &str| {
        let mut last = None;
        while !text.is_empty() {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let unit = text[digits..].chars().next().and_then(|unit| order.find(unit));
            let (Some(unit), true) = (unit, digits > 0) else { return false };
            // Units follow one another without a gap.
            if last.is_some_and(|last| unit != last + 1) {
                return false;
            }
            last = Some(unit);
            text = &text[digits + 1..];
        }
        last.is_some()
    };
    match time {
        None => units(date, "YMD") || units(date, "W"),
        Some(time) => units(time, "HMS") && (date.is_empty() || units(date, "YMD")),
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_word = |part: &str| {
        !part.is_empty()
            && part.chars().all(|character| character.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(character))
    };
    local.len() <= 64 && local.split('.').all(is_word) && is_hostname(domain)
}

fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    text.split('-').count() == 5
        && text
            .split('-')
            .zip(lengths)
            .all(|(part, length)| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme && is_uri_reference(rest)
}

fn is_uri_reference(text: &str) -> bool {
    !text
        .chars()
        .any(|character| character.is_whitespace() || character.is_control() || "<>\"{}|\\^`".contains(character))
}

fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|character| character.is_alphanumeric() || character == '-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_pointer(text: &str) -> bool {
    let is_escaped = |text: &str| text.split('~').skip(1).all(|part| part.starts_with(['0', '1']));
    text.is_empty() || text.starts_with('/') && is_escaped(text)
}

fn is_relative_pointer(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    !number.is_empty() && (number == "0" || !number.starts_with('0')) && (rest == "#" || is_pointer(rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_least_text_of_each_format_has_it() {
        for (name, format) in NAMES {
            assert!(format.is_met(format.least()), "{name}");
        }
    }

    #[test]
    fn dates_and_times_are_those_of_the_calendar() {
        assert!(Format::DateTime.is_met("2024-02-29T23:59:59.5+02:00"));
        for wrong in ["2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01", "2024-01-01T00:00:00"] {
            assert!(!Format::DateTime.is_met(wrong), "{wrong}");
        }
        assert!(Format::Duration.is_met("P1Y2M3DT4H") && Format::Duration.is_met("P2W"));
        assert!(!Format::Duration.is_met("P1YT") && !Format::Duration.is_met("P") && !Format::Duration.is_met("P1D2W"));
    }

    proptest! {
        #[test]
        fn no_text_makes_a_check_panic(text in ".{0,40}|[-0-9PTYMDHS:.Zé@/]{0,24}") {
            for (_, format) in NAMES {
                format.is_met(&text);
            }
        }
    }
}
