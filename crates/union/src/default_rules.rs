//! What the charter says about legs that are not paid, and about members that go: `[default]` and `[exit]`.

use crate::charter::{CharterError, rule};
use serde::Deserialize;

/// How what a defaulted member owed is shared among the others, after what the union's own accounts hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossSharing {
    /// By quota.
    #[default]
    Quota,
    /// All alike.
    Equal,
    /// By what each member owns: who gave the credit bears the loss.
    Creditors,
}

/// What happens to a settlement leg that is not confirmed in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultRules {
    /// So many days after the close of its cycle a leg is due, or on the next day on which both its members work.
    pub deadline_days: u32,
    /// A leg that is overdue may be paid in so many parts; 0 for none.
    pub instalments: u32,
    /// The days between two parts.
    pub instalment_days: u32,
    /// Whether what the charges, interest and exchange accounts hold bears the loss first.
    pub reserves_first: bool,
    /// Who bears the rest.
    pub loss: LossSharing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefaultFile {
    deadline_days: u32,
    #[serde(default)]
    instalments: u32,
    #[serde(default)]
    instalment_days: u32,
    #[serde(default = "reserves_first")]
    reserves_first: bool,
    #[serde(default)]
    loss: Option<LossSharing>,
}

fn reserves_first() -> bool {
    true
}

impl DefaultRules {
    pub(crate) fn check(file: DefaultFile, has_quotas: bool) -> Result<DefaultRules, CharterError> {
        if file.deadline_days == 0 || file.deadline_days > 366 {
            return Err(rule("default.deadline_days", "is not between 1 and 366"));
        }
        if file.instalments == 1 || file.instalments > 24 {
            return Err(rule("default.instalments", "is neither 0 nor between 2 and 24"));
        }
        let is_dated = (1..=366).contains(&file.instalment_days);
        if (file.instalments > 0) != is_dated || (file.instalments == 0 && file.instalment_days != 0) {
            return Err(rule("default.instalment_days", "is not between 1 and 366, or there are no instalments"));
        }
        let loss = file.loss.unwrap_or(if has_quotas { LossSharing::Quota } else { LossSharing::Equal });
        if loss == LossSharing::Quota && !has_quotas {
            return Err(rule("default.loss", "is by quota, but a member has none"));
        }
        let DefaultFile { deadline_days, instalments, instalment_days, reserves_first, .. } = file;
        Ok(DefaultRules { deadline_days, instalments, instalment_days, reserves_first, loss })
    }
}

/// How the balance of a member that goes runs off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitRules {
    /// In equal parts at so many closes, all of it in the settlement asset.
    pub cycles: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExitFile {
    cycles: u32,
}

impl ExitRules {
    pub(crate) fn check(file: Option<ExitFile>) -> Result<ExitRules, CharterError> {
        let cycles = file.map_or(1, |file| file.cycles);
        if !(1..=120).contains(&cycles) {
            return Err(rule("exit.cycles", "is not between 1 and 120"));
        }
        Ok(ExitRules { cycles })
    }
}
