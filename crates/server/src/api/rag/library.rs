//! Documents that answers quote: the built-in sample, or those of a directory.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use fakeai_media::{MediaError, document_text};
use fakeai_search::{Chunk, Chunking, Hit, Index, Query};
use fakeai_tokens::{Encoding, Tokenizer};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::api::nim::{DIMENSIONS, vector};

/// How documents are cut: passages of a few paragraphs.
const CHUNKING: Chunking = match Chunking::new(256, 64) {
    Some(chunking) => chunking,
    None => Chunking::AUTO,
};
const TOKENIZER: Tokenizer = Tokenizer::Bpe(Encoding::O200k);
/// Files of a directory, bytes of one, and folders within folders.
const MOST_FILES: usize = 10_000;
const MOST_FILE_BYTES: u64 = 64 << 20;
const MOST_DEPTH: usize = 8;

/// Why a directory is no library.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The directory or a file in it can't be read.
    #[error("can't read {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It has no document, or none with text.
    #[error("{} has no documents: text, Markdown, HTML, PDF, Word or PowerPoint files", path.display())]
    Empty {
        /// The directory.
        path: PathBuf,
    },
    /// It has more files than a library may have.
    #[error("{} has more than {MOST_FILES} files", path.display())]
    TooMany {
        /// The directory.
        path: PathBuf,
    },
}

/// A document, without its text.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Document {
    pub id: String,
    pub title: String,
    /// Where it is from.
    pub source: String,
    /// What filters look at.
    pub metadata: Map<String, Value>,
}

/// A document of the sample.
#[derive(Deserialize)]
struct Sample {
    #[serde(flatten)]
    document: Document,
    text: String,
}

/// A passage that was found.
#[derive(Clone, Debug)]
pub(super) struct Found<'a> {
    pub document: &'a Document,
    pub text: &'a str,
    /// 0 to 1.
    pub score: f32,
}

/// Documents, cut into passages that can be found.
#[derive(Debug)]
pub struct Library {
    documents: Vec<Document>,
    /// The document of each passage, and its text.
    passages: Vec<(usize, String)>,
    index: Index,
}

impl Library {
    fn new() -> Self {
        Self { documents: Vec::new(), passages: Vec::new(), index: Index::new(DIMENSIONS) }
    }

    /// The built-in sample: 20 short documents about circuit design with Solido tools, written for this server.
    pub(super) fn sample() -> Arc<Self> {
        static SAMPLE: LazyLock<Arc<Library>> = LazyLock::new(|| {
            let mut library = Library::new();
            // A test reads it.
            let samples: Vec<Sample> = serde_json::from_str(include_str!("sample.json")).unwrap_or_default();
            for Sample { document, text } in samples {
                library.add(document, &text);
            }
            Arc::new(library)
        });
        Arc::clone(&SAMPLE)
    }

    /// The documents in a directory and the folders in it, by name. What is no document is left out, with a warning.
    ///
    /// # Errors
    /// The directory can't be read, has too many files, or no document.
    pub fn open(directory: &Path) -> Result<Self, LibraryError> {
        let mut files = Vec::new();
        gather(directory, MOST_DEPTH, &mut files)?;
        if files.len() > MOST_FILES {
            return Err(LibraryError::TooMany { path: directory.to_owned() });
        }
        files.sort();
        let mut library = Self::new();
        for path in files {
            let name = path.strip_prefix(directory).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            let unreadable = |source| LibraryError::Unreadable { path: path.clone(), source };
            if path.metadata().map_err(unreadable)?.len() > MOST_FILE_BYTES {
                tracing::warn!(file = name, "left out: it is too large");
                continue;
            }
            let bytes = std::fs::read(&path).map_err(unreadable)?;
            match read(&name, &bytes) {
                Ok((document, text)) => library.add(document, &text),
                Err(error) => tracing::warn!(file = name, %error, "left out: it is no document"),
            }
        }
        if library.passages.is_empty() {
            return Err(LibraryError::Empty { path: directory.to_owned() });
        }
        Ok(library)
    }

    /// How many documents there are.
    pub const fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    fn add(&mut self, document: Document, text: &str) {
        let place = self.documents.len();
        for span in CHUNKING.cut(text, TOKENIZER) {
            let passage = &text[span];
            // The title tells what a passage is about that does not say so itself.
            let whole = format!("{}\n{passage}", document.title);
            let ordinal = self.passages.len() as u32;
            let (vector, terms) = (vector(&whole), fakeai_writer::terms(&whole));
            if self.index.add(Chunk { owner: place as u32, ordinal, vector: &vector, terms: &terms }) {
                self.passages.push((place, passage.to_owned()));
            }
        }
        self.documents.push(document);
    }

    /// The passages of documents that fit `filters` which answer `queries` best, the best first, each once.
    pub(super) fn search(&self, queries: &[String], filters: &Map<String, Value>, most: usize) -> Vec<Found<'_>> {
        let fits = |owner: u32| self.documents.get(owner as usize).is_some_and(|document| holds(document, filters));
        let query = |text: &String| {
            let query = Query { vector: vector(text), terms: fakeai_writer::terms(text), most, ..Query::default() };
            self.index.search(&query, fits)
        };
        let mut hits: Vec<Hit> = queries.iter().flat_map(query).collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.ordinal.cmp(&b.ordinal)));
        let mut found: Vec<Hit> = Vec::with_capacity(most);
        for hit in hits {
            if found.len() < most && found.iter().all(|known| known.ordinal != hit.ordinal) {
                found.push(hit);
            }
        }
        let shown = |hit: Hit| {
            let (place, text) = self.passages.get(hit.ordinal as usize)?;
            Some(Found { document: self.documents.get(*place)?, text, score: hit.score })
        };
        found.into_iter().filter_map(shown).collect()
    }
}

/// Whether a document has what filters ask for: each the same, whatever the case of its letters, or one of a list.
fn holds(document: &Document, filters: &Map<String, Value>) -> bool {
    filters.iter().all(|(name, wanted)| {
        let Some(own) = document.metadata.get(name) else { return false };
        match wanted {
            Value::Array(several) => several.iter().any(|one| same(own, one)),
            one => same(own, one),
        }
    })
}

fn same(own: &Value, wanted: &Value) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned).to_lowercase();
    text(own) == text(wanted)
}

/// The files in a directory and the folders in it. Names that begin with a dot are left out, and links to folders.
fn gather(directory: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), LibraryError> {
    let unreadable = |source| LibraryError::Unreadable { path: directory.to_owned(), source };
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(unreadable)?);
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            if depth > 0 {
                gather(&path, depth - 1, files)?;
            }
        } else if files.len() <= MOST_FILES && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// A file as a document and its text. Lines `name: value` between lines of `---` at its start are metadata.
fn read(name: &str, bytes: &[u8]) -> Result<(Document, String), MediaError> {
    let text = document_text(Some(name), None, bytes)?.text();
    let (fields, text) = front_matter(&text);
    let mut metadata = Map::new();
    metadata.insert("filename".to_owned(), name.rsplit('/').next().unwrap_or(name).into());
    if let Some((folder, _)) = name.rsplit_once('/') {
        metadata.insert("folder".to_owned(), folder.into());
    }
    metadata.extend(fields);
    let title = metadata.get("title").and_then(Value::as_str).map(str::to_owned);
    let title = title.unwrap_or_else(|| title_of(text, name));
    Ok((Document { id: name.to_owned(), title, source: name.to_owned(), metadata }, text.to_owned()))
}

/// The first line of a Markdown heading, else the name.
fn title_of(text: &str, name: &str) -> String {
    let heading = text.lines().find_map(|line| line.strip_prefix("# "));
    heading.map_or_else(|| name.to_owned(), |heading| heading.trim().to_owned())
}

fn front_matter(text: &str) -> (Map<String, Value>, &str) {
    let parted = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    let Some((head, rest)) = parted else { return (Map::new(), text) };
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_owned(), Value::from(value.trim().trim_matches('"'))))
    };
    (head.lines().filter_map(field).collect(), rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn ids(found: &[Found<'_>]) -> Vec<String> {
        found.iter().map(|found| found.document.id.clone()).collect()
    }

    #[test]
    fn the_sample_is_found_by_what_it_says() {
        let library = Library::sample();
        assert_eq!((library.len(), library.is_empty()), (20, false));
        let filters = json!({"family": "solido", "tool": ["SDE", "SPICE"]});
        let filters = filters.as_object().unwrap();
        for (query, best) in [
            ("How many Monte Carlo samples do I need?", "solido-sde-monte-carlo"),
            ("My simulation does not converge", "solido-spice-convergence"),
            ("license errors on the cluster", "solido-sde-cluster"),
            ("Which PVT corners should I simulate?", "solido-sde-pvt"),
        ] {
            assert_eq!(ids(&library.search(&[query.to_owned()], filters, 3))[0], best, "{query}");
        }
        let none = json!({"tool": "nothing"});
        assert!(library.search(&["corner".to_owned()], none.as_object().unwrap(), 3).is_empty());
    }

    #[test]
    fn a_directory_is_a_library() {
        let directory = tempfile::tempdir().unwrap();
        let empty = Library::open(directory.path());
        assert!(matches!(empty, Err(LibraryError::Empty { .. })));
        assert!(matches!(Library::open(Path::new("/nowhere/at/all")), Err(LibraryError::Unreadable { .. })));
        std::fs::create_dir(directory.path().join("tea")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
        write("tea/green.md", "---\ntool: pot\n---\n# Green tea\n\nGreen tea is steeped for two minutes.");
        write("coffee.html", "<html><body><p>Coffee is brewed for four minutes.</p></body></html>");
        write("picture.bin", "\0\u{1}\u{2}");
        let library = Library::open(directory.path()).unwrap();
        assert_eq!(library.len(), 2);
        let found = library.search(&["How long is green tea steeped?".to_owned()], &Map::new(), 1);
        assert_eq!((found[0].document.id.as_str(), found[0].document.title.as_str()), ("tea/green.md", "Green tea"));
        assert_eq!(found[0].document.metadata["tool"], "pot");
        assert_eq!(found[0].document.metadata["folder"], "tea");
        assert!(!found[0].text.contains("---"));
    }

    proptest! {
        #[test]
        fn any_file_is_a_document_or_none(bytes: Vec<u8>, text in "(?s)(---\n)?.{0,60}(\n---\n)?.{0,20}") {
            drop(read("a.md", &bytes));
            drop(read("a.md", text.as_bytes()));
        }
    }
}
