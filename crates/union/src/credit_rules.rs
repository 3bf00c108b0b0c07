//! What the charter says about credit: `[credit]`, and each member's quota.
//!
//! | kind | a member may owe |
//! | --- | --- |
//! | `unlimited` | what its own `debit_cap` says, or anything; so it is where nothing is said |
//! | `none` | nothing: orders wait until something comes in, or is set off in a run |
//! | `prefunded` | nothing, but for the agent, which owes members what they have deposited with it |
//! | `bilateral` | each other member up to a line, net, in a cycle |
//! | `multilateral` | the union up to its quota, and beyond it what `above_quota` says |

use crate::charter::{CharterError, rule};
use ledger::NO_CAP;
use money::Currency;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The most years whose turnover a formula takes the average of.
pub const QUOTA_YEARS_MAX: u32 = 10;

/// Who gives credit to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CreditKind {
    /// The union to each member, up to its own debit cap if it has one.
    #[default]
    Unlimited,
    /// Nobody.
    None,
    /// Nobody: members pay out of what they have deposited with the agent.
    Prefunded,
    /// Each member to each other one.
    Bilateral,
    /// The union to each member, by quota.
    Multilateral,
}

/// What happens to a debtor at its quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AboveQuota {
    /// Orders wait: the quota caps what it owes.
    #[default]
    Refuse,
    /// It goes on paying, and the excess is settled by the schedule at the close of the cycle.
    Settle,
}

/// A quota from turnover: a share of the yearly average of what a member sold and bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaFormula {
    /// Percent of the average.
    pub percent: u32,
    /// Years that the average is taken of.
    pub years: u32,
}

impl QuotaFormula {
    /// The quota of a member with this turnover in each of the years, rounded down to a minor unit.
    pub fn quota(&self, turnover: &[u64]) -> Option<u64> {
        let sum: u128 = turnover.iter().map(|&year| u128::from(year)).sum();
        u64::try_from(sum * u128::from(self.percent) / (100 * u128::from(self.years))).ok()
    }
}

/// How the union gives credit. Quotas themselves stand with the [members](crate::Member).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditRules {
    /// Who gives credit to whom.
    pub kind: CreditKind,
    /// What happens at the quota.
    pub above_quota: AboveQuota,
    /// How quotas that no table names are found.
    pub formula: Option<QuotaFormula>,
    /// The member that deposits are made with, where credit is prefunded.
    pub agent: Option<String>,
    /// The line of a pair that is not in `lines`, in minor units of the unit of account; [`NO_CAP`] for no limit.
    pub default_line: u64,
    /// What a debtor may owe a creditor, net, in a cycle: by their numbers.
    pub lines: BTreeMap<(u16, u16), u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CreditFile {
    kind: CreditKind,
    above_quota: Option<AboveQuota>,
    formula: Option<QuotaFormula>,
    quotas: BTreeMap<String, String>,
    agent: Option<String>,
    default_line: Option<String>,
    lines: Vec<LineFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineFile {
    debtor: String,
    creditor: String,
    limit: String,
}

/// What the file says about a member's quota.
pub(crate) struct QuotaSource<'a> {
    pub code: &'a str,
    /// Yearly turnover, the latest year last.
    pub turnover: Vec<String>,
}

impl CreditRules {
    /// Checks `[credit]`, and finds the quota of each member; 0 for none.
    pub(crate) fn check(
        file: CreditFile,
        unit: Currency,
        members: &[QuotaSource],
    ) -> Result<(CreditRules, Vec<u64>), CharterError> {
        let amount = |key: String, text: &str| {
            money::parse_amount(text, unit.minor_digits()).map_err(|error| rule(key, error.to_string()))
        };
        let is_multilateral = file.kind == CreditKind::Multilateral;
        if !is_multilateral && file.above_quota.is_some() {
            return Err(rule("credit.above_quota", "is for kind 'multilateral' only; leave it out"));
        }
        if let Some(formula) = file.formula
            && (!(1..=1_000).contains(&formula.percent) || !(1..=QUOTA_YEARS_MAX).contains(&formula.years))
        {
            return Err(rule("credit.formula", format!("needs percent 1 to 1000 and years 1 to {QUOTA_YEARS_MAX}")));
        }
        let position = |code: &str| members.iter().position(|member| member.code == code);
        if let Some(code) = file.quotas.keys().find(|code| position(code).is_none()) {
            return Err(rule(format!("credit.quotas.{code}"), "is not the code of a member"));
        }
        let mut quotas = Vec::with_capacity(members.len());
        for (number, member) in members.iter().enumerate() {
            let turnover_key = || format!("members[{number}].turnover");
            let turnover =
                member.turnover.iter().map(|text| amount(turnover_key(), text)).collect::<Result<Vec<_>, _>>()?;
            let quota = match (file.quotas.get(member.code), file.formula) {
                (Some(text), _) => amount(format!("credit.quotas.{}", member.code), text)?,
                (None, Some(formula)) => {
                    if turnover.len() != formula.years as usize {
                        let years = formula.years;
                        return Err(rule(
                            turnover_key(),
                            format!("needs {years} yearly amounts, as credit.formula says"),
                        ));
                    }
                    let too_large = || rule(turnover_key(), "gives a quota beyond the range of amounts");
                    formula.quota(&turnover).filter(|&quota| quota != NO_CAP).ok_or_else(too_large)?
                }
                (None, None) => 0,
            };
            if is_multilateral && quota == 0 {
                let text = "has no quota: the table names none (or nought), or the formula gives nought";
                return Err(rule(format!("credit.quotas.{}", member.code), text));
            }
            quotas.push(quota);
        }
        let is_prefunded = file.kind == CreditKind::Prefunded;
        if file.agent.is_some() != is_prefunded {
            return Err(rule("credit.agent", "is named for kind 'prefunded', and only for it"));
        }
        if file.agent.as_deref().is_some_and(|code| position(code).is_none()) {
            return Err(rule("credit.agent", "is not the code of a member"));
        }
        let is_bilateral = file.kind == CreditKind::Bilateral;
        if !is_bilateral && (file.default_line.is_some() || !file.lines.is_empty()) {
            return Err(rule("credit.lines", "are for kind 'bilateral' only; leave them out"));
        }
        let default_line = match file.default_line.as_deref() {
            Some("unlimited") => NO_CAP,
            Some(text) => amount("credit.default_line".into(), text)?,
            None => 0,
        };
        let mut lines = BTreeMap::new();
        for (at, line) in file.lines.iter().enumerate() {
            let key = |name: &str| format!("credit.lines[{at}].{name}");
            let number = |name: &str, code: &str| {
                position(code).map(|number| number as u16).ok_or_else(|| rule(key(name), "is not the code of a member"))
            };
            let pair = (number("debtor", &line.debtor)?, number("creditor", &line.creditor)?);
            if pair.0 == pair.1 || lines.insert(pair, amount(key("limit"), &line.limit)?).is_some() {
                return Err(rule(key("creditor"), "is the debtor itself, or the pair has a line already"));
            }
        }
        let rules = CreditRules {
            kind: file.kind,
            above_quota: file.above_quota.unwrap_or_default(),
            formula: file.formula,
            agent: file.agent,
            default_line: if is_bilateral { default_line } else { NO_CAP },
            lines,
        };
        Ok((rules, quotas))
    }

    /// The cap on what a member may owe that follows from its quota and the kind of credit; [`NO_CAP`] for none.
    pub(crate) fn debit_cap(&self, code: &str, quota: u64) -> u64 {
        match self.kind {
            CreditKind::None => 0,
            CreditKind::Prefunded if self.agent.as_deref() != Some(code) => 0,
            CreditKind::Multilateral if self.above_quota == AboveQuota::Refuse => quota,
            _ => NO_CAP,
        }
    }

    /// What a debtor may owe a creditor, net, in a cycle, in minor units of the unit of account; [`NO_CAP`] for no limit.
    pub fn line(&self, debtor: u16, creditor: u16) -> u64 {
        self.lines.get(&(debtor, creditor)).copied().unwrap_or(self.default_line)
    }
}
