//! Section `storage`.

use std::path::PathBuf;

use crate::config::kind::Kind;
use crate::config::section::section;

section! {
    /// Where what clients store is kept.
    storage: Storage {
        /// File that keeps what clients store, made if it is not there; large contents lie in a directory beside it.
        /// Without it they are in memory, the least recently used of them forgotten when there are too many, and gone
        /// with the server.
        path: Option<PathBuf> = None, Key::new(Kind::Path).flat("storage_path").flag("store").value("FILE");
        /// How long a vector store takes over a file, in milliseconds, and as long again over each hundred of its chunks.
        ingest_ms: f64 = 100.0, Key::milliseconds();
        /// File of requests that are made at start, JSON or YAML, so that what they make is there for the first client.
        seed_data: Option<PathBuf> = None, Key::new(Kind::File);
        /// Directory of documents that `/rag/api/prompt` retrieves, read at start. Without it there is a built-in sample.
        rag_docs: Option<PathBuf> = None, Key::new(Kind::Path).value("DIR");
        /// Hours for which the URLs of pictures are good.
        image_retention_hours: f64 = 1.0, Key::number(0.001, 8760.0).aliases(&["image-retention"]).value("HOURS");
    }
}
