//! The union that a simulation is about: rules, members and their quotas.

use super::shock::ShockKind;
use super::{Setup, SimulationError};
use crate::preset::{CharterMember, QuotaSource, charter_text};
use keys::MemberKey;
use money::Currency;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use union::{CHARTER_BYTES_MAX, Charter, QUOTA_YEARS_MAX};

/// A union that was founded for a simulation.
pub(super) struct Founding {
    pub charter: Charter,
    /// The member that deposits are made with, where there are any. It does not trade.
    pub agent: Option<u16>,
    /// Members whose exports are invoiced in a currency of their own, each in another, since its rate is to jump.
    pub own_currency: BTreeMap<u16, Currency>,
}

impl Founding {
    /// Who publishes the rates of a member's own currency.
    pub fn publisher(&self, member: u16) -> u16 {
        self.charter.publisher.unwrap_or(member)
    }
}

/// What the rules say that the simulator has to know before they are a charter.
#[derive(serde::Deserialize)]
struct Rules {
    unit_of_account: Currency,
    #[serde(default)]
    credit: Credit,
    basket: Option<BasketRules>,
}

#[derive(serde::Deserialize)]
struct BasketRules {
    reference: Currency,
    currencies: Vec<BasketCurrencyRules>,
}

#[derive(serde::Deserialize)]
struct BasketCurrencyRules {
    currency: Currency,
}

impl Rules {
    /// Currencies with cents that the rules do not name.
    fn other_currencies(&self) -> impl Iterator<Item = Currency> + use<> {
        let mut named = vec![self.unit_of_account];
        if let Some(basket) = &self.basket {
            named.push(basket.reference);
            named.extend(basket.currencies.iter().map(|currency| currency.currency));
        }
        let listed = (1..1000).filter_map(|number| Currency::from_numeric(number).ok());
        listed.filter(move |currency| currency.minor_digits() == 2 && !named.contains(currency))
    }
}

#[derive(Default, serde::Deserialize)]
struct Credit {
    agent: Option<String>,
    formula: Option<Formula>,
}

#[derive(serde::Deserialize)]
struct Formula {
    years: u32,
}

pub(super) fn found(setup: &Setup) -> Result<Founding, SimulationError> {
    let wrong = |text: String| SimulationError::Setup(text);
    if setup.rules.len() > CHARTER_BYTES_MAX {
        return Err(wrong(format!("the rules are longer than {CHARTER_BYTES_MAX} bytes")));
    }
    let rules: Rules = toml::from_str(setup.rules).map_err(|error| wrong(format!("the rules: {error}")))?;
    if rules.unit_of_account.minor_digits() != 2 {
        return Err(wrong(format!(
            "the unit of account {} has no cents, in which trade is read",
            rules.unit_of_account
        )));
    }
    let years = rules.credit.formula.as_ref().map_or(0, |formula| formula.years);
    // So many texts are made for each member.
    if years > QUOTA_YEARS_MAX {
        return Err(wrong(format!("credit.formula.years is {years}, but at most {QUOTA_YEARS_MAX} years count")));
    }
    let mut others = rules.other_currencies();
    let jumps = |code: &String| {
        let is_it = |shock: &super::Shock| matches!(shock.kind, ShockKind::RateJumps { .. }) && shock.member == *code;
        setup.shocks.iter().any(is_it)
    };
    let mut own_currency = BTreeMap::new();
    let mut members = Vec::new();
    for (number, code) in (0..).zip(setup.members) {
        if jumps(code) {
            let other =
                others.next().ok_or_else(|| wrong("there are not as many currencies as rates that jump".into()))?;
            own_currency.insert(number, other);
        }
        let currency = own_currency.get(&number).copied().unwrap_or(rules.unit_of_account);
        members.push(member(code, currency, turnover(setup, code, years)));
    }
    let agent = rules.credit.agent.filter(|agent| !setup.members.contains(agent));
    if let Some(code) = &agent {
        members.push(member(code, rules.unit_of_account, vec!["1".to_owned(); years as usize]));
    }
    let first_day = format!("{:04}-01-01", setup.years[0]);
    let text = charter_text(setup.rules, setup.rules_name, &first_day, &members, QuotaSource::Formula)?;
    let charter = Charter::parse(&text)?;
    let agent = charter.credit.agent.as_deref().and_then(|code| charter.member(code));
    Ok(Founding { charter, agent, own_currency })
}

/// Keys that stand for a member's: nothing is signed with them.
fn member(code: &str, currency: Currency, turnover: Vec<String>) -> CharterMember {
    let key = MemberKey::from_seed(Sha256::digest(format!("comity simulation key v1 {code}")).into()).public();
    let hex = |bytes: [u8; 32]| bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    CharterMember {
        code: code.to_owned(),
        name: code.to_owned(),
        currency: currency.code().to_owned(),
        signing_key: hex(key.signing),
        sealing_key: hex(key.sealing),
        node_key: None,
        turnover,
    }
}

/// A member's turnover with the others in the latest so many years before the simulation; where the data do not go back so far, the
/// earliest year that they have, the first one simulated included, stands for those missing.
fn turnover(setup: &Setup, code: &str, years: u32) -> Vec<String> {
    let first = setup.years[0];
    let mut known: Vec<i16> = setup.trade.years().filter(|&year| year < first).collect();
    known.drain(..known.len().saturating_sub(years as usize));
    if known.is_empty() {
        known.push(first);
    }
    let missing = (years as usize).saturating_sub(known.len());
    let all = std::iter::repeat_n(known[0], missing).chain(known.iter().copied()).take(years as usize);
    all.map(|year| money::format_amount(setup.trade.turnover(year, code, setup.members).cast_signed(), 2)).collect()
}
