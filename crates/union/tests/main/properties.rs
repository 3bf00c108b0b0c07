//! What holds whatever members send: P4, limits, refusals without a trace, replay, snapshots.
//!
//! `PROPTEST_CASES=20000 cargo test --release -p union --test main properties` runs many more cases.

use crate::chain::{Chain, behind, replay, snapshot};
use crate::drafts::{IDS, MEMBERS, Step, is_known, steps, terms};
use crate::scene::{Record, Terms};
use crate::shadow::Shadow;
use ledger::{AccountKey, Book, NO_CAP};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
use union::{
    Algorithm, Applied, Command, HeldBy, OpenOrder, Outcome, Payment, Period, Reason, StatementBuilder, Union,
};

/// The block as if nobody had sent what was refused.
fn without_refused(records: &[(u16, Record)], applied: &Applied) -> Vec<(u16, Record)> {
    let is_trace = |outcome: &Outcome| !matches!(outcome, Outcome::Rejected(_) | Outcome::AlreadyDone(_));
    let outcomes = applied.outcomes.iter();
    records
        .iter()
        .zip(outcomes)
        .map(|(&(by, record), out)| (by, if is_trace(out) { record } else { [0; 128] }))
        .collect()
}

/// First-in-first-out: what settled did not overtake what waited ahead of it before and still does. In the strict order
/// of the optimiser that is asked within a priority only.
fn assert_nothing_overtaken(before: &Union, after: &Union, applied: &Applied) {
    let is_fifo = after.charter().queue.discipline == Algorithm::Fifo;
    for event in &applied.events {
        let union::Event::Order(order) = event else { continue };
        if order.status != union::OrderStatus::Settled {
            continue;
        }
        let Payment { id, debtor, priority, .. } = order.payment;
        let own = before.orders().all_open().find(|open| open.payment.id == id);
        let point = (priority, own.map_or(i64::MAX, |open| open.entry));
        let waits = |union: &Union, entry| union.orders().queue(debtor).any(|open| open.entry == entry);
        for open in after.orders().queue(debtor) {
            let is_asked = is_fifo || open.payment.priority == priority;
            let ahead = is_asked && (open.payment.priority, open.entry) < point;
            // What waits for its creditor, or for a day, may be overtaken.
            let waits_for_means = open.waits_for == Reason::AM04
                && [before, after].iter().all(|union| takes_anything(union, &open.payment));
            assert!(!ahead || !waits_for_means || !waits(before, open.entry), "{id} overtook {}", open.payment.id);
        }
    }
}

/// Whether nothing on the creditor's side can keep an order from settling today.
fn takes_anything(union: &Union, payment: &Payment) -> bool {
    let ledger = union.ledger();
    let (member, participant) = (payment.creditor, payment.creditor_participant);
    let account = ledger.account(AccountKey { book: Book(payment.currency), member, participant });
    let calendar = &union.charter().calendar;
    account.credit_cap == NO_CAP
        && ledger.position(member).credit_cap == NO_CAP
        && ledger.line(payment.debtor, member).credit_limit == NO_CAP
        && calendar.is_joint_business_day(payment.debtor, member, union.today())
}

/// What a member holds is in no queue, and settles only if each member that held it let it go.
fn assert_nothing_held_settled(before: &Union, after: &Union, applied: &Applied, records: &[(u16, Record)]) {
    let is_let_go = |order: &OpenOrder, holder: u16| {
        let payment = &order.payment;
        let word = if holder == payment.debtor {
            Command::Release { order: payment.id }
        } else {
            Command::Accept { order: payment.id }
        };
        let taken = records.iter().zip(&applied.outcomes).filter(|(_, out)| !matches!(out, Outcome::Rejected(_)));
        taken.map(|(record, _)| record).any(|record| *record == (holder, word.encode()))
    };
    for event in &applied.events {
        let union::Event::Order(order) = event else { continue };
        let held = before.orders().all_open().find(|open| open.payment.id == order.payment.id);
        if let Some(open) = held.filter(|_| order.status == union::OrderStatus::Settled) {
            for holder in open.held_by().members(&open.payment) {
                assert!(is_let_go(open, holder), "{} settled though {holder} holds it", open.payment.id);
            }
        }
    }
    for member in 0..after.charter().members.len() as u16 {
        assert!(after.orders().queue(member).all(|open| open.held_by() == HeldBy::Nobody));
    }
}

/// Queues that are half tried are tried to their ends by as many blocks as it takes: a block tries something, or there is no more to try.
fn assert_queues_come_to_rest(chain: &Chain) {
    let mut other = chain.clone();
    let charter = other.union.charter();
    // Blocks also come without pause until the height of a change.
    let most = 4 * u64::from(1 + other.union.orders().open_count()) * (1 + charter.members.len() as u64)
        + 3 * charter.epoch_blocks;
    for _ in 0..most {
        if other.union.falls_due_at_ms() > other.union.time_ms() {
            return;
        }
        other.apply(&[]);
    }
    panic!("{most} blocks, and still something is due");
}

/// Waking everybody changes nothing where nobody was due: no order waits that could settle.
fn assert_nobody_was_forgotten(chain: &Chain) {
    if chain.union.falls_due_at_ms() <= chain.union.time_ms() {
        return assert_queues_come_to_rest(chain); // Half tried: it goes on with the next block.
    }
    let rules = &chain.union.charter().queue;
    if rules.settles_together() && !rules.runs_on_events {
        return; // What could settle together waits for its time.
    }
    let mut other = chain.clone();
    let account = *other.union.ledger().position(0);
    let (debit_cap, credit_cap) = (account.debit_cap, account.credit_cap);
    let applied = other.apply(&[(0, Command::SetCaps { debit_cap, credit_cap }.encode())]);
    assert_eq!(applied.outcomes, [Outcome::Done]);
    let settled = applied.events.iter().filter(|event| matches!(event, union::Event::Order(_))).count();
    assert_eq!(settled, 0, "{:?}", applied.events);
}

/// Applies steps, `per_block` commands a block, and checks everything that is the union's own affair.
pub(crate) fn run(terms: &Terms, steps: &[Step], per_block: usize, behind: &[u32]) -> (Chain, Shadow, usize) {
    let (mut chain, mut shadow, mut rejected) = (Chain::new(terms, behind), Shadow::default(), 0);
    for steps in steps.chunks(per_block) {
        chain.time_ms += steps.iter().map(|step| u64::from(step.minutes) * 60_000).sum::<u64>();
        let records: Vec<_> = steps.iter().map(|step| step.record(&chain.union)).collect();
        let before = chain.clone();
        let applied = chain.apply(&records);
        shadow.follow(&chain.union, &applied);
        assert_eq!(applied.height, before.union.height() + 1);
        assert_eq!(applied.outcomes.len(), records.len());
        assert_eq!(applied.state, chain.union.state());
        assert_eq!((applied.parts.hash(), applied.parts), (applied.state, chain.union.state_parts()));

        let refused = applied.outcomes.iter().filter(|out| matches!(out, Outcome::Rejected(_))).count();
        rejected += refused;
        if applied.outcomes.iter().any(|out| matches!(out, Outcome::Rejected(_) | Outcome::AlreadyDone(_))) {
            let mut other = before.clone();
            let same = other.apply(&without_refused(&records, &applied));
            assert_eq!(same.events, applied.events);
            assert_eq!(other.union.books_hash(), chain.union.books_hash(), "what is refused leaves no trace");
        }
        if per_block == 1 {
            let reprioritised = steps.iter().any(|step| {
                matches!(step.draft, crate::drafts::Draft::Open { deed: crate::drafts::Deed::Reprioritise(..), .. })
            });
            if chain.union.charter().queue.keeps_order() && !reprioritised {
                assert_nothing_overtaken(&before.union, &chain.union, &applied);
            }
        }
        assert_nothing_held_settled(&before.union, &chain.union, &applied, &records);
        assert_nobody_was_forgotten(&chain);
    }
    (chain, shadow, rejected)
}

/// An account's key in an order of its own.
fn key(key: AccountKey) -> (u16, u16, u32) {
    (key.book.0, key.member, key.participant)
}

pub(crate) fn assert_same(left: &[Applied], right: &[Applied]) {
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().zip(right) {
        assert_eq!(left.outcomes, right.outcomes, "outcomes of block {}", left.height);
        assert_eq!(left.events, right.events, "events of block {}", left.height);
        assert_eq!((left.height, left.state), (right.height, right.state));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// P4 and the limits after every command, events that tell all, refusals that leave no trace.
    #[test]
    fn books_hold_after_every_command(terms in terms(), steps in steps(60)) {
        run(&terms, &steps, 1, &[0]);
    }

    /// The same commands in blocks of several members' batches.
    #[test]
    fn books_hold_in_blocks_of_several(terms in terms(), steps in steps(120), per_block in 2..12_usize, behind in behind()) {
        run(&terms, &steps, per_block, &behind);
    }

    /// Genesis or a snapshot taken anywhere, whatever the seed: the same outcomes, events and state.
    #[test]
    fn replay_gives_the_same(
        terms in terms(),
        steps in steps(80),
        per_block in 1..8_usize,
        behind in behind(),
        seed in any::<u64>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let (chain, ..) = run(&terms, &steps, per_block, &behind);
        let mut union = Union::new(terms.charter(), seed);
        let all = replay(&mut union, &chain.blocks);
        prop_assert_eq!(union.state(), chain.union.state());

        let cut = cut.index(chain.blocks.len() + 1);
        let mut first = Union::new(terms.charter(), 0);
        replay(&mut first, &chain.blocks[..cut]);
        let bytes = snapshot(&first);
        let mut second = Union::from_snapshot(terms.charter(), &bytes, first.state(), seed).expect("a snapshot");
        prop_assert_eq!(snapshot(&second), bytes);
        prop_assert_eq!(second.books_hash(), first.books_hash());
        prop_assert_eq!(second.tip(), first.tip());
        for height in 0..=first.height() + 1 {
            prop_assert_eq!(second.state_at(height), first.state_at(height), "state after block {}", height);
        }
        assert_same(&replay(&mut second, &chain.blocks[cut..]), &all[cut..]);
        for id in 1..=IDS {
            prop_assert_eq!(is_known(&second, id), is_known(&chain.union, id));
        }
    }

    /// Statements of one cycle after another: each opens with what the last one closed with, and the last one
    /// closes with the books.
    #[test]
    fn statements_join_up(terms in terms(), steps in steps(80), member in 0..MEMBERS) {
        let (chain, ..) = run(&terms, &steps, 3, &[0]);
        let last = chain.union.open_cycle_row().number;
        let mut union = Union::new(terms.charter(), 0);
        let start = |cycle| (cycle, StatementBuilder::new(&union, member, Period::Cycle(cycle)), false);
        let mut statements: Vec<_> = (1..=last).map(start).collect();
        for bytes in &chain.blocks {
            let applied = &replay(&mut union, std::slice::from_ref(bytes))[0];
            for (_, builder, is_over) in statements.iter_mut().filter(|(.., is_over)| !is_over) {
                *is_over = builder.block(&union, applied);
            }
        }
        let mut closing = BTreeMap::new();
        for (cycle, builder, is_over) in statements {
            let statement = builder.finish(&union, is_over);
            prop_assert_eq!(statement.is_final, cycle < last);
            for account in statement.accounts {
                let before = closing.insert(key(account.account), account.closing).unwrap_or(0);
                prop_assert_eq!(account.opening, before, "{:?} in cycle {}", account.account, cycle);
            }
        }
        for account in chain.union.ledger().accounts().rows().iter().filter(|account| account.key.member == member) {
            let told = closing.get(&key(account.key)).copied().unwrap_or(0);
            prop_assert_eq!(told, account.balance(), "{:?}", account.key);
        }
    }

    /// Day after day by one builder that turns: the same as a statement of each day by itself.
    #[test]
    fn days_turn(terms in terms(), steps in steps(60), member in 0..MEMBERS) {
        let (chain, ..) = run(&terms, &steps, 3, &[0]);
        let mut union = Union::new(terms.charter(), 0);
        let mut day = union.today();
        let mut turning = StatementBuilder::new(&union, member, Period::Day(day));
        let mut ended = Vec::new();
        for bytes in &chain.blocks {
            let applied = &replay(&mut union, std::slice::from_ref(bytes))[0];
            if union.today() != day {
                day = union.today();
                ended.push(turning.turn(&union, Period::Day(day)));
            }
            turning.block(&union, applied);
        }
        ended.push(turning.finish(&union, false));
        for statement in ended {
            let (mut union, mut is_over) = (Union::new(terms.charter(), 0), false);
            let mut alone = StatementBuilder::new(&union, member, statement.period);
            let mut blocks = chain.blocks.iter();
            while !is_over && let Some(bytes) = blocks.next() {
                let applied = &replay(&mut union, std::slice::from_ref(bytes))[0];
                is_over = alone.block(&union, applied);
            }
            prop_assert_eq!(alone.finish(&union, is_over), statement);
        }
    }

    /// A snapshot in which any bit is flipped is not believed, nor one that is cut off; and none makes a panic.
    #[test]
    fn a_changed_snapshot_is_not_believed(
        terms in terms(),
        steps in steps(40),
        behind in behind(),
        flips in prop::collection::vec(any::<prop::sample::Index>(), 24),
    ) {
        let (chain, ..) = run(&terms, &steps, 4, &behind);
        let (good, state) = (snapshot(&chain.union), chain.union.state());
        for flip in flips {
            let bit = flip.index(good.len() * 8);
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(Union::from_snapshot(terms.charter(), &bad, state, 1).is_err(), "bit {}", bit);
            prop_assert!(Union::from_snapshot(terms.charter(), &good[..bit / 8], state, 1).is_err());
        }
    }
}

/// The generator reaches every state often enough for the properties above to mean something.
#[test]
fn arbitrary_commands_reach_every_state() {
    let mut runner = TestRunner::deterministic();
    let (mut seen, mut all_rejected) = (BTreeMap::new(), 0);
    for _ in 0..120 {
        let (terms, steps) = (terms(), steps(120)).new_tree(&mut runner).expect("a case").current();
        let (_, shadow, rejected) = run(&terms, &steps, 1, &[0]);
        all_rejected += rejected;
        for (what, count) in shadow.seen {
            *seen.entry(what).or_insert(0) += count;
        }
    }
    seen.insert("rejected", all_rejected);
    for (what, least) in [
        ("settled", 200),
        ("queued", 100),
        ("held", 30),
        ("on hold", 30),
        ("let go into the queue", 10),
        ("let go and settled", 3),
        ("refused", 10),
        ("cancelled", 10),
        ("expired", 20),
        ("returned", 10),
        ("rejected", 200),
        ("request made", 20),
        ("request refused", 10),
        ("request granted", 3),
        ("request unanswered", 3),
        ("cycle closed", 100),
        ("cycle closed with flows", 40),
        ("cycle settled", 50),
        ("leg confirmed", 20),
        ("forgotten", 50),
        ("run", 100),
        ("settled together", 20),
    ] {
        let count = seen.get(what).copied().unwrap_or(0);
        assert!(count >= least, "{what}: {count} of {least} in {seen:?}");
    }
}
