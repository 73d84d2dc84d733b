//! The objects of a file, their streams, and the tree of pages.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::rc::Rc;

use flate2::read::ZlibDecoder;

use super::font::Font;
use super::object::{Dictionary, Object, Reader, hex};

/// The most that one stream may unpack to, and all of them together.
const MOST_STREAM_BYTES: usize = 32 << 20;
const MOST_FILE_BYTES: usize = 128 << 20;
/// The most bytes that are looked at, each time anew: tables can point at the same bytes over and over.
const MOST_WORK_BYTES: usize = 512 << 20;
/// More objects are not looked for.
const MOST_OBJECTS: usize = 500_000;
/// References to references are followed so far.
const MOST_STEPS: usize = 16;

/// Where an object is.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In the file, after `n g obj`.
    File(usize),
    /// In the unpacked object stream of this index.
    Packed(usize, usize),
}

/// A PDF file taken apart.
pub(super) struct File<'a> {
    bytes: &'a [u8],
    places: BTreeMap<u32, Place>,
    packed: Vec<Vec<u8>>,
    /// What may still be unpacked.
    budget: Cell<usize>,
    /// What may still be looked at.
    work: Cell<usize>,
    /// Fonts by the object they are, as pages share them.
    fonts: RefCell<BTreeMap<u32, Rc<Font>>>,
}

/// A page and what it inherits.
pub(super) struct Page {
    pub(super) entries: Dictionary,
    pub(super) resources: Dictionary,
}

impl<'a> File<'a> {
    /// Finds all objects. Of those with the same number the last counts: that is how files are changed.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let budget = Cell::new(MOST_FILE_BYTES);
        let (work, fonts) = (Cell::new(MOST_WORK_BYTES), RefCell::default());
        let mut file = Self { bytes, places: BTreeMap::new(), packed: Vec::new(), budget, work, fonts };
        for at in memchr::memmem::find_iter(bytes, b"obj").take(MOST_OBJECTS) {
            let Some(number) = number_before(bytes, at) else { continue };
            file.places.insert(number, Place::File(at + 3));
            let head = &bytes[at..bytes.len().min(at + 300)];
            if memchr::memmem::find(head, b"ObjStm").is_some() {
                file.unpack(at + 3);
            }
        }
        file
    }

    /// Whether its texts and streams cannot be read without a key.
    pub(super) fn is_encrypted(&self) -> bool {
        memchr::memmem::find_iter(self.bytes, b"/Encrypt").take(64).any(|at| {
            let mut reader = Reader::new(self.bytes, at + 8);
            let is_reference = || {
                matches!(reader.object(), Some(Object::Number(_)))
                    && matches!(reader.object(), Some(Object::Number(_)))
                    && reader.object() == Some(Object::Word(b"R".to_vec()))
            };
            self.bytes.get(at + 8).is_some_and(|next| !next.is_ascii_alphanumeric()) && { is_reference }()
        })
    }

    /// Adds the objects of the object stream at `at` (7.5.7).
    fn unpack(&mut self, at: usize) {
        let Some((entries, content)) = self.stream_at(at) else { return };
        let first = entries.get(&b"First"[..]).and_then(Object::number).unwrap_or(0.0) as usize;
        let count = entries.get(&b"N"[..]).and_then(Object::number).unwrap_or(0.0) as usize;
        let mut reader = Reader::new(&content, 0);
        let index = self.packed.len();
        for _ in 0..count.min(MOST_OBJECTS.saturating_sub(self.places.len())) {
            let pair = (reader.object().and_then(|one| one.number()), reader.object().and_then(|one| one.number()));
            let (Some(number), Some(offset)) = pair else { break };
            self.places.insert(number as u32, Place::Packed(index, first.saturating_add(offset as usize)));
        }
        self.packed.push(content);
    }

    /// The object itself, through its references.
    pub(super) fn resolve(&self, object: &Object) -> Option<Object> {
        let mut object = object.clone();
        for _ in 0..MOST_STEPS {
            let Object::Reference(number) = object else { return Some(object) };
            object = match *self.places.get(&number)? {
                Place::File(at) => self.read(&mut Reader::new(self.bytes, at))?,
                Place::Packed(stream, at) => self.read(&mut Reader::new(self.packed.get(stream)?, at))?,
            };
        }
        None
    }

    /// Reads an object, if there is work left for it.
    fn read(&self, reader: &mut Reader<'_>) -> Option<Object> {
        let start = reader.at();
        self.spend(1)?;
        let object = reader.object();
        self.spend(reader.at() - start)?;
        object
    }

    /// Takes bytes off the work that is left; none if there is not enough.
    fn spend(&self, bytes: usize) -> Option<()> {
        let left = self.work.get().checked_sub(bytes);
        self.work.set(left.unwrap_or(0));
        left.map(|_| ())
    }

    /// The font that a dictionary of fonts has under this name.
    pub(super) fn font(&self, fonts: &Dictionary, name: &[u8]) -> Rc<Font> {
        let Some(Object::Reference(number)) = fonts.get(name) else {
            return Rc::new(Font::new(self, &self.dictionary(fonts, name)));
        };
        if let Some(known) = self.fonts.borrow().get(number) {
            return Rc::clone(known);
        }
        let font = Rc::new(Font::new(self, &self.dictionary(fonts, name)));
        self.fonts.borrow_mut().insert(*number, Rc::clone(&font));
        font
    }

    /// An entry of a dictionary, resolved.
    pub(super) fn entry(&self, entries: &Dictionary, key: &[u8]) -> Option<Object> {
        self.resolve(entries.get(key)?)
    }

    /// An entry that is a dictionary or a stream's; an empty one if there is none.
    pub(super) fn dictionary(&self, entries: &Dictionary, key: &[u8]) -> Dictionary {
        self.entry(entries, key).and_then(|entry| entry.dictionary().cloned()).unwrap_or_default()
    }

    /// The dictionary and the unpacked content of the stream that is referred to.
    pub(super) fn stream(&self, object: &Object) -> Option<(Dictionary, Vec<u8>)> {
        let Object::Reference(number) = object else { return None };
        match *self.places.get(number)? {
            Place::File(at) => self.stream_at(at),
            // A stream cannot be in a stream.
            Place::Packed(..) => None,
        }
    }

    fn stream_at(&self, at: usize) -> Option<(Dictionary, Vec<u8>)> {
        let mut reader = Reader::new(self.bytes, at);
        let Some(Object::Dictionary(entries)) = self.read(&mut reader) else { return None };
        if self.read(&mut reader) != Some(Object::Word(b"stream".to_vec())) {
            return None;
        }
        let start = match self.bytes.get(reader.at()..)? {
            [b'\r', b'\n', ..] => reader.at() + 2,
            [b'\r' | b'\n', ..] => reader.at() + 1,
            _ => reader.at(),
        };
        let rest = self.bytes.get(start..)?;
        let told = self.entry(&entries, b"Length").and_then(|length| length.number()).unwrap_or(0.0) as usize;
        let is_end = |length: usize| {
            let after = rest.get(length..rest.len().min(length.saturating_add(32)))?;
            memchr::memmem::find(after, b"endstream")
        };
        let length = if told > 0 && is_end(told).is_some() {
            told
        } else {
            memchr::memmem::find(rest, b"endstream").unwrap_or(rest.len())
        };
        self.spend(length)?;
        let content = self.unfilter(&entries, &rest[..length])?;
        Some((entries, content))
    }

    /// Undoes the filters that text is packed with (7.4); none if there is another.
    fn unfilter(&self, entries: &Dictionary, raw: &[u8]) -> Option<Vec<u8>> {
        let filters = match self.entry(entries, b"Filter") {
            Some(Object::Array(filters)) => filters.iter().take(4).filter_map(|filter| self.resolve(filter)).collect(),
            Some(filter) => vec![filter],
            None => Vec::new(),
        };
        let is_predicted = match self.entry(entries, b"DecodeParms") {
            Some(Object::Dictionary(parameters)) => parameters.get(&b"Predictor"[..]).and_then(Object::number),
            _ => None,
        };
        if is_predicted.is_some_and(|predictor| predictor > 1.0) {
            return None;
        }
        let mut content = raw.get(..raw.len().min(MOST_STREAM_BYTES))?.to_vec();
        for filter in filters {
            content = match filter.name()? {
                b"FlateDecode" | b"Fl" => self.inflate(&content)?,
                b"ASCIIHexDecode" | b"AHx" => {
                    let digits: Vec<u8> =
                        content.iter().take_while(|byte| **byte != b'>').filter_map(|byte| hex(*byte)).collect();
                    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect()
                }
                b"ASCII85Decode" | b"A85" => ascii_85(&content),
                _ => return None,
            };
        }
        Some(content)
    }

    /// Inflates as far as the data and the budget go: a stream that ends too early is still worth reading.
    fn inflate(&self, packed: &[u8]) -> Option<Vec<u8>> {
        let limit = self.budget.get().min(MOST_STREAM_BYTES);
        let mut content = Vec::new();
        let whole = ZlibDecoder::new(packed).take(limit as u64).read_to_end(&mut content);
        self.budget.set(self.budget.get() - content.len().min(self.budget.get()));
        (whole.is_ok() || !content.is_empty()).then_some(content)
    }

    /// The pages in order, by the tree if there is one, otherwise by their numbers.
    pub(super) fn pages(&self, most: usize) -> Vec<Page> {
        let of_type = |wanted: &[u8]| -> Vec<Dictionary> {
            let objects = self.places.keys().filter_map(|number| self.resolve(&Object::Reference(*number)));
            let dictionaries = objects.filter_map(|object| object.dictionary().cloned());
            dictionaries.filter(|entries| entries.get(&b"Type"[..]).and_then(Object::name) == Some(wanted)).collect()
        };
        let mut pages = Vec::new();
        if let Some(catalog) = of_type(b"Catalog").last()
            && let Some(root) = catalog.get(&b"Pages"[..])
        {
            self.walk(root, &Dictionary::new(), &mut BTreeSet::new(), &mut pages, most);
        }
        if pages.is_empty() {
            let found = of_type(b"Page").into_iter().take(most);
            pages = found.map(|entries| Page { resources: self.dictionary(&entries, b"Resources"), entries }).collect();
        }
        pages
    }

    /// Walks a node of the tree (7.7.3); each node once.
    fn walk(&self, node: &Object, above: &Dictionary, seen: &mut BTreeSet<u32>, pages: &mut Vec<Page>, most: usize) {
        const MOST_DEPTH: usize = 64;
        let mut open = vec![(node.clone(), above.clone(), 0)];
        while let Some((node, above, depth)) = open.pop() {
            let Object::Reference(number) = node else { continue };
            if !seen.insert(number) || depth > MOST_DEPTH || pages.len() >= most {
                continue;
            }
            let Some(Object::Dictionary(entries)) = self.resolve(&node) else { continue };
            let own = self.dictionary(&entries, b"Resources");
            let resources = if own.is_empty() { above } else { own };
            match self.entry(&entries, b"Kids") {
                Some(Object::Array(kids)) => {
                    open.extend(kids.into_iter().rev().map(|kid| (kid, resources.clone(), depth + 1)));
                }
                _ => pages.push(Page { entries, resources }),
            }
        }
    }
}

/// The `n` of `n g` before `at`.
fn number_before(bytes: &[u8], at: usize) -> Option<u32> {
    let from = at.saturating_sub(24);
    let text = std::str::from_utf8(bytes.get(from..at)?);
    // Binary data before the number is cut off.
    let text = match &text {
        Ok(text) => *text,
        Err(_) => {
            std::str::from_utf8(bytes.get(from + bytes[from..at].iter().rposition(|byte| !byte.is_ascii())? + 1..at)?)
                .ok()?
        }
    };
    let mut words = text.split_ascii_whitespace().rev();
    let _generation: u32 = words.next()?.parse().ok()?;
    words.next()?.rsplit(|other: char| !other.is_ascii_digit()).next()?.parse().ok()
}

/// Five letters for four bytes (7.4.3).
fn ascii_85(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut group = Vec::new();
    let mut flush = |group: &mut Vec<u8>| {
        let count = group.len();
        if count > 1 {
            group.resize(5, 84);
            let value = group.iter().fold(0_u32, |value, digit| value.wrapping_mul(85).wrapping_add(u32::from(*digit)));
            bytes.extend_from_slice(&value.to_be_bytes()[..count - 1]);
        }
        group.clear();
    };
    for byte in text {
        match byte {
            b'z' if group.is_empty() => {
                group.extend([0; 5]);
                flush(&mut group);
            }
            b'!'..=b'u' => {
                group.push(byte - b'!');
                if group.len() == 5 {
                    flush(&mut group);
                }
            }
            b'~' => break,
            _ => {}
        }
    }
    flush(&mut group);
    bytes
}
