//! Arbitrary commands applied to a small union: no panic, the books sum to zero, limits hold, what is refused
//! leaves no trace, and a snapshot at the end is the same union.
#![no_main]

use arbitrary::Arbitrary;
use comity_fuzz::{MEMBERS, batch, block, charter, founded, snapshot};
use ledger::NO_CAP;
use libfuzzer_sys::fuzz_target;
use union::{AcceptanceRule, Action, Command, Outcome, Payment, Reason, Union, pad_text};

#[derive(Arbitrary, Debug)]
struct Step {
    sender: u8,
    /// Time that passes before it, in tens of minutes.
    pause: u8,
    /// Whether it shares the block of the step before.
    joins: bool,
    act: Act,
}

#[derive(Arbitrary, Debug)]
enum Act {
    Pay(Pay),
    /// A payment with some of its bytes set to others.
    Spoilt(Pay, [(u8, u8); 2]),
    Return {
        id: u8,
        original: u8,
        pay: Pay,
    },
    Accept(u8),
    Refuse(u8),
    Cancel(u8),
    Reprioritise(u8, u8, bool),
    Hold(u8),
    Release(u8),
    RequestReturn(u8),
    RefuseReturn(u8),
    Participant(u8),
    ParticipantCaps(u8, u8, u16, u16),
    Caps(u16, u16),
    Reservations(u16, u16),
    Limits(u8, u16, u16),
    Rule {
        slot: u8,
        action: u8,
        debtor: u8,
        above: u16,
    },
    Rates {
        ahead: u8,
        buying: u16,
        spread: u8,
    },
    Close(u8),
    Confirm(u8, u8),
    PayClaim(u16),
    Raw([u8; 128]),
}

#[derive(Arbitrary, Debug)]
struct Pay {
    id: u8,
    creditor: u8,
    amount: u16,
    currency: u8,
    ahead: u8,
    flags: u8,
    participants: u8,
}

impl Pay {
    fn payment(&self, sender: u16, today: u32) -> Payment {
        let currency = [840, 840, 32, 152, 414, 999][usize::from(self.currency) % 6];
        let amount = if self.amount == u16::MAX { u64::MAX - 1 } else { u64::from(self.amount % 1_024) };
        let creditor = (sender + u16::from(self.creditor % 4)) % (MEMBERS + 1);
        let date = today + u32::from(self.ahead % 8);
        Payment {
            priority: self.flags % 4,
            customer: self.flags >> 2 & 1,
            immediate: self.flags >> 3 & 1,
            debtor_participant: u32::from(self.participants % 3),
            creditor_participant: u32::from(self.participants / 3 % 3),
            ..Payment::new(u128::from(self.id), sender, creditor, currency, amount, date)
        }
    }
}

fn cap(value: u16) -> u64 {
    if value % 4 == 0 { NO_CAP } else { u64::from(value) }
}

impl Act {
    fn record(&self, sender: u16, union: &Union) -> [u8; 128] {
        let today = union.today().0;
        let command = match *self {
            Act::Pay(ref pay) => Command::Pay(pay.payment(sender, today)),
            Act::Spoilt(ref pay, changes) => {
                let mut record = Command::Pay(pay.payment(sender, today)).encode();
                for (at, value) in changes {
                    record[usize::from(at % 128)] = value;
                }
                return record;
            }
            Act::Return { id, original, ref pay } => {
                let mut payment = pay.payment(sender, today);
                if let Some(union::Found::Closed(at)) = union.orders().find(u128::from(original)) {
                    let closed = union.orders().closed(at);
                    let sides = (closed.creditor_participant, closed.debtor_participant);
                    (payment.debtor_participant, payment.creditor_participant) = sides;
                    (payment.creditor, payment.amount, payment.currency) =
                        (closed.debtor, closed.amount, closed.currency);
                }
                (payment.id, payment.original) = (u128::from(id), u128::from(original));
                (payment.kind, payment.reason) = (Payment::RETURN, Reason::CUST);
                Command::Pay(payment)
            }
            Act::Accept(order) => Command::Accept { order: order.into() },
            Act::Refuse(order) => Command::Refuse { order: order.into(), reason: Reason::RR04 },
            Act::Cancel(order) => Command::Cancel { order: order.into(), reason: Reason::NONE },
            Act::Reprioritise(order, priority, first) => {
                Command::Reprioritise { order: order.into(), priority, first }
            }
            Act::Hold(order) => Command::Hold { order: order.into() },
            Act::Release(order) => Command::Release { order: order.into() },
            Act::RequestReturn(order) => Command::RequestReturn { order: order.into(), reason: Reason::NONE },
            Act::RefuseReturn(order) => Command::RefuseReturn { order: order.into(), reason: Reason::RR04 },
            Act::Participant(number) => Command::RegisterParticipant {
                participant: u32::from(number % 4),
                identifier: pad_text("COOP").expect("short"),
                name: pad_text("Cooperativa").expect("short"),
            },
            Act::ParticipantCaps(number, currency, debit, credit) => Command::SetParticipantCaps {
                participant: u32::from(number % 3),
                currency: [840, 32, 152, 414][usize::from(currency) % 4],
                debit_cap: cap(debit),
                credit_cap: cap(credit),
            },
            Act::Caps(debit, credit) => Command::SetCaps { debit_cap: cap(debit), credit_cap: cap(credit) },
            Act::Reservations(urgent, high) => Command::SetReservations { urgent: urgent.into(), high: high.into() },
            Act::Limits(other, debit, credit) => Command::SetBilateralLimits {
                counterparty: u16::from(other % 4),
                debit_limit: cap(debit),
                credit_limit: cap(credit),
            },
            Act::Rule { slot, action, debtor, above } => {
                let rule = AcceptanceRule::new(slot % 17, Action::Hold);
                let debtor = if debtor < 4 { debtor.into() } else { union::ANY_MEMBER };
                Command::SetRule(AcceptanceRule { action: action % 4, debtor, above: above.into(), ..rule })
            }
            Act::Rates { ahead, buying, spread } => Command::PublishRates {
                currency: 0,
                from_day: today + u32::from(ahead % 4),
                buying: (buying.into(), 1_000),
                selling: (u64::from(buying) + u64::from(spread), 1_000),
            },
            Act::Close(number) => {
                Command::CloseCycle { cycle: if number < 200 { union.open_cycle_row().number } else { number.into() } }
            }
            Act::PayClaim(amount) => Command::PayClaim { amount: amount.into() },
            Act::Confirm(cycle, leg) => Command::ConfirmLeg { cycle: u32::from(cycle), leg: u32::from(leg % 4) },
            Act::Raw(record) => return record,
        };
        command.encode()
    }
}

fuzz_target!(|steps: Vec<Step>| {
    let (mut union, mut time_ms) = founded();
    for steps in steps.chunk_by(|_, next| next.joins) {
        time_ms += steps.iter().map(|step| u64::from(step.pause / 4) * 600_000).sum::<u64>();
        let sent = steps.iter().map(|step| {
            let sender = u16::from(step.sender) % MEMBERS;
            (sender, step.act.record(sender, &union))
        });
        let sent: Vec<_> = sent.collect();
        let next = |union: &Union, sent: &[(u16, [u8; 128])]| {
            let batches = sent.iter().enumerate().map(|(at, (sender, record))| {
                let before = sent[..at].iter().filter(|(other, _)| other == sender).count() as u64;
                batch(union, *sender, union.sequence(*sender) + 1 + before, &[*record], &[]).expect("one record")
            });
            block(union, time_ms, batches.collect())
        };
        let mut other = union.clone();
        let applied = union.apply(&next(&union, &sent)).expect("the next block");
        assert!(union.ledger().sums().values().all(|&sum| sum == 0), "the books sum to zero");
        assert!(union.ledger().is_within_limits(), "every limit holds");

        let refused = |outcome: &Outcome| matches!(outcome, Outcome::Rejected(_) | Outcome::AlreadyDone(_));
        let without = sent.iter().zip(&applied.outcomes);
        let without: Vec<_> =
            without.map(|(&(by, sent), out)| (by, if refused(out) { [0; 128] } else { sent })).collect();
        other.apply(&next(&other, &without)).expect("the next block");
        assert_eq!(other.books_hash(), union.books_hash(), "what is refused leaves no trace");
    }
    let read = Union::from_snapshot(charter(), &snapshot(&union), union.state(), 7).expect("its own snapshot");
    assert_eq!(read.falls_due_at_ms(), union.falls_due_at_ms());
});
