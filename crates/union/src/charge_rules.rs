//! What the charter says about charges and interest on balances: `[[charges]]` and `[interest]`.

use crate::charter::{CharterError, rule};
use serde::Deserialize;

/// The most charges and kinds of interest together.
pub(crate) const CHARGES_MAX: usize = 8;

/// Decimals of a rate in percent: a rate counts millionths of a balance.
const RATE_DECIMALS: u8 = 4;

/// Millionths in one.
pub(crate) const RATE_ONE: u128 = 1_000_000;

/// Which balances bear it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChargedSide {
    /// Of members that owe.
    Debtor,
    /// Of members that own.
    Creditor,
    /// Both alike: symmetric adjustment.
    Both,
}

/// Who gets what is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargedTo {
    /// All members together: the charges account.
    Charges,
    /// The interest account, out of which creditors are paid.
    Interest,
    /// The member is paid, out of the interest account.
    Member,
}

/// A charge on the part of daily balances that is above a share of the quota, or interest on all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Which balances.
    pub side: ChargedSide,
    /// Only what is above so many percent of the quota.
    pub above_percent: u32,
    /// Millionths of it a year.
    pub rate: u64,
    /// Who gets it.
    pub to: ChargedTo,
}

impl Charge {
    /// The part of a balance that it is on, in hundredths of a minor unit.
    pub fn base(&self, balance: i128, quota: u64) -> u128 {
        let is_charged = match self.side {
            ChargedSide::Debtor => balance < 0,
            ChargedSide::Creditor => balance > 0,
            ChargedSide::Both => true,
        };
        let free = u128::from(quota) * u128::from(self.above_percent);
        if is_charged { (balance.unsigned_abs() * 100).saturating_sub(free) } else { 0 }
    }

    /// What is due for a sum of daily bases: rounded up where the member pays, down where it is paid, to a minor unit.
    pub fn due(&self, base_days: u128, days_in_year: u32) -> u128 {
        // Whole parts and the rest apart, so that no product leaves the range of integers.
        let divisor = 100 * RATE_ONE * u128::from(days_in_year);
        let (whole, rest) = (base_days / divisor, base_days % divisor);
        let of_rest = rest * u128::from(self.rate);
        let rounded = if self.to == ChargedTo::Member { of_rest / divisor } else { of_rest.div_ceil(divisor) };
        whole.saturating_mul(u128::from(self.rate)).saturating_add(rounded)
    }
}

/// All charges and interest, taken at the close of a cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeRules {
    /// In the order of the charter, interest last.
    pub charges: Vec<Charge>,
    /// What a year is taken for: 360 or 365 days.
    pub days_in_year: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChargeFile {
    side: ChargedSide,
    #[serde(default)]
    above_percent: u32,
    percent_a_year: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct InterestFile {
    debtor_percent_a_year: Option<String>,
    creditor_percent_a_year: Option<String>,
    days_in_year: Option<u32>,
}

impl ChargeRules {
    pub(crate) fn check(
        file: Vec<ChargeFile>,
        interest: InterestFile,
        has_quotas: bool,
    ) -> Result<ChargeRules, CharterError> {
        let rate = |key: String, text: &str| match money::parse_amount(text, RATE_DECIMALS) {
            Ok(rate) if u128::from(rate) <= RATE_ONE => Ok(rate),
            Ok(_) => Err(rule(key, "is more than 100 percent a year")),
            Err(error) => Err(rule(key, error.to_string())),
        };
        let mut charges = Vec::new();
        for (at, charge) in file.into_iter().enumerate() {
            let key = |name: &str| format!("charges[{at}].{name}");
            if charge.above_percent > 1_000 {
                return Err(rule(key("above_percent"), "is more than 1000 percent of the quota"));
            }
            if charge.above_percent > 0 && !has_quotas {
                return Err(rule(key("above_percent"), "is a share of the quota, but a member has none"));
            }
            charges.push(Charge {
                side: charge.side,
                above_percent: charge.above_percent,
                rate: rate(key("percent_a_year"), &charge.percent_a_year)?,
                to: ChargedTo::Charges,
            });
        }
        let of_interest =
            |name: &str, text: Option<&String>| text.map_or(Ok(0), |text| rate(format!("interest.{name}"), text));
        let debtor = of_interest("debtor_percent_a_year", interest.debtor_percent_a_year.as_ref())?;
        let creditor = of_interest("creditor_percent_a_year", interest.creditor_percent_a_year.as_ref())?;
        if creditor > debtor {
            let text = "is more than debtors pay: nobody would be there to pay it";
            return Err(rule("interest.creditor_percent_a_year", text));
        }
        let sides =
            [(ChargedSide::Debtor, debtor, ChargedTo::Interest), (ChargedSide::Creditor, creditor, ChargedTo::Member)];
        for (side, rate, to) in sides.into_iter().filter(|(_, rate, _)| *rate > 0) {
            charges.push(Charge { side, above_percent: 0, rate, to });
        }
        if charges.len() > CHARGES_MAX {
            return Err(rule("charges", format!("are more than {CHARGES_MAX}, interest on each side included")));
        }
        let days_in_year = interest.days_in_year.unwrap_or(365);
        if !matches!(days_in_year, 360 | 365) {
            return Err(rule("interest.days_in_year", "is neither 360 nor 365"));
        }
        Ok(ChargeRules { charges, days_in_year })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keynes 1943: one percent a year above a quarter of the quota, on either side alike.
    #[test]
    fn symmetric_by_hand() {
        let charge = Charge { side: ChargedSide::Both, above_percent: 25, rate: 10_000, to: ChargedTo::Charges };
        for (balance, base) in [(0, 0), (250, 0), (-250, 0), (350, 10_000), (-350, 10_000), (251, 100)] {
            assert_eq!(charge.base(balance, 1_000), base, "{balance}");
        }
        assert_eq!(charge.due(10_000 * 365, 365), 1, "one percent of a hundred for a year");
        assert_eq!(charge.due(10_000 * 366, 365), 2, "a day more: what is begun is due");
        assert_eq!(charge.due(0, 365), 0);
        let paid = Charge { to: ChargedTo::Member, ..charge };
        assert_eq!(paid.due(10_000 * 364, 365), 0, "who is paid gets whole units only");
    }
}
