//! A member's accounts day by day, and when it is time to report on them.

use iso20022::outbound::Report;
use std::num::NonZeroU64;
use union::{Applied, Day, Period, Statement, StatementBuilder, Union};

/// Follows a member's accounts from the first block on.
pub struct Accounts {
    member: u16,
    /// Milliseconds between two reports of a day; none for no such reports.
    intraday_ms: Option<NonZeroU64>,
    /// The day of the last block, and the accounts on it.
    day: Option<(Day, StatementBuilder)>,
    /// The time of the last block, Unix milliseconds.
    time_ms: u64,
}

impl Accounts {
    /// Those of a member, before the first block.
    pub fn new(member: u16, intraday_ms: Option<NonZeroU64>) -> Accounts {
        Accounts { member, intraday_ms, day: None, time_ms: 0 }
    }

    /// Takes in the next block; `union` is the union after it. Returns the statement of the day that it ends, if that was a
    /// business day of the member or something was booked on it, and a report on the day so far, if it is time for one.
    pub fn block(&mut self, union: &Union, applied: &Applied) -> Vec<(Report, Statement)> {
        let (today, before_ms, now_ms) = (union.today(), self.time_ms, union.time_ms());
        self.time_ms = now_ms;
        let mut reports = Vec::new();
        let (day, builder) =
            self.day.get_or_insert_with(|| (today, StatementBuilder::new(self.member, Period::Day(today))));
        let is_same_day = *day == today;
        if !is_same_day {
            let ended = std::mem::replace(day, today);
            let statement = builder.turn(union, Period::Day(today));
            let has_entries = statement.accounts.iter().any(|account| !account.entries.is_empty());
            let members = &union.charter().calendar.members;
            let is_business_day = members.get(usize::from(self.member)).is_some_and(|own| own.is_business_day(ended));
            if has_entries || is_business_day {
                reports.push((Report::Statement, statement));
            }
        }
        builder.block(union, applied);
        let is_due = |ms: NonZeroU64| is_same_day && before_ms / ms != now_ms / ms;
        if self.intraday_ms.is_some_and(is_due) {
            reports.push((Report::Intraday, builder.clone().finish(union, false)));
        }
        reports
    }
}
