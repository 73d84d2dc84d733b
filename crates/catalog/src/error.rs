//! What can be wrong with a file of models.

use thiserror::Error;

/// Why a file of models was not taken. Each names the file, and the model and field where it can.
#[derive(Debug, Error)]
pub enum CatalogError {
    /// The file is not TOML, or not a list of models.
    #[error("{origin}:{line}: {message}")]
    Syntax {
        /// The file.
        origin: String,
        /// Line, from 1.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// A field can't be what it is.
    #[error("{origin}: model `{model}`: field `{field}`: {message}")]
    Field {
        /// The file.
        origin: String,
        /// The id of the model, or its place in the file.
        model: String,
        /// The field.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// `like` names a model that comes later, or not at all.
    #[error("{origin}: model `{model}`: field `like`: no earlier model is called `{like}`")]
    UnknownLike {
        /// The file.
        origin: String,
        /// The id of the model.
        model: String,
        /// What it names.
        like: String,
    },
    /// Two models of one file go by the same id or alias.
    #[error("{origin}: model `{model}`: `{id}` is already the id or an alias of `{other}`")]
    Duplicate {
        /// The file.
        origin: String,
        /// The id of the later model.
        model: String,
        /// The id or alias they share.
        id: String,
        /// The id of the earlier model.
        other: String,
    },
}
