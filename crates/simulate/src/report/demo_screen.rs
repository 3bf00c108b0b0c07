//! The report of a scenario as one screen of text.

use clearing::{Ratio, Savings};

use super::decimal::{hundredths, per_cent};
use super::layout::{HALF_BAR, Unit, align, bar_halves, grouped_count, line, share, signed};
use super::screen::CYCLES_NOTE;
use super::{Cleared, Netting, Report};

impl Report {
    /// The report as text for a terminal: 80 columns and two dozen lines for eight members and three cycles.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        self.render_cycles(&mut text);
        text.push('\n');
        self.render_members(&mut text);
        text.push('\n');
        self.render_savings(&mut text);
        line(&mut text, format_args!("state {}", self.clearing.state_hash));
        let milliseconds = self.elapsed.as_millis();
        line(&mut text, format_args!("{}.{:03} seconds", milliseconds / 1_000, milliseconds % 1_000));
        text
    }

    fn netting(&self) -> &Netting {
        &self.clearing.total.netting
    }

    fn render_cycles(&self, text: &mut String) {
        let currency = self.netting().currency;
        let unit = Unit::fitting(self.netting().liquidity.gross, currency.minor_digits());
        line(text, format_args!("{}, amounts in {}{currency}\n", self.scenario, unit.prefix));
        let header = ["", "days", "gross", "pairs", "union", "", "orders", "settled"];
        let mut rows = vec![header.map(str::to_owned)];
        let row = |label, days, cleared: &Cleared| {
            let liquidity = &cleared.netting.liquidity;
            [
                label,
                days,
                unit.show(signed(liquidity.gross)),
                share(liquidity.bilateral_net_ratio()),
                unit.show(signed(liquidity.multilateral_net)),
                share(liquidity.multilateral_net_ratio()),
                grouped_count(cleared.orders),
                grouped_count(cleared.netting.settled),
            ]
        };
        for cycle in &self.clearing.cycles {
            let days = format!("{}..{}", cycle.from.strftime("%m-%d"), cycle.to.strftime("%m-%d"));
            rows.push(row(format!("cycle {}", cycle.number), days, &cycle.cleared));
        }
        rows.push(row("year".to_owned(), self.year.to_string(), &self.clearing.total));
        align(text, &rows);
        line(text, format_args!("  {CYCLES_NOTE}"));
    }

    fn render_members(&self, text: &mut String) {
        let currency = self.netting().currency;
        let unit = Unit::whole(currency.minor_digits());
        let positions: Vec<i128> = self.netting().positions().collect();
        let amounts: Vec<String> = positions.iter().map(|&position| unit.show(position)).collect();
        let members = &self.clearing.members;
        let names = members.iter().map(|member| member.name.chars().count()).max().unwrap_or(0);
        let digits = amounts.iter().map(String::len).chain([currency.code().len()]).max().unwrap_or(0);
        let largest = self.netting().novation.largest_position;
        let code = currency.code();
        line(text, format_args!("  {:names$}  {code:>digits$}  {:>HALF_BAR$}│ is owed", "", "owes "));
        for ((member, position), amount) in std::iter::zip(std::iter::zip(members, positions), &amounts) {
            let name = &member.name;
            let halves = bar_halves(position.unsigned_abs(), largest);
            let (full, half) = ("█".repeat(halves / 2), halves % 2);
            let bar = if position < 0 {
                format!("{:>HALF_BAR$}│", format!("{}{full}", "▐".repeat(half)))
            } else {
                format!("{:>HALF_BAR$}│{full}{}", "", "▌".repeat(half))
            };
            line(text, format_args!("  {name:names$}  {amount:>digits$}  {bar}"));
        }
    }

    /// What netting saved, and who owes what is left.
    fn render_savings(&self, text: &mut String) {
        let netting = self.netting();
        let of_gross = |part| Ratio::new(part, netting.liquidity.gross).map(per_cent);
        if let Some(Savings { by_pairs, by_rings, by_novation }) = netting.savings
            && let (Some(pairs), Some(rings), Some(passed_on)) =
                (of_gross(by_pairs), of_gross(by_rings), of_gross(by_novation))
        {
            line(
                text,
                format_args!(
                    "Of every 100 owed, {pairs} are set off in pairs, {rings} in rings, {passed_on} passed on;"
                ),
            );
        }
        let cycles = &self.clearing.cycles;
        let paid = cycles.iter().map(|cycle| cycle.cleared.netting.liquidity.multilateral_net).sum();
        if let (Some(left), Some(paid)) = (of_gross(netting.liquidity.multilateral_net), of_gross(paid)) {
            let cycles = cycles.len();
            line(
                text,
                format_args!("{left} are left to pay if the year is netted at once; {paid} were, in {cycles} cycles."),
            );
        }
        if let Some(debits) = &netting.net_debits {
            let (before, after) = (netting.novation.open_pairs, netting.novation.open_positions);
            let (debtors, index) = (debits.largest_first().len(), hundredths(debits.index()));
            let top = debtors.min(3);
            let part = per_cent(debits.share_of_largest(top));
            line(
                text,
                format_args!(
                    "{before} bilateral positions became {after}; {top} of {debtors} debtors owe {part}% (HHI {index})."
                ),
            );
        }
    }
}
