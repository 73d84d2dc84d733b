//! What a translation asks the model for.

use super::item::{Content, Item, ItemStatus, Said};

/// Languages by their codes.
const LANGUAGES: [(&str, &str); 12] = [
    ("en", "English"),
    ("es", "Spanish"),
    ("fr", "French"),
    ("de", "German"),
    ("zh", "Chinese"),
    ("ja", "Japanese"),
    ("it", "Italian"),
    ("pt", "Portuguese"),
    ("ru", "Russian"),
    ("ko", "Korean"),
    ("hi", "Hindi"),
    ("id", "Indonesian"),
];

/// Asks for what was `said`, in the language of the code.
pub(super) fn request(id: String, said: &str, code: &str) -> Item {
    let language = LANGUAGES.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name);
    let text = format!("Translate into {language}: {said}");
    Item { id, said: Said::Message { role: "user", content: vec![Content::Text(text)] }, status: ItemStatus::Completed }
}
