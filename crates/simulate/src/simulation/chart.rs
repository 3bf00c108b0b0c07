//! Charts as inline SVG: bars and lines, drawn with integers. Colours come from the page's style sheet (`c0` to `c11`).

use std::fmt::Write;

const WIDTH: i64 = 720;
const LABELS: i64 = 150;
const PLOT: i64 = WIDTH - LABELS - 110;
const BAR: i64 = 22;

/// Colours that lines have before they repeat.
pub(crate) const COLOURS: usize = 12;

/// A bar of a chart.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What it is about.
    pub label: String,
    /// Its length; negative to the left of nought.
    pub value: i128,
    /// What is written at its end.
    pub text: String,
}

/// Horizontal bars on one scale around nought.
#[must_use]
pub fn bars(title: &str, bars: &[Bar]) -> String {
    let lowest = bars.iter().map(|bar| bar.value).min().unwrap_or(0).min(0);
    let highest = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(0);
    let scale = Scale { lowest, highest, from: LABELS, length: PLOT };
    let height = BAR * bars.len() as i64 + 12;
    let mut svg = open(title, height);
    let zero = scale.at(0);
    for (row, bar) in (0..).zip(bars) {
        let (y, end) = (6 + BAR * row, scale.at(bar.value));
        let (x, width) = (zero.min(end), (end - zero).abs().max(1));
        let side = if bar.value < 0 { "c1" } else { "c0" };
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" class=\"label\">{}</text><rect x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{}\" class=\"{side}\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            LABELS - 8,
            y + 15,
            escaped(&bar.label),
            y + 3,
            BAR - 6,
            end.max(zero) + 6,
            y + 15,
            escaped(&bar.text),
        );
    }
    let _ = write!(svg, "<line x1=\"{zero}\" y1=\"2\" x2=\"{zero}\" y2=\"{}\" class=\"axis\"/></svg>", height - 4);
    svg
}

/// A line of a chart.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is about.
    pub label: String,
    /// Its values, from left to right.
    pub values: Vec<i128>,
}

/// Lines on one scale around nought, with their names at the right.
#[must_use]
pub fn lines(title: &str, lines: &[Line], lowest_text: &str, highest_text: &str) -> String {
    let all = || lines.iter().flat_map(|line| &line.values).copied();
    let height = 300.max(20 * lines.len() as i64 + 20);
    // Upwards on the page is less.
    let scale = Scale {
        lowest: all().min().unwrap_or(0).min(0),
        highest: all().max().unwrap_or(0).max(0),
        from: height - 12,
        length: 24 - height,
    };
    let mut svg = open(title, height);
    let steps = lines.iter().map(|line| line.values.len()).max().unwrap_or(0).saturating_sub(1).max(1) as i64;
    let zero = scale.at(0);
    let _ = write!(
        svg,
        "<line x1=\"{LABELS}\" y1=\"{zero}\" x2=\"{}\" y2=\"{zero}\" class=\"axis\"/><text x=\"{x}\" y=\"{}\" class=\"label\">0</text>\
         <text x=\"{x}\" y=\"20\" class=\"label\">{}</text><text x=\"{x}\" y=\"{}\" class=\"label\">{}</text>",
        LABELS + PLOT,
        zero + 4,
        escaped(highest_text),
        height - 8,
        escaped(lowest_text),
        x = LABELS - 8,
    );
    for (number, line) in lines.iter().enumerate() {
        let points = (0..)
            .zip(&line.values)
            .map(|(step, &value)| format!("{},{}", LABELS + PLOT * step / steps, scale.at(value)));
        let colour = number % COLOURS;
        let y = 20 + 20 * number as i64;
        let _ = write!(
            svg,
            "<polyline points=\"{}\" class=\"line l{colour}\"/><rect x=\"{}\" y=\"{}\" width=\"10\" height=\"10\" class=\"c{colour}\"/>\
             <text x=\"{}\" y=\"{y}\">{}</text>",
            points.collect::<Vec<_>>().join(" "),
            LABELS + PLOT + 14,
            y - 9,
            LABELS + PLOT + 30,
            escaped(&line.label),
        );
    }
    svg + "</svg>"
}

/// Values on pixels.
struct Scale {
    lowest: i128,
    highest: i128,
    from: i64,
    length: i64,
}

impl Scale {
    fn at(&self, value: i128) -> i64 {
        let range = (self.highest - self.lowest).max(1);
        // As many low bits are dropped as the product needs to stay in range.
        let excess = (128 - range.leading_zeros()).saturating_sub(100);
        let (part, range) = ((value - self.lowest) >> excess, (range >> excess).max(1));
        self.from + i64::try_from(part * i128::from(self.length) / range).unwrap_or(0)
    }
}

fn open(title: &str, height: i64) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{0}\"><title>{0}</title>", escaped(title))
}

/// Text that is safe within a page.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_on_one_scale() {
        let bar = |label: &str, value| Bar { label: label.into(), value, text: value.to_string() };
        let svg = bars("a <b>", &[bar("up", 50), bar("down & out", -50)]);
        // Nought is in the middle of the plot, and both bars are half of it.
        let (zero, half) = (LABELS + PLOT / 2, PLOT / 2);
        assert!(svg.contains(&format!("<rect x=\"{zero}\" y=\"9\" width=\"{half}\"")), "{svg}");
        assert!(svg.contains(&format!("<rect x=\"{LABELS}\" y=\"31\" width=\"{half}\"")), "{svg}");
        assert!(svg.contains("a &lt;b&gt;") && svg.contains("down &amp; out"));
        assert!(bars("none", &[]).ends_with("</svg>"));
    }

    #[test]
    fn lines_reach_both_edges() {
        let svg = lines("x", &[Line { label: "a".into(), values: vec![0, 10, -10] }], "-10", "10");
        assert!(svg.contains(&format!("{LABELS},150 {},12 {},288", LABELS + PLOT / 2, LABELS + PLOT)), "{svg}");
        let wide = Scale { lowest: i128::MIN / 4, highest: i128::MAX / 4, from: 0, length: 1_000 };
        assert_eq!((wide.at(i128::MIN / 4), wide.at(i128::MAX / 4)), (0, 1_000));
    }
}
