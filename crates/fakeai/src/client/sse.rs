//! Server-sent events, from bytes that arrive in pieces of any size.

use memchr::memchr2;

/// Most bytes of one event. A server that sends more is broken, and we keep it from filling the memory.
const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// An event that is larger than we take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of more than {MAX_EVENT_BYTES} bytes")]
pub(crate) struct TooLarge;

/// Cuts a stream of bytes into events.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// The line that is not yet whole.
    line: Vec<u8>,
    /// The data lines of the event that is not yet whole, each with its line feed.
    data: Vec<u8>,
    /// The last byte was a carriage return: a line feed right after it belongs to it.
    after_return: bool,
    /// Bytes came: a byte order mark may only stand before them.
    begun: bool,
}

impl Parser {
    /// Takes the next `bytes` and hands the data of each event that is now whole to `event`.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut event: impl FnMut(&[u8])) -> Result<(), TooLarge> {
        let mut rest = bytes;
        if self.after_return && rest.first() == Some(&b'\n') {
            rest = &rest[1..];
        }
        if !bytes.is_empty() {
            self.after_return = false;
        }
        while let Some(end) = memchr2(b'\n', b'\r', rest) {
            self.line.extend_from_slice(&rest[..end]);
            let is_return = rest[end] == b'\r';
            rest = &rest[end + 1..];
            if is_return {
                match rest.first() {
                    Some(b'\n') => rest = &rest[1..],
                    Some(_) => {}
                    None => self.after_return = true,
                }
            }
            self.end_line(&mut event);
        }
        self.line.extend_from_slice(rest);
        if self.line.len() + self.data.len() > MAX_EVENT_BYTES { Err(TooLarge) } else { Ok(()) }
    }

    /// Deals with a whole line: a field, a comment, or the end of an event.
    fn end_line(&mut self, event: &mut impl FnMut(&[u8])) {
        let line =
            if self.begun { &self.line[..] } else { self.line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.line) };
        self.begun = true;
        if line.is_empty() {
            if let Some(data) = self.data.strip_suffix(b"\n") {
                event(data);
            }
            self.data.clear();
        } else if let Some(value) = line.strip_prefix(b"data:") {
            self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
            self.data.push(b'\n');
        } else if line == b"data" {
            self.data.push(b'\n');
        }
        self.line.clear();
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(pieces: &[&[u8]]) -> Vec<String> {
        let (mut parser, mut events) = (Parser::default(), Vec::new());
        for piece in pieces {
            parser.feed(piece, |data| events.push(String::from_utf8_lossy(data).into_owned())).unwrap();
        }
        events
    }

    #[test]
    fn fields_comments_and_line_ends() {
        let stream =
            "\u{feff}: hello\n\ndata: one\n\ndata:two\r\ndata:  three\r\n\r\nevent: x\nid: 7\rdata\r\rdata: cut off\n";
        assert_eq!(events(&[stream.as_bytes()]), ["one", "two\n three", ""]);
    }

    #[test]
    fn a_line_end_may_be_split() {
        assert_eq!(events(&[b"data: a\r", b"\n\r", b"\ndata: b\n", b"\n"]), ["a", "b"]);
        assert_eq!(events(&[b"data: a\r", b"", b"\ndata: b\r\n\r\n"]), ["a\nb"]);
    }

    #[test]
    fn endless_events_are_refused() {
        let (mut parser, piece) = (Parser::default(), vec![b'x'; 1 << 20]);
        assert!((0..20).any(|_| parser.feed(&piece, |_| ()).is_err()));
    }

    proptest! {
        #[test]
        fn where_the_stream_is_cut_does_not_matter(
            lines in proptest::collection::vec("(data: ?[a-zé😀]{0,6}|: ping|event: e|)(\n|\r\n|\r)", 0..12),
            cuts in proptest::collection::vec(0_usize..200, 0..8)
        ) {
            let stream = lines.concat().into_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
            prop_assert_eq!(events(&pieces), events(&[&stream]));
        }
    }
}
