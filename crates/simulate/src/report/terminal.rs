//! The report as one screen of text.

use std::array;
use std::fmt::{self, Write as _};

use clearing::Ratio;

use super::decimal::per_cent;
use super::{Figures, Report};

/// Characters on each side of zero in the drawing of positions.
const HALF_BAR: usize = 24;

impl Report {
    /// The report as text for a terminal: 80 columns and about two dozen lines for eight members and three cycles.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        self.render_cycles(&mut text);
        text.push('\n');
        self.render_members(&mut text);
        text.push('\n');
        if let Some(left) = self.figures.multilateral_net_ratio() {
            let left = per_cent(left);
            line(
                &mut text,
                format_args!("Of every 100 owed, {left} would be left to pay if the year were netted at once,"),
            );
            let paid = self.cycles.iter().map(|cycle| cycle.figures.multilateral_net).sum();
            if let Some(paid) = Ratio::new(paid, self.figures.gross) {
                let (paid, cycles) = (per_cent(paid), self.cycles.len());
                line(&mut text, format_args!("and {paid} were paid at the closes of its {cycles} cycles."));
            }
        }
        line(&mut text, format_args!("state {}", self.state_hash));
        let milliseconds = self.elapsed.as_millis();
        line(&mut text, format_args!("{}.{:03} seconds", milliseconds / 1_000, milliseconds % 1_000));
        text
    }

    fn render_cycles(&self, text: &mut String) {
        let unit = Unit::fitting(self.figures.gross, self.currency.minor_digits());
        line(text, format_args!("{}, amounts in {}{}\n", self.scenario, unit.prefix, self.currency));
        let header = ["", "days", "gross", "pairs", "union", "", "orders", "settled"];
        let mut rows = vec![header.map(str::to_owned)];
        let row = |label, days, figures: &Figures, orders: u64, settled: u64| {
            let share = |ratio: Option<Ratio>| ratio.map_or("-".to_owned(), |ratio| format!("{}%", per_cent(ratio)));
            [
                label,
                days,
                unit.show(signed(figures.gross)),
                share(figures.bilateral_net_ratio()),
                unit.show(signed(figures.multilateral_net)),
                share(figures.multilateral_net_ratio()),
                grouped(&orders.to_string()),
                grouped(&settled.to_string()),
            ]
        };
        for cycle in &self.cycles {
            let days = format!("{}..{}", cycle.from.strftime("%m-%d"), cycle.to.strftime("%m-%d"));
            rows.push(row(format!("cycle {}", cycle.number), days, &cycle.figures, cycle.orders, cycle.settled));
        }
        rows.push(row("year".to_owned(), self.year.to_string(), &self.figures, self.orders, self.settled));
        align(text, &rows);
        line(text, format_args!("  pairs, union: left to pay after bilateral and after multilateral netting"));
    }

    fn render_members(&self, text: &mut String) {
        let unit = Unit::whole(self.currency.minor_digits());
        let amounts: Vec<String> = self.members.iter().map(|member| unit.show(member.position)).collect();
        let names = self.members.iter().map(|member| member.name.chars().count()).max().unwrap_or(0);
        let digits = amounts.iter().map(String::len).chain([self.currency.code().len()]).max().unwrap_or(0);
        let largest = self.members.iter().map(|member| member.position.unsigned_abs()).max().unwrap_or(0);
        let currency = self.currency.code();
        line(text, format_args!("  {:names$}  {currency:>digits$}  {:>HALF_BAR$}│ is owed", "", "owes "));
        for (member, amount) in self.members.iter().zip(&amounts) {
            let name = &member.name;
            let halves = bar_halves(member.position.unsigned_abs(), largest);
            let (full, half) = ("█".repeat(halves / 2), halves % 2);
            let bar = if member.position < 0 {
                format!("{:>HALF_BAR$}│", format!("{}{full}", "▐".repeat(half)))
            } else {
                format!("{:>HALF_BAR$}│{full}{}", "", "▌".repeat(half))
            };
            line(text, format_args!("  {name:names$}  {amount:>digits$}  {bar}"));
        }
    }
}

/// How amounts are shown on the screen. What is smaller than the last digit shown is cut off (rounding towards zero); the
/// JSON report has it all.
struct Unit {
    /// Before the currency code, such as `million `.
    prefix: &'static str,
    /// Minor units to one of the last digit shown.
    divisor: i128,
    /// Decimals shown.
    decimals: u8,
}

impl Unit {
    /// Whole major units of a currency with so many decimals.
    const fn whole(digits: u8) -> Self {
        Self { prefix: "", divisor: 10_i128.pow(digits as u32), decimals: 0 }
    }

    /// Millions with two decimals for figures of a hundred million and more, else whole major units.
    const fn fitting(minor: u128, digits: u8) -> Self {
        if minor < 10_u128.pow(digits as u32 + 8) {
            return Self::whole(digits);
        }
        Self { prefix: "million ", divisor: 10_i128.pow(digits as u32 + 4), decimals: 2 }
    }

    fn show(&self, minor: i128) -> String {
        grouped(&money::format_amount(minor / self.divisor, self.decimals))
    }
}

fn line(text: &mut String, arguments: fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a string takes everything");
}

/// Half characters that `part` of `largest` is drawn with: in proportion, rounded half up, and at least one where there
/// is anything to show.
fn bar_halves(part: u128, largest: u128) -> usize {
    if part == 0 {
        return 0;
    }
    let halves = 2 * HALF_BAR as u128;
    let length = (part * halves * 2 + largest) / (largest * 2);
    usize::try_from(length.max(1)).expect("no more than the largest, which is as long as the bar")
}

/// Columns under each other: the first two to the left, the numbers to the right.
fn align<const COLUMNS: usize>(text: &mut String, rows: &[[String; COLUMNS]]) {
    let widths: [usize; COLUMNS] =
        array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    for row in rows {
        let cells: [String; COLUMNS] = array::from_fn(|column| {
            let (cell, width) = (&row[column], widths[column]);
            if column < 2 { format!("  {cell:width$}") } else { format!("  {cell:>width$}") }
        });
        line(text, format_args!("{}", cells.concat()));
    }
}

fn signed(minor: u128) -> i128 {
    i128::try_from(minor).expect("at most GROSS_MAX")
}

/// `-1234567.89` as `-1,234,567.89`.
fn grouped(number: &str) -> String {
    let (sign, magnitude) = number.strip_prefix('-').map_or(("", number), |magnitude| ("-", magnitude));
    let whole = magnitude.find('.').unwrap_or(magnitude.len());
    let mut text = sign.to_owned();
    for (place, digit) in magnitude[..whole].char_indices() {
        if place > 0 && (whole - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + &magnitude[whole..]
}

#[cfg(test)]
mod tests {
    use super::{Unit, bar_halves, grouped};

    #[test]
    fn thousands() {
        for (number, expected) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-100", "-100"),
            ("-1234567", "-1,234,567"),
            ("-1234567.8912", "-1,234,567.8912"),
            ("0.05", "0.05"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn units() {
        assert_eq!(Unit::whole(2).show(-123_456_789), "-1,234,567");
        assert_eq!(Unit::whole(2).show(-99), "0");
        assert_eq!(Unit::whole(0).show(1_234), "1,234");
        assert_eq!(Unit::fitting(9_999_999_999, 2).show(9_999_999_999), "99,999,999");
        assert_eq!(Unit::fitting(10_000_000_000, 2).show(10_000_000_000), "100.00");
        assert_eq!(Unit::fitting(123_456_789_000, 0).show(-123_456_789_000), "-123,456.78");
    }

    #[test]
    fn bars() {
        assert_eq!(bar_halves(0, 0), 0);
        assert_eq!(bar_halves(100, 100), 48);
        assert_eq!(bar_halves(50, 100), 24);
        assert_eq!(bar_halves(1, 1_000_000), 1);
        assert_eq!(bar_halves(clearing::Flows::GROSS_MAX, clearing::Flows::GROSS_MAX), 48);
    }
}
