//! Arbitrary commands: drafts that are made into records by looking at the union that they are for, so that
//! they often name an order that waits or a leg that is open, and sometimes do not.

use crate::scene::{ARS, CLP, KWD, Party, Record, Terms, USD};
use ledger::NO_CAP;
use proptest::prelude::*;
use union::{
    AcceptanceRule, Action, Ballot, ClosedOrder, Command, Decision, Found, KeyKind, Motion, NO_MEMBER, OpenOrder,
    Payment, Reason, RequestStatus, Union, pad_text,
};

/// How many members the union of the property tests has.
pub const MEMBERS: u16 = 4;

/// Identifiers go from 1 to this, so that some are used twice.
pub const IDS: u128 = 120;

/// A step: time passes, then members send commands.
#[derive(Clone, Debug)]
pub struct Step {
    pub minutes: u32,
    pub sender: u16,
    pub draft: Draft,
}

/// A command that is yet to be fitted to a union.
#[derive(Clone, Debug)]
pub enum Draft {
    Pay(Payment),
    /// The return of a settled payment: which, under which identifier, and whether something is wrong with it.
    Return {
        of: prop::sample::Index,
        id: u128,
        wrong: bool,
    },
    /// About as much as an order that waits, the other way.
    Back {
        of: prop::sample::Index,
        id: u128,
        less: u64,
        priority: u8,
    },
    /// Something about an order that waits, by the member whose right it is unless `other`.
    Open {
        which: prop::sample::Index,
        deed: Deed,
        other: bool,
    },
    /// The return of an order that has ended is asked for, or refused, by the member whose right it is unless `other`.
    Ended {
        which: prop::sample::Index,
        ask: bool,
        other: bool,
    },
    Participant(u32),
    ParticipantCaps {
        participant: u32,
        currency: u16,
        caps: (u64, u64),
    },
    Caps(u64, u64),
    Reservations(u64, u64),
    Limits(u16, u64, u64),
    Rule(AcceptanceRule),
    Rates {
        days_ahead: u32,
        buying: u64,
        spread: u64,
    },
    Close,
    /// The confirmation of a leg, by the creditor unless `other`.
    Confirm {
        which: prop::sample::Index,
        other: bool,
    },
    /// Something for all to decide, with so many minutes to vote.
    Propose {
        kind: Decision,
        subject: u16,
        minutes: u32,
        from_days: u32,
    },
    Vote {
        which: prop::sample::Index,
        ballot: Ballot,
    },
    Withdraw {
        which: prop::sample::Index,
    },
    SealingKey(u8),
    /// So many quarters of a claim are paid off, by a member that has one on it if there is any.
    Claim(u64),
    Notice,
    /// Bytes of a good record set to other values.
    Spoilt(Payment, Vec<(usize, u8)>),
    Noise(Vec<u8>),
}

#[derive(Clone, Copy, Debug)]
pub enum Deed {
    Accept,
    Refuse,
    Cancel,
    Reprioritise(u8, bool),
    Hold,
    Release,
}

impl Step {
    /// The member that sends, and its record.
    pub fn record(&self, union: &Union) -> (u16, Record) {
        let today = union.today().0;
        let mut sender = self.sender;
        let command = match self.draft.clone() {
            Draft::Pay(payment) => pay(sender, payment, union),
            Draft::Return { of, id, wrong } => {
                let closed = union.orders().all_closed();
                if closed.is_empty() {
                    return (sender, [0; 128]);
                }
                let original = of.get(closed);
                sender = original.creditor;
                Command::Pay(Payment {
                    kind: Payment::RETURN,
                    original: original.id,
                    reason: Reason::CUST,
                    debtor_participant: original.creditor_participant,
                    creditor_participant: original.debtor_participant,
                    amount: original.amount + u64::from(wrong),
                    ..Payment::new(id, sender, original.debtor, original.currency, 0, today)
                })
            }
            Draft::Back { of, id, less, priority } => {
                let open: Vec<&OpenOrder> = union.orders().all_open().collect();
                if open.is_empty() {
                    return (sender, [2; 128]);
                }
                let waiting = of.get(&open).payment;
                sender = waiting.creditor;
                let amount = waiting.amount.saturating_sub(less).max(1);
                let back = Payment::new(id, sender, waiting.debtor, waiting.currency, amount, waiting.value_date);
                Command::Pay(Payment { priority, ..back })
            }
            Draft::Ended { which, ask, other } => {
                let closed = union.orders().all_closed();
                if closed.is_empty() {
                    return (sender, [3; 128]);
                }
                // Mostly one of the latest: those are remembered longest, and seldom returned yet.
                let latest = &closed[closed.len().saturating_sub(6)..];
                let (asked, reason) = (which.get(latest), Reason::RR04);
                let waits = |order: &&ClosedOrder| {
                    order.return_request().is_some_and(|request| request.status == RequestStatus::Asked)
                };
                let order = if ask { asked } else { closed.iter().find(waits).unwrap_or(asked) };
                let right = if ask { order.debtor } else { order.creditor };
                sender = if other { sender } else { right };
                let order = order.id;
                if ask { Command::RequestReturn { order, reason } } else { Command::RefuseReturn { order, reason } }
            }
            Draft::Open { which, deed, other } => {
                let open: Vec<&OpenOrder> = union.orders().all_open().collect();
                if open.is_empty() {
                    return (sender, [1; 128]);
                }
                // What is not on hold is not released.
                let on_hold = || open.iter().copied().filter(|order| order.is_on_hold()).collect();
                let asked: Vec<&OpenOrder> = if matches!(deed, Deed::Release) { on_hold() } else { Vec::new() };
                let chosen = if asked.is_empty() { which.get(&open) } else { which.get(&asked) };
                let Payment { id: order, debtor, creditor, .. } = chosen.payment;
                let by = |right: u16| if other { sender } else { right };
                let (by, command) = match deed {
                    Deed::Accept => (by(creditor), Command::Accept { order }),
                    Deed::Refuse => (by(creditor), Command::Refuse { order, reason: Reason::RR04 }),
                    Deed::Cancel => (by(debtor), Command::Cancel { order, reason: Reason::NONE }),
                    Deed::Reprioritise(priority, first) => {
                        (by(debtor), Command::Reprioritise { order, priority, first })
                    }
                    Deed::Hold => (by(debtor), Command::Hold { order }),
                    Deed::Release => (by(debtor), Command::Release { order }),
                };
                sender = by;
                command
            }
            Draft::Participant(participant) => Command::RegisterParticipant {
                participant,
                identifier: pad_text("COOP").expect("short"),
                name: pad_text("Cooperativa").expect("short"),
            },
            Draft::ParticipantCaps { participant, currency, caps: (debit_cap, credit_cap) } => {
                Command::SetParticipantCaps { participant, currency, debit_cap, credit_cap }
            }
            Draft::Caps(debit_cap, credit_cap) => Command::SetCaps { debit_cap, credit_cap },
            Draft::Reservations(urgent, high) => Command::SetReservations { urgent, high },
            Draft::Limits(counterparty, debit_limit, credit_limit) => {
                Command::SetBilateralLimits { counterparty, debit_limit, credit_limit }
            }
            Draft::Rule(rule) => Command::SetRule(rule),
            Draft::Rates { days_ahead, buying, spread } => {
                // Where one member publishes all rates, it does so for the others.
                let charter = union.charter();
                let currency = charter.publisher.map_or(0, |_| charter.members[usize::from(sender)].currency.numeric());
                sender = charter.publisher.unwrap_or(sender);
                Command::PublishRates {
                    currency,
                    from_day: today + days_ahead,
                    buying: (buying, 1_000),
                    selling: (buying + spread, 1_000),
                }
            }
            Draft::Close => Command::CloseCycle { cycle: union.open_cycle_row().number },
            Draft::Confirm { which, other } => {
                let legs = union.cycles().iter().flat_map(|cycle| union.legs(cycle));
                // The confirmed ones come last, and are seldom asked for again.
                let mut legs: Vec<_> = legs.collect();
                legs.sort_by_key(|leg| leg.is_confirmed());
                let open = legs.iter().filter(|leg| !leg.is_confirmed()).count();
                legs.truncate(open + 1);
                if legs.is_empty() {
                    return (sender, Command::ConfirmLeg { cycle: 1, leg: 0 }.encode());
                }
                let leg = which.get(&legs);
                sender = if other { sender } else { leg.creditor };
                Command::ConfirmLeg { cycle: leg.cycle, leg: leg.number }
            }
            Draft::Propose { kind, subject, minutes, from_days } => Command::Propose(Motion {
                kind,
                subject: if kind.has_subject() { subject } else { NO_MEMBER },
                deadline_ms: union.time_ms() + u64::from(minutes) * 60_000,
                from_day: if from_days == 0 { 0 } else { today + from_days },
                protocol: 0,
                text_bytes: 0,
                text_hash: [0; 32],
                accession: [0; 64],
            }),
            Draft::Vote { which, ballot } => Command::Vote { proposal: last_proposal(union, which), ballot },
            Draft::Withdraw { which } => Command::WithdrawProposal { proposal: last_proposal(union, which) },
            Draft::SealingKey(byte) => Command::ReplaceKey { kind: KeyKind::Sealing, key: [byte; 32], proof: [0; 64] },
            Draft::Notice => Command::GiveNotice,
            Draft::Claim(part) => {
                let owing = (0..MEMBERS).find(|&member| union.claim(member) > 0);
                sender = owing.unwrap_or(sender);
                Command::PayClaim { amount: (union.claim(sender) as u64 / 4).saturating_mul(part) }
            }
            Draft::Spoilt(payment, bytes) => {
                let mut record = pay(sender, payment, union).encode();
                for (at, byte) in bytes {
                    record[at] = byte;
                }
                return (sender, record);
            }
            Draft::Noise(bytes) => return (sender, bytes.try_into().expect("as long as a record")),
        };
        (sender, command.encode())
    }
}

/// A drafted payment: its creditor counts from the sender on, its value date from yesterday, where 1 is the next
/// day on which both work; dollars stand for the unit of account.
fn pay(sender: u16, draft: Payment, union: &Union) -> Command {
    let (today, calendar) = (union.today(), &union.charter().calendar);
    let creditor = if draft.creditor <= MEMBERS { (sender + draft.creditor) % MEMBERS } else { draft.creditor };
    let value_date = match draft.value_date {
        1 if creditor < MEMBERS => calendar.next_joint_business_day(sender, creditor, today).unwrap_or(today).0,
        ahead => today.0 + ahead - 1,
    };
    let currency = if draft.currency == USD { union.charter().unit_of_account.numeric() } else { draft.currency };
    Command::Pay(Payment { debtor: sender, creditor, value_date, currency, ..draft })
}

/// One of the last three proposals, or one that is not there.
fn last_proposal(union: &Union, which: prop::sample::Index) -> u32 {
    let count = union.proposals().len() as u32;
    (count + 1).saturating_sub([1, 1, 1, 1, 1, 2, 3, 0][which.index(8)])
}

/// Whether an order with this identifier was ever taken.
pub fn is_known(union: &Union, id: u128) -> bool {
    matches!(union.orders().find(id), Some(Found::Open(_) | Found::Closed(_)))
}

fn payment() -> impl Strategy<Value = Payment> {
    let amount = prop_oneof![30 => 1..2_000_u64, 1 => any::<u64>()];
    let currency = prop_oneof![6 => Just(USD), 2 => Just(ARS), 2 => Just(CLP), 2 => Just(KWD), 1 => any::<u16>()];
    let creditor = prop_oneof![40 => 1..MEMBERS, 1 => Just(MEMBERS), 1 => any::<u16>()];
    let value_date = prop_oneof![1 => Just(0_u32), 30 => Just(1), 5 => 2..6_u32];
    let participant = || prop_oneof![20 => Just(0_u32), 4 => Just(1), 1 => 2..4_u32];
    let flags = (prop_oneof![1 => 0..3_u8, 1 => Just(2), 9 => Just(2)], prop::bool::weighted(0.1), any::<bool>());
    let purpose = prop_oneof![3 => Just([0; 4]), 1 => Just(*b"GDDS")];
    let expires = prop_oneof![5 => Just(0), 1 => 1_136_200_000..1_136_800_000_u64];
    (1..=IDS, creditor, currency, amount, value_date, (participant(), participant()), flags, purpose, expires).prop_map(
        |(
            id,
            creditor,
            currency,
            amount,
            value_date,
            (from, to),
            (priority, immediate, customer),
            purpose,
            expires_at,
        )| {
            Payment {
                priority,
                immediate: immediate.into(),
                customer: customer.into(),
                debtor_participant: from,
                creditor_participant: to,
                purpose,
                expires_at,
                ..Payment::new(id, 0, creditor, currency, amount, value_date)
            }
        },
    )
}

fn rule() -> impl Strategy<Value = AcceptanceRule> {
    let action = prop_oneof![1 => Just(0_u8), 1 => Just(1), 5 => Just(Action::Hold as u8), 1 => Just(3)];
    let debtor = prop_oneof![2 => Just(union::ANY_MEMBER), 1 => 0..MEMBERS];
    let purpose = prop_oneof![3 => Just([0; 4]), 1 => Just(*b"GDDS")];
    let currency = prop_oneof![3 => Just(0), 1 => Just(USD), 1 => Just(ARS)];
    (0..3_u8, action, debtor, purpose, currency, 0..1_500_u64).prop_map(
        |(slot, action, debtor, purpose, currency, above)| {
            let rule = AcceptanceRule::new(slot, Action::Hold);
            AcceptanceRule { action, debtor, purpose, currency, above, ..rule }
        },
    )
}

fn cap() -> impl Strategy<Value = u64> {
    prop_oneof![2 => 0..4_000_u64, 1 => Just(NO_CAP)]
}

fn draft() -> impl Strategy<Value = Draft> {
    let index = any::<prop::sample::Index>;
    let wrong = || prop::bool::weighted(0.15);
    let deed = prop_oneof![
        4 => Just(Deed::Accept),
        1 => Just(Deed::Refuse),
        1 => Just(Deed::Cancel),
        2 => (0..4_u8, any::<bool>()).prop_map(|(priority, first)| Deed::Reprioritise(priority, first)),
        1 => Just(Deed::Hold),
        2 => Just(Deed::Release),
    ];
    let noise = prop::collection::vec((0..128_usize, any::<u8>()), 1..3);
    prop_oneof![
        30 => payment().prop_map(Draft::Pay),
        4 => (index(), 1..=IDS, wrong()).prop_map(|(of, id, wrong)| Draft::Return { of, id, wrong }),
        9 => (index(), 1..=IDS, 0..40_u64, 0..3_u8).prop_map(|(of, id, less, priority)| Draft::Back { of, id, less, priority }),
        5 => (index(), any::<bool>(), wrong()).prop_map(|(which, ask, other)| Draft::Ended { which, ask, other }),
        10 => (index(), deed, wrong()).prop_map(|(which, deed, other)| Draft::Open { which, deed, other }),
        1 => (0..4_u32).prop_map(Draft::Participant),
        1 => (0..4_u32, prop_oneof![Just(USD), Just(ARS), any::<u16>()], (cap(), cap()))
            .prop_map(|(participant, currency, caps)| Draft::ParticipantCaps { participant, currency, caps }),
        2 => (cap(), cap()).prop_map(|(debit, credit)| Draft::Caps(debit, credit)),
        1 => (0..1_000_u64, 0..1_000_u64).prop_map(|(urgent, high)| Draft::Reservations(urgent, high)),
        2 => (0..MEMBERS + 1, cap(), cap()).prop_map(|(other, debit, credit)| Draft::Limits(other, debit, credit)),
        4 => rule().prop_map(Draft::Rule),
        3 => (0..3_u32, 1..3_000_u64, 0..50_u64)
            .prop_map(|(days_ahead, buying, spread)| Draft::Rates { days_ahead, buying, spread }),
        2 => Just(Draft::Close),
        1 => (0..6_u64).prop_map(Draft::Claim),
        5 => (index(), wrong()).prop_map(|(which, other)| Draft::Confirm { which, other }),
        1 => (payment(), noise).prop_map(|(payment, bytes)| Draft::Spoilt(payment, bytes)),
        1 => prop::collection::vec(any::<u8>(), 128).prop_map(Draft::Noise),
    ]
}

/// Commands of several members over some days, with time passing between them.
pub fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let minutes = prop_oneof![60 => Just(0_u32), 6 => 0..20_u32, 6 => Just(24 * 60_u32), 1 => 0..6_000_u32];
    let step = (minutes, 0..MEMBERS, draft()).prop_map(|(minutes, sender, draft)| Step { minutes, sender, draft });
    (prop::collection::vec(step, 1..most), prop::bool::weighted(0.9)).prop_map(|(steps, is_set_up)| {
        let set_up = if is_set_up { set_up() } else { Vec::new() };
        set_up.into_iter().chain(steps).collect()
    })
}

fn governing_draft() -> impl Strategy<Value = Draft> {
    let index = any::<prop::sample::Index>;
    let kind = prop_oneof![3 => Just(Decision::Suspend), 3 => Just(Decision::Readmit), 1 => Just(Decision::Expel), 1 => Just(Decision::Amend)];
    let ballot = prop_oneof![6 => Just(Ballot::Agree), 1 => Just(Ballot::Oppose), 1 => Just(Ballot::Abstain)];
    let from_days = prop_oneof![4 => Just(0_u32), 1 => 1..3_u32];
    prop_oneof![
        10 => (kind, 0..=MEMBERS, 20..90_u32, from_days)
            .prop_map(|(kind, subject, minutes, from_days)| Draft::Propose { kind, subject, minutes, from_days }),
        60 => (index(), ballot).prop_map(|(which, ballot)| Draft::Vote { which, ballot }),
        2 => index().prop_map(|which| Draft::Withdraw { which }),
        1 => any::<u8>().prop_map(Draft::SealingKey),
        4 => (0..6_u64).prop_map(Draft::Claim),
        1 => Just(Draft::Notice),
    ]
}

/// As [`steps`], with decisions among them, in unions whose epochs are short.
pub fn governed_steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let minutes = prop_oneof![12 => Just(0_u32), 6 => 1..20_u32, 1 => Just(24 * 60_u32)];
    let draft = prop_oneof![1 => draft(), 1 => governing_draft()];
    let step = (minutes, 0..MEMBERS, draft).prop_map(|(minutes, sender, draft)| Step { minutes, sender, draft });
    prop::collection::vec(step, 1..most).prop_map(|steps| set_up().into_iter().chain(steps).collect())
}

/// Every member publishes rates, where its currency has any, and names a participant.
fn set_up() -> Vec<Step> {
    let drafts = [Draft::Rates { days_ahead: 0, buying: 1_000, spread: 7 }, Draft::Participant(1)];
    let of = |sender| drafts.clone().map(|draft| Step { minutes: 0, sender, draft });
    (0..MEMBERS).flat_map(of).collect()
}

/// How queues are settled, with further lines of the charter.
fn discipline() -> impl Strategy<Value = (&'static str, &'static str)> {
    let runs = || prop_oneof![2 => Just(""), 1 => Just("runs = ['00:00', '10:00']\nrun_on_events = false")];
    let optimiser = prop_oneof![
        1 => Just(""),
        1 => Just("budget = 0"),
        1 => Just("budget = 500\nruns = ['10:05']"),
        2 => Just("strict_order = true\nbudget = 2000"),
    ];
    prop_oneof![
        3 => Just(("fifo", "")),
        3 => Just(("bypass-fifo", "")),
        1 => runs().prop_map(|runs| ("bilateral-offset", runs)),
        1 => runs().prop_map(|runs| ("multilateral", runs)),
        3 => optimiser.prop_map(|lines| ("optimiser", lines)),
    ]
}

/// Rules of credit, so that four members with quotas of ten to thirty come to every slice and beyond.
pub const RULES: [&str; 6] = [
    "",
    // Tranches on both sides, symmetric charges, interest, instalments, loss by quota.
    "[credit]\nkind = 'multilateral'\nabove_quota = 'settle'\n\
     [credit.quotas]\nM000 = '10'\nM001 = '15'\nM002 = '20'\nM003 = '30'\n\
     [settlement]\ndebtor = [{from_percent = 0, to_percent = 20, asset_percent = 0}, {from_percent = 20, to_percent = 100, asset_percent = 60}]\n\
     creditor = [{from_percent = 0, to_percent = 50, asset_percent = 10}, {from_percent = 50, to_percent = 100, asset_percent = 50}]\n\
     [[charges]]\nside = 'both'\nabove_percent = 25\npercent_a_year = '40'\n\
     [interest]\ndebtor_percent_a_year = '90'\ncreditor_percent_a_year = '80'\n\
     [default]\ndeadline_days = 1\ninstalments = 2\ninstalment_days = 1\n[exit]\ncycles = 2\n",
    // Never settled, charged on both sides, capped by quota.
    "[credit]\nkind = 'multilateral'\n[credit.quotas]\nM000 = '10'\nM001 = '15'\nM002 = '20'\nM003 = '30'\n\
     [settlement]\nasset_percent = 0\n[[charges]]\nside = 'both'\npercent_a_year = '100'\n",
    // Lines between pairs, and a default without instalments, borne by creditors.
    "[credit]\nkind = 'bilateral'\ndefault_line = '20'\nlines = [{debtor = 'M000', creditor = 'M001', limit = '5'}]\n\
     [default]\ndeadline_days = 2\nloss = 'creditors'\n",
    // Out of deposits with the last member.
    "[credit]\nkind = 'prefunded'\nagent = 'M003'\n[settlement]\nasset_percent = 30\n[default]\ndeadline_days = 1\n",
    "[interest]\ndebtor_percent_a_year = '100'\n[default]\ndeadline_days = 1\nreserves_first = false\n[exit]\ncycles = 3\n",
];

/// A unit that is a basket of a dollar and a real, whose rates the first member publishes.
const BASKET: &str = "[rates]\npublisher = 'M000'\n[basket]\nreference = 'USD'\nvalue = '1.5'\n\
    currencies = [{currency = 'USD', weight_percent = '60', base_rate = '1'}, {currency = 'BRL', weight_percent = '40', base_rate = '1.1'}]\n\
    [default]\ndeadline_days = 1\ninstalments = 3\ninstalment_days = 1\n";

/// Unions with caps or none, of every queue discipline, few attempts or many, a unit of three or two decimals.
pub fn terms() -> impl Strategy<Value = Terms> {
    let cap = || prop_oneof![1 => Just(None), 1 => Just(Some("10")), 1 => Just(Some("25"))];
    let party = (cap(), cap()).prop_map(|(debit_cap, credit_cap)| Party { debit_cap, credit_cap, ..Party::default() });
    (
        prop::collection::vec(party, usize::from(MEMBERS)),
        discipline(),
        prop_oneof![Just(1_u32), Just(3), Just(1_000)],
        prop_oneof![Just(3_u32), Just(1_000)],
        prop_oneof![
            3 => Just(("USD", "USD", "")),
            1 => Just(("KWD", "USD", "")),
            1 => Just(("CLP", "KWD", "")),
            1 => Just(("KWD", "USD", "asset_per_unit = '3.257'")),
            1 => Just(("XDR", "USD", "")),
        ],
        prop_oneof![Just("days = 1"), Just("days = 3"), Just("months = 1")],
        prop_oneof![2 => Just((30_u32, 400_u32)), 1 => Just((1, 2))],
        prop_oneof![2 => Just(0_usize), 1 => 1..RULES.len()],
    )
        .prop_map(
            |(
                parties,
                (discipline, runs),
                attempts,
                open_orders_max,
                (unit, asset, top),
                cycle,
                (days_ahead, days_remembered),
                rules,
            )| {
                // A run needs one for each member at least.
                let is_together = !matches!(discipline, "fifo" | "bypass-fifo");
                let attempts = if is_together { attempts.max(MEMBERS.into()) } else { attempts };
                let terms = Terms::of(usize::from(MEMBERS));
                let members = terms.members.iter().zip(parties);
                let members = members.map(|(own, party)| Party { currency: own.currency, ..party }).collect();
                let terms = Terms {
                    members,
                    discipline,
                    runs,
                    attempts,
                    open_orders_max,
                    top,
                    unit,
                    asset,
                    cycle,
                    days_ahead,
                    days_remembered,
                    rules: if unit == "XDR" { BASKET } else { RULES[rules] },
                    ..terms
                };
                terms.holiday(1, "2006-01-04")
            },
        )
}
