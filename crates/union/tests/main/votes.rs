//! Proposals and votes: one member, one vote, counted at the deadline; what was carried comes into force at a stated height.

use crate::scene::{A, B, C, D, Record, Scene, Terms, signing_key};
use ed25519_dalek::Signer;
use proptest::prelude::*;
use union::{
    Ballot, Command, Decision, Motion, NO_MEMBER, Period, ProposalStatus, Standing, StatementBuilder, TEXT_PART_BYTES,
    Union, accession_message,
};

const EPOCH: u64 = 16;

pub(crate) fn terms(members: usize) -> Terms {
    Terms { top: "epoch_blocks = 16", ..Terms::of(members) }
}

/// A motion that can be voted on for an hour.
pub(crate) fn motion(scene: &Scene, kind: Decision) -> Motion {
    Motion {
        kind,
        subject: NO_MEMBER,
        deadline_ms: scene.union.time_ms() + 3_600_000,
        from_day: 0,
        protocol: 0,
        text_bytes: 0,
        text_hash: [0; 32],
        accession: [0; 64],
    }
}

pub(crate) fn about(scene: &Scene, kind: Decision, subject: u16) -> Command {
    Command::Propose(Motion { subject, ..motion(scene, kind) })
}

/// A proposal with a text, and its parts beside their records.
pub(crate) fn with_text(motion: Motion, number: u32, text: &str) -> (Vec<Record>, Vec<(u16, Vec<u8>)>) {
    let text_hash = union::Charter::parse(text).map_or([1; 32], |charter| charter.text_hash());
    let motion = Motion { text_bytes: text.len() as u32, text_hash, ..motion };
    let mut records = vec![Command::Propose(motion).encode()];
    let mut details = Vec::new();
    for (at, part) in text.as_bytes().chunks(TEXT_PART_BYTES).enumerate() {
        details.push((records.len() as u16, part.to_vec()));
        let at_byte = (at * TEXT_PART_BYTES) as u32;
        records.push(Command::ProposalText { proposal: number, at_byte }.encode());
    }
    (records, details)
}

pub(crate) fn propose_text(scene: &mut Scene, by: u16, kind: Decision, text: &str) -> Vec<String> {
    let number = scene.union.proposals().len() as u32 + 1;
    let (records, details) = with_text(motion(scene, kind), number, text);
    scene.apply(&[(by, records, details)]).outcomes.iter().map(crate::scene::word).collect()
}

fn vote(proposal: u32, ballot: Ballot) -> Command {
    Command::Vote { proposal, ballot }
}

pub(crate) fn all_agree(scene: &mut Scene, proposal: u32, members: &[u16]) {
    for &member in members {
        assert_eq!(scene.send(member, &[vote(proposal, Ballot::Agree)]), ["done"]);
    }
}

/// Empty blocks up to a height.
pub(crate) fn up_to(scene: &mut Scene, height: u64) {
    while scene.union.height() < height {
        scene.apply(&[]);
    }
}

/// Past the deadline, and up to the height that is stated then.
pub(crate) fn into_force(scene: &mut Scene, number: u32) -> u64 {
    scene.clock("2006-01-02 11:30");
    let proposal = scene.union.proposals()[number as usize - 1];
    assert_eq!(proposal.status(), ProposalStatus::Carried);
    let height = proposal.in_force_height;
    assert!(height > scene.union.height() && height.is_multiple_of(EPOCH));
    assert!(scene.union.falls_due_at_ms() <= scene.union.time_ms(), "blocks are made without pause until then");
    up_to(scene, height);
    height
}

fn status(scene: &Scene, number: u32) -> &'static str {
    scene.union.proposals()[number as usize - 1].status().name()
}

#[test]
fn two_thirds_of_all_suspend_and_half_readmit() {
    let mut scene = Scene::new(terms(4));
    assert_eq!(scene.pay(scene.order(1, D, A, 500)), "settled");
    assert_eq!(scene.send(A, &[about(&scene, Decision::Suspend, D)]), ["done"]);
    assert_eq!(scene.send(D, &[vote(1, Ballot::Oppose)]), ["rejected AG01 record"], "not about itself");
    all_agree(&mut scene, 1, &[A, B]);
    into_force(&mut scene, 1);
    assert_eq!((status(&scene, 1), scene.union.standing(D)), ("in force", Standing::Suspended));
    assert_eq!(scene.pay(scene.order(2, D, A, 1)), "rejected AG01 debtor");
    assert_eq!(scene.pay(scene.order(3, A, D, 1)), "rejected AG01 creditor");
    assert_eq!(scene.pay(scene.order(4, A, B, 1)), "settled");
    assert_eq!(scene.position(D), -500, "what it owes stays");
    assert_eq!(scene.send(D, &[about(&scene, Decision::Expel, A)]), ["rejected AG01 record"]);

    let readmit = Motion { subject: D, ..motion(&scene, Decision::Readmit) };
    assert_eq!(scene.send(B, &[Command::Propose(readmit)]), ["done"]);
    all_agree(&mut scene, 2, &[B, C]);
    scene.clock("2006-01-02 13:00");
    let height = scene.union.proposals()[1].in_force_height;
    up_to(&mut scene, height);
    assert_eq!(scene.union.standing(D), Standing::Active);
    assert_eq!(scene.pay(scene.order(5, D, A, 1)), "settled");
}

#[test]
fn too_few_votes_are_too_few_and_staying_away_helps_nobody() {
    let mut scene = Scene::new(terms(4));
    assert_eq!(scene.send(A, &[about(&scene, Decision::Suspend, D)]), ["done"]);
    // One member votes twice, and a second time otherwise: its last vote counts, once.
    assert_eq!(scene.send(A, &[vote(1, Ballot::Agree), vote(1, Ballot::Agree)]), ["done", "done"]);
    assert_eq!(scene.send(B, &[vote(1, Ballot::Agree), vote(1, Ballot::Abstain)]), ["done", "done"]);
    let count = scene.union.count(&scene.union.proposals()[0]);
    assert_eq!((count.agreed, count.opposed, count.voted, count.electorate), (1, 0, 2, 3));
    scene.clock("2006-01-02 11:00");
    assert_eq!(status(&scene, 1), "rejected");
    assert_eq!(scene.send(C, &[vote(1, Ballot::Agree)]), ["rejected TM01 proposal"]);
    assert_eq!(scene.send(C, &[vote(7, Ballot::Agree)]), ["rejected NOOR proposal"]);
}

#[test]
fn an_order_that_waits_ends_with_the_suspension() {
    let mut scene = Scene::new(terms(4).debit_cap(D, "1.00"));
    assert_eq!(scene.pay(scene.order(1, D, A, 500)), "queued AM04");
    assert_eq!(scene.send(A, &[about(&scene, Decision::Suspend, D)]), ["done"]);
    all_agree(&mut scene, 1, &[A, B, C]);
    into_force(&mut scene, 1);
    assert_eq!(scene.status(1), "cancelled AG01");
}

#[test]
fn an_amended_charter_comes_into_force_as_a_whole() {
    let before = terms(3).debit_cap(B, "5.00");
    let mut scene = Scene::new(before.clone());
    assert_eq!(scene.send(C, &[Command::SetCaps { debit_cap: 200, credit_cap: ledger::NO_CAP }]), ["done"]);
    let text = before.debit_cap(A, "3.00").debit_cap(B, "9.00").debit_cap(C, "1.00").text();
    // Longer than one part of a text.
    let text = format!("# {}\n{text}", "why ".repeat(2_000));
    let parts = text.len().div_ceil(TEXT_PART_BYTES);
    assert_eq!(propose_text(&mut scene, A, Decision::Amend, &text), vec!["done"; 1 + parts]);
    assert_eq!(scene.union.proposal_text(1), Some(text.as_bytes()));
    all_agree(&mut scene, 1, &[A, B]);
    let identity = scene.union.charter().hash();
    into_force(&mut scene, 1);
    assert_eq!((scene.union.charter().text(), scene.union.charter().hash()), (&*text, identity));
    let caps: Vec<u64> = (0..3).map(|member| scene.union.ledger().position(member).debit_cap).collect();
    assert_eq!(caps, [300, 900, 100]);
    assert_eq!(scene.pay(scene.order(1, A, B, 301)), "queued AM04");
}

/// Two texts that follow the same one: the second to come into force would undo the first, unread.
#[test]
fn a_text_that_was_overtaken_lapses() {
    let mut scene = Scene::new(terms(3));
    for (by, cap) in [(A, "3.00"), (B, "4.00")] {
        propose_text(&mut scene, by, Decision::Amend, &terms(3).debit_cap(C, cap).text());
    }
    for proposal in [1, 2] {
        all_agree(&mut scene, proposal, &[A, B, C]);
    }
    into_force(&mut scene, 1);
    assert_eq!((status(&scene, 1), status(&scene, 2)), ("in force", "lapsed"));
    assert_eq!(scene.union.ledger().position(C).debit_cap, 300);
    assert_eq!((scene.union.proposal_text(1).is_some(), scene.union.proposal_text(2)), (true, None));
}

#[test]
fn what_no_text_may_change() {
    let mut scene = Scene::new(terms(3));
    let good = terms(3).text();
    let other_code = good.replace("'M001'", "'MX01'");
    let fewer = terms(2).text();
    let other_unit = Terms { unit: "KWD", ..terms(3) }.text();
    let other_epochs = good.replace("epoch_blocks = 16", "epoch_blocks = 17");
    let no_charter = good.replace("days_ahead = 30", "days_ahead = 3000");
    for text in [&*good, &*other_code, &*fewer, &*other_unit, &*other_epochs, &*no_charter, &*terms(4).text()] {
        let outcomes = propose_text(&mut scene, A, Decision::Amend, text);
        assert_eq!(outcomes.last().unwrap(), "rejected AG01 text", "{text}");
        scene.clock(&format!("2006-01-{:02} 10:00", 2 + scene.union.proposals().len()));
    }
    // A draft whose parts do not go together.
    let (records, mut details) = with_text(motion(&scene, Decision::Amend), 8, &terms(3).debit_cap(A, "1").text());
    details[0].1.push(0);
    let outcomes = scene.apply(&[(A, records, details)]).outcomes.len();
    assert_eq!((outcomes, status(&scene, 8)), (2, "draft"));
    assert_eq!(scene.send(B, &[vote(8, Ballot::Agree)]), ["rejected TM01 proposal"]);
    assert_eq!(scene.send(A, &[Command::WithdrawProposal { proposal: 8 }]), ["done"]);
}

#[test]
fn a_member_is_admitted_by_its_signature_and_a_vote() {
    let mut scene = Scene::new(terms(3));
    assert_eq!(scene.pay(scene.order(1, A, B, 100)), "settled");
    let text = terms(4).text();
    let text_hash = union::Charter::parse(&text).unwrap().text_hash();
    let unsigned = motion(&scene, Decision::Admit);
    assert_eq!(
        scene.send(A, &[Command::Propose(Motion { text_bytes: 9, text_hash, ..unsigned })]),
        ["rejected AG01 text"]
    );
    let message = accession_message(&scene.union.charter().hash(), &text_hash);
    for (signer, expected) in [(C, "rejected AG01 text"), (D, "done")] {
        let accession = signing_key(signer).sign(&message).to_bytes();
        let number = scene.union.proposals().len() as u32 + 1;
        let (records, details) = with_text(Motion { accession, ..unsigned }, number, &text);
        let outcomes = &scene.apply(&[(A, records, details)]).outcomes;
        assert_eq!(crate::scene::word(outcomes.last().unwrap()), expected);
    }
    all_agree(&mut scene, 2, &[B, C]);
    let height = into_force(&mut scene, 2);
    assert_eq!(scene.union.charter().members.len(), 4);
    let mut statement = StatementBuilder::new(&scene.union, D, Period::Cycle(1));
    assert_eq!(scene.pay(scene.order(2, A, D, 70)), "settled", "it is paid at once");
    statement.block(&scene.union, scene.last.as_ref().unwrap());
    // Its batches count from the next roster on.
    assert_eq!(scene.union.rosters().of_height(height).unwrap().seats().len(), 3);
    up_to(&mut scene, height + EPOCH - 1);
    assert_eq!(scene.pay(scene.order(3, D, C, 20)), "settled");
    statement.block(&scene.union, scene.last.as_ref().unwrap());
    assert_eq!(scene.positions(), [-170, 100, 20, 50]);
    let position = &statement.finish(&scene.union, false).accounts[0];
    assert_eq!((position.entries.len(), position.closing), (2, 50), "its position is one account, wherever it stands");
    scene.clock("2006-05-01 18:00");
    assert_eq!(scene.legs(1).len(), 3, "it clears with the others");
}

#[test]
fn who_proposes_too_much_is_held_back() {
    let mut scene = Scene::new(terms(3));
    assert_eq!(
        scene.send(A, &[about(&scene, Decision::Suspend, B), about(&scene, Decision::Suspend, C)]),
        ["done", "rejected AG01 proposal"]
    );
    for number in 1..8 {
        let next = about(&scene, Decision::Suspend, B);
        assert_eq!(scene.send(A, &[Command::WithdrawProposal { proposal: number }, next]), ["done", "done"]);
    }
    let more = about(&scene, Decision::Suspend, B);
    assert_eq!(scene.send(A, &[Command::WithdrawProposal { proposal: 8 }, more]), ["done", "rejected AG01 proposal"]);
    assert_eq!(scene.send(B, &[Command::WithdrawProposal { proposal: 8 }]), ["rejected AG01 proposal"]);
}

#[test]
fn what_is_wrong_with_a_motion_is_said() {
    let mut scene = Scene::new(terms(3));
    let base = motion(&scene, Decision::Suspend);
    for (wrong, field) in [
        (base, "subject"),
        (Motion { subject: 3, ..base }, "subject"),
        (Motion { subject: B, deadline_ms: scene.union.time_ms(), ..base }, "deadline"),
        (Motion { subject: B, deadline_ms: u64::MAX, ..base }, "deadline"),
        (Motion { subject: B, from_day: 5, ..base }, "from_day"),
        (Motion { subject: B, text_bytes: 5, ..base }, "text"),
        (Motion { subject: B, protocol: 2, ..base }, "protocol"),
        (Motion { subject: B, kind: Decision::Readmit, ..base }, "subject"),
        (Motion { kind: Decision::Upgrade, protocol: 1, ..base }, "protocol"),
        (Motion { kind: Decision::Amend, text_bytes: u32::MAX, text_hash: [1; 32], ..base }, "text"),
    ] {
        assert_eq!(scene.send(A, &[Command::Propose(wrong)]), [format!("rejected AG01 {field}")], "{wrong:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// The outcome is the same in every order of arrival before the deadline: only each member's last vote counts.
    #[test]
    fn the_order_of_arrival_does_not_matter(
        ballots in prop::collection::vec(1..=3_u8, 7),
        first in Just((0..7_u16).collect::<Vec<_>>()).prop_shuffle(),
        second in Just((0..7_u16).collect::<Vec<_>>()).prop_shuffle(),
        early in prop::collection::vec((0..7_u16, 1..=3_u8), 0..6),
    ) {
        let of = |number| Ballot::from_number(number).unwrap();
        let play = |order: &[u16], early: &[(u16, u8)]| -> Union {
            let mut scene = Scene::new(terms(7));
            propose_text(&mut scene, A, Decision::Amend, &terms(7).debit_cap(A, "1").text());
            for &(member, ballot) in early {
                scene.send(member, &[vote(1, of(ballot))]);
            }
            for &member in order {
                scene.send(member, &[vote(1, of(ballots[usize::from(member)]))]);
            }
            scene.clock("2006-01-02 11:00");
            scene.union
        };
        let (one, other) = (play(&first, &[]), play(&second, &early));
        let [a, b] = [&one, &other].map(|union| union.proposals()[0]);
        prop_assert_eq!(a.status(), b.status());
        prop_assert_eq!(one.count(&a), other.count(&b));
        let agreed = ballots.iter().filter(|&&ballot| ballot == 1).count();
        prop_assert_eq!(a.status() == ProposalStatus::Carried, agreed >= 5, "two thirds of seven are five");
    }
}
