//! The directory that metrics are kept in: `state.json`, which a server goes on from, the last export in each format, and
//! earlier exports under `snapshots/`, thinned out as they grow older.
//!
//! Every file appears whole: it is written beside its place, synced and renamed, so that nobody reads half of one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Kept, KeptError};

const STATE: &str = "state.json";
const DAMAGED: &str = "state.damaged.json";
const LOCK: &str = "lock";
const SNAPSHOTS: &str = "snapshots";
/// Ends of names of files that are being written.
const PART: &str = ".part";

/// Bytes of all snapshots; of more, the oldest go.
pub const MOST_HISTORY_BYTES: u64 = 256 * 1024 * 1024;

/// How long all snapshots are kept; from then on one a minute.
const RAW: Duration = Duration::from_secs(3600);
/// How long one snapshot a minute is kept; from then on one an hour.
const BY_MINUTE: Duration = Duration::from_secs(24 * 3600);

/// A directory that one server keeps its metrics in.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    /// Held as long as this lives.
    lock: File,
}

/// A file of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// Its path in the directory.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

impl Directory {
    /// Opens the directory, or makes it. Fails where another server has it or nothing can be written there.
    pub fn open(path: &Path) -> Result<Self, KeptError> {
        fs::create_dir_all(path.join(SNAPSHOTS))?;
        let lock = File::create(path.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => KeptError::Locked,
            fs::TryLockError::Error(error) => KeptError::Disk(error),
        })?;
        let directory = Self { path: path.to_owned(), lock };
        for folder in [path.to_owned(), path.join(SNAPSHOTS)] {
            for (name, _) in files(&folder)?.into_iter().filter(|(name, _)| name.ends_with(PART)) {
                fs::remove_file(folder.join(name))?;
            }
        }
        Ok(directory)
    }

    /// Lets another server have it. What is written later may meet with what that one writes.
    pub fn close(&self) {
        // It ends with the process at the latest.
        let _ = self.lock.unlock();
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What an earlier server kept; `None` if there is nothing. What can't be used is put aside, so that it is not
    /// written over.
    pub fn read(&self) -> Result<Option<Kept>, KeptError> {
        let bytes = match fs::read(self.path.join(STATE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes?,
        };
        let kept = Kept::read(&bytes);
        if kept.is_err() {
            fs::rename(self.path.join(STATE), self.path.join(DAMAGED))?;
        }
        kept.map(Some)
    }

    /// Keeps `kept`, and exports (ending of the name and text) as those of a moment, Unix seconds.
    pub fn write(&self, kept: &Kept, exports: &[(&str, String)], unix: i64) -> Result<(), KeptError> {
        self.put(STATE, &kept.to_json()?)?;
        let stamp = stamp(unix);
        for (ending, text) in exports {
            let name = format!("metrics.{ending}");
            self.put(&name, text.as_bytes())?;
            let snapshot = format!("{SNAPSHOTS}/{stamp}.{ending}");
            let link = self.path.join(&snapshot);
            match fs::hard_link(self.path.join(name), &link) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                // A file system without links.
                Err(_) => self.put(&snapshot, text.as_bytes())?,
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Removes snapshots that are older than `retention`, thins those that are older than an hour out to one a minute and
    /// those older than a day to one an hour, and then removes the oldest until they have at most `most` bytes.
    pub fn thin(&self, unix: i64, retention: Duration, most: u64) -> io::Result<()> {
        let folder = self.path.join(SNAPSHOTS);
        let mut all: Vec<(i64, String, u64)> = files(&folder)?
            .into_iter()
            .filter_map(|(name, bytes)| Some((moment(name.split_once('.')?.0)?, name, bytes)))
            .collect();
        all.sort();
        let mut stays = Vec::new();
        let mut last = None;
        for (at, name, bytes) in all {
            let age = Duration::from_secs(u64::try_from(unix.saturating_sub(at)).unwrap_or(0));
            let span = if age <= RAW {
                1
            } else if age <= BY_MINUTE {
                60
            } else {
                3600
            };
            // All formats of one moment stay or go together: the first moment of a span stays.
            let is_first = last.is_none_or(|(before, of)| before == at || of != (span, at.div_euclid(span)));
            if age > retention || !is_first {
                fs::remove_file(folder.join(name))?;
                continue;
            }
            last = Some((at, (span, at.div_euclid(span))));
            stays.push((name, bytes));
        }
        let mut sum: u64 = stays.iter().map(|(_, bytes)| bytes).sum();
        for (name, bytes) in stays {
            if sum <= most {
                break;
            }
            fs::remove_file(folder.join(name))?;
            sum -= bytes;
        }
        Ok(())
    }

    /// Its files, in the order of their names.
    pub fn files(&self) -> io::Result<Vec<KeptFile>> {
        let mut all = Vec::new();
        for (folder, prefix) in [(self.path.clone(), ""), (self.path.join(SNAPSHOTS), "snapshots/")] {
            let own = files(&folder)?.into_iter().filter(|(name, _)| name != LOCK);
            all.extend(own.map(|(name, bytes)| KeptFile { name: format!("{prefix}{name}"), bytes }));
        }
        all.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(all)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let place = self.path.join(name);
        let beside = self.path.join(format!("{name}{PART}"));
        let written = File::create(&beside).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        if let Err(error) = written.and_then(|()| fs::rename(&beside, &place)) {
            // What is left of it would take room that a full disk does not have.
            let _ = fs::remove_file(&beside);
            return Err(error);
        }
        let folder = place.parent().unwrap_or(&self.path);
        File::open(folder)?.sync_all()
    }
}

/// Names and lengths of the files of a folder.
fn files(folder: &Path) -> io::Result<Vec<(String, u64)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if let (true, Ok(name)) = (metadata.is_file(), entry.file_name().into_string()) {
            all.push((name, metadata.len()));
        }
    }
    Ok(all)
}

/// `20250101T000000Z`: in the order of time, and a name on every system.
fn stamp(unix: i64) -> String {
    jiff::Timestamp::from_second(unix).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The moment of a stamp.
fn moment(stamp: &str) -> Option<i64> {
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use fakeai_core::Tick;
    use proptest::prelude::*;

    use super::*;
    use crate::archive::Archive;
    use crate::views::dates::Dates;

    fn kept() -> Kept {
        Kept::of(&Archive::default(), Dates::new(Tick::default(), 0))
    }

    fn names(directory: &Directory) -> Vec<String> {
        directory.files().unwrap().into_iter().map(|file| file.name).collect()
    }

    #[test]
    fn what_was_written_is_read_and_half_files_are_not() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = Directory::open(temporary.path()).unwrap();
        assert!(directory.read().unwrap().is_none());
        directory.write(&kept(), &[("csv", "a,b\n".to_owned())], 1_735_689_600).unwrap();
        fs::write(temporary.path().join("state.json.part"), b"{").unwrap();
        assert!(matches!(Directory::open(temporary.path()), Err(KeptError::Locked)));
        drop(directory);
        let directory = Directory::open(temporary.path()).unwrap();
        assert_eq!(directory.read().unwrap().unwrap().requests(), 0);
        assert_eq!(names(&directory), ["metrics.csv", "snapshots/20250101T000000Z.csv", "state.json"]);
        fs::write(temporary.path().join(STATE), b"{\"format\":1,").unwrap();
        assert!(matches!(directory.read(), Err(KeptError::Damaged(_))));
        // Put aside, so the next look finds nothing.
        assert!(directory.read().unwrap().is_none());
        assert!(names(&directory).contains(&DAMAGED.to_owned()));
    }

    #[test]
    fn a_full_disk_leaves_the_last_file_as_it_was() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = Directory::open(temporary.path()).unwrap();
        directory.write(&kept(), &[], 0).unwrap();
        // A folder in the way of what is written beside stands for a disk that takes nothing.
        fs::create_dir(temporary.path().join("state.json.part")).unwrap();
        assert!(matches!(directory.write(&kept(), &[], 1), Err(KeptError::Disk(_))));
        assert!(directory.read().unwrap().is_some());
    }

    #[test]
    fn snapshots_are_thinned_out_as_they_grow_older() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = Directory::open(temporary.path()).unwrap();
        let now = 1_735_689_600;
        for (count, step, from) in [(10, 10, 0), (12, 20, 7200), (4, 1800, 100_000), (1, 1, 900_000)] {
            for number in 0..count {
                let at = now - from - number * step;
                fs::write(temporary.path().join(format!("snapshots/{}.json", stamp(at))), b"12345678").unwrap();
                fs::write(temporary.path().join(format!("snapshots/{}.csv", stamp(at))), b"1").unwrap();
            }
        }
        fs::write(temporary.path().join("snapshots/mine.txt"), b"x").unwrap();
        let count = || names(&directory).iter().filter(|name| name.starts_with("snapshots/2")).count();
        directory.thin(now, Duration::from_secs(168 * 3600), u64::MAX).unwrap();
        // Ten of the last hour, one of each of five minutes, one of each of three hours; in two formats.
        assert_eq!(count(), 2 * (10 + 5 + 3));
        directory.thin(now, Duration::from_secs(24 * 3600), u64::MAX).unwrap();
        assert_eq!(count(), 2 * (10 + 5));
        directory.thin(now, Duration::from_secs(24 * 3600), 90).unwrap();
        assert_eq!(count(), 20);
        assert!(names(&directory).contains(&"snapshots/mine.txt".to_owned()));
    }

    proptest! {
        #[test]
        fn stamps_are_moments(unix in -60_000_000_000_i64..250_000_000_000, text in any::<String>()) {
            if unix >= 0 {
                prop_assert_eq!(moment(&stamp(unix)), Some(unix));
            }
            let _ = moment(&text);
        }
    }
}
