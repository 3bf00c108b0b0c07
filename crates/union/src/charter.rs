//! The charter: who the members are and by which rules they clear. Its hash is the union's identity.

use crate::basket::{self, Basket, BasketCurrency, BasketFile, RatesFile};
use crate::calendar::{Calendar, Day, MemberCalendar};
use crate::charge_rules::{ChargeFile, ChargeRules, InterestFile};
use crate::charter_line::line_of;
use crate::credit_rules::{CreditFile, CreditRules, QuotaSource};
use crate::default_rules::{DefaultFile, DefaultRules, ExitFile, ExitRules};
use crate::hexadecimal::from_hex;
use crate::queue_rules::{QueueFile, QueueRules};
use crate::tip::EPOCH_BLOCKS_MIN;
use crate::tranche::{SettlementFile, SettlementRules};
use crate::voting_rules::{VotesFile, VotingRules};
use ledger::{Hash, NO_CAP};
use money::{Currency, Rate};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The most members that a union has.
pub const MEMBERS_MAX: usize = 256;

/// The longest charter, in bytes.
pub const CHARTER_BYTES_MAX: usize = 1 << 18;

/// The latest version of the rules that this software applies. It applies the earlier ones too.
pub const PROTOCOL: u32 = 1;

/// Blocks in an epoch, unless the charter says otherwise: at the first block of one, what was decided comes into force.
const EPOCH_BLOCKS: u64 = 256;

/// Why a text is not a charter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CharterError {
    /// Not TOML, or not these keys; the text names line and column.
    #[error("{0}")]
    Syntax(String),
    /// Well formed, but not a rule that can be applied.
    #[error("charter{}: {key}: {problem}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Rule {
        /// The line that it stands in, or the nearest that it could stand in.
        line: Option<usize>,
        /// The key at fault, as a path.
        key: String,
        /// What is wrong with it and what would be right.
        problem: String,
    },
}

/// A time of day, `HH:MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime {
    /// Seconds since midnight.
    pub second: u32,
}

impl ClockTime {
    /// Reads `HH:MM`, 00:00 to 23:59.
    pub fn parse(text: &str) -> Option<ClockTime> {
        let (hour, minute) = text.split_once(':')?;
        let is_number = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let number = |part: &str| is_number(part).then(|| part.parse::<u32>().ok()).flatten();
        let (hour, minute) = (number(hour)?, number(minute)?);
        (hour < 24 && minute < 60).then_some(ClockTime { second: hour * 3_600 + minute * 60 })
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        ClockTime::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("a time of day is written HH:MM, 00:00 to 23:59"))
    }
}

/// How long a clearing cycle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CycleLength {
    /// So many calendar months.
    Months(u32),
    /// So many days.
    Days(u32),
}

/// A member: an institution with a vote and a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Short code, two to eight capital letters or digits, unique: `BRA`.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Its own currency.
    pub currency: Currency,
    /// Ed25519 public key that its batches are signed with.
    pub signing_key: [u8; 32],
    /// X25519 public key that customer detail is encrypted to.
    pub sealing_key: [u8; 32],
    /// Ed25519 public key of its node, which votes on blocks. A member without one uses another's as its gateway; if none
    /// has one, one node orders alone.
    pub node_key: Option<[u8; 32]>,
    /// The most it may owe the union, in minor units of the unit of account; [`NO_CAP`] for no cap. The least of what the text says
    /// and what follows from the kind of credit.
    pub debit_cap: u64,
    /// The most it may own, likewise.
    pub credit_cap: u64,
    /// Its quota, in minor units of the unit of account; 0 for none.
    pub quota: u64,
}

/// A charter that has been read and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charter {
    /// The union's name.
    pub name: String,
    /// The version of the rules that the union was founded under; the members may have agreed on a later one, see
    /// [`crate::Union::protocol`].
    pub protocol: u32,
    /// The currency that positions are kept in.
    pub unit_of_account: Currency,
    /// What the unit of account is worth, if it is a basket.
    pub basket: Option<Basket>,
    /// The currency that net positions are paid in.
    pub settlement_asset: Currency,
    /// Major units of the settlement asset that pay one unit of account; with a basket, its value says so ([`crate::Union::asset_per_unit`]).
    pub asset_per_unit: Rate,
    /// The member that alone publishes rates; without one, each publishes those of its own currency.
    pub publisher: Option<u16>,
    /// Whether a member's gateway takes messages of its back office only with a signature.
    pub signed_messages: bool,
    /// Clock, cut-offs and holidays.
    pub calendar: Calendar,
    /// How many days ahead of its value date an order may come.
    pub days_ahead: u32,
    /// First day of the first cycle.
    pub first_day: Day,
    /// Length of a cycle.
    pub cycle_length: CycleLength,
    /// Time of day at which a cycle closes, on its last day.
    pub cycle_close: ClockTime,
    /// How orders wait.
    pub queue: QueueRules,
    /// Who gives credit to whom.
    pub credit: CreditRules,
    /// How much of a cumulative position is settled in the asset.
    pub settlement: SettlementRules,
    /// Charges and interest on balances.
    pub charges: ChargeRules,
    /// What happens when a leg is not paid; without it, it stays open.
    pub default: Option<DefaultRules>,
    /// How the balance of a member that goes runs off.
    pub exit: ExitRules,
    /// What decisions need.
    pub votes: VotingRules,
    /// Blocks in an epoch: what was decided comes into force at the first block of one, and the nodes that vote on blocks change
    /// between two.
    pub epoch_blocks: u64,
    /// The members, in the order that numbers them from 0. In the charter of a [`crate::Union`], with the keys that they have now.
    pub members: Vec<Member>,
    text: String,
    text_hash: Hash,
    hash: Hash,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    protocol: u32,
    unit_of_account: Currency,
    settlement_asset: Currency,
    asset_per_unit: Option<String>,
    basket: Option<BasketFile>,
    #[serde(default)]
    rates: RatesFile,
    #[serde(default)]
    signed_messages: bool,
    calendar: CalendarFile,
    cycle: CycleFile,
    queue: QueueFile,
    #[serde(default)]
    credit: CreditFile,
    #[serde(default)]
    settlement: SettlementFile,
    #[serde(default)]
    charges: Vec<ChargeFile>,
    #[serde(default)]
    interest: InterestFile,
    default: Option<DefaultFile>,
    exit: Option<ExitFile>,
    #[serde(default)]
    votes: VotesFile,
    epoch_blocks: Option<u64>,
    members: Vec<MemberFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    utc_offset_minutes: i32,
    customer_cut_off: ClockTime,
    interbank_cut_off: ClockTime,
    days_ahead: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CycleFile {
    first_day: Day,
    months: Option<u32>,
    days: Option<u32>,
    close: ClockTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberFile {
    code: String,
    name: String,
    currency: Currency,
    signing_key: String,
    sealing_key: String,
    node_key: Option<String>,
    debit_cap: Option<String>,
    credit_cap: Option<String>,
    #[serde(default)]
    turnover: Vec<String>,
    weekend: Vec<Weekday>,
    #[serde(default)]
    holidays: Vec<Day>,
}

pub(crate) fn rule(key: impl Into<String>, problem: impl Into<String>) -> CharterError {
    CharterError::Rule { line: None, key: key.into(), problem: problem.into() }
}

impl Charter {
    /// Reads a charter and checks that it can be applied.
    pub fn parse(text: &str) -> Result<Charter, CharterError> {
        Charter::check(text).map_err(|error| match error {
            CharterError::Rule { key, problem, .. } => CharterError::Rule { line: line_of(text, &key), key, problem },
            error => error,
        })
    }

    fn check(text: &str) -> Result<Charter, CharterError> {
        if text.len() > CHARTER_BYTES_MAX {
            return Err(rule("", format!("is longer than {CHARTER_BYTES_MAX} bytes")));
        }
        let file: File = toml::from_str(text).map_err(|error| CharterError::Syntax(error.to_string()))?;
        if file.protocol == 0 || file.protocol > PROTOCOL {
            return Err(rule("protocol", format!("is {}, but this software applies 1 to {PROTOCOL}", file.protocol)));
        }
        let epoch_blocks = file.epoch_blocks.unwrap_or(EPOCH_BLOCKS);
        if !(EPOCH_BLOCKS_MIN..=1 << 16).contains(&epoch_blocks) {
            return Err(rule("epoch_blocks", format!("is not between {EPOCH_BLOCKS_MIN} and 65536")));
        }
        let votes = VotingRules::check(file.votes)?;
        check_text("name", &file.name)?;
        if file.calendar.utc_offset_minutes.unsigned_abs() > 14 * 60 {
            return Err(rule("calendar.utc_offset_minutes", "is not between -840 and 840"));
        }
        if file.calendar.days_ahead > 366 {
            return Err(rule("calendar.days_ahead", "is more than 366"));
        }
        let latest_cut_off = file.calendar.customer_cut_off.max(file.calendar.interbank_cut_off);
        if file.cycle.close < latest_cut_off {
            return Err(rule("cycle.close", "is before the last cut-off of the day"));
        }
        let cycle_length = match (file.cycle.months, file.cycle.days) {
            (Some(months @ 1..=12), None) => CycleLength::Months(months),
            (None, Some(days @ 1..=366)) => CycleLength::Days(days),
            _ => return Err(rule("cycle", "needs either months (1 to 12) or days (1 to 366)")),
        };
        let queue = QueueRules::check(file.queue, file.calendar.days_ahead, file.members.len())?;
        if file.members.len() < 2 || file.members.len() > MEMBERS_MAX {
            return Err(rule("members", format!("are {}, not 2 to {MEMBERS_MAX}", file.members.len())));
        }
        let sources: Vec<_> = file
            .members
            .iter()
            .map(|member| QuotaSource { code: &member.code, turnover: member.turnover.clone() })
            .collect();
        let (credit, quotas) = CreditRules::check(file.credit, file.unit_of_account, &sources)?;
        let has_quotas = quotas.iter().all(|&quota| quota > 0);
        let settlement = SettlementRules::check(file.settlement, has_quotas)?;
        let charges = ChargeRules::check(file.charges, file.interest, has_quotas)?;
        let default = file.default.map(|file| DefaultRules::check(file, has_quotas)).transpose()?;
        let exit = ExitRules::check(file.exit)?;
        let codes: Vec<&str> = file.members.iter().map(|member| member.code.as_str()).collect();
        let publisher = file.rates.check(&codes)?;
        let basket =
            file.basket.map(|basket| Basket::check(basket, file.unit_of_account, publisher.is_some())).transpose()?;
        let asset_per_unit = match file.asset_per_unit {
            Some(_) if basket.is_some() => {
                return Err(rule("asset_per_unit", "is what the basket's value says; leave it out"));
            }
            Some(_) if file.settlement_asset == file.unit_of_account => {
                return Err(rule(
                    "asset_per_unit",
                    "is one, as the settlement asset is the unit of account; leave it out",
                ));
            }
            Some(text) => basket::rate("asset_per_unit".into(), &text)?,
            None => Rate::ONE,
        };
        if let Some(basket) = &basket {
            let asset = file.settlement_asset;
            let is_priced = asset == basket.reference
                || basket.currencies.iter().any(|of_basket| of_basket.currency == asset)
                || file.members.iter().any(|member| member.currency == asset);
            if !is_priced || asset == file.unit_of_account {
                return Err(rule(
                    "settlement_asset",
                    "has no price: it is neither the reference, nor in the basket, nor a member's",
                ));
            }
        }
        let mut members: Vec<Member> = Vec::with_capacity(file.members.len());
        let mut calendars = Vec::with_capacity(file.members.len());
        for (number, from) in file.members.into_iter().enumerate() {
            let key = |name: &str| format!("members[{number}].{name}");
            let is_code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
            if !(2..=8).contains(&from.code.len()) || !from.code.chars().all(is_code) {
                return Err(rule(key("code"), "is not two to eight capital letters or digits"));
            }
            check_text(&key("name"), &from.name)?;
            let signing_key = parse_key(&key("signing_key"), &from.signing_key)?;
            let sealing_key = parse_key(&key("sealing_key"), &from.sealing_key)?;
            check_signing_key(&key("signing_key"), &signing_key)?;
            let node_key = from.node_key.map(|text| parse_key(&key("node_key"), &text)).transpose()?;
            if let Some(node_key) = &node_key {
                check_signing_key(&key("node_key"), node_key)?;
            }
            let is_taken = |other: &&Member| {
                let has_its_node = node_key.is_some() && other.node_key == node_key;
                other.code == from.code || other.signing_key == signing_key || has_its_node
            };
            if let Some(other) = members.iter().find(is_taken) {
                return Err(rule(key("code"), format!("has a code or a key of {}", other.code)));
            }
            let cap = |name: &str, text: Option<String>| match text {
                None => Ok(NO_CAP),
                Some(text) => money::parse_amount(&text, file.unit_of_account.minor_digits())
                    .map_err(|error| rule(key(name), error.to_string())),
            };
            let weekend: Vec<u8> = from.weekend.into_iter().map(|weekday| weekday as u8).collect();
            calendars.push(MemberCalendar::new(&weekend, from.holidays));
            members.push(Member {
                debit_cap: cap("debit_cap", from.debit_cap)?.min(credit.debit_cap(&from.code, quotas[number])),
                quota: quotas[number],
                credit_cap: cap("credit_cap", from.credit_cap)?,
                code: from.code,
                name: from.name,
                currency: from.currency,
                signing_key,
                sealing_key,
                node_key,
            });
        }
        let mut hasher = Sha256::new();
        hasher.update(b"comity charter v1\0");
        hasher.update(text);
        let hash: Hash = hasher.finalize().into();
        let charter = Charter {
            name: file.name,
            protocol: file.protocol,
            unit_of_account: file.unit_of_account,
            basket,
            settlement_asset: file.settlement_asset,
            asset_per_unit,
            publisher,
            signed_messages: file.signed_messages,
            calendar: Calendar {
                utc_offset_minutes: file.calendar.utc_offset_minutes,
                customer_cut_off: file.calendar.customer_cut_off,
                interbank_cut_off: file.calendar.interbank_cut_off,
                members: calendars,
            },
            days_ahead: file.calendar.days_ahead,
            first_day: file.cycle.first_day,
            cycle_length,
            cycle_close: file.cycle.close,
            queue,
            credit,
            settlement,
            charges,
            default,
            exit,
            votes,
            epoch_blocks,
            members,
            text: text.to_owned(),
            text_hash: hash,
            hash,
        };
        charter.check_business_days()?;
        Ok(charter)
    }

    /// A cycle of a week or more has a day on which two members work, in the first year; of shorter ones, some have.
    fn check_business_days(&self) -> Result<(), CharterError> {
        let (mut first, year_after, mut has_any) = (self.first_day, self.first_day.after_days(366), false);
        if year_after == Day::LAST {
            return Ok(());
        }
        while first < year_after {
            let next = Day(self.cycle_last_day(first).0 + 1);
            let has_one = (first.0..next.0).any(|day| self.calendar.is_working_day(Day(day)));
            if !has_one && next.0 - first.0 >= 7 {
                return Err(rule("cycle", format!("has no business day of two members from {first} on")));
            }
            has_any |= has_one;
            first = next;
        }
        if has_any { Ok(()) } else { Err(rule("cycle", "has no business day of two members in the first year")) }
    }

    /// The charter that comes after this one in the same union.
    pub fn followed_by(&self, text: &str) -> Result<Charter, CharterError> {
        Ok(Charter { hash: self.hash, ..Charter::parse(text)? })
    }

    /// This charter with the keys that its text names.
    pub(crate) fn as_written(&self) -> Charter {
        self.followed_by(&self.text).expect("the text was read before")
    }

    /// Whether this charter says the same as another that has fewer members, but for the members that it has more.
    pub(crate) fn is_same_but_for_newcomers(&self, before: &Charter) -> bool {
        let mut same = Charter { text: before.text.clone(), text_hash: before.text_hash, ..self.clone() };
        same.members.truncate(before.members.len());
        same.calendar.members.truncate(before.members.len());
        same.credit.lines.retain(|&(debtor, creditor), _| usize::from(debtor.max(creditor)) < before.members.len());
        same == *before
    }

    /// The text, as it was signed or voted.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The union's identity: SHA-256 over a label and the text that it was founded on, byte for byte. It stays, whatever the
    /// members change later.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The same over this text.
    pub fn text_hash(&self) -> Hash {
        self.text_hash
    }

    /// The epoch that the block at a height is in.
    pub fn epoch(&self, height: u64) -> u64 {
        height / self.epoch_blocks
    }

    /// Whether the members' nodes order together; if the charter names no node, one orders alone.
    pub fn has_nodes(&self) -> bool {
        self.nodes() > 0
    }

    /// How many members name a node.
    pub fn nodes(&self) -> usize {
        self.members.iter().filter(|member| member.node_key.is_some()).count()
    }

    /// The currencies of the basket; none where the unit of account is not one.
    pub fn basket_currencies(&self) -> &[BasketCurrency] {
        self.basket.as_ref().map_or(&[], |basket| &basket.currencies)
    }

    /// The number of the member with this code.
    pub fn member(&self, code: &str) -> Option<u16> {
        self.members.iter().position(|member| member.code == code).map(|number| number as u16)
    }

    /// How many orders of one member may be held or queued at once.
    pub fn open_orders_of_a_member(&self) -> u32 {
        (self.queue.open_orders_max / self.members.len() as u32).max(1)
    }

    /// The first time after a block's time (both Unix milliseconds) at which the queue is settled together whatever
    /// happens: a time of day that the charter names, on a day on which two members work. None within a year: `None`.
    pub(crate) fn next_run_ms(&self, after_ms: u64) -> Option<u64> {
        if self.queue.runs.is_empty() {
            return None;
        }
        let (today, _) = self.calendar.local(after_ms);
        let days = (0..366).map(|ahead| today.after_days(ahead)).filter(|&day| self.calendar.is_working_day(day));
        let mut times = days.flat_map(|day| self.queue.runs.iter().map(move |time| (day, time.second)));
        times.find_map(|(day, second)| Some(self.calendar.time_ms(day, second)).filter(|&run_ms| run_ms > after_ms))
    }

    /// The last day of the cycle that starts on `first_day`.
    pub fn cycle_last_day(&self, first_day: Day) -> Day {
        let next = match self.cycle_length {
            CycleLength::Months(months) => first_day.after_months(months),
            CycleLength::Days(days) => first_day.after_days(days),
        };
        Day(next.0.max(first_day.0 + 1) - 1)
    }
}

fn check_text(key: &str, text: &str) -> Result<(), CharterError> {
    if text.is_empty() || text.len() > 140 || text.chars().any(char::is_control) {
        return Err(rule(key, "is empty, longer than 140 bytes, or has control characters"));
    }
    Ok(())
}

fn check_signing_key(key: &str, bytes: &[u8; 32]) -> Result<(), CharterError> {
    ed25519_dalek::VerifyingKey::from_bytes(bytes).map(drop).map_err(|_| rule(key, "is not an Ed25519 public key"))
}

fn parse_key(key: &str, text: &str) -> Result<[u8; 32], CharterError> {
    from_hex(text).ok_or_else(|| rule(key, "is not 64 hexadecimal digits"))
}
