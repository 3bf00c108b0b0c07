//! What goes wrong in a simulation, and when.

use std::fmt;
use std::str::FromStr;
use union::Day;

/// Something that happens to a member on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shock {
    /// Code of the member.
    pub member: String,
    /// The day.
    pub day: Day,
    /// What happens.
    pub kind: ShockKind,
}

/// What happens to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShockKind {
    /// It pays no leg any more.
    StopsPaying,
    /// It gives notice.
    Leaves,
    /// A unit of account costs so many percent more of its currency, in which its exports are invoiced.
    RateJumps {
        /// How much more.
        percent: u32,
    },
}

impl FromStr for Shock {
    type Err = String;

    /// `stops:CODE@YYYY-MM-DD`, `leaves:CODE@YYYY-MM-DD` or `rate:CODE:PERCENT@YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, String> {
        let form = "a shock is written stops:CODE@DAY, leaves:CODE@DAY or rate:CODE:PERCENT@DAY";
        let (what, day) = text.split_once('@').ok_or(form)?;
        let day = Day::parse(day).map_err(|error| error.to_string())?;
        let mut parts = what.split(':');
        let (kind, member) = (parts.next().unwrap_or_default(), parts.next().ok_or(form)?);
        let kind = match (kind, parts.next(), parts.next()) {
            ("stops", None, None) => ShockKind::StopsPaying,
            ("leaves", None, None) => ShockKind::Leaves,
            ("rate", Some(percent), None) => {
                let percent = percent.trim_end_matches('%').parse().map_err(|_| form)?;
                if percent > 1_000 {
                    return Err("a rate jumps by at most 1000 percent".into());
                }
                ShockKind::RateJumps { percent }
            }
            _ => return Err(form.into()),
        };
        Ok(Shock { member: member.to_owned(), day, kind })
    }
}

impl fmt::Display for Shock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shock { member, day, kind } = self;
        match kind {
            ShockKind::StopsPaying => write!(f, "{member} stops paying on {day}"),
            ShockKind::Leaves => write!(f, "{member} gives notice on {day}"),
            ShockKind::RateJumps { percent } => {
                write!(f, "the currency of {member} loses value on {day}: +{percent} % a unit")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_strictly() {
        let shock: Shock = "rate:ARG:30@2006-06-01".parse().unwrap();
        assert_eq!((shock.member.as_str(), shock.kind), ("ARG", ShockKind::RateJumps { percent: 30 }));
        assert_eq!("stops:BOL@2006-06-01".parse::<Shock>().unwrap().kind, ShockKind::StopsPaying);
        for bad in [
            "",
            "stops:ARG",
            "stops@2006-06-01",
            "stops:ARG:3@2006-06-01",
            "rate:ARG@2006-06-01",
            "rate:ARG:-3@2006-06-01",
            "rate:ARG:1001@2006-06-01",
            "leaves:ARG@2006-13-01",
            "burns:ARG@2006-01-01",
        ] {
            assert!(bad.parse::<Shock>().is_err(), "{bad}");
        }
    }
}
