//! Charts as inline SVG. Colours are classes, so that the page's style decides them; what the pointer shows stands
//! beside the picture as JSON.

use std::fmt::Write;

use serde_json::json;

use super::escape;
use super::scale::{Scale, Spread, short};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 290.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 44.0;

/// Colours there are.
pub(super) const COLOURS: usize = 8;

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Solid,
    Dashed,
    /// With the area below it.
    Area,
    /// Points only.
    Dots,
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) colour: usize,
    pub(super) style: Style,
    /// In the order they are joined; not-a-numbers are left out.
    pub(super) points: Vec<(f64, f64)>,
}

/// An axis.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) label: String,
    pub(super) spread: Spread,
    /// Whether it ends where the values end.
    pub(super) is_tight: bool,
}

impl Axis {
    pub(super) fn linear(label: impl Into<String>) -> Self {
        Self { label: label.into(), spread: Spread::Linear, is_tight: false }
    }

    pub(super) fn time(label: impl Into<String>) -> Self {
        Self { is_tight: true, ..Self::linear(label) }
    }

    pub(super) fn logarithmic(label: impl Into<String>) -> Self {
        Self { label: label.into(), spread: Spread::Logarithmic, is_tight: false }
    }
}

/// A chart.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) title: String,
    /// One sentence on what is seen.
    pub(super) note: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
    /// Values of the y axis to keep below, with their names.
    pub(super) levels: Vec<(f64, String)>,
    /// Values of the x axis to keep below, with their names.
    pub(super) limits: Vec<(f64, String)>,
}

impl Chart {
    /// The figure.
    pub(super) fn html(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| line.points.iter().copied());
        let shown: Vec<f64> = self.levels.iter().map(|(level, _)| *level).collect();
        let across_all = points().map(|(x, _)| x).chain(self.limits.iter().map(|(limit, _)| *limit));
        let x = if self.x.is_tight { Scale::tight(across_all) } else { Scale::of(across_all, self.x.spread, false) };
        let y = Scale::of(points().map(|(_, y)| y).chain(shown.iter().copied()), self.y.spread, true);
        let mut svg = String::new();
        let title = escape(&self.title);
        let _ = write!(svg, "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">");
        self.grid(&x, &y, &mut svg);
        self.levels(&x, &y, &mut svg);
        for line in &self.lines {
            line.draw(&x, &y, &mut svg);
        }
        svg.push_str("<g class=\"hover\"></g></svg>");
        let data = self.data(&x, &y);
        format!(
            "<figure class=\"chart\"><figcaption><h3>{title}</h3><p>{}</p>{}</figcaption>{svg}<script \
             type=\"application/json\">{data}</script></figure>\n",
            escape(&self.note),
            self.legend()
        )
    }

    fn levels(&self, x: &Scale, y: &Scale, svg: &mut String) {
        for (level, name) in self.levels.iter().filter(|(level, _)| y.holds(*level)) {
            let at = down(y, *level);
            let (end, start, name) = (WIDTH - RIGHT, LEFT + 6.0, escape(name));
            let text = if at < TOP + 16.0 { at + 15.0 } else { at - 5.0 };
            let _ = write!(
                svg,
                "<path class=\"level\" d=\"M{LEFT} {at:.1}H{end}\"/><text class=\"level\" x=\"{start}\" y=\"{text:.1}\" \
                 text-anchor=\"start\">{name}</text>"
            );
        }
        for (limit, name) in self.limits.iter().filter(|(limit, _)| x.holds(*limit)) {
            let at = across(x, *limit);
            let (bottom, name) = (HEIGHT - BOTTOM, escape(name));
            let is_left = at < f64::midpoint(LEFT, WIDTH);
            let (place, anchor) = if is_left { (at + 5.0, "start") } else { (at - 5.0, "end") };
            let text = if is_left { bottom - 8.0 } else { TOP + 14.0 };
            let _ = write!(
                svg,
                "<path class=\"level\" d=\"M{at:.1} {TOP}V{bottom}\"/><text class=\"level\" x=\"{place:.1}\" \
                 y=\"{text}\" text-anchor=\"{anchor}\">{name}</text>"
            );
        }
    }

    fn legend(&self) -> String {
        if self.lines.len() < 2 {
            return String::new();
        }
        let mut html = "<ul class=\"legend\">".to_owned();
        for line in &self.lines {
            let dashed = if line.style == Style::Dashed { " dashed" } else { "" };
            let _ = write!(html, "<li class=\"c{}{dashed}\"><i></i>{}</li>", line.colour, escape(&line.name));
        }
        html + "</ul>"
    }

    fn grid(&self, x: &Scale, y: &Scale, svg: &mut String) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for mark in &y.marks {
            let at = down(y, *mark);
            let (text, label) = (at + 4.0, short(*mark));
            let (place, class) = (LEFT - 7.0, if (at - bottom).abs() < 0.1 { "axis" } else { "grid" });
            let _ = write!(
                svg,
                "<path class=\"{class}\" d=\"M{LEFT} {at:.1}H{right}\"/><text x=\"{place}\" y=\"{text:.1}\" \
                 text-anchor=\"end\">{label}</text>"
            );
        }
        for mark in &x.marks {
            let at = across(x, *mark);
            let (end, text, label) = (bottom + 4.0, bottom + 18.0, short(*mark));
            let _ = write!(
                svg,
                "<path class=\"axis\" d=\"M{at:.1} {bottom}V{end}\"/><text x=\"{at:.1}\" y=\"{text}\" \
                 text-anchor=\"middle\">{label}</text>"
            );
        }
        let (middle, below) = (f64::midpoint(LEFT, right), HEIGHT - 8.0);
        let label = escape(&self.x.label);
        let _ = write!(svg, "<text class=\"label\" x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">{label}</text>");
    }

    /// What the pointer shows: for each line its name, colour and points with the words of their values.
    fn data(&self, x: &Scale, y: &Scale) -> String {
        let round = |value: f64| (value * 10.0).round() / 10.0;
        let lines: Vec<_> = self
            .lines
            .iter()
            .map(|line| {
                let points: Vec<_> = line
                    .points
                    .iter()
                    .filter(|(_, value)| value.is_finite())
                    .map(|(at, value)| {
                        json!([round(across(x, *at)), round(down(y, *value)), short_exact(*at), short_exact(*value)])
                    })
                    .collect();
                json!({"name": line.name, "colour": line.colour, "points": points})
            })
            .collect();
        let data = json!({"x": self.x.label, "y": self.y.label, "lines": lines});
        // A closing tag in a name must not end the script.
        data.to_string().replace('<', "\\u003c")
    }
}

impl Line {
    fn draw(&self, x: &Scale, y: &Scale, svg: &mut String) {
        let places: Vec<(f64, f64)> = self
            .points
            .iter()
            .filter(|(at, value)| at.is_finite() && value.is_finite())
            .map(|(at, value)| (across(x, *at), down(y, *value)))
            .collect();
        let colour = self.colour % COLOURS;
        let (Some(first), Some(last)) = (places.first(), places.last()) else { return };
        if self.style != Style::Dots {
            let mut path = String::new();
            for (place, (x, y)) in places.iter().enumerate() {
                let _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { "M" } else { "L" });
            }
            if self.style == Style::Area {
                let (from, to, bottom) = (first.0, last.0, HEIGHT - BOTTOM);
                let _ =
                    write!(svg, "<path class=\"area c{colour}\" d=\"{path}L{to:.1} {bottom}L{from:.1} {bottom}Z\"/>");
            }
            let dashed = if self.style == Style::Dashed { " dashed" } else { "" };
            let _ = write!(svg, "<path class=\"line c{colour}{dashed}\" d=\"{path}\"/>");
        }
        if self.style == Style::Dots || places.len() <= 24 {
            for (x, y) in places {
                let _ = write!(svg, "<circle class=\"c{colour}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>");
            }
        }
    }
}

fn across(x: &Scale, value: f64) -> f64 {
    LEFT + x.place(value) * (WIDTH - LEFT - RIGHT)
}

fn down(y: &Scale, value: f64) -> f64 {
    HEIGHT - BOTTOM - y.place(value) * (HEIGHT - TOP - BOTTOM)
}

/// A number in four digits.
pub(super) fn short_exact(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        size if size < 0.1 => 4,
        size if size < 10.0 => 2,
        size if size < 1000.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("−", whole));
    let mut grouped = sign.to_owned();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

/// Bars beside each other: for values that have no order.
#[derive(Clone, Debug)]
pub(super) struct Bars {
    pub(super) title: String,
    pub(super) note: String,
    /// Names of the values of each row.
    pub(super) names: Vec<String>,
    /// A row for each category.
    pub(super) rows: Vec<(String, Vec<f64>)>,
}

impl Bars {
    /// The figure: a table whose cells are bars, which needs no picture.
    pub(super) fn html(&self) -> String {
        let most = self.rows.iter().flat_map(|(_, values)| values.iter().copied()).fold(f64::MIN_POSITIVE, f64::max);
        let mut html = format!(
            "<figure class=\"chart\"><figcaption><h3>{}</h3><p>{}</p></figcaption><table class=\"bars\">",
            escape(&self.title),
            escape(&self.note)
        );
        for (category, values) in &self.rows {
            for (place, (name, value)) in self.names.iter().zip(values).enumerate() {
                let head = if place == 0 { escape(category) } else { String::new() };
                let (colour, width) = (place % COLOURS, value / most * 100.0);
                let _ = write!(
                    html,
                    "<tr><th>{head}</th><td>{}</td><td class=\"bar\"><i class=\"c{colour}\" style=\"width:{width:.1}%\"></i></td>\
                     <td>{}</td></tr>",
                    escape(name),
                    short_exact(*value)
                );
            }
        }
        html + "</table></figure>\n"
    }
}
