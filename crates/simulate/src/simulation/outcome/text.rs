//! The outcome as text for people.

use super::{Outcome, millionths, percent};
use money::format_amount;
use std::fmt::Write;

impl Outcome {
    /// As text for people: totals, cycles and members, in millions.
    #[must_use]
    pub fn text(&self) -> String {
        let million = |amount: i128| {
            // Rounded to the nearest thousand for reading; the exact amounts are in the JSON form.
            let digits = u32::from(self.unit_of_account.minor_digits());
            let thousand = 10_i128.pow(digits + 3);
            format_amount((amount + thousand / 2 * amount.signum()) / thousand, 3)
        };
        let unsigned = |amount: u128| million(i128::try_from(amount).unwrap_or(i128::MAX));
        let years: Vec<_> = self.years.iter().map(ToString::to_string).collect();
        let mut text = format!(
            "{}, {}: {} orders of {} members, amounts in million {}\n",
            self.charter,
            years.join(", "),
            self.orders,
            self.members.len(),
            self.unit_of_account
        );
        for shock in &self.shocks {
            let _ = writeln!(text, "shock: {shock}");
        }
        for (name, amount) in self.named_totals() {
            let ratio = percent(millionths(amount, self.totals.gross));
            let _ = writeln!(text, "  {:<24} {:>16} {ratio:>8} %", name.replace('_', " "), unsigned(amount));
        }
        let delay = &self.queue_delay;
        let _ = writeln!(
            text,
            "  {} orders waited, {} h on average; {} worth {} did not settle; most owed: {} {} on {}",
            delay.delayed_orders,
            delay.mean_seconds / 3_600,
            delay.never_settled,
            unsigned(delay.never_settled_value),
            if self.largest_exposure.member.is_empty() { "nobody" } else { &self.largest_exposure.member },
            unsigned(self.largest_exposure.amount),
            self.largest_exposure.day,
        );
        let _ = writeln!(
            text,
            "\n  {:<8}{:>14}{:>14}{:>14}{:>14}{:>10}{:>12}{:>12}{:>12}  standing",
            "member", "position", "cumulative", "asset paid", "received", "quota use", "charges", "interest", "losses"
        );
        for member in &self.members {
            let interest = member.interest_paid as i128 - member.interest_received as i128;
            let _ = writeln!(
                text,
                "  {:<8}{:>14}{:>14}{:>14}{:>14}{:>10}{:>12}{:>12}{:>12}  {}",
                member.code,
                million(member.position),
                million(member.cumulative_position),
                unsigned(member.asset_paid),
                unsigned(member.asset_received),
                member.quota_use.map_or_else(|| "-".to_owned(), |used| percent(used) + " %"),
                unsigned(member.charges),
                million(interest),
                unsigned(member.losses),
                member.standing,
            );
        }
        text
    }
}
