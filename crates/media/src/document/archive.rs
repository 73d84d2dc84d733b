//! ZIP archives, as office documents are ones (PKWARE APPNOTE, 4.3.12 and 4.3.16). Tables are not trusted beyond the
//! bytes that are there, and unpacking is bounded.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::MOST_TEXT_BYTES;
use crate::MediaError;

/// Archives with more members are none of an office program's.
const MOST_MEMBERS: usize = 65_536;

/// How much a document's XML may unpack to, bytes: markup outweighs text, and a bomb outweighs both.
pub(super) const fn room() -> u64 {
    2 * MOST_TEXT_BYTES as u64
}

/// A member as it is packed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member<'a> {
    pub name: &'a [u8],
    method: u16,
    packed: &'a [u8],
}

impl Member<'_> {
    /// Its content as text, which takes as much of `room` as it is long.
    pub(super) fn unpack(&self, format: &'static str, room: &mut u64) -> Result<String, MediaError> {
        let mut content = Vec::new();
        let read = match self.method {
            0 => self.packed.take(*room + 1).read_to_end(&mut content),
            8 => DeflateDecoder::new(self.packed).take(*room + 1).read_to_end(&mut content),
            _ => return Err(MediaError::Unsupported("this compression of ZIP archives")),
        };
        read.map_err(|error| MediaError::broken(format, error.to_string()))?;
        *room =
            room.checked_sub(content.len() as u64).ok_or(MediaError::TooLarge { format, limit: "64 MiB of XML" })?;
        Ok(String::from_utf8_lossy(&content).into_owned())
    }
}

/// The members whose name is `wanted`, in the order of the central directory.
pub(super) fn find(bytes: &[u8], wanted: impl Fn(&[u8]) -> bool) -> impl Iterator<Item = Member<'_>> {
    let end = memchr::memmem::rfind(bytes, b"PK\x05\x06");
    let mut at = end.and_then(|end| u32_at(bytes, end + 16)).map(|at| at as usize);
    let all = std::iter::from_fn(move || {
        let (member, next) = entry(bytes, at?)?;
        at = Some(next);
        Some(member)
    });
    // Those that say what is not so are left out.
    all.take(MOST_MEMBERS).flatten().filter(move |member| wanted(member.name))
}

/// The member whose entry of the directory is at a byte, unless it is broken, and where the next entry is.
fn entry(bytes: &[u8], at: usize) -> Option<(Option<Member<'_>>, usize)> {
    if bytes.get(at..at.checked_add(4)?)? != b"PK\x01\x02" {
        return None;
    }
    let [name, extra, comment] = [28, 30, 32].map(|field| u16_at(bytes, at + field).map(usize::from));
    let (name, next) = (name?, at + 46 + name? + extra? + comment?);
    let name = bytes.get(at + 46..at + 46 + name)?;
    Some((content(bytes, at, name), next))
}

fn content<'a>(bytes: &'a [u8], at: usize, name: &'a [u8]) -> Option<Member<'a>> {
    let start = u32_at(bytes, at + 42)? as usize;
    // The local header has its own extra field, of its own length.
    let skip = usize::from(u16_at(bytes, start + 26)?) + usize::from(u16_at(bytes, start + 28)?);
    let from = bytes.get(start + 30 + skip..)?;
    let length = (u32_at(bytes, at + 20)? as usize).min(from.len());
    Some(Member { name, method: u16_at(bytes, at + 10)?, packed: &from[..length] })
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}
