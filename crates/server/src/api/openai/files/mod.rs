//! Files: taken in piece by piece, listed, read back, deleted. What is in them is the business of who uses them.

mod content;
mod lines;
mod purpose;
mod reader;
mod routes;
mod stored;

pub(super) use content::{Wanted, unsatisfiable, wanted};
pub(super) use content::{content_of, read_whole, stored_content};
pub(super) use purpose::{Expiry, Purpose};
pub(super) use reader::{Line, LineReader};
pub(super) use routes::endpoints;
pub(super) use stored::{File, Intake, file_name};
