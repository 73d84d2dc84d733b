//! Opening the file, and cleaning up behind a process that died.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use redb::{Database, DatabaseError, ReadableTable, StorageBackend, StorageError};

use super::blobs;
use super::tables::{META, Tables};
use crate::StoreError;

/// What is stored is written like this; a file of another format is refused.
const FORMAT: u64 = 1;
/// Numbers that one opening may give: the numbers of the next are above them.
const NUMBERS: u32 = 40;
/// Memory for pages of the file.
const CACHE_BYTES: usize = 64 << 20;

/// Why a home could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the file.
    #[error("can't open the store {}: another process is using it", .0.display())]
    Locked(PathBuf),
    /// It is a store, but one of another version.
    #[error("can't open the store {}: its format is {found}, and this version reads {FORMAT}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
    /// It is no store, or it is damaged.
    #[error("can't open the store {}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The disk does not let us.
    #[error("can't open the store {}: {source}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Opens the file, as often as it has to be.
#[derive(Debug)]
pub(super) struct Opener {
    path: PathBuf,
    /// Bytes that stay free on the disk.
    pub(super) reserve_bytes: u64,
    /// The file itself, where a test has another one.
    backend: Option<MakeBackend>,
}

/// Makes the file that the database writes to.
pub(super) type MakeBackend = fn(&Path) -> std::io::Result<Box<dyn StorageBackend>>;

/// A file that was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) database: Database,
    /// The first number that was never given.
    pub(super) sequence: u64,
}

impl Opener {
    pub(super) fn file(path: &Path) -> Self {
        Self { path: path.to_owned(), reserve_bytes: 16 << 20, backend: None }
    }

    #[cfg(test)]
    pub(super) fn over(path: &Path, backend: MakeBackend) -> Self {
        Self { backend: Some(backend), ..Self::file(path) }
    }

    /// The directory of blobs.
    pub(super) fn directory(&self) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or(OsStr::new("store")).to_owned();
        name.push(".blobs");
        self.path.with_file_name(name)
    }

    pub(super) fn failed(&self, source: std::io::Error) -> OpenError {
        OpenError::Disk { path: self.path.clone(), source }
    }

    fn damaged(&self, reason: &dyn std::fmt::Display) -> OpenError {
        OpenError::Damaged { path: self.path.clone(), reason: reason.to_string() }
    }

    /// Opens the file, counts the opening, and removes blobs that it does not know.
    pub(super) fn open(&self) -> Result<Opened, OpenError> {
        let database = self.database()?;
        let sequence = self.begin(&database)?;
        self.sweep(&database).map_err(|error| self.damaged(&error))?;
        Ok(Opened { database, sequence })
    }

    /// Opens the file again after the disk failed. Nothing if that fails too: everything does until it succeeds.
    pub(super) fn open_again(&self) -> Option<Database> {
        self.database().ok()
    }

    /// Whether the disk has room for a transaction, with some left for the file system itself and for deletions.
    pub(super) fn has_room(&self) -> bool {
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let space = rustix::fs::statvfs(directory.unwrap_or(Path::new(".")));
        // A file system that does not tell will say when it is full.
        space.map_or(true, |space| space.f_bavail.saturating_mul(space.f_frsize) >= self.reserve_bytes)
    }

    fn database(&self) -> Result<Database, OpenError> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_BYTES);
        let opened = match self.backend {
            None => builder.create(&self.path),
            Some(backend) => {
                builder.create_with_backend(Boxed(backend(&self.path).map_err(|error| self.failed(error))?))
            }
        };
        opened.map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
                OpenError::Locked(self.path.clone())
            }
            // This is what it says of a file that is none of its own.
            DatabaseError::Storage(StorageError::Io(source)) if source.kind() == std::io::ErrorKind::InvalidData => {
                self.damaged(&"it is no store of fakeai")
            }
            DatabaseError::Storage(StorageError::Io(source)) => self.failed(source),
            other => self.damaged(&other),
        })
    }

    /// Checks the format, and takes the numbers of this opening.
    fn begin(&self, database: &Database) -> Result<u64, OpenError> {
        let begun = || -> Result<(u64, u64), StoreError> {
            let transaction = database.begin_write()?;
            // Makes those that are not there yet, so that readers find them.
            drop(Tables::open(&transaction)?);
            let mut meta = transaction.open_table(META)?;
            let format = meta.get("format")?.map_or(FORMAT, |format| format.value());
            let openings = meta.get("openings")?.map_or(0, |openings| openings.value()) + 1;
            meta.insert("format", format)?;
            meta.insert("openings", openings)?;
            drop(meta);
            if format == FORMAT {
                transaction.commit()?;
            }
            Ok((format, openings))
        };
        match begun().map_err(|error| self.damaged(&error))? {
            (FORMAT, openings) => Ok(openings << NUMBERS),
            (found, _) => Err(OpenError::Format { path: self.path.clone(), found }),
        }
    }

    /// Removes files of blobs that nobody refers to: those of a process that died while it took them in.
    fn sweep(&self, database: &Database) -> Result<(), StoreError> {
        let directory = self.directory();
        std::fs::create_dir_all(&directory)?;
        let transaction = database.begin_write()?;
        let mut tables = Tables::open(&transaction)?;
        let Tables { blobs: rows, documents, .. } = &mut tables;
        let (mut known, mut failed) = (HashSet::new(), None);
        rows.retain(|(space, id), row| {
            // The content of a document that was never made: the process died between the two.
            let belongs = |(kind, id)| match documents.get((space, kind, id)) {
                Ok(found) => found.is_some(),
                Err(error) => {
                    failed = Some(error);
                    true
                }
            };
            let stays = id.split_once('/').is_none_or(belongs);
            if stays {
                known.extend(blobs::file_of(row));
            }
            stays
        })?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        drop(tables);
        transaction.commit()?;
        for file in std::fs::read_dir(&directory)? {
            let file = file?;
            let ours = file.file_name().to_str().is_some_and(blobs::is_file_name);
            if ours && !known.iter().any(|number| file.file_name() == *blobs::file_name(*number)) {
                std::fs::remove_file(file.path())?;
            }
        }
        Ok(())
    }
}

/// A backend of a kind that is known only when it runs.
#[derive(Debug)]
struct Boxed(Box<dyn StorageBackend>);

impl StorageBackend for Boxed {
    fn len(&self) -> Result<u64, std::io::Error> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> Result<(), std::io::Error> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        self.0.write(offset, data)
    }

    fn close(&self) -> Result<(), std::io::Error> {
        self.0.close()
    }
}
