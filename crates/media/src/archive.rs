//! ZIP archives (PKWARE APPNOTE 6.3): what is in them, and small ones made.

use std::io::Read;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use crate::MediaError;

/// Archives with more members are not read further.
const MOST_MEMBERS: usize = 65_536;
const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

/// A ZIP archive.
#[derive(Debug)]
pub struct Archive<'a>(Vec<Member<'a>>);

/// A file in an archive, as it is packed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    pub(crate) name: &'a [u8],
    method: u16,
    packed: &'a [u8],
}

impl<'a> Archive<'a> {
    /// Reads what is in an archive from its central directory, as far as that is whole; `None` if it has none.
    pub fn open(bytes: &'a [u8]) -> Option<Self> {
        directory(bytes).map(|_| Self(members(bytes).collect()))
    }

    /// The names of its files, folders left out.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let names = self.0.iter().map(|member| String::from_utf8_lossy(member.name).into_owned());
        names.filter(|name| !name.ends_with('/'))
    }

    /// The content of a file, which may unpack to `most_bytes`.
    ///
    /// # Errors
    /// [`MediaError::Broken`] if it is not there or cannot be unpacked, [`MediaError::TooLarge`] beyond the limit.
    pub fn read(&self, name: &str, most_bytes: u64) -> Result<Vec<u8>, MediaError> {
        let found = self.0.iter().find(|member| member.name == name.as_bytes());
        let member = found.ok_or_else(|| MediaError::broken("ZIP", "the file is not in it"))?;
        member.unpack(most_bytes, MediaError::TooLarge { format: "ZIP", limit: "a file in it" })
    }
}

impl Member<'_> {
    /// Its content, which may be `most_bytes` long; `beyond` is the error if it is longer, and names the format.
    pub(crate) fn unpack(&self, most_bytes: u64, beyond: MediaError) -> Result<Vec<u8>, MediaError> {
        let format = if let MediaError::TooLarge { format, .. } = &beyond { format } else { "ZIP" };
        let mut content = Vec::new();
        let read = match self.method {
            0 => self.packed.take(most_bytes + 1).read_to_end(&mut content),
            8 => DeflateDecoder::new(self.packed).take(most_bytes + 1).read_to_end(&mut content),
            _ => return Err(MediaError::Unsupported("this compression of ZIP archives")),
        };
        read.map_err(|error| MediaError::broken(format, error.to_string()))?;
        if content.len() as u64 > most_bytes { Err(beyond) } else { Ok(content) }
    }
}

/// Where the central directory begins (APPNOTE 4.3.16).
fn directory(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memmem::rfind(bytes, END)?;
    u32_at(bytes, end + 16).map(|at| at as usize)
}

/// The members of an archive in the order of its central directory; those that say what is not so are left out.
pub(crate) fn members(bytes: &[u8]) -> impl Iterator<Item = Member<'_>> {
    let mut at = directory(bytes);
    let all = std::iter::from_fn(move || {
        let (member, next) = entry(bytes, at?)?;
        at = Some(next);
        Some(member)
    });
    all.take(MOST_MEMBERS).flatten()
}

/// The member whose entry of the directory (APPNOTE 4.3.12) is at a byte, unless it is broken, and where the next entry is.
fn entry(bytes: &[u8], at: usize) -> Option<(Option<Member<'_>>, usize)> {
    if bytes.get(at..at.checked_add(4)?)? != CENTRAL {
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

/// An archive of these files, not compressed, all of 1980-01-01: the same files give the same bytes. Names and contents
/// beyond what a ZIP of 32 bits holds are cut.
pub fn pack(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut sum = Crc::new();
        sum.update(content);
        let (size, start) = (length(content.len()), length(archive.len()));
        let name = &name.as_bytes()[..name.len().min(usize::from(u16::MAX))];
        // Version 2.0, names in UTF-8, stored, 1980-01-01 00:00, sum, both sizes, name, no extra field.
        let mut head = vec![20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0];
        head.extend(sum.sum().to_le_bytes());
        head.extend(size.to_le_bytes());
        head.extend(size.to_le_bytes());
        head.extend(u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
        head.extend([0, 0]);
        archive.extend_from_slice(LOCAL);
        archive.extend_from_slice(&head);
        archive.extend_from_slice(name);
        archive.extend_from_slice(content);
        directory.extend_from_slice(CENTRAL);
        directory.extend([20, 0]);
        directory.extend_from_slice(&head);
        // No comment, first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend_from_slice(name);
    }
    let count = u16::try_from(files.len()).unwrap_or(u16::MAX).to_le_bytes();
    let start = length(archive.len());
    archive.extend_from_slice(&directory);
    archive.extend_from_slice(END);
    archive.extend([0; 4]);
    archive.extend(count);
    archive.extend(count);
    archive.extend(length(directory.len()).to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    archive
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_is_read_again(files in proptest::collection::vec(("[a-z/ü]{1,9}[a-z]", any::<Vec<u8>>()), 0..5)) {
            let packed = pack(&files);
            let archive = Archive::open(&packed).unwrap();
            prop_assert_eq!(archive.names().count(), files.len());
            for (name, _) in &files {
                let first = files.iter().find(|(other, _)| other == name).unwrap();
                prop_assert_eq!(&archive.read(name, 1000).unwrap(), &first.1);
            }
            prop_assert!(archive.read("none", 1000).is_err());
        }

        #[test]
        fn torn_archives_are_no_panic(cut in 0..200_usize, at in 0..200_usize, byte in any::<u8>()) {
            let mut packed = pack(&[("a.txt".to_owned(), b"some text".to_vec()), ("b".to_owned(), vec![1; 40])]);
            packed.truncate(packed.len().saturating_sub(cut % 60));
            if let Some(hit) = packed.get_mut(at) {
                *hit = byte;
            }
            if let Some(archive) = Archive::open(&packed) {
                archive.names().for_each(|name| drop(archive.read(&name, 1000)));
            }
        }
    }
}
