//! The text that a page draws (ISO 32000-1, 9.4), with spaces and lines where it is set apart.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::file::{File, Page};
use super::font::Font;
use super::object::{Dictionary, Object, Reader};

/// Operators that are read of one page, its forms included.
const MOST_OPERATORS: usize = 2_000_000;
/// Forms within forms.
const MOST_DEPTH: usize = 8;
/// Saved states within each other.
const MOST_SAVED: usize = 256;
/// Text that a page may have.
const MOST_BYTES: usize = 4 << 20;

/// A linear map of the plane: [a b c d e f] of 8.3.3.
type Matrix = [f64; 6];

const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// First `one`, then `other`.
fn product(one: Matrix, other: Matrix) -> Matrix {
    let row = |x: f64, y: f64| (x * other[0] + y * other[2], x * other[1] + y * other[3]);
    let (across, down, origin) = (row(one[0], one[1]), row(one[2], one[3]), row(one[4], one[5]));
    [across.0, across.1, down.0, down.1, origin.0 + other[4], origin.1 + other[5]]
}

/// The text of a page.
pub(super) fn text(file: &File<'_>, page: &Page) -> String {
    let contents = match page.entries.get(&b"Contents"[..]) {
        Some(reference @ Object::Reference(_)) => match file.resolve(reference) {
            Some(Object::Array(parts)) => parts,
            _ => vec![reference.clone()],
        },
        Some(Object::Array(parts)) => parts.clone(),
        _ => Vec::new(),
    };
    let mut content = Vec::new();
    for part in contents {
        if let Some((_, part)) = file.stream(&part) {
            content.extend_from_slice(&part);
            content.push(b'\n');
        }
    }
    let mut pen = Pen { left: MOST_OPERATORS, ..Pen::default() };
    pen.draw(file, &content, &page.resources, 0);
    pen.text.trim().to_owned()
}

/// What `q` saves.
#[derive(Clone)]
struct State {
    page: Matrix,
    font: Rc<Font>,
    size: f64,
    letter_gap: f64,
    word_gap: f64,
    stretch: f64,
    leading: f64,
}

impl Default for State {
    fn default() -> Self {
        let (letter_gap, word_gap, stretch, leading) = (0.0, 0.0, 1.0, 0.0);
        Self { page: IDENTITY, font: Rc::default(), size: 1.0, letter_gap, word_gap, stretch, leading }
    }
}

/// Follows the operators and writes down what they show.
#[derive(Default)]
struct Pen {
    text: String,
    state: State,
    saved: Vec<State>,
    line: Matrix,
    place: Matrix,
    /// Where the last shown text ended, and its height.
    end: Option<(f64, f64, f64)>,
    left: usize,
}

impl Pen {
    fn draw(&mut self, file: &File<'_>, content: &[u8], resources: &Dictionary, depth: usize) {
        let mut reader = Reader::new(content, 0);
        let mut operands: Vec<Object> = Vec::new();
        let mut fonts: BTreeMap<Vec<u8>, Rc<Font>> = BTreeMap::new();
        while let Some(object) = reader.object() {
            let Object::Word(operator) = object else {
                if operands.len() < 64 {
                    operands.push(object);
                }
                continue;
            };
            if self.left == 0 || self.text.len() > MOST_BYTES {
                return;
            }
            self.left -= 1;
            match operator.as_slice() {
                // An inline picture: its bytes are no operators.
                b"ID" => {
                    let end = memchr::memmem::find(&content[reader.at().min(content.len())..], b"EI");
                    reader.skip_to(end.map_or(content.len(), |end| reader.at() + end + 2));
                }
                b"Do" if depth < MOST_DEPTH => self.draw_form(file, &operands, resources, depth),
                b"Tf" => {
                    if let [.., Object::Name(name), Object::Number(size)] = operands.as_slice() {
                        let found = fonts.entry(name.clone());
                        let font = found.or_insert_with(|| file.font(&file.dictionary(resources, b"Font"), name));
                        (self.state.font, self.state.size) = (Rc::clone(font), *size);
                    }
                }
                operator => self.operate(operator, &operands),
            }
            operands.clear();
        }
    }

    fn draw_form(&mut self, file: &File<'_>, operands: &[Object], resources: &Dictionary, depth: usize) {
        let [.., Object::Name(name)] = operands else { return };
        let forms = file.dictionary(resources, b"XObject");
        let Some(reference) = forms.get(name) else { return };
        let is_form = file.resolve(reference).is_some_and(|form| {
            form.dictionary().is_some_and(|form| form.get(&b"Subtype"[..]).and_then(Object::name) == Some(b"Form"))
        });
        let Some((entries, content)) = is_form.then(|| file.stream(reference)).flatten() else { return };
        let own = file.dictionary(&entries, b"Resources");
        let before = self.state.clone();
        if let Some(Object::Array(matrix)) = file.entry(&entries, b"Matrix") {
            self.state.page = product(matrix_of(&matrix), self.state.page);
        }
        self.draw(file, &content, if own.is_empty() { resources } else { &own }, depth + 1);
        self.state = before;
    }

    fn operate(&mut self, operator: &[u8], operands: &[Object]) {
        let number = |index: usize| operands.get(index).and_then(Object::number).unwrap_or(0.0);
        match operator {
            b"q" if self.saved.len() < MOST_SAVED => self.saved.push(self.state.clone()),
            b"Q" => self.state = self.saved.pop().unwrap_or_default(),
            b"cm" => self.state.page = product(matrix_of(operands), self.state.page),
            b"BT" => (self.line, self.place) = (IDENTITY, IDENTITY),
            b"Tm" => self.set_line(matrix_of(operands)),
            b"Td" => self.next_line(number(0), number(1)),
            b"TD" => {
                self.state.leading = -number(1);
                self.next_line(number(0), number(1));
            }
            b"T*" => self.next_line(0.0, -self.state.leading),
            b"TL" => self.state.leading = number(0),
            b"Tc" => self.state.letter_gap = number(0),
            b"Tw" => self.state.word_gap = number(0),
            b"Tz" => self.state.stretch = number(0) / 100.0,
            b"Tj" => self.show_all(operands),
            b"'" => {
                self.next_line(0.0, -self.state.leading);
                self.show_all(operands);
            }
            b"\"" => {
                (self.state.word_gap, self.state.letter_gap) = (number(0), number(1));
                self.next_line(0.0, -self.state.leading);
                self.show_all(operands);
            }
            b"TJ" => {
                if let Some(Object::Array(parts)) = operands.first() {
                    for part in parts {
                        match part {
                            Object::Number(back) => self.advance(-back / 1000.0 * self.state.size * self.state.stretch),
                            shown => self.show(shown),
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn set_line(&mut self, matrix: Matrix) {
        (self.line, self.place) = (matrix, matrix);
    }

    fn next_line(&mut self, x: f64, y: f64) {
        self.set_line(product([1.0, 0.0, 0.0, 1.0, x, y], self.line));
    }

    fn advance(&mut self, x: f64) {
        self.place = product([1.0, 0.0, 0.0, 1.0, x, 0.0], self.place);
    }

    fn show_all(&mut self, operands: &[Object]) {
        for shown in operands {
            self.show(shown);
        }
    }

    fn show(&mut self, shown: &Object) {
        let Object::Text(shown) = shown else { return };
        let font = Rc::clone(&self.state.font);
        for (text, width, is_space) in font.read(shown) {
            if !text.is_empty() {
                self.set_apart();
                self.text.push_str(&text);
            }
            let gap = self.state.letter_gap + if is_space { self.state.word_gap } else { 0.0 };
            self.advance((width / 1000.0 * self.state.size + gap) * self.state.stretch);
            if !text.is_empty() {
                let [.., x, y] = product(self.place, self.state.page);
                self.end = Some((x, y, self.height()));
            }
        }
    }

    /// The size of the letters on the page.
    fn height(&self) -> f64 {
        let [_, _, c, d, ..] = product(self.place, self.state.page);
        (self.state.size * c.hypot(d)).abs()
    }

    /// Begins a line or leaves a space if the next letter is away from the last one.
    fn set_apart(&mut self) {
        let [.., x, y] = product(self.place, self.state.page);
        let Some((last_x, last_y, last_height)) = self.end else { return };
        let height = self.height().max(last_height);
        if (y - last_y).abs() > 0.5 * height {
            self.text.push('\n');
        } else if !(-0.5..=0.18).contains(&((x - last_x) / height.max(f64::MIN_POSITIVE)))
            && !self.text.ends_with([' ', '\n'])
        {
            self.text.push(' ');
        }
    }
}

fn matrix_of(operands: &[Object]) -> Matrix {
    let mut matrix = IDENTITY;
    for (value, operand) in matrix.iter_mut().zip(operands) {
        *value = operand.number().unwrap_or(*value);
    }
    matrix
}
