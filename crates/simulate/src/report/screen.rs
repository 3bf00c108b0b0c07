//! The report of what a union cleared as text, for one who asks more than a newcomer.

use clearing::{Concentration, Ratio, Savings};
use jiff::civil::Date;

use super::decimal::hundredths;
use super::layout::{Unit, align, grouped_count, line, share, signed};
use super::{Cleared, ClearingReport, Netting};

/// What the columns of the cycles' table say.
pub(super) const CYCLES_NOTE: &str = "pairs, union: left to pay after bilateral and after multilateral netting";

/// So many of the largest debtors and creditors are named.
const LARGEST: usize = 3;

impl ClearingReport {
    /// The report as text for a terminal: cycles, currencies where payments were made in others than the unit of account,
    /// savings, concentration, and a line for each member.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        self.render_cycles(&mut text);
        if self.netting().liquidity.gross == 0 {
            line(&mut text, format_args!("\nNothing has settled between members."));
            return text;
        }
        self.render_currencies(&mut text);
        text.push('\n');
        self.render_savings(&mut text);
        text.push('\n');
        self.render_members(&mut text);
        text
    }

    fn netting(&self) -> &Netting {
        &self.total.netting
    }

    fn render_cycles(&self, text: &mut String) {
        let currency = self.netting().currency;
        let unit = Unit::precise(self.netting().liquidity.gross, currency.minor_digits());
        line(text, format_args!("amounts in {}{currency}\n", unit.prefix));
        let header = ["", "days", "gross", "pairs", "", "union", "", "legs", "orders", "settled"];
        let mut rows = vec![header.map(str::to_owned)];
        let row = |label, days, legs: u64, cleared: &Cleared| {
            let liquidity = &cleared.netting.liquidity;
            [
                label,
                days,
                unit.show(signed(liquidity.gross)),
                unit.show(signed(liquidity.bilateral_net)),
                share(liquidity.bilateral_net_ratio()),
                unit.show(signed(liquidity.multilateral_net)),
                share(liquidity.multilateral_net_ratio()),
                legs.to_string(),
                grouped_count(cleared.orders),
                grouped_count(cleared.netting.settled),
            ]
        };
        for cycle in &self.cycles {
            let label = format!("cycle {}", cycle.number);
            rows.push(row(label, days(cycle.from, cycle.to), cycle.legs, &cycle.cleared));
        }
        if let [first, .., last] = self.cycles.as_slice() {
            let legs = self.cycles.iter().map(|cycle| cycle.legs).sum();
            rows.push(row("netted at once".to_owned(), days(first.from, last.to), legs, &self.total));
        }
        align(text, &rows);
        line(text, format_args!("  {CYCLES_NOTE}"));
    }

    /// Where payments were made in another currency than the unit of account.
    fn render_currencies(&self, text: &mut String) {
        let currencies = &self.total.currencies;
        if currencies.iter().all(|netting| netting.currency == self.netting().currency) {
            return;
        }
        let header = ["payments in", "", "gross", "pairs", "", "union", "", "settled"];
        let mut rows = vec![header.map(str::to_owned)];
        rows.extend(currencies.iter().map(|netting| {
            let liquidity = &netting.liquidity;
            let unit = Unit::precise(liquidity.gross, netting.currency.minor_digits());
            [
                netting.currency.code().to_owned(),
                unit.prefix.trim_end().to_owned(),
                unit.show(signed(liquidity.gross)),
                unit.show(signed(liquidity.bilateral_net)),
                share(liquidity.bilateral_net_ratio()),
                unit.show(signed(liquidity.multilateral_net)),
                share(liquidity.multilateral_net_ratio()),
                grouped_count(netting.settled),
            ]
        }));
        text.push('\n');
        align(text, &rows);
        let (difference, unit) = (self.total.exchange_and_rounding, self.netting().currency);
        let amount = money::format_amount(signed(difference), unit.minor_digits());
        line(text, format_args!("  rate differences and roundings: {amount} {unit}"));
    }

    fn render_savings(&self, text: &mut String) {
        let netting = self.netting();
        let liquidity = &netting.liquidity;
        let unit = Unit::precise(liquidity.gross, netting.currency.minor_digits());
        let amount = |minor| unit.show(signed(minor));
        let saved = share(liquidity.multilateral_saved_ratio());
        let part = |saved| share(Ratio::new(saved, liquidity.gross));
        let parts = match netting.savings {
            Some(Savings { by_pairs, by_rings, by_novation }) => {
                let [pairs, rings, passed_on] = [by_pairs, by_rings, by_novation].map(part);
                format!("{pairs} set off in pairs, {rings} in rings, {passed_on} passed on by novation")
            }
            None => format!(
                "{} in pairs; too large to tell rings and novation apart",
                share(liquidity.bilateral_saved_ratio())
            ),
        };
        line(text, format_args!("saved          {saved} of gross: {parts}"));
        let novation = &netting.novation;
        line(
            text,
            format_args!(
                "novation       {} bilateral positions, the largest {}, became {} with the union, the largest {}",
                novation.open_pairs,
                amount(novation.largest_bilateral),
                novation.open_positions,
                amount(novation.largest_position)
            ),
        );
        let index = |concentration: &Option<Concentration>| {
            concentration.as_ref().map_or("-".to_owned(), |concentration| hundredths(concentration.index()))
        };
        line(
            text,
            format_args!(
                "concentration  turnover {}, net debits {}, net credits {} (Herfindahl-Hirschman index)",
                index(&netting.turnover),
                index(&netting.net_debits),
                index(&netting.net_credits)
            ),
        );
        for (side, concentration) in [("debtors ", &netting.net_debits), ("creditors", &netting.net_credits)] {
            if let Some(concentration) = concentration {
                line(text, format_args!("{side:15}{}", self.largest(concentration, &unit)));
            }
        }
    }

    fn largest(&self, concentration: &Concentration, unit: &Unit) -> String {
        let parts = concentration.largest_first().iter().take(LARGEST).map(|part| {
            let (code, amount) = (&self.members[part.party].code, unit.show(signed(part.amount)));
            format!("{code} {amount} ({})", share(Ratio::new(part.amount, concentration.total())))
        });
        let more = concentration.largest_first().len().saturating_sub(LARGEST);
        let rest = if more == 0 { String::new() } else { format!(", and {more} more") };
        parts.collect::<Vec<_>>().join(", ") + &rest
    }

    fn render_members(&self, text: &mut String) {
        let netting = self.netting();
        let unit = Unit::precise(netting.liquidity.gross, netting.currency.minor_digits());
        let header = ["member", "", "others", "owes", "is owed", "owes, pairs", "is owed, pairs", "position"];
        let mut rows = vec![header.map(str::to_owned)];
        rows.extend(std::iter::zip(&self.members, &netting.novation.parties).map(|(member, standing)| {
            [
                member.code.clone(),
                member.name.clone(),
                standing.counterparties.to_string(),
                unit.show(signed(standing.owes)),
                unit.show(signed(standing.is_owed)),
                unit.show(signed(standing.net_owes)),
                unit.show(signed(standing.net_is_owed)),
                unit.show(standing.position),
            ]
        }));
        align(text, &rows);
        line(text, format_args!("  pairs: after bilateral netting; others: with how many; position: with the union"));
    }
}

fn days(from: Date, to: Date) -> String {
    format!("{from}..{to}")
}
