//! How long a certificate is valid: just enough of PEM (RFC 7468) and DER (X.690) to find the two dates of X.509.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0]`: the version that a certificate may begin with.
const VERSION: u8 = 0xA0;

/// From when and until when the first certificate of a PEM text is valid, Unix seconds.
pub(super) fn validity(pem: &str) -> Option<(i64, i64)> {
    let (_, rest) = pem.split_once(BEGIN)?;
    let (body, _) = rest.split_once(END)?;
    let packed: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = STANDARD.decode(packed).ok()?;
    let (certificate, _) = part(&bytes, SEQUENCE)?;
    let (mut rest, _) = part(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = part(rest, VERSION)?.1;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        rest = part(rest, *rest.first()?)?.1;
    }
    let (dates, _) = part(rest, SEQUENCE)?;
    let (from, rest) = date(dates)?;
    Some((from, date(rest)?.0))
}

/// The content of an element of this kind, and what follows it.
fn part(bytes: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if first != kind {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7F => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7F))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// A date, `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`, and what follows it.
fn date(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let kind = *bytes.first().filter(|kind| matches!(**kind, UTC_TIME | GENERALIZED_TIME))?;
    let (text, rest) = part(bytes, kind)?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (years, text) = text.split_at_checked(if kind == UTC_TIME { 2 } else { 4 })?;
    let year: i64 = years.parse().ok()?;
    // RFC 5280, 4.1.2.5.1: two digits from 50 on are of the last century.
    let year = if kind == UTC_TIME { year + if year < 50 { 2000 } else { 1900 } } else { year };
    let two = |at: usize| text.get(at..at + 2)?.parse::<i64>().ok();
    let (month, day, hour, minute, second) = (two(0)?, two(2)?, two(4)?, two(6)?, two(8)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some((days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second, rest))
}

/// Days since 1970-01-01 in the Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The outline of a certificate with these dates.
    fn pem(from: &[u8], until: &[u8]) -> String {
        let element = |kind: u8, content: &[u8]| [&[kind, u8::try_from(content.len()).unwrap()], content].concat();
        let dates = [element(UTC_TIME, from), element(GENERALIZED_TIME, until)].concat();
        let parts = [
            element(VERSION, &element(2, &[2])),
            element(2, &[1]),
            element(SEQUENCE, &[]),
            element(SEQUENCE, &[]),
            element(SEQUENCE, &dates),
        ];
        let certificate = element(SEQUENCE, &element(SEQUENCE, &parts.concat()));
        format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(certificate))
    }

    #[test]
    fn dates_are_found() {
        let pem = pem(b"250101000000Z", b"20260228123456Z");
        assert_eq!(validity(&pem), Some((1_735_689_600, 1_772_282_096)));
        assert_eq!(validity("nonsense"), None);
    }

    proptest! {
        #[test]
        fn torn_certificates_are_no_panic(bytes in any::<Vec<u8>>(), at in 0..60_usize, byte in any::<u8>()) {
            let _ = validity(&format!("{BEGIN}{}{END}", STANDARD.encode(&bytes)));
            let whole = pem(b"250101000000Z", b"20260228123456Z");
            let mut inner = STANDARD.decode(whole.lines().nth(1).unwrap()).unwrap();
            if let Some(hit) = inner.get_mut(at) {
                *hit = byte;
            }
            let _ = validity(&format!("{BEGIN}{}{END}", STANDARD.encode(inner)));
        }
    }
}
