//! Business days, holidays and cut-offs.
//!
//! A payment settles only on a day on which both its members work (the joint-holiday rule of the
//! Brazilian-Argentine local currency system). All days and times are those of the union's own clock:
//! the time of the block, moved by the fixed offset that the charter names.

use crate::charter::ClockTime;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Milliseconds in a day.
pub const DAY_MS: u64 = 86_400_000;

/// A calendar day, counted from 1 January 1970 (day 0, a Thursday).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u32);

/// What is wrong with a day written as text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a day from 1970-01-01 to 9999-12-31, written YYYY-MM-DD")]
pub struct DayError(String);

impl Day {
    /// The last day that can be named, 9999-12-31.
    pub const LAST: Day = Day(2_932_896);

    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Result<Day, DayError> {
        let error = || DayError(text.chars().take(40).collect());
        if text.len() != 10 {
            return Err(error());
        }
        Day::from_date(text.parse().map_err(|_| error())?).ok_or_else(error)
    }

    /// The day of a civil date, if not before 1970.
    pub fn from_date(date: jiff::civil::Date) -> Option<Day> {
        let days = date.duration_since(EPOCH).as_secs() / 86_400;
        u32::try_from(days).ok().map(Day)
    }

    /// The civil date of this day. Panics after [`Day::LAST`].
    pub fn date(self) -> jiff::civil::Date {
        EPOCH.checked_add(jiff::Span::new().days(i64::from(self.0))).expect("a day is at most Day::LAST")
    }

    /// The same day `months` later, or the last of that month where it is shorter; at most [`Day::LAST`].
    pub fn after_months(self, months: u32) -> Day {
        let later = self.date().checked_add(jiff::Span::new().months(i64::from(months)));
        later.ok().and_then(Day::from_date).unwrap_or(Day::LAST)
    }

    /// The day `days` later; at most [`Day::LAST`].
    pub fn after_days(self, days: u32) -> Day {
        Day(self.0.saturating_add(days)).min(Day::LAST)
    }

    /// 0 for Monday to 6 for Sunday.
    pub fn weekday(self) -> u8 {
        ((self.0 + 3) % 7) as u8
    }
}

const EPOCH: jiff::civil::Date = jiff::civil::date(1970, 1, 1);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Day::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// One member's week and holidays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberCalendar {
    weekend: [bool; 7],
    /// Sorted.
    holidays: Vec<Day>,
}

impl MemberCalendar {
    /// A calendar from the weekdays (0 Monday to 6 Sunday) and the days on which the member rests.
    pub fn new(weekend: &[u8], mut holidays: Vec<Day>) -> Self {
        let mut rests = [false; 7];
        for &weekday in weekend {
            rests[usize::from(weekday)] = true;
        }
        holidays.sort_unstable();
        MemberCalendar { weekend: rests, holidays }
    }

    /// Whether the member works on this day.
    pub fn is_business_day(&self, day: Day) -> bool {
        !self.weekend[usize::from(day.weekday())] && self.holidays.binary_search(&day).is_err()
    }
}

/// The union's clock and its members' calendars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Minutes that the union's clock is ahead of UTC.
    pub utc_offset_minutes: i32,
    /// After this time of day, customer payments for the same day are late.
    pub customer_cut_off: ClockTime,
    /// After this time of day, payments between institutions for the same day are late.
    pub interbank_cut_off: ClockTime,
    /// By member.
    pub members: Vec<MemberCalendar>,
}

impl Calendar {
    /// Day and second of the day on the union's clock at a block's time (Unix milliseconds).
    pub fn local(&self, time_ms: u64) -> (Day, u32) {
        let local = (time_ms as i64).saturating_add(i64::from(self.utc_offset_minutes) * 60_000).max(0) as u64;
        let day = Day((local / DAY_MS).min(u64::from(Day::LAST.0)) as u32);
        (day, (local % DAY_MS / 1_000) as u32)
    }

    /// The block time (Unix milliseconds) at which the union's clock shows this day and time.
    pub fn time_ms(&self, day: Day, second_of_day: u32) -> u64 {
        let local = i64::from(day.0) * DAY_MS as i64 + i64::from(second_of_day) * 1_000;
        (local - i64::from(self.utc_offset_minutes) * 60_000).max(0) as u64
    }

    /// Whether both members work on this day.
    pub fn is_joint_business_day(&self, a: u16, b: u16, day: Day) -> bool {
        self.members[usize::from(a)].is_business_day(day) && self.members[usize::from(b)].is_business_day(day)
    }

    /// Whether there are two members that work on this day.
    pub fn is_working_day(&self, day: Day) -> bool {
        self.members.iter().filter(|member| member.is_business_day(day)).nth(1).is_some()
    }

    /// The first joint business day on or after `day`, if there is one within a year.
    pub fn next_joint_business_day(&self, a: u16, b: u16, day: Day) -> Option<Day> {
        (0..366).map(|ahead| day.after_days(ahead)).find(|&day| self.is_joint_business_day(a, b, day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        assert_eq!(Day::parse("1970-01-01").unwrap(), Day(0));
        assert_eq!(Day::parse("2006-01-02").unwrap().weekday(), 0, "2 January 2006 was a Monday");
        assert_eq!(Day::parse("2000-02-29").unwrap().to_string(), "2000-02-29");
        assert_eq!(Day::parse("9999-12-31").unwrap(), Day::LAST);
        assert_eq!(Day::parse("2006-01-31").unwrap().after_months(1).to_string(), "2006-02-28");
        for bad in ["", "2006-1-2", "2006-02-30", "1969-12-31", "20060102", "2006-01-02T00:00", "２006-01-0"] {
            assert!(Day::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn joint_holidays_and_the_union_s_clock() {
        let day = |text| Day::parse(text).unwrap();
        let argentina = MemberCalendar::new(&[5, 6], vec![day("2006-05-25")]);
        let brazil = MemberCalendar::new(&[5, 6], vec![day("2006-06-15")]);
        let calendar = Calendar {
            utc_offset_minutes: -180,
            customer_cut_off: ClockTime::parse("16:00").unwrap(),
            interbank_cut_off: ClockTime::parse("17:30").unwrap(),
            members: vec![argentina, brazil],
        };
        assert!(!calendar.is_joint_business_day(0, 1, day("2006-05-25")));
        assert!(!calendar.is_joint_business_day(0, 1, day("2006-06-15")));
        assert!(calendar.is_joint_business_day(1, 1, day("2006-05-25")));
        assert_eq!(calendar.next_joint_business_day(0, 1, day("2006-06-15")), Some(day("2006-06-16")));
        assert_eq!(calendar.next_joint_business_day(0, 1, day("2006-06-17")), Some(day("2006-06-19")));

        let noon = calendar.time_ms(day("2006-05-25"), 43_200);
        assert_eq!(calendar.local(noon), (day("2006-05-25"), 43_200));
        assert_eq!(noon % DAY_MS, 15 * 3_600_000, "noon at UTC-3 is 15:00 UTC");
    }
}
