//! Section `api`.

use crate::config::kind::Kind;
use crate::config::section::section;

section! {
    /// How the API answers.
    api: Api {
        /// Status of the answer to an invalid request: 400 as the real API does, or 422 as the original system.
        validation_status: u16 = 400, Key::new(Kind::OneOfNumbers(&[400, 422])).value("STATUS");
        /// Answer ids that nobody made with an object of their kind, marked by the header `x-fakeai-fabricated`.
        fabricate: bool = false, Key::switch().flat("fabricate").flag("fabricate");
    }
}
