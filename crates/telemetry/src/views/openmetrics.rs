//! The format of `OpenMetrics` 1.0, out of the Prometheus text format 0.0.4: every exposition can be had in both.

/// Content type of the text.
pub const OPENMETRICS_CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Endings of names that are units.
const UNITS: [&str; 9] = ["seconds", "bytes", "usd", "tokens", "ratio", "joules", "watts", "celsius", "hertz"];

/// `text` of the format 0.0.4 as `OpenMetrics`: counters are named without `_total` in their head, units are told, bounds
/// and quantiles are written as floats, and the end is marked. Counters whose samples do not end in `_total`, which
/// `OpenMetrics` does not know, become `unknown`.
pub fn openmetrics(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let (mut help, mut label) = (None, None);
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ');
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            head(&mut out, name, kind, help.take());
            label = match kind {
                "histogram" => Some("le=\""),
                "summary" => Some("quantile=\""),
                _ => None,
            };
        } else if !line.starts_with('#') && !line.is_empty() {
            sample(&mut out, line, label);
        }
    }
    out.push_str("# EOF\n");
    out
}

fn head(out: &mut String, name: &str, kind: &str, help: Option<(&str, &str)>) {
    let (name, kind) = match (kind, name.strip_suffix("_total")) {
        ("counter", Some(stem)) => (stem, "counter"),
        ("counter", None) | ("untyped", _) => (name, "unknown"),
        _ => (name, kind),
    };
    let mut line = |parts: [&str; 3]| {
        for part in ["# ", parts[0], " ", name, parts[1], parts[2], "\n"] {
            out.push_str(part);
        }
    };
    line(["TYPE", " ", kind]);
    let unit = UNITS.iter().find(|unit| name.strip_suffix(**unit).is_some_and(|stem| stem.ends_with('_')));
    if let Some(unit) = unit {
        line(["UNIT", " ", unit]);
    }
    if let Some((_, help)) = help {
        line(["HELP", " ", &help.replace('"', "\\\"")]);
    }
}

/// A sample; whole numbers of its family's `label` get their decimal point.
fn sample(out: &mut String, line: &str, label: Option<&str>) {
    let marked = label.and_then(|label| {
        // It is the last label, or near the end.
        let at = line.rfind(label)?;
        // Not the end of another label's name, nor inside a value.
        matches!(line.as_bytes()[at.checked_sub(1)?], b'{' | b',').then_some(at + label.len())
    });
    let whole = marked.and_then(|start| {
        let length = line[start..].find('"')?;
        line[start..start + length].bytes().all(|byte| byte.is_ascii_digit()).then_some(start + length)
    });
    match whole {
        Some(end) => {
            out.push_str(&line[..end]);
            out.push_str(".0");
            out.push_str(&line[end..]);
        }
        None => out.push_str(line),
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_told_in_the_other_format() {
        let text = "# HELP a_total Some \"a\".\n# TYPE a_total counter\na_total{model=\"x\"} 3\n\
                    # HELP d_seconds Time.\n# TYPE d_seconds histogram\nd_seconds_bucket{le=\"1\"} 2\n\
                    d_seconds_bucket{le=\"0.5\"} 1\nd_seconds_bucket{le=\"+Inf\"} 2\nd_seconds_sum 1\n\
                    d_seconds_count 2\n# TYPE odd counter\nodd{file=\"1\"} 1\n";
        let expected = "# TYPE a counter\n# HELP a Some \\\"a\\\".\na_total{model=\"x\"} 3\n\
                        # TYPE d_seconds histogram\n# UNIT d_seconds seconds\n# HELP d_seconds Time.\n\
                        d_seconds_bucket{le=\"1.0\"} 2\nd_seconds_bucket{le=\"0.5\"} 1\n\
                        d_seconds_bucket{le=\"+Inf\"} 2\nd_seconds_sum 1\nd_seconds_count 2\n\
                        # TYPE odd unknown\nodd{file=\"1\"} 1\n# EOF\n";
        assert_eq!(openmetrics(text), expected);
    }

    proptest! {
        #[test]
        fn any_text_has_an_end(text in any::<String>()) {
            prop_assert!(openmetrics(&text).ends_with("# EOF\n"));
        }
    }
}
