//! The macros that make, from one declaration of each key, its place in the typed [`Config`](super::Config), its
//! default, and its row in the table from which file names, environment names, flags, schema and reference follow.

/// Declares a section: its struct, its defaults and its keys.
macro_rules! section {
    (
        $(#[doc = $section_doc:literal])+
        $section:ident: $Section:ident {
            $( $(#[doc = $doc:literal])+ $name:ident: $Type:ty = $default:expr, $key:expr; )+
        }
    ) => {
        $(#[doc = $section_doc])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $Section {
            $( $(#[doc = $doc])+ pub $name: $Type, )+
        }

        impl Default for $Section {
            fn default() -> Self {
                Self { $( $name: $default, )+ }
            }
        }

        /// The section, for the table.
        pub(in crate::config) const SECTION: crate::config::keys::Section = crate::config::keys::Section {
            name: stringify!($section),
            doc: concat!($($section_doc),+).trim_ascii_start(),
            keys: &[ $( {
                use crate::config::key::Key;
                let doc = concat!($($doc),+).trim_ascii_start();
                let key: Key = $key;
                key.at(stringify!($section), stringify!($name), doc)
            } ),+ ],
        };
    };
}

/// A word out of a closed list, with the same spelling everywhere.
macro_rules! words {
    ($(#[doc = $doc:literal])+ $Name:ident { $( $(#[doc = $word_doc:literal])+ $Word:ident = $word:literal, )+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $Name {
            $( $(#[doc = $word_doc])+ #[serde(rename = $word)] $Word, )+
        }

        impl $Name {
            /// Every spelling.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// How it is spelled.
            pub const fn word(self) -> &'static str {
                match self { $( Self::$Word => $word, )+ }
            }
        }
    };
}

pub(super) use {section, words};
