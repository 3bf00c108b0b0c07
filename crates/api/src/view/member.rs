//! The union as a whole, and its members' own settings.

use super::{AccountView, AmountView, BasketView, CycleView, code, day_text, hex, payment_currencies};
use crate::text::{SetRule, time_text};
use ledger::AccountKey;
use money::Currency;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use union::{ClockTime, KeyKind, Participant, Rates, Roster, Seat, Union, padded_text};
use utoipa::ToSchema;

/// The union: who it is, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnionView {
    /// Its name.
    pub name: String,
    /// Its identity: hash of the charter that it was founded on, hexadecimal.
    pub hash: String,
    /// Hash of the text of the charter in force, hexadecimal.
    pub charter: String,
    /// The version of the rules in force.
    pub protocol: u32,
    /// The epoch of the last block. What was decided comes into force at the first block of one.
    pub epoch: u64,
    /// Height of its last block.
    pub epoch_ends: u64,
    /// Height of the last block.
    pub height: u64,
    /// Hash of the last block (of the charter before the first), hexadecimal.
    pub block: String,
    /// State hash after it, hexadecimal.
    pub state: String,
    /// Time of the last block.
    pub time: String,
    /// The day on the union's clock.
    pub today: String,
    /// Minutes that this clock is ahead of UTC.
    pub utc_offset_minutes: i32,
    /// Time of day on it, `HH:MM`, after which customer payments for the same day are late.
    pub customer_cut_off: String,
    /// The same for payments between institutions.
    pub interbank_cut_off: String,
    /// ISO 4217 code of the currency that positions are kept in.
    pub unit_of_account: String,
    /// ISO 4217 code of the currency that settlement legs are paid in.
    pub settlement_asset: String,
    /// Units of the settlement asset that pay one unit of account, as an exact fraction; null while the rates that it follows from are not
    /// published.
    pub asset_per_unit: Option<String>,
    /// What a unit of account is worth, where it is a basket of currencies.
    pub basket: Option<BasketView>,
    /// Code of the member that alone publishes rates; null where each publishes those of its own currency.
    pub rates_publisher: Option<String>,
    /// The open cycle.
    pub cycle: CycleView,
    /// Orders that are held or queued.
    pub open_orders: u64,
    /// Orders that have ended.
    pub ended_orders: u64,
    /// The members, in the order of their numbers.
    pub members: Vec<MemberSummary>,
}

/// A member in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberSummary {
    /// Its number.
    pub number: u16,
    /// Its code.
    pub code: String,
    /// Its full name.
    pub name: String,
    /// ISO 4217 code of its own currency.
    pub currency: String,
    /// `active`, `suspended`, `leaving`, `expelled` or `left`.
    pub standing: String,
    /// Height since which it stands so; 0 from the foundation on.
    pub since_height: u64,
    /// Ed25519 key that its batches are signed with in this epoch, hexadecimal; null once it has left.
    pub signing_key: Option<String>,
    /// X25519 key that customer detail is encrypted to, hexadecimal.
    pub sealing_key: String,
    /// Ed25519 key of its node in this epoch, which votes on blocks; null for none.
    pub node_key: Option<String>,
    /// That of the node which stands by: it follows without a vote.
    pub standby_key: Option<String>,
    /// Keys that are to come, or to go.
    pub keys_to_come: Vec<KeyToComeView>,
}

/// A key that takes the place of another at a height that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyToComeView {
    /// `signing`, `node` or `standby`; a sealing key takes its place at once.
    pub kind: String,
    /// The public key, hexadecimal; null for none.
    pub key: Option<String>,
    /// The first height at which it counts.
    pub from_height: u64,
}

/// A member with its limits, rules and rates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberView {
    /// Number, code, name, currency, standing, keys.
    #[serde(flatten)]
    pub member: MemberSummary,
    /// The sequence that its next batch must have, as far as this node knows: one more than that of the last batch in a block, or of
    /// those that wait here to be put into one.
    pub next_sequence: u64,
    /// Caps and reservations of its position.
    pub limits: LimitsView,
    /// Its acceptance rules, in the order in which they are asked.
    pub rules: Vec<SetRule>,
    /// Rates of its currency that are in force.
    pub rates: Option<RatesView>,
    /// Rates that will be.
    pub next_rates: Option<RatesView>,
    /// Its own accounts, which payments without a participant go through: one for each currency in which it has paid, was
    /// paid, or has a cap.
    pub accounts: Vec<AccountView>,
    /// How many participants it has registered.
    pub participants: u64,
}

/// Caps and reservations of a position, in the unit of account. No cap is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitsView {
    /// The most the charter lets it owe.
    pub charter_debit_cap: Option<AmountView>,
    /// The most the charter lets it own.
    pub charter_credit_cap: Option<AmountView>,
    /// The most it may owe now.
    pub debit_cap: Option<AmountView>,
    /// The most it may own now.
    pub credit_cap: Option<AmountView>,
    /// The part of the debit cap that is kept for urgent orders.
    pub reserved_urgent: AmountView,
    /// The part that is kept for urgent and high orders, beyond that.
    pub reserved_high: AmountView,
}

/// Two published rates, units of account per unit of the currency, as exact fractions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RatesView {
    /// First day on which they apply.
    pub from_day: String,
    /// What a creditor gets.
    pub buying: String,
    /// What a debtor gives.
    pub selling: String,
}

/// An institution that a member sponsors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParticipantView {
    /// The member, by code.
    pub member: String,
    /// Its number at the member.
    pub number: u32,
    /// BIC or LEI.
    pub identifier: String,
    /// Name.
    pub name: String,
    /// Its accounts: one for each currency in which it has paid, was paid, or has a cap.
    pub accounts: Vec<AccountView>,
}

/// A time of day as the charter writes it.
fn clock_text(time: ClockTime) -> String {
    format!("{:02}:{:02}", time.second / 3_600, time.second / 60 % 60)
}

impl UnionView {
    /// The union now.
    pub fn new(union: &Union) -> Self {
        let charter = union.charter();
        UnionView {
            name: charter.name.clone(),
            hash: hex(&charter.hash()),
            charter: hex(&charter.text_hash()),
            protocol: union.protocol(),
            epoch: charter.epoch(union.height()),
            epoch_ends: (charter.epoch(union.height()) + 1) * charter.epoch_blocks - 1,
            height: union.height(),
            block: hex(&union.parent()),
            state: hex(&union.state()),
            time: time_text(union.time_ms()),
            today: union.today().to_string(),
            utc_offset_minutes: charter.calendar.utc_offset_minutes,
            customer_cut_off: clock_text(charter.calendar.customer_cut_off),
            interbank_cut_off: clock_text(charter.calendar.interbank_cut_off),
            unit_of_account: charter.unit_of_account.code().to_owned(),
            settlement_asset: charter.settlement_asset.code().to_owned(),
            asset_per_unit: union.asset_per_unit().map(|rate| rate.to_string()),
            basket: BasketView::new(union),
            rates_publisher: charter.publisher.map(|publisher| code(charter, publisher)),
            cycle: CycleView::new(union, union.open_cycle_row()),
            open_orders: union.orders().open_count().into(),
            ended_orders: union.orders().all_closed().len() as u64,
            members: (0..charter.members.len() as u16).map(|member| MemberSummary::new(union, member)).collect(),
        }
    }
}

impl MemberSummary {
    fn new(union: &Union, number: u16) -> Self {
        let member = &union.charter().members[usize::from(number)];
        let seat = union.rosters().current().seats().get(usize::from(number)).copied().unwrap_or(NO_SEAT);
        MemberSummary {
            number,
            code: member.code.clone(),
            name: member.name.clone(),
            currency: member.currency.code().to_owned(),
            standing: union.standing(number).name().to_owned(),
            since_height: union.membership(number).since_height,
            signing_key: key_text(seat.signing_key),
            sealing_key: hex(&member.sealing_key),
            node_key: key_text(seat.node_key),
            standby_key: key_text(seat.standby_key),
            keys_to_come: KeyToComeView::all(union, number),
        }
    }
}

fn key_text(key: [u8; 32]) -> Option<String> {
    (key != [0; 32]).then(|| hex(&key))
}

impl KeyToComeView {
    /// The rosters of this epoch, the next one, and the one after that, as it would be drawn up now.
    fn all(union: &Union, member: u16) -> Vec<KeyToComeView> {
        let (rosters, charter) = (union.rosters(), union.charter());
        let seat = |roster: &Roster| roster.seats().get(usize::from(member)).copied().unwrap_or(NO_SEAT);
        let seats = [seat(rosters.current()), seat(rosters.next()), union.membership(member).seat()];
        type Of = fn(&Seat) -> [u8; 32];
        let kinds: [(KeyKind, Of); 3] = [
            (KeyKind::Signing, |seat| seat.signing_key),
            (KeyKind::Node, |seat| seat.node_key),
            (KeyKind::Standby, |seat| seat.standby_key),
        ];
        let mut to_come = Vec::new();
        for (kind, key) in kinds {
            for (pair, epoch) in seats.windows(2).zip(charter.epoch(union.height()) + 1..) {
                if key(&pair[0]) != key(&pair[1]) {
                    to_come.push(KeyToComeView {
                        kind: kind.name().to_owned(),
                        key: key_text(key(&pair[1])),
                        from_height: epoch * charter.epoch_blocks,
                    });
                }
            }
        }
        to_come
    }
}

/// What the rosters say of a member that came after they were drawn up.
const NO_SEAT: Seat = Seat { signing_key: [0; 32], node_key: [0; 32], standby_key: [0; 32] };

impl MemberView {
    /// The member with this number, which must be one.
    pub fn new(union: &Union, number: u16, next_sequence: u64) -> Self {
        let charter = union.charter();
        let member = &charter.members[usize::from(number)];
        let position = union.ledger().position(number);
        let unit = charter.unit_of_account;
        let [rates, next_rates] = union.rates(number).map(RatesView::new);
        MemberView {
            member: MemberSummary::new(union, number),
            next_sequence,
            limits: LimitsView {
                charter_debit_cap: AmountView::of_cap(member.debit_cap, unit),
                charter_credit_cap: AmountView::of_cap(member.credit_cap, unit),
                debit_cap: AmountView::of_cap(position.debit_cap, unit),
                credit_cap: AmountView::of_cap(position.credit_cap, unit),
                reserved_urgent: AmountView::new(position.reserved_urgent.into(), unit),
                reserved_high: AmountView::new(position.reserved_high.into(), unit),
            },
            rules: union.rules(number).map(|rule| SetRule::write(charter, rule)).collect(),
            rates,
            next_rates,
            accounts: AccountView::all(union, number, 0, &payment_currencies(charter)),
            participants: union.participants().iter().filter(|row| row.member == number).count() as u64,
        }
    }
}

impl RatesView {
    pub(super) fn new(rates: &Rates) -> Option<Self> {
        let (buying, selling) = rates.rates()?;
        let text = |rate: money::Rate| rate.to_string();
        Some(RatesView { from_day: day_text(rates.from_day), buying: text(buying), selling: text(selling) })
    }
}

impl ParticipantView {
    /// A participant, with its accounts in those of these currencies that it has any in.
    pub(crate) fn new(union: &Union, row: &Participant, currencies: &BTreeSet<Currency>) -> Self {
        debug_assert_ne!(row.member, AccountKey::UNION, "the union sponsors nobody");
        ParticipantView {
            member: code(union.charter(), row.member),
            number: row.number,
            identifier: padded_text(&row.identifier).to_owned(),
            name: padded_text(&row.name).to_owned(),
            accounts: AccountView::all(union, row.member, row.number, currencies),
        }
    }
}
