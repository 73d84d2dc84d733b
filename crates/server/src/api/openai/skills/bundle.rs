//! A bundle of files: read from a form, and what its `SKILL.md` says of it.

use fakeai_media::{Archive, pack};

use crate::error::ApiError;
use crate::wire::{BodyParts, Part, broken};

/// Largest bundle, bytes; OpenAI's 50 MB.
const MOST_BYTES: usize = 50 << 20;
/// Most files of a bundle.
const MOST_FILES: usize = 500;
/// Largest `SKILL.md`, bytes.
const MOST_MANIFEST_BYTES: u64 = 1 << 20;
const LONGEST_NAME: usize = 64;
const LONGEST_DESCRIPTION: usize = 1024;
const MANIFEST: &str = "SKILL.md";

/// A bundle that came in.
#[derive(Debug)]
pub(super) struct Bundle {
    pub name: String,
    pub description: String,
    /// The files as a ZIP archive: the one that was sent, or one of the files that were.
    pub archive: Vec<u8>,
    /// The form's field `default`.
    pub becomes_default: bool,
}

impl Bundle {
    /// Reads a form: `files` is one ZIP archive, or files with their paths as names.
    pub(super) async fn read(mut parts: BodyParts) -> Result<Self, ApiError> {
        let (mut files, mut bytes, mut becomes_default) = (Vec::new(), 0, false);
        while let Some(part) = parts.next().await? {
            match part {
                Part::Text(name, text) if name == "default" => becomes_default = text == "true",
                Part::File(name, path, mut content) if matches!(name.as_str(), "files" | "files[]" | "file") => {
                    let mut file = Vec::new();
                    while let Some(chunk) = content.chunk().await.map_err(broken)? {
                        bytes += chunk.len();
                        if bytes > MOST_BYTES {
                            let message = format!("The files are too large: the maximum is {MOST_BYTES} bytes in all.");
                            return Err(ApiError::invalid(message).param("files"));
                        }
                        file.extend_from_slice(&chunk);
                    }
                    files.push((safe(&path)?, file));
                    if files.len() > MOST_FILES {
                        return Err(ApiError::too_many("files", MOST_FILES, files.len()));
                    }
                }
                Part::Text(..) | Part::File(..) => {}
            }
        }
        let archive = match files.as_slice() {
            [] => return Err(ApiError::missing("files")),
            [(_, file)] if file.starts_with(b"PK\x03\x04") => file.clone(),
            _ => pack(&files),
        };
        let (name, description) = described(&archive)?;
        Ok(Self { name, description, archive, becomes_default })
    }
}

/// A path that stays where it is put.
fn safe(path: &str) -> Result<String, ApiError> {
    let path = path.replace('\\', "/");
    let steps = path.split('/').filter(|step| !step.is_empty() && *step != ".");
    let steps: Vec<&str> = steps.collect();
    if steps.is_empty() || steps.contains(&"..") || path.chars().any(char::is_control) {
        let message = format!("Invalid 'files': '{path}' is no path inside of a bundle.");
        return Err(ApiError::invalid(message).param("files"));
    }
    Ok(steps.join("/"))
}

/// Name and description of the bundle in an archive, from the `SKILL.md` that is nearest to its top.
fn described(archive: &[u8]) -> Result<(String, String), ApiError> {
    let invalid = |message: String| ApiError::invalid(message).param("files").code("invalid_skill");
    let archive = Archive::open(archive).ok_or_else(|| invalid("The file is no ZIP archive.".to_owned()))?;
    let mut names: Vec<String> = archive.names().collect();
    if names.len() > MOST_FILES {
        return Err(ApiError::too_many("files", MOST_FILES, names.len()));
    }
    names.iter().try_for_each(|name| safe(name).map(drop))?;
    names.retain(|name| name == MANIFEST || name.ends_with(&format!("/{MANIFEST}")));
    let nearest = names.iter().min_by_key(|name| name.matches('/').count());
    let nearest = nearest.ok_or_else(|| invalid(format!("The files must include a {MANIFEST}.")))?;
    let content = archive.read(nearest, MOST_MANIFEST_BYTES);
    let content = content.map_err(|error| invalid(format!("{nearest} cannot be read: {error}.")))?;
    let text = String::from_utf8_lossy(&content);
    let field = |name: &str, most: usize| {
        let value = front_matter(&text, name);
        let value =
            value.ok_or_else(|| invalid(format!("{nearest} must begin with a front matter that has '{name}'.")))?;
        match value.chars().count() {
            count if count > most => Err(ApiError::too_long(name, most, count)),
            _ => Ok(value),
        }
    };
    Ok((field("name", LONGEST_NAME)?, field("description", LONGEST_DESCRIPTION)?))
}

/// A field of the lines between `---` and `---` that a Markdown file begins with: plain, quoted, or folded over lines
/// that are indented.
fn front_matter(text: &str, name: &str) -> Option<String> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    if lines.next()?.trim_end() != "---" {
        return None;
    }
    let mut lines = lines.take_while(|line| line.trim_end() != "---").peekable();
    while let Some(line) = lines.next() {
        let Some(value) = line.strip_prefix(name).and_then(|rest| rest.trim_start().strip_prefix(':')) else {
            continue;
        };
        let mut value = value.trim().to_owned();
        if matches!(value.as_str(), ">" | "|" | ">-" | "|-" | "") {
            value.clear();
            while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
                value.push_str(if value.is_empty() { "" } else { " " });
                value.push_str(more.trim());
            }
        }
        for quote in ['"', '\''] {
            if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
                return Some(inner.to_owned()).filter(|inner| !inner.is_empty());
            }
        }
        return Some(value).filter(|value| !value.is_empty());
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn front_matter_is_found() {
        let text = "---\nname: pdf\ndescription: >\n  Reads\n  files.\nother: 1\n---\n# Body\nname: no\n";
        assert_eq!(front_matter(text, "name").as_deref(), Some("pdf"));
        assert_eq!(front_matter(text, "description").as_deref(), Some("Reads files."));
        assert_eq!(front_matter("---\nname: \"a: b\"\n---", "name").as_deref(), Some("a: b"));
        assert_eq!(front_matter("name: x", "name"), None);
        assert_eq!(front_matter("---\n---\nname: x", "name"), None);
        assert!(safe("../x").is_err() && safe("a/../x").is_err() && safe("/").is_err());
        assert_eq!(safe("/a//./b").unwrap(), "a/b");
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(---\n)?[a-z: '\">|\n-]{0,60}") {
            let _ = front_matter(&text, "a");
        }
    }
}
