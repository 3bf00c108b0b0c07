//! `comity set`: a member's own limits, rules, rates and participants. Nobody else can set them.

use crate::exit::Result;
use crate::identifier;
use crate::output::Output;
use crate::remote::SignerArguments;
use api::text::{
    CommandText, PublishRates, RegisterParticipant, SetBilateralLimits, SetCaps, SetParticipantCaps, SetReservations,
    SetRule,
};
use clap::{Args, Subcommand};

/// Set your member's own limits, acceptance rules, rates and participants
///
/// `comity members CODE` shows caps, reservations, rules, rates, participants and their caps; `comity positions
/// --member CODE` shows the bilateral limits.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Cap your member's position, within what the charter allows
    Caps(Signed<Caps>),
    /// Reserve a part of the debit cap for orders of higher priority
    Reservations(Signed<Reservations>),
    /// Limit the bilateral positions with another member
    Limits(Signed<Limits>),
    /// Set one of the acceptance rules for what your member is paid; the first one that matches decides
    Rule(Signed<Rule>),
    /// Publish the two rates of your member's currency
    Rates(Signed<Rates>),
    /// Register a participant that your member sponsors, or name it anew
    Participant(Signed<Participant>),
    /// Cap an account of a participant in one currency
    ParticipantCaps(Signed<ParticipantCaps>),
}

/// What to set, and in whose name.
#[derive(Args, Debug)]
pub struct Signed<T: Args> {
    #[command(flatten)]
    what: T,
    #[command(flatten)]
    signer: SignerArguments,
}

#[derive(Args, Clone, Debug)]
pub struct Caps {
    /// The most that the member may owe, in the unit of account; `none` for what the charter says.
    #[arg(long, value_name = "AMOUNT")]
    debit_cap: String,
    /// The most that it may own, likewise.
    #[arg(long, value_name = "AMOUNT")]
    credit_cap: String,
}

#[derive(Args, Clone, Debug)]
pub struct Reservations {
    /// For urgent orders, in the unit of account.
    #[arg(long, value_name = "AMOUNT")]
    urgent: String,
    /// For urgent and high orders, beyond that.
    #[arg(long, value_name = "AMOUNT")]
    high: String,
}

#[derive(Args, Clone, Debug)]
pub struct Limits {
    /// The other member, by code.
    counterparty: String,
    /// What your member may owe it, net, in the unit of account; `none` for no limit.
    #[arg(long, value_name = "AMOUNT")]
    debit_limit: String,
    /// What it may owe your member, likewise.
    #[arg(long, value_name = "AMOUNT")]
    credit_limit: String,
}

#[derive(Args, Clone, Debug)]
pub struct Rule {
    /// The slot, 0 to 15; lower ones are asked first.
    slot: u8,
    /// What happens to an order that matches; `none` empties the slot.
    #[arg(value_parser = ["accept", "hold", "refuse", "none"])]
    action: String,
    /// Only orders of this member, by code.
    #[arg(long, value_name = "CODE")]
    debtor: Option<String>,
    /// Only orders from this participant of the debtor.
    #[arg(long, value_name = "NUMBER")]
    debtor_participant: Option<u32>,
    /// Only orders to this participant of your member.
    #[arg(long, value_name = "NUMBER")]
    creditor_participant: Option<u32>,
    /// Only orders with this ISO 20022 purpose code.
    #[arg(long, value_name = "CODE")]
    purpose: Option<String>,
    /// Only orders of more than this, in --currency, or else in the unit of account.
    #[arg(long, value_name = "AMOUNT")]
    above: Option<String>,
    /// Only orders in this currency.
    #[arg(long, value_name = "CURRENCY")]
    currency: Option<String>,
    /// The ISO 20022 reason code that a refusal gives.
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct Rates {
    /// The currency [default: your member's own]. Others are for the member that the charter names as publisher
    #[arg(long, value_name = "CURRENCY")]
    currency: Option<String>,
    /// First day on which they apply, YYYY-MM-DD; today or later.
    #[arg(long, value_name = "DAY")]
    from_day: String,
    /// What a creditor gets, in units of account for a unit of the currency: 0.04615 or 923/20000.
    #[arg(long, value_name = "RATE")]
    buying: String,
    /// What a debtor gives; not less.
    #[arg(long, value_name = "RATE")]
    selling: String,
}

#[derive(Args, Clone, Debug)]
pub struct Participant {
    /// Its number at the member, from 1.
    number: u32,
    /// BIC, 8 or 11 characters, or LEI, 20 characters.
    #[arg(long, value_parser = identifier::parse)]
    identifier: String,
    /// Its name.
    #[arg(long)]
    name: String,
}

#[derive(Args, Clone, Debug)]
pub struct ParticipantCaps {
    /// The participant; 0 for the member's own account.
    number: u32,
    /// The account's currency.
    #[arg(long, value_name = "CURRENCY")]
    currency: String,
    /// The most that it may owe, in that currency; `none` for no cap.
    #[arg(long, value_name = "AMOUNT")]
    debit_cap: String,
    /// The most that it may own, likewise.
    #[arg(long, value_name = "AMOUNT")]
    credit_cap: String,
}

/// Signs and sends what is to be set.
pub fn run(command: &Command, output: Output) -> Result<()> {
    match command {
        Command::Caps(signed) => signed.order(output),
        Command::Reservations(signed) => signed.order(output),
        Command::Limits(signed) => signed.order(output),
        Command::Rule(signed) => signed.order(output),
        Command::Rates(signed) => signed.order(output),
        Command::Participant(signed) => signed.order(output),
        Command::ParticipantCaps(signed) => signed.order(output),
    }
}

impl<T: Args + Clone + Into<CommandText>> Signed<T> {
    fn order(&self, output: Output) -> Result<()> {
        self.signer.order(&self.what.clone().into(), output)
    }
}

impl From<Caps> for CommandText {
    fn from(Caps { debit_cap, credit_cap }: Caps) -> Self {
        SetCaps { debit_cap, credit_cap }.into()
    }
}

impl From<Reservations> for CommandText {
    fn from(Reservations { urgent, high }: Reservations) -> Self {
        SetReservations { urgent, high }.into()
    }
}

impl From<Limits> for CommandText {
    fn from(Limits { counterparty, debit_limit, credit_limit }: Limits) -> Self {
        SetBilateralLimits { counterparty, debit_limit, credit_limit }.into()
    }
}

impl From<Rule> for CommandText {
    fn from(rule: Rule) -> Self {
        SetRule {
            slot: rule.slot,
            action: rule.action,
            debtor: rule.debtor,
            debtor_participant: rule.debtor_participant,
            creditor_participant: rule.creditor_participant,
            purpose: rule.purpose,
            above: rule.above,
            currency: rule.currency,
            reason: rule.reason,
        }
        .into()
    }
}

impl From<Rates> for CommandText {
    fn from(Rates { currency, from_day, buying, selling }: Rates) -> Self {
        PublishRates { currency, from_day, buying, selling }.into()
    }
}

impl From<Participant> for CommandText {
    fn from(Participant { number, identifier, name }: Participant) -> Self {
        RegisterParticipant { participant: number, identifier, name }.into()
    }
}

impl From<ParticipantCaps> for CommandText {
    fn from(ParticipantCaps { number, currency, debit_cap, credit_cap }: ParticipantCaps) -> Self {
        SetParticipantCaps { participant: number, currency, debit_cap, credit_cap }.into()
    }
}
