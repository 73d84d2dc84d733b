//! Event streams, as the HTML standard reads them.

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// `event:`; empty if there is none.
    pub(crate) name: String,
    /// `data:`; several lines are joined.
    pub(crate) data: String,
}

/// The events of a stream that has ended. Comments are dropped, and so is an event without data or without its blank
/// line, as every client drops them.
pub(crate) fn parse(text: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let (mut name, mut data): (String, Vec<&str>) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        rest = after;
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            let name = std::mem::take(&mut name);
            if !data.is_empty() {
                events.push(Event { name, data: std::mem::take(&mut data).join("\n") });
            }
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut name),
            "data" => data.push(value),
            _ => {}
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn events_have_names_data_and_ends() {
        let text = ": hello\nevent: a\ndata: 1\ndata:2\n\ndata: [DONE]\r\n\r\nevent: b\n\ndata: lost\n";
        let event = |name: &str, data: &str| Event { name: name.to_owned(), data: data.to_owned() };
        assert_eq!(parse(text), [event("a", "1\n2"), event("", "[DONE]")]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(?s).{0,300}") {
            parse(&text);
        }

        #[test]
        fn what_is_written_is_read(names in proptest::collection::vec("[a-z.]{0,9}", 0..9), data in "[^\r\n]{1,20}") {
            let written: Vec<String> = names.iter().map(|name| format!("event: {name}\ndata: {data}\n\n")).collect();
            let text = written.concat();
            let read = parse(&text);
            prop_assert_eq!(read.len(), names.len());
            for (event, name) in read.iter().zip(&names) {
                prop_assert_eq!(&event.name, name);
                prop_assert_eq!(&event.data, &data);
            }
        }
    }
}
