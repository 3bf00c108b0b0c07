//! What a member can order: fixed-size records of 128 bytes, little-endian, and their typed form.
//!
//! The first byte of a record is its kind. Every reserved byte is zero, so that a command has one
//! encoding only and its bytes can stand for it.

use crate::membership::KeyKind;
use crate::proposal::Motion;
use crate::reason::Reason;
use crate::vote::Ballot;
use crate::voting_rules::Decision;
use bytemuck::{Pod, Zeroable};
use ledger::Hash;
use sha2::{Digest, Sha256};

/// Bytes of a record.
pub const RECORD_BYTES: usize = 128;

/// Stands for "any" where an acceptance rule names a member.
pub const ANY_MEMBER: u16 = u16::MAX;

/// Stands for "any" where an acceptance rule names a participant.
pub const ANY_PARTICIPANT: u32 = u32::MAX;

/// How many acceptance rules a member keeps, at most; they are numbered from 0.
pub const RULES_MAX: u8 = 16;

/// In which order queued payments of a member are settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Priority {
    /// First, and with all of the member's debit cap.
    Urgent = 0,
    /// Next, with what is not reserved for urgent orders.
    High = 1,
    /// Last, with what is not reserved for urgent and high orders.
    Normal = 2,
}

impl Priority {
    /// The priority with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        [Priority::Urgent, Priority::High, Priority::Normal].get(usize::from(number)).copied()
    }
}

/// A payment order, or a return of an earlier one, from the member that sends it to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Payment {
    /// [`Payment::PAYMENT`] or [`Payment::RETURN`].
    pub kind: u8,
    /// See [`Priority`].
    pub priority: u8,
    /// 1 for a customer payment, 0 for one between institutions.
    pub customer: u8,
    /// 1 to be refused at once if it cannot settle at once, 0 to wait in the queue.
    pub immediate: u8,
    /// The member that pays, by number; it must be the sender of the batch.
    pub debtor: u16,
    /// The member that is paid, by number.
    pub creditor: u16,
    /// The debtor's sponsored participant, 0 for the member itself.
    pub debtor_participant: u32,
    /// The creditor's sponsored participant, 0 for the member itself.
    pub creditor_participant: u32,
    /// The order's unique identifier, a UETR where there is one; never zero.
    pub id: u128,
    /// For a return, the payment that is given back; else zero.
    pub original: u128,
    /// Minor units of `currency`.
    pub amount: u64,
    /// Unix seconds after which it no longer settles; 0 for as long as the charter says.
    pub expires_at: u64,
    /// Hash of the sealed customer detail that comes with the batch; zero for none.
    pub detail: Hash,
    /// ISO 4217 number.
    pub currency: u16,
    /// Zero.
    pub reserved: [u8; 2],
    /// The day on which it is to settle, in days from 1 January 1970.
    pub value_date: u32,
    /// ISO 20022 external purpose code, or zero.
    pub purpose: [u8; 4],
    /// For a return, why; else zero.
    pub reason: Reason,
    /// The sender's own reference, printable ASCII padded with zeros.
    pub reference: [u8; 16],
}

impl Payment {
    /// Kind of a payment order.
    pub const PAYMENT: u8 = 1;
    /// Kind of a return.
    pub const RETURN: u8 = 2;

    /// A normal payment between institutions without options; callers set the fields they use.
    pub fn new(id: u128, debtor: u16, creditor: u16, currency: u16, amount: u64, value_date: u32) -> Self {
        Payment {
            kind: Self::PAYMENT,
            priority: Priority::Normal as u8,
            id,
            debtor,
            creditor,
            currency,
            amount,
            value_date,
            ..Zeroable::zeroed()
        }
    }

    /// The same with every byte outside the named fields zero and text and flags in range?
    pub(crate) fn is_well_formed(&self) -> bool {
        let purpose =
            self.purpose == [0; 4] || self.purpose.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        self.reserved == [0; 2]
            && self.customer <= 1
            && self.immediate <= 1
            && purpose
            && is_padded_text(&self.reference)
    }

    /// SHA-256 of its record: stands for the order as it is, every field of it.
    pub fn digest(&self) -> Hash {
        Sha256::digest(bytemuck::bytes_of(self)).into()
    }

    /// The reference without its padding.
    pub fn reference(&self) -> &str {
        padded_text(&self.reference)
    }
}

/// What an acceptance rule does with an order that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Action {
    /// The order goes on to settlement.
    Accept = 1,
    /// The order waits until the receiving member accepts or refuses it.
    Hold = 2,
    /// The order is refused with the rule's reason.
    Refuse = 3,
}

/// An acceptance rule of a member for what it receives. The first rule that matches decides; an order
/// that none matches is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct AcceptanceRule {
    /// See [`Action`]; 0 for an empty slot.
    pub action: u8,
    /// The slot, below [`RULES_MAX`]; lower slots are asked first.
    pub slot: u8,
    /// Only orders of this member, or [`ANY_MEMBER`].
    pub debtor: u16,
    /// Only orders from this participant of the debtor, or [`ANY_PARTICIPANT`].
    pub debtor_participant: u32,
    /// Only orders to this participant of the creditor, or [`ANY_PARTICIPANT`].
    pub creditor_participant: u32,
    /// Only orders with this purpose, or zero.
    pub purpose: [u8; 4],
    /// Only orders of more than this, in minor units of `currency`.
    pub above: u64,
    /// Only orders in this currency; 0 for any, and `above` then counts in the unit of account.
    pub currency: u16,
    /// Zero.
    pub reserved: [u8; 2],
    /// The reason given where `action` is to refuse.
    pub reason: Reason,
}

impl AcceptanceRule {
    /// A rule for every order.
    pub fn new(slot: u8, action: Action) -> Self {
        AcceptanceRule {
            action: action as u8,
            slot,
            debtor: ANY_MEMBER,
            debtor_participant: ANY_PARTICIPANT,
            creditor_participant: ANY_PARTICIPANT,
            ..Zeroable::zeroed()
        }
    }
}

/// A command, decoded. Every one acts on what its sender owns, or on an order that it is a side of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// A payment order or a return.
    Pay(Payment),
    /// The receiving member accepts an order that its rules hold.
    Accept {
        /// The order.
        order: u128,
    },
    /// The receiving member refuses an order that its rules hold.
    Refuse {
        /// The order.
        order: u128,
        /// Why.
        reason: Reason,
    },
    /// The sending member takes back an order that is held or queued.
    Cancel {
        /// The order.
        order: u128,
        /// Why.
        reason: Reason,
    },
    /// The sending member gives an open order a priority, at the end of those that have it or at the front of them.
    Reprioritise {
        /// The order.
        order: u128,
        /// Its new priority, or the one that it has.
        priority: u8,
        /// Whether it is tried first of those of its priority, not last.
        first: bool,
    },
    /// The sending member holds an open order back: it does not settle before it is released.
    Hold {
        /// The order.
        order: u128,
    },
    /// The sending member lets an order go that it holds back.
    Release {
        /// The order.
        order: u128,
    },
    /// The member that paid asks for a settled order back.
    RequestReturn {
        /// The order.
        order: u128,
        /// Why.
        reason: Reason,
    },
    /// The member that was paid refuses to give an order back that it is asked for.
    RefuseReturn {
        /// The order.
        order: u128,
        /// Why.
        reason: Reason,
    },
    /// A member names a participant that it sponsors, or names it anew.
    RegisterParticipant {
        /// Its number at the member, not zero.
        participant: u32,
        /// BIC or LEI, ASCII padded with zeros.
        identifier: [u8; 20],
        /// Name, UTF-8 padded with zeros.
        name: [u8; 100],
    },
    /// A member caps what an account of its participant may owe and own in one currency.
    SetParticipantCaps {
        /// The participant; 0 for the member's own account.
        participant: u32,
        /// ISO 4217 number.
        currency: u16,
        /// Minor units of that currency; [`ledger::NO_CAP`] for no cap.
        debit_cap: u64,
        /// Likewise.
        credit_cap: u64,
    },
    /// A member caps its own position, within what the charter allows it.
    SetCaps {
        /// Minor units of the unit of account; [`ledger::NO_CAP`] for what the charter says.
        debit_cap: u64,
        /// Likewise.
        credit_cap: u64,
    },
    /// A member reserves a part of its debit cap for orders of higher priority.
    SetReservations {
        /// For urgent orders, in minor units of the unit of account.
        urgent: u64,
        /// For urgent and high orders, beyond `urgent`.
        high: u64,
    },
    /// A member limits its bilateral net positions with another.
    SetBilateralLimits {
        /// The other member.
        counterparty: u16,
        /// What it may owe the other, net, in minor units of the unit of account.
        debit_limit: u64,
        /// What the other may owe it, likewise.
        credit_limit: u64,
    },
    /// A member sets one of its acceptance rules, or empties the slot (action 0).
    SetRule(AcceptanceRule),
    /// A member publishes two rates of a currency, in units of account (with a basket, of its reference currency) per unit of currency.
    PublishRates {
        /// ISO 4217 number; 0 for the member's own currency.
        currency: u16,
        /// First day on which they apply; today or later.
        from_day: u32,
        /// What a creditor gets: numerator and denominator.
        buying: (u64, u64),
        /// What a debtor gives, not less than `buying`.
        selling: (u64, u64),
    },
    /// A member agrees that the open cycle closes before its time; more than half of all must.
    CloseCycle {
        /// The open cycle's number.
        cycle: u32,
    },
    /// The creditor of a settlement leg confirms that it was paid.
    ConfirmLeg {
        /// Number of the closed cycle.
        cycle: u32,
        /// Number of the leg in the cycle.
        leg: u32,
    },
    /// A member that defaulted pays off a part of the claim on it.
    PayClaim {
        /// Minor units of the unit of account.
        amount: u64,
    },
    /// A member proposes something to the others.
    Propose(Motion),
    /// A part of the charter's text that a proposal of the member comes with; the part itself is beside the record.
    ProposalText {
        /// Number of the proposal.
        proposal: u32,
        /// Where in the text the part begins.
        at_byte: u32,
    },
    /// A member votes on a proposal, or votes anew.
    Vote {
        /// Number of the proposal.
        proposal: u32,
        /// What it votes.
        ballot: Ballot,
    },
    /// A member takes its proposal back.
    WithdrawProposal {
        /// Number of the proposal.
        proposal: u32,
    },
    /// A member replaces a key of its own, see [`crate::key_proof_message`].
    ReplaceKey {
        /// Which one.
        kind: KeyKind,
        /// The new one; zero for no standby node.
        key: [u8; 32],
        /// Signature by the new key; zero for a sealing key, and for none.
        proof: [u8; 64],
    },
    /// A member gives notice: it leaves.
    GiveNotice,
}

/// All records but payments: a kind and its arguments.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Arguments {
    kind: u8,
    reserved: [u8; 3],
    small: u32,
    bytes: [u8; 120],
}

/// Why a record is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The first byte names no kind of command.
    #[error("{0} is no kind of command")]
    Kind(u8),
    /// A reserved byte is not zero, or a flag, a code or a text is not well formed.
    #[error("a reserved byte is set, or a flag, a code or a text is not well formed")]
    Malformed,
}

impl Command {
    /// Reads a record strictly: what was read encodes to the same bytes again.
    pub fn decode(record: &[u8; RECORD_BYTES]) -> Result<Command, RecordError> {
        if record[0] == Payment::PAYMENT || record[0] == Payment::RETURN {
            let payment: Payment = bytemuck::pod_read_unaligned(record);
            return if payment.is_well_formed() { Ok(Command::Pay(payment)) } else { Err(RecordError::Malformed) };
        }
        let arguments: Arguments = bytemuck::pod_read_unaligned(record);
        let (small, bytes) = (arguments.small, &arguments.bytes);
        let u64_at = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let order = u128::from_le_bytes(bytes[..16].try_into().expect("sixteen bytes"));
        let reason = Reason(bytes[16..20].try_into().expect("four bytes"));
        let command = match arguments.kind {
            3 => Command::Accept { order },
            4 => Command::Refuse { order, reason },
            5 => Command::Cancel { order, reason },
            6 => Command::Reprioritise { order, priority: bytes[16], first: bytes[17] == 1 },
            7 => Command::RequestReturn { order, reason },
            8 => Command::RefuseReturn { order, reason },
            9 => Command::Hold { order },
            17 => Command::Release { order },
            10 => Command::RegisterParticipant {
                participant: small,
                identifier: bytes[..20].try_into().expect("twenty bytes"),
                name: bytes[20..].try_into().expect("a hundred bytes"),
            },
            11 => Command::SetParticipantCaps {
                participant: small,
                currency: u16::from_le_bytes([bytes[16], bytes[17]]),
                debit_cap: u64_at(0),
                credit_cap: u64_at(8),
            },
            12 => Command::SetCaps { debit_cap: u64_at(0), credit_cap: u64_at(8) },
            13 => Command::SetReservations { urgent: u64_at(0), high: u64_at(8) },
            14 => Command::SetBilateralLimits {
                counterparty: small as u16,
                debit_limit: u64_at(0),
                credit_limit: u64_at(8),
            },
            15 => Command::SetRule(bytemuck::pod_read_unaligned(&bytes[..size_of::<AcceptanceRule>()])),
            16 => Command::PublishRates {
                currency: u16::from_le_bytes([bytes[32], bytes[33]]),
                from_day: small,
                buying: (u64_at(0), u64_at(8)),
                selling: (u64_at(16), u64_at(24)),
            },
            20 => Command::CloseCycle { cycle: small },
            21 => Command::ConfirmLeg { cycle: small, leg: u32_at(0) },
            22 => Command::PayClaim { amount: u64_at(0) },
            30 => Command::Propose(Motion {
                kind: Decision::from_number(small as u8).ok_or(RecordError::Malformed)?,
                subject: u16::from_le_bytes([bytes[116], bytes[117]]),
                deadline_ms: u64_at(0),
                from_day: u32_at(8),
                protocol: u32_at(12),
                text_bytes: u32_at(16),
                text_hash: bytes[20..52].try_into().expect("32 bytes"),
                accession: bytes[52..116].try_into().expect("64 bytes"),
            }),
            31 => Command::ProposalText { proposal: small, at_byte: u32_at(0) },
            32 => {
                Command::Vote { proposal: small, ballot: Ballot::from_number(bytes[0]).ok_or(RecordError::Malformed)? }
            }
            33 => Command::WithdrawProposal { proposal: small },
            34 => Command::ReplaceKey {
                kind: KeyKind::from_number(small as u8).ok_or(RecordError::Malformed)?,
                key: bytes[..32].try_into().expect("32 bytes"),
                proof: bytes[32..96].try_into().expect("64 bytes"),
            },
            35 => Command::GiveNotice,
            kind => return Err(RecordError::Kind(kind)),
        };
        let well_formed = match &command {
            Command::Refuse { reason, .. }
            | Command::Cancel { reason, .. }
            | Command::RequestReturn { reason, .. }
            | Command::RefuseReturn { reason, .. } => reason.is_well_formed(),
            Command::RegisterParticipant { identifier, name, .. } => {
                is_padded_text(identifier) && is_padded_utf8(name) && name[0] != 0
            }
            Command::SetRule(rule) => {
                let purpose = Reason(rule.purpose).is_well_formed();
                rule.reserved == [0; 2]
                    && rule.action <= 3
                    && rule.slot < RULES_MAX
                    && purpose
                    && rule.reason.is_well_formed()
            }
            _ => true,
        };
        if well_formed && command.encode() == *record { Ok(command) } else { Err(RecordError::Malformed) }
    }

    /// The record of this command.
    pub fn encode(&self) -> [u8; RECORD_BYTES] {
        let mut small = 0;
        let mut bytes = [0; 120];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        let kind = match *self {
            Command::Pay(payment) => return bytemuck::cast(payment),
            Command::Accept { order } | Command::Hold { order } | Command::Release { order } => {
                put(0, &order.to_le_bytes());
                match self {
                    Command::Accept { .. } => 3,
                    Command::Hold { .. } => 9,
                    _ => 17,
                }
            }
            Command::Refuse { order, reason }
            | Command::Cancel { order, reason }
            | Command::RequestReturn { order, reason }
            | Command::RefuseReturn { order, reason } => {
                put(0, &order.to_le_bytes());
                put(16, &reason.0);
                match self {
                    Command::Refuse { .. } => 4,
                    Command::Cancel { .. } => 5,
                    Command::RequestReturn { .. } => 7,
                    _ => 8,
                }
            }
            Command::Reprioritise { order, priority, first } => {
                put(0, &order.to_le_bytes());
                put(16, &[priority, u8::from(first)]);
                6
            }
            Command::RegisterParticipant { participant, identifier, name } => {
                small = participant;
                put(0, &identifier);
                put(20, &name);
                10
            }
            Command::SetParticipantCaps { participant, currency, debit_cap, credit_cap } => {
                small = participant;
                put(0, &debit_cap.to_le_bytes());
                put(8, &credit_cap.to_le_bytes());
                put(16, &currency.to_le_bytes());
                11
            }
            Command::SetCaps { debit_cap, credit_cap } => {
                put(0, &debit_cap.to_le_bytes());
                put(8, &credit_cap.to_le_bytes());
                12
            }
            Command::SetReservations { urgent, high } => {
                put(0, &urgent.to_le_bytes());
                put(8, &high.to_le_bytes());
                13
            }
            Command::SetBilateralLimits { counterparty, debit_limit, credit_limit } => {
                small = u32::from(counterparty);
                put(0, &debit_limit.to_le_bytes());
                put(8, &credit_limit.to_le_bytes());
                14
            }
            Command::SetRule(rule) => {
                put(0, bytemuck::bytes_of(&rule));
                15
            }
            Command::PublishRates { currency, from_day, buying, selling } => {
                small = from_day;
                put(32, &currency.to_le_bytes());
                for (at, value) in [buying.0, buying.1, selling.0, selling.1].into_iter().enumerate() {
                    put(8 * at, &value.to_le_bytes());
                }
                16
            }
            Command::CloseCycle { cycle } => {
                small = cycle;
                20
            }
            Command::ConfirmLeg { cycle, leg } => {
                small = cycle;
                put(0, &leg.to_le_bytes());
                21
            }
            Command::PayClaim { amount } => {
                put(0, &amount.to_le_bytes());
                22
            }
            Command::Propose(motion) => {
                small = motion.kind as u32;
                put(0, &motion.deadline_ms.to_le_bytes());
                put(8, &motion.from_day.to_le_bytes());
                put(12, &motion.protocol.to_le_bytes());
                put(16, &motion.text_bytes.to_le_bytes());
                put(20, &motion.text_hash);
                put(52, &motion.accession);
                put(116, &motion.subject.to_le_bytes());
                30
            }
            Command::ProposalText { proposal, at_byte } => {
                small = proposal;
                put(0, &at_byte.to_le_bytes());
                31
            }
            Command::Vote { proposal, ballot } => {
                small = proposal;
                put(0, &[ballot as u8]);
                32
            }
            Command::WithdrawProposal { proposal } => {
                small = proposal;
                33
            }
            Command::ReplaceKey { kind, key, proof } => {
                small = kind as u32;
                put(0, &key);
                put(32, &proof);
                34
            }
            Command::GiveNotice => 35,
        };
        bytemuck::cast(Arguments { kind, reserved: [0; 3], small, bytes })
    }
}

/// Text padded with zeros: its content.
pub fn padded_text(bytes: &[u8]) -> &str {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    std::str::from_utf8(&bytes[..end]).unwrap_or_default()
}

/// Pads text with zeros to `N` bytes, if it fits and has no control characters.
pub fn pad_text<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut padded = [0; N];
    padded.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
    is_padded_utf8(&padded).then_some(padded)
}

fn is_padded(bytes: &[u8], is_text: impl Fn(&[u8]) -> bool) -> bool {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    bytes[end..].iter().all(|&byte| byte == 0) && is_text(&bytes[..end])
}

fn is_padded_text(bytes: &[u8]) -> bool {
    is_padded(bytes, |text| text.iter().all(|byte| (0x20..0x7f).contains(byte)))
}

fn is_padded_utf8(bytes: &[u8]) -> bool {
    is_padded(bytes, |text| std::str::from_utf8(text).is_ok_and(|text| !text.chars().any(char::is_control)))
}

const _: () = assert!(size_of::<Payment>() == RECORD_BYTES && size_of::<Arguments>() == RECORD_BYTES);
const _: () = assert!(size_of::<AcceptanceRule>() == 32);

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn records_are_read_strictly() {
        let mut record = Command::Accept { order: 7 }.encode();
        assert_eq!(Command::decode(&record), Ok(Command::Accept { order: 7 }));
        record[100] = 1;
        assert_eq!(Command::decode(&record), Err(RecordError::Malformed));
        assert_eq!(Command::decode(&[0; 128]), Err(RecordError::Kind(0)));
        let mut payment = Payment::new(1, 0, 1, 840, 5, 0);
        payment.purpose = *b"GDDS";
        assert_eq!(Command::decode(&Command::Pay(payment).encode()), Ok(Command::Pay(payment)));
        payment.purpose = *b"GD\0\0";
        assert_eq!(Command::decode(&Command::Pay(payment).encode()), Err(RecordError::Malformed));
        assert_eq!(pad_text::<4>("abcde"), None);
        assert_eq!(pad_text::<4>("a\nb"), None);
        assert_eq!(padded_text(&pad_text::<8>("é").unwrap()), "é");
    }

    proptest! {
        /// Whatever is read encodes to the bytes that it was read from.
        #[test]
        fn one_encoding_only(kind in 0u8..40, sparse in prop::collection::vec((1usize..128, any::<u8>()), 0..12)) {
            let mut record = [0; 128];
            record[0] = kind;
            for (at, byte) in sparse {
                record[at] = byte;
            }
            if let Ok(command) = Command::decode(&record) {
                prop_assert_eq!(command.encode(), record);
            }
        }
    }
}
