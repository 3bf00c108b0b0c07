//! A member's accounts day by day, and when it is time to report on them.

use std::num::NonZeroU64;
use union::{Applied, Day, Period, Statement, StatementBuilder, Union};

/// Follows a member's accounts.
pub(super) struct Accounts {
    member: u16,
    /// Milliseconds between two reports of a day; none for no such reports.
    intraday_ms: Option<NonZeroU64>,
    /// The day of the last block, and the accounts on it.
    day: Day,
    builder: StatementBuilder,
    /// The time of the last block, Unix milliseconds.
    time_ms: u64,
    /// Whether all blocks of the day were seen: not on the day on which a journal begins, unless that has the union's first block.
    is_whole: bool,
}

impl Accounts {
    /// Those of a member in a union, before its next block.
    pub fn new(union: &Union, member: u16, intraday_ms: Option<NonZeroU64>) -> Accounts {
        let (day, time_ms) = (union.today(), union.time_ms());
        let builder = StatementBuilder::new(union, member, Period::Day(day));
        Accounts { member, intraday_ms, day, builder, time_ms, is_whole: false }
    }

    /// Takes in the next block; `union` is the union after it. Returns the statement of the day that it ends, if that was a
    /// business day of the member or something was booked on it, and a report on the day so far, if it is time for one.
    pub fn block(&mut self, union: &Union, applied: &Applied) -> (Option<Statement>, Option<Statement>) {
        let is_same_day = union.today() == self.day;
        let ended = if is_same_day { None } else { self.turn(union) };
        self.is_whole |= applied.height == 1;
        self.builder.block(union, applied);
        let (before_ms, now_ms) = (self.time_ms, union.time_ms());
        self.time_ms = now_ms;
        let is_due = |ms: NonZeroU64| is_same_day && before_ms / ms != now_ms / ms;
        let is_reported = self.is_whole && self.intraday_ms.is_some_and(is_due);
        (ended, is_reported.then(|| self.builder.clone().finish(union, false)))
    }

    /// Ends the day. Returns its statement, if one is due.
    fn turn(&mut self, union: &Union) -> Option<Statement> {
        let statement = self.builder.turn(union, Period::Day(union.today()));
        let (ended, is_whole) = (self.day, self.is_whole);
        (self.day, self.is_whole) = (union.today(), true);
        let has_entries = statement.accounts.iter().any(|account| !account.entries.is_empty());
        let own = union.charter().calendar.members.get(usize::from(self.member));
        let is_business_day = own.is_some_and(|own| own.is_business_day(ended));
        Some(statement).filter(|_| is_whole && (has_entries || is_business_day))
    }
}
