//! Graders: what scores an answer of a model against what was expected of it.
//!
//! Comparisons of texts are real: equality, edit distance, BLEU, GLEU, METEOR, ROUGE and the cosine of the writer's
//! embeddings. Graders that are models or programs are simulated, and their scores follow from the texts: see
//! [`simulated`].

mod formula;
mod grade;
mod grader;
mod lcs;
mod routes;
mod similarity;
mod simulated;
mod template;

pub(super) use grader::Grader;
pub(super) use routes::endpoints;
