//! Commands other than payment orders, as JSON.

use super::{
    FieldError, amount, currency, day, id_text, json_error, member, order_id, priority, purpose, quoted, time,
    time_text,
};
use crate::view;
use ledger::NO_CAP;
use money::{Currency, Rate, format_amount};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use union::{
    ANY_MEMBER, ANY_PARTICIPANT, AcceptanceRule, Action, Ballot, Charter, Command, Decision, KeyKind, Motion,
    NO_MEMBER, RULES_MAX, Reason, pad_text, padded_text,
};
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// Why a text is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct CommandError {
    /// The key at fault; `line` for the text as a whole.
    pub field: String,
    /// What is wrong, and what would be right.
    pub problem: String,
    /// The ISO 20022 reason code.
    pub reason: Reason,
}

impl From<FieldError> for CommandError {
    fn from(FieldError { field, problem, reason }: FieldError) -> Self {
        CommandError { field, problem, reason }
    }
}

/// The schema of a command's fields with its name.
fn schema_of<T: ToSchema>(name: &str) -> Schema {
    let name = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([name]));
    let named = ObjectBuilder::new().schema_type(Type::Object).property("command", name).required("command");
    Schema::AllOf(AllOfBuilder::new().item(Ref::from_schema_name(T::name())).item(named).build())
}

/// Names of commands, and the form of each.
macro_rules! commands {
    ($($(#[$doc:meta])* $name:literal $variant:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? })*) => {
        /// A command as it is written; `command` names it. Amounts are major units as decimal text.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "command")]
        pub enum CommandText {
            $($(#[$doc])* #[serde(rename = $name)] $variant($variant),)*
        }

        // Derived, it would name commands by their types: a name that comes through a macro is not seen there.
        impl PartialSchema for CommandText {
            fn schema() -> RefOr<Schema> {
                let about = "A command as it is written; `command` names it. Amounts are major units as decimal text.";
                let all = OneOfBuilder::new().description(Some(about))$(.item(schema_of::<$variant>($name)))*;
                Schema::OneOf(all.build()).into()
            }
        }

        impl ToSchema for CommandText {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                $(schemas.push(($variant::name().into_owned(), $variant::schema()));
                $variant::schemas(schemas);)*
            }
        }

        $($(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $variant { $($(#[$field_doc])* pub $field: $type,)* }

        impl From<$variant> for CommandText {
            fn from(command: $variant) -> Self {
                CommandText::$variant(command)
            }
        })*

        const NAMES: &[&str] = &[$($name),*];

        fn typed(name: &str, arguments: Value) -> Result<CommandText, FieldError> {
            match name {
                $($name => serde_path_to_error::deserialize::<_, $variant>(arguments)
                    .map(CommandText::$variant)
                    .map_err(json_error),)*
                _ => {
                    let problem = format!("{} is no command; commands are {}", quoted(name), NAMES.join(", "));
                    Err(FieldError::new("command", Reason::AG03, problem))
                }
            }
        }
    };
}

commands! {
    /// The receiving member accepts an order that its rules hold.
    "accept" AcceptOrder {
        /// UUID of the order.
        order: String,
    }
    /// The receiving member refuses an order that its rules hold.
    "refuse" RefuseOrder {
        /// UUID of the order.
        order: String,
        /// ISO 20022 reason code; AG01 if none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
    /// The sending member takes back an order that is held or queued.
    "cancel" CancelOrder {
        /// UUID of the order.
        order: String,
        /// ISO 20022 reason code; CUST if none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
    /// The sending member gives an open order a priority, at the end of those that have it or at the front of them.
    "reprioritise" ReprioritiseOrder {
        /// UUID of the order.
        order: String,
        /// `urgent`, `high` or `normal`; the one that it has, to move it among those.
        priority: String,
        /// Whether it is tried first of those of its priority; last if not given.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        first: bool,
    }
    /// The sending member holds an open order back: it does not settle before it is released.
    "hold" HoldOrder {
        /// UUID of the order.
        order: String,
    }
    /// The sending member lets an order go that it holds back.
    "release" ReleaseOrder {
        /// UUID of the order.
        order: String,
    }
    /// The member that paid asks for a settled order back.
    "request_return" RequestReturn {
        /// UUID of the order.
        order: String,
        /// ISO 20022 reason code; CUST if none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
    /// The member that was paid refuses to give an order back that it is asked for.
    "refuse_return" RefuseReturn {
        /// UUID of the order.
        order: String,
        /// ISO 20022 reason code; CUST if none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
    /// A member names a participant that it sponsors, or names it anew.
    "register_participant" RegisterParticipant {
        /// Its number at the member, from 1.
        participant: u32,
        /// BIC or LEI, at most 20 printable ASCII characters.
        identifier: String,
        /// At most 100 bytes of UTF-8.
        name: String,
    }
    /// A member caps an account of its participant in one currency.
    "set_participant_caps" SetParticipantCaps {
        /// The participant; 0 for the member's own account.
        participant: u32,
        /// ISO 4217 code.
        currency: String,
        /// The most it may owe, in the currency; `none` for no cap.
        debit_cap: String,
        /// The most it may own, likewise.
        credit_cap: String,
    }
    /// A member caps its own position, within what the charter allows it.
    "set_caps" SetCaps {
        /// The most it may owe, in the unit of account; `none` for what the charter says.
        debit_cap: String,
        /// The most it may own, likewise.
        credit_cap: String,
    }
    /// A member reserves a part of its debit cap for orders of higher priority.
    "set_reservations" SetReservations {
        /// For urgent orders, in the unit of account.
        urgent: String,
        /// For urgent and high orders, beyond `urgent`.
        high: String,
    }
    /// A member limits its bilateral net positions with another.
    "set_bilateral_limits" SetBilateralLimits {
        /// The other member, by code.
        counterparty: String,
        /// What the member may owe the other, net, in the unit of account; `none` for no limit.
        debit_limit: String,
        /// What the other may owe it, likewise.
        credit_limit: String,
    }
    /// A member sets one of its acceptance rules, or empties the slot. The first rule that matches decides.
    "set_rule" SetRule {
        /// 0 to 15; lower slots are asked first.
        slot: u8,
        /// `accept`, `hold` or `refuse`; `none` empties the slot.
        action: String,
        /// Only orders of this member, by code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        debtor: Option<String>,
        /// Only orders from this participant of the debtor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        debtor_participant: Option<u32>,
        /// Only orders to this participant of the member.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        creditor_participant: Option<u32>,
        /// Only orders with this purpose code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        purpose: Option<String>,
        /// Only orders of more than this, in `currency`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        above: Option<String>,
        /// Only orders in this currency; without it any, and `above` counts in the unit of account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        currency: Option<String>,
        /// The reason given where the action is to refuse.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
    /// A member publishes the two rates of a currency, in units of account per unit of the currency (in units of the reference currency where
    /// the unit of account is a basket), as a decimal number (`0.04615`) or a fraction (`923/20000`).
    "publish_rates" PublishRates {
        /// ISO 4217 code; without it the member's own. Others are for the member that the charter names as publisher.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        currency: Option<String>,
        /// First day on which they apply, `YYYY-MM-DD`; today or later.
        from_day: String,
        /// What a creditor gets.
        buying: String,
        /// What a debtor gives; not less.
        selling: String,
    }
    /// A member agrees that the open cycle closes before its time.
    "close_cycle" CloseCycle {
        /// The open cycle's number.
        cycle: u32,
    }
    /// The creditor of a settlement leg confirms that it was paid.
    "confirm_leg" ConfirmLeg {
        /// Number of the closed cycle.
        cycle: u32,
        /// Number of the leg in the cycle, from 0.
        leg: u32,
    }
    /// A member that defaulted pays off a part of the claim on it, out of its position.
    "pay_claim" PayClaim {
        /// In the unit of account; at most the claim.
        amount: String,
    }
    /// A member proposes something to the others; a text of the charter follows in parts.
    "propose" Propose {
        /// `amend`, `admit`, `suspend`, `readmit`, `expel` or `upgrade`.
        kind: String,
        /// The member that it is about, by code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        /// Votes count up to this time, RFC 3339 in UTC: `2026-03-31T12:00:00Z`.
        deadline: String,
        /// Not in force before this day, `YYYY-MM-DD`; without it as soon as it is carried.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from_day: Option<String>,
        /// The version of the rules, for an upgrade.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        protocol: Option<u32>,
        /// Length of the charter's text in bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text_bytes: Option<u32>,
        /// Its hash, hexadecimal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text_hash: Option<String>,
        /// Signature of the member to be admitted, hexadecimal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accession: Option<String>,
    }
    /// A part of the charter's text that a proposal comes with; the part itself is beside the record.
    "proposal_text" ProposalText {
        /// Number of the proposal.
        proposal: u32,
        /// Where in the text the part begins.
        at_byte: u32,
    }
    /// A member votes on a proposal, or votes anew.
    "vote" CastVote {
        /// Number of the proposal.
        proposal: u32,
        /// `agree`, `oppose` or `abstain`.
        ballot: String,
    }
    /// A member takes its proposal back.
    "withdraw_proposal" WithdrawProposal {
        /// Number of the proposal.
        proposal: u32,
    }
    /// A member replaces a key of its own.
    "replace_key" ReplaceKey {
        /// `signing`, `sealing`, `node` or `standby`.
        kind: String,
        /// The new public key, hexadecimal; all zero for no standby node.
        key: String,
        /// Signature by the new key that it is to be this member's, hexadecimal; not for a sealing key, nor for none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<String>,
    }
    /// A member gives notice: it leaves.
    "give_notice" GiveNotice {
    }
}

/// An object in which no key is there twice; the usual map would keep the last and say nothing.
struct StrictObject(Map<String, Value>);

impl<'de> Deserialize<'de> for StrictObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = StrictObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<StrictObject, A::Error> {
                let mut object = Map::new();
                while let Some((key, value)) = access.next_entry::<String, Value>()? {
                    if object.contains_key(&key) {
                        return Err(serde::de::Error::custom(format_args!("duplicate field `{key}`")));
                    }
                    object.insert(key, value);
                }
                Ok(StrictObject(object))
            }
        }

        deserializer.deserialize_map(Keys)
    }
}

/// Reads a command from JSON: `{"command": "set_caps", ...}`, see [`CommandText`]. Payment orders are not
/// among them, see [`super::parse_order`].
///
/// # Errors
///
/// [`CommandError`] with the field at fault.
pub fn parse_command(charter: &Charter, json: &str) -> Result<Command, CommandError> {
    let text = CommandText::parse(json)?;
    Ok(text.read(charter)?)
}

/// A command as JSON: what [`parse_command`] reads, and for a payment order `{"command": "pay", ...}` with the fields of
/// an order line.
pub fn describe_command(charter: &Charter, command: &Command) -> Value {
    if let Command::Pay(payment) = command {
        let order = super::OrderLine::write(charter, payment, None);
        let mut value = serde_json::to_value(order).expect("an order line has a JSON form");
        value["command"] = "pay".into();
        value["debtor"] = view::code(charter, payment.debtor).into();
        return value;
    }
    serde_json::to_value(CommandText::write(charter, command)).expect("a command has a JSON form")
}

fn cap(field: &str, currency: Currency, text: &str) -> Result<u64, FieldError> {
    if text == "none" { Ok(NO_CAP) } else { amount(field, currency, text) }
}

fn cap_text(currency: Currency, cap: u64) -> String {
    if cap == NO_CAP { "none".to_owned() } else { format_amount(cap.into(), currency.minor_digits()) }
}

fn rate(field: &str, text: &str) -> Result<(u64, u64), FieldError> {
    let whole = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u64>().ok()).flatten();
    let rate = match text.split_once('/') {
        Some((above, below)) => match (whole(above), whole(below)) {
            (Some(above), Some(below)) => Rate::new(above, below),
            _ => return Err(FieldError::form(field, format!("{} is not a fraction such as 923/20000", quoted(text)))),
        },
        None => Rate::parse(text),
    };
    let rate = rate.map_err(|error| FieldError::form(field, error.to_string()))?;
    Ok((rate.numerator(), rate.denominator()))
}

/// The thing with this name.
fn named<T: Copy>(field: &str, text: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Result<T, FieldError> {
    all.iter().copied().find(|&one| name(one) == text).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|&one| name(one)).collect();
        FieldError::form(field, format!("{} is none of {}", quoted(text), names.join(", ")))
    })
}

/// So many bytes, written in hexadecimal.
fn bytes<const N: usize>(field: &str, text: &str) -> Result<[u8; N], FieldError> {
    let mut bytes = [0; N];
    let is_hex = text.len() == 2 * N && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex {
        return Err(FieldError::form(field, format!("{} is not {} hexadecimal digits", quoted(text), 2 * N)));
    }
    for (byte, at) in bytes.iter_mut().zip((0..text.len()).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).expect("digits were checked");
    }
    Ok(bytes)
}

impl Propose {
    fn read(&self, charter: &Charter) -> Result<Motion, FieldError> {
        let subject = self.subject.as_ref().map_or(Ok(NO_MEMBER), |code| member(charter, "subject", code))?;
        let from_day = self.from_day.as_ref().map_or(Ok(0), |text| day("from_day", text).map(|day| day.0))?;
        Ok(Motion {
            kind: named("kind", &self.kind, &Decision::ALL, Decision::name)?,
            subject,
            deadline_ms: time("deadline", &self.deadline)?,
            from_day,
            protocol: self.protocol.unwrap_or(0),
            text_bytes: self.text_bytes.unwrap_or(0),
            text_hash: self.text_hash.as_ref().map_or(Ok([0; 32]), |text| bytes("text_hash", text))?,
            accession: self.accession.as_ref().map_or(Ok([0; 64]), |text| bytes("accession", text))?,
        })
    }

    fn write(charter: &Charter, motion: &Motion) -> Propose {
        let hex = |bytes: &[u8]| bytes.iter().any(|&byte| byte != 0).then(|| view::hex(bytes));
        Propose {
            kind: motion.kind.name().to_owned(),
            subject: (motion.subject != NO_MEMBER).then(|| view::code(charter, motion.subject)),
            deadline: time_text(motion.deadline_ms),
            from_day: (motion.from_day != 0).then(|| view::day_text(motion.from_day)),
            protocol: (motion.protocol != 0).then_some(motion.protocol),
            text_bytes: (motion.text_bytes != 0).then_some(motion.text_bytes),
            text_hash: hex(&motion.text_hash),
            accession: hex(&motion.accession),
        }
    }
}

fn optional_reason(text: Option<&String>) -> Result<Reason, FieldError> {
    text.map_or(Ok(Reason::NONE), |text| super::reason("reason", text))
}

fn padded<const N: usize>(field: &str, text: &str, ascii: bool) -> Result<[u8; N], FieldError> {
    let fits = !text.is_empty() && (!ascii || text.is_ascii());
    let padded = if fits { pad_text(text) } else { None };
    padded.ok_or_else(|| {
        let what = if ascii { "printable ASCII characters" } else { "bytes of UTF-8 without control characters" };
        FieldError::form(field, format!("{} is not 1 to {N} {what}", quoted(text)))
    })
}

impl CommandText {
    /// Reads the form only; names and amounts are not looked at yet.
    ///
    /// # Errors
    ///
    /// [`CommandError`] with the field at fault.
    pub fn parse(json: &str) -> Result<CommandText, CommandError> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let object: StrictObject = serde_path_to_error::deserialize(&mut deserializer).map_err(json_error)?;
        if deserializer.end().is_err() {
            return Err(FieldError::form("line", "something follows the command").into());
        }
        let StrictObject(mut arguments) = object;
        match arguments.remove("command") {
            Some(Value::String(name)) => Ok(typed(&name, Value::Object(arguments))?),
            _ => Err(FieldError::form("command", "the command is not named; write \"command\": \"set_caps\"").into()),
        }
    }

    /// The command, its form checked.
    pub(crate) fn read(&self, charter: &Charter) -> Result<Command, FieldError> {
        let unit = charter.unit_of_account;
        Ok(match self {
            CommandText::AcceptOrder(text) => Command::Accept { order: order_id("order", &text.order)? },
            CommandText::RefuseOrder(text) => {
                let reason = optional_reason(text.reason.as_ref())?;
                Command::Refuse { order: order_id("order", &text.order)?, reason }
            }
            CommandText::CancelOrder(text) => {
                let reason = optional_reason(text.reason.as_ref())?;
                Command::Cancel { order: order_id("order", &text.order)?, reason }
            }
            CommandText::ReprioritiseOrder(text) => {
                let priority = priority("priority", &text.priority)? as u8;
                Command::Reprioritise { order: order_id("order", &text.order)?, priority, first: text.first }
            }
            CommandText::HoldOrder(text) => Command::Hold { order: order_id("order", &text.order)? },
            CommandText::ReleaseOrder(text) => Command::Release { order: order_id("order", &text.order)? },
            CommandText::RequestReturn(text) => {
                let reason = optional_reason(text.reason.as_ref())?;
                Command::RequestReturn { order: order_id("order", &text.order)?, reason }
            }
            CommandText::RefuseReturn(text) => {
                let reason = optional_reason(text.reason.as_ref())?;
                Command::RefuseReturn { order: order_id("order", &text.order)?, reason }
            }
            CommandText::RegisterParticipant(text) => Command::RegisterParticipant {
                participant: text.participant,
                identifier: padded("identifier", &text.identifier, true)?,
                name: padded("name", &text.name, false)?,
            },
            CommandText::SetParticipantCaps(text) => {
                let currency = currency("currency", &text.currency)?;
                Command::SetParticipantCaps {
                    participant: text.participant,
                    currency: currency.numeric(),
                    debit_cap: cap("debit_cap", currency, &text.debit_cap)?,
                    credit_cap: cap("credit_cap", currency, &text.credit_cap)?,
                }
            }
            CommandText::SetCaps(text) => Command::SetCaps {
                debit_cap: cap("debit_cap", unit, &text.debit_cap)?,
                credit_cap: cap("credit_cap", unit, &text.credit_cap)?,
            },
            CommandText::SetReservations(text) => Command::SetReservations {
                urgent: amount("urgent", unit, &text.urgent)?,
                high: amount("high", unit, &text.high)?,
            },
            CommandText::SetBilateralLimits(text) => Command::SetBilateralLimits {
                counterparty: member(charter, "counterparty", &text.counterparty)?,
                debit_limit: cap("debit_limit", unit, &text.debit_limit)?,
                credit_limit: cap("credit_limit", unit, &text.credit_limit)?,
            },
            CommandText::SetRule(text) => Command::SetRule(text.read(charter)?),
            CommandText::PayClaim(text) => Command::PayClaim { amount: amount("amount", unit, &text.amount)? },
            CommandText::PublishRates(text) => Command::PublishRates {
                currency: text.currency.as_ref().map_or(Ok(0), |code| Ok(currency("currency", code)?.numeric()))?,
                from_day: day("from_day", &text.from_day)?.0,
                buying: rate("buying", &text.buying)?,
                selling: rate("selling", &text.selling)?,
            },
            CommandText::CloseCycle(text) => Command::CloseCycle { cycle: text.cycle },
            CommandText::ConfirmLeg(text) => Command::ConfirmLeg { cycle: text.cycle, leg: text.leg },
            CommandText::Propose(text) => Command::Propose(text.read(charter)?),
            CommandText::ProposalText(text) => Command::ProposalText { proposal: text.proposal, at_byte: text.at_byte },
            CommandText::CastVote(text) => {
                let ballots = [Ballot::Agree, Ballot::Oppose, Ballot::Abstain];
                let ballot = named("ballot", &text.ballot, &ballots, Ballot::name)?;
                Command::Vote { proposal: text.proposal, ballot }
            }
            CommandText::WithdrawProposal(text) => Command::WithdrawProposal { proposal: text.proposal },
            CommandText::ReplaceKey(text) => {
                let kinds = [KeyKind::Signing, KeyKind::Sealing, KeyKind::Node, KeyKind::Standby];
                Command::ReplaceKey {
                    kind: named("kind", &text.kind, &kinds, KeyKind::name)?,
                    key: bytes("key", &text.key)?,
                    proof: text.proof.as_ref().map_or(Ok([0; 64]), |proof| bytes("proof", proof))?,
                }
            }
            CommandText::GiveNotice(_) => Command::GiveNotice,
        })
    }

    /// The text of a command that is not a payment order.
    pub(crate) fn write(charter: &Charter, command: &Command) -> CommandText {
        let unit = charter.unit_of_account;
        let some = |reason: Reason| (reason != Reason::NONE).then(|| reason.code().to_owned());
        match *command {
            Command::Pay(payment) => unreachable!("order {} is described as an order line", payment.id),
            Command::Accept { order } => AcceptOrder { order: id_text(order) }.into(),
            Command::Refuse { order, reason } => RefuseOrder { order: id_text(order), reason: some(reason) }.into(),
            Command::Cancel { order, reason } => CancelOrder { order: id_text(order), reason: some(reason) }.into(),
            Command::Reprioritise { order, priority, first } => {
                let priority = super::priority_name(priority).to_owned();
                ReprioritiseOrder { order: id_text(order), priority, first }.into()
            }
            Command::Hold { order } => HoldOrder { order: id_text(order) }.into(),
            Command::Release { order } => ReleaseOrder { order: id_text(order) }.into(),
            Command::RequestReturn { order, reason } => {
                RequestReturn { order: id_text(order), reason: some(reason) }.into()
            }
            Command::RefuseReturn { order, reason } => {
                RefuseReturn { order: id_text(order), reason: some(reason) }.into()
            }
            Command::RegisterParticipant { participant, identifier, name } => RegisterParticipant {
                participant,
                identifier: padded_text(&identifier).to_owned(),
                name: padded_text(&name).to_owned(),
            }
            .into(),
            Command::SetParticipantCaps { participant, currency, debit_cap, credit_cap } => {
                let currency = Currency::from_numeric(currency).unwrap_or(unit);
                SetParticipantCaps {
                    participant,
                    currency: currency.code().to_owned(),
                    debit_cap: cap_text(currency, debit_cap),
                    credit_cap: cap_text(currency, credit_cap),
                }
                .into()
            }
            Command::SetCaps { debit_cap, credit_cap } => {
                SetCaps { debit_cap: cap_text(unit, debit_cap), credit_cap: cap_text(unit, credit_cap) }.into()
            }
            Command::SetReservations { urgent, high } => {
                let text = |amount: u64| format_amount(amount.into(), unit.minor_digits());
                SetReservations { urgent: text(urgent), high: text(high) }.into()
            }
            Command::SetBilateralLimits { counterparty, debit_limit, credit_limit } => SetBilateralLimits {
                counterparty: view::code(charter, counterparty),
                debit_limit: cap_text(unit, debit_limit),
                credit_limit: cap_text(unit, credit_limit),
            }
            .into(),
            Command::SetRule(rule) => SetRule::write(charter, &rule).into(),
            Command::PayClaim { amount } => {
                PayClaim { amount: format_amount(amount.into(), unit.minor_digits()) }.into()
            }
            Command::PublishRates { currency, from_day, buying, selling } => PublishRates {
                currency: Currency::from_numeric(currency).ok().map(|currency| currency.code().to_owned()),
                from_day: view::day_text(from_day),
                buying: format!("{}/{}", buying.0, buying.1),
                selling: format!("{}/{}", selling.0, selling.1),
            }
            .into(),
            Command::CloseCycle { cycle } => CloseCycle { cycle }.into(),
            Command::ConfirmLeg { cycle, leg } => ConfirmLeg { cycle, leg }.into(),
            Command::Propose(motion) => Propose::write(charter, &motion).into(),
            Command::ProposalText { proposal, at_byte } => ProposalText { proposal, at_byte }.into(),
            Command::Vote { proposal, ballot } => CastVote { proposal, ballot: ballot.name().to_owned() }.into(),
            Command::WithdrawProposal { proposal } => WithdrawProposal { proposal }.into(),
            Command::ReplaceKey { kind, key, proof } => ReplaceKey {
                kind: kind.name().to_owned(),
                key: view::hex(&key),
                proof: (proof != [0; 64]).then(|| view::hex(&proof)),
            }
            .into(),
            Command::GiveNotice => GiveNotice {}.into(),
        }
    }
}

impl SetRule {
    fn read(&self, charter: &Charter) -> Result<AcceptanceRule, FieldError> {
        if self.slot >= RULES_MAX {
            return Err(FieldError::form("slot", format!("is not 0 to {}", RULES_MAX - 1)));
        }
        let action = match self.action.as_str() {
            "accept" => Action::Accept as u8,
            "hold" => Action::Hold as u8,
            "refuse" => Action::Refuse as u8,
            "none" => 0,
            other => {
                let problem = format!("{} is not accept, hold, refuse or none", quoted(other));
                return Err(FieldError::form("action", problem));
            }
        };
        let mut rule = AcceptanceRule::new(self.slot, Action::Accept);
        rule.action = action;
        if let Some(code) = &self.debtor {
            rule.debtor = member(charter, "debtor", code)?;
        }
        rule.debtor_participant = self.debtor_participant.unwrap_or(ANY_PARTICIPANT);
        rule.creditor_participant = self.creditor_participant.unwrap_or(ANY_PARTICIPANT);
        if let Some(code) = &self.purpose {
            rule.purpose = purpose("purpose", code)?;
        }
        let mut counted_in = charter.unit_of_account;
        if let Some(code) = &self.currency {
            counted_in = currency("currency", code)?;
            rule.currency = counted_in.numeric();
        }
        if let Some(text) = &self.above {
            rule.above = amount("above", counted_in, text)?;
        }
        rule.reason = optional_reason(self.reason.as_ref())?;
        Ok(rule)
    }

    /// The text of a rule.
    pub(crate) fn write(charter: &Charter, rule: &AcceptanceRule) -> SetRule {
        let currency = (rule.currency != 0).then(|| Currency::from_numeric(rule.currency).ok()).flatten();
        let digits = currency.unwrap_or(charter.unit_of_account).minor_digits();
        let code = |code: [u8; 4]| (code != [0; 4]).then(|| Reason(code).code().to_owned());
        let participant = |number: u32| (number != ANY_PARTICIPANT).then_some(number);
        SetRule {
            slot: rule.slot,
            action: match rule.action {
                1 => "accept",
                2 => "hold",
                3 => "refuse",
                _ => "none",
            }
            .to_owned(),
            debtor: (rule.debtor != ANY_MEMBER).then(|| view::code(charter, rule.debtor)),
            debtor_participant: participant(rule.debtor_participant),
            creditor_participant: participant(rule.creditor_participant),
            purpose: code(rule.purpose),
            above: (rule.above != 0).then(|| format_amount(rule.above.into(), digits)),
            currency: currency.map(|currency| currency.code().to_owned()),
            reason: code(rule.reason.0),
        }
    }
}
