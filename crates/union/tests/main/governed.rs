//! Arbitrary decisions among arbitrary payments: the books hold, replay gives the same, and no member does anything to another.

use crate::chain::{Chain, behind, replay, snapshot};
use crate::drafts::{MEMBERS, Step, governed_steps, terms};
use crate::properties::assert_same;
use crate::scene::Terms;
use crate::shadow::Shadow;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
use union::{Decision, ProposalStatus, Standing, Union};

fn short(terms: Terms) -> Terms {
    Terms { top: "epoch_blocks = 16", ..terms }
}

/// Who stands in for a member whose batches do not count any more.
fn sender(union: &Union, step: &Step) -> Option<(u16, crate::scene::Record)> {
    let (sender, record) = step.record(union);
    let roster = union.rosters().of_height(union.height() + 1).expect("the roster of the next block");
    let counts = |member: u16| roster.seats()[usize::from(member)].signing_key != [0; 32];
    let stands_in = (0..MEMBERS).map(|ahead| (sender + ahead) % MEMBERS).find(|&member| counts(member))?;
    Some((stands_in, record))
}

fn run(terms: &Terms, steps: &[Step], per_block: usize, behind: &[u32]) -> (Chain, Shadow) {
    let (mut chain, mut shadow) = (Chain::new(terms, behind), Shadow::default());
    for steps in steps.chunks(per_block) {
        chain.time_ms += steps.iter().map(|step| u64::from(step.minutes) * 60_000).sum::<u64>();
        let records: Vec<_> = steps.iter().filter_map(|step| sender(&chain.union, step)).collect();
        let before = chain.union.clone();
        let applied = chain.apply(&records);
        shadow.follow(&chain.union, &applied);
        assert_only_votes_change_others(&before, &chain.union, &records, &applied);
        for proposal in chain.union.proposals() {
            let count = chain.union.count(proposal);
            assert!(count.agreed + count.opposed <= count.voted && count.voted <= count.electorate);
            if proposal.kind().has_subject() {
                assert_eq!(proposal.ballot(proposal.subject), None, "nobody votes about itself");
            }
        }
    }
    (chain, shadow)
}

/// P1 and P2: how a member stands changes by its own notice, by a proposal that came into force, when it does not pay what it
/// has to, or when its books close.
fn assert_only_votes_change_others(
    before: &Union,
    after: &Union,
    records: &[(u16, crate::scene::Record)],
    applied: &union::Applied,
) {
    for member in 0..MEMBERS {
        let (was, is) = (before.standing(member), after.standing(member));
        if was == is {
            continue;
        }
        let in_force = |kind: Decision| {
            after.proposals().iter().zip(before.proposals().iter().map(Some).chain(std::iter::repeat(None))).any(
                |(now, then)| {
                    let is_new = then.is_none_or(|then| then.status() != ProposalStatus::InForce);
                    now.status() == ProposalStatus::InForce && is_new && now.kind() == kind && now.subject == member
                },
            )
        };
        let is_own = |event: &union::Event| matches!(event, union::Event::Defaulted(own) if own.member == member);
        let defaulted = applied.events.iter().any(is_own);
        let gave_notice = records.iter().any(|(by, record)| *by == member && record[0] == 35);
        let is_allowed = match is {
            Standing::Active => in_force(Decision::Readmit),
            Standing::Suspended => in_force(Decision::Suspend) || defaulted,
            Standing::Leaving => gave_notice,
            Standing::Expelled => in_force(Decision::Expel),
            Standing::Left => {
                let goes =
                    matches!(was, Standing::Leaving | Standing::Expelled) || gave_notice || in_force(Decision::Expel);
                goes && after.ledger().position(member).balance() == 0
            }
        };
        assert!(is_allowed, "member {member} went from {} to {}", was.name(), is.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// P4 and the limits, and what may change whom.
    #[test]
    fn books_hold_while_members_come_and_go(terms in terms(), steps in governed_steps(120), per_block in 1..4_usize) {
        run(&short(terms), &steps, per_block, &[0]);
    }

    /// From genesis or from a snapshot taken anywhere: the same.
    #[test]
    fn replay_gives_the_same(
        terms in terms(),
        steps in governed_steps(100),
        per_block in 1..3_usize,
        behind in behind(),
        cut in any::<prop::sample::Index>(),
    ) {
        let terms = short(terms);
        let (chain, _) = run(&terms, &steps, per_block, &behind);
        let mut union = Union::new(terms.charter(), 7);
        let all = replay(&mut union, &chain.blocks);
        prop_assert_eq!(union.state(), chain.union.state());
        let cut = cut.index(chain.blocks.len() + 1);
        let mut first = Union::new(terms.charter(), 0);
        replay(&mut first, &chain.blocks[..cut]);
        let bytes = snapshot(&first);
        let mut second = Union::from_snapshot(terms.charter(), &bytes, first.state(), 3).expect("a snapshot");
        prop_assert_eq!(snapshot(&second), bytes);
        prop_assert_eq!(second.rosters(), first.rosters());
        assert_same(&replay(&mut second, &chain.blocks[cut..]), &all[cut..]);
    }
}

/// The generator carries proposals, and brings members into every standing.
#[test]
fn arbitrary_decisions_reach_every_standing() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeMap::new();
    for _ in 0..300 {
        let (terms, steps) = (terms(), governed_steps(200)).new_tree(&mut runner).expect("a case").current();
        for (what, count) in run(&short(terms), &steps, 1, &[0]).1.seen {
            *seen.entry(what).or_insert(0) += count;
        }
    }
    for (what, least) in [
        ("voted", 300),
        ("carried", 20),
        ("rejected", 20),
        ("withdrawn", 1),
        ("in force", 10),
        ("suspended", 5),
        ("active", 1),
        ("leaving", 20),
        ("expelled", 1),
        ("left", 10),
        ("settled", 200),
        ("leg confirmed", 10),
    ] {
        let count = seen.get(what).copied().unwrap_or(0);
        assert!(count >= least, "{what}: {count} of {least} in {seen:?}");
    }
}
