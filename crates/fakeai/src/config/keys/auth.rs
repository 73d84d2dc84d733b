//! Section `auth`.

use crate::config::kind::Kind;
use crate::config::section::section;

section! {
    /// Who is let in.
    auth: Auth {
        /// Requests need an API key. Without `api_keys` any key will do. Giving some switches it on too.
        require_api_key: bool = false, Key::switch();
        /// Keys that are let in: each is a key, a hash of one (bcrypt, argon2, or sha256: and 64 hexadecimal digits), or a
        /// file with one of these a line, where # begins a remark.
        api_keys: Vec<String> = Vec::new(),
            Key::new(Kind::Texts { allowed: "keys, hashes of keys, or files of them", accepts: is_something })
                .flag("api-key").aliases(&["api-keys"]).value("KEY|FILE");
        /// Keep nothing of plain keys but a bcrypt hash each; it is made at start, 50 ms a key.
        hash_api_keys: bool = false, Key::switch();
    }
}

fn is_something(text: &str) -> bool {
    !text.trim().is_empty()
}
