//! A member's own affairs: its keys, and its leaving, for which it asks nobody.

use crate::scene::{A, B, C, Scene, signed, signing_key};
use crate::votes::{terms, up_to};
use ed25519_dalek::{Signer, SigningKey};
use std::sync::Arc;
use union::{Batch, BatchError, Block, BlockError, Command, Event, KeyKind, Standing, key_proof_message};

fn replace(scene: &Scene, member: u16, kind: KeyKind, key: &SigningKey) -> Command {
    let public = *key.verifying_key().as_bytes();
    let message = key_proof_message(&scene.union.charter().hash(), member, kind, &public);
    Command::ReplaceKey { kind, key: public, proof: key.sign(&message).to_bytes() }
}

/// The next block with one batch that `key` signed for `member`.
fn block(scene: &Scene, member: u16, key: &SigningKey) -> Block {
    let union = &scene.union;
    let record = Command::SetReservations { urgent: 0, high: 0 }.encode();
    let (sequence, public) = (union.sequence(member) + 1, *key.verifying_key().as_bytes());
    let sign = |message: &[u8]| key.sign(message).to_bytes();
    let bytes = Batch::build(union.charter().hash(), member, public, sequence, &[record], &[], sign).unwrap();
    let batch = Batch::signed(Arc::from(bytes), &union.charter().hash()).unwrap();
    Block::new(union.height() + 1, union.time_ms(), union.parent(), 0, union.state(), vec![batch])
}

#[test]
fn a_new_key_counts_from_a_stated_height_and_the_old_one_until_then() {
    let mut scene = Scene::new(terms(3));
    let new = SigningKey::from_bytes(&[99; 32]);
    let command = replace(&scene, A, KeyKind::Signing, &new);
    assert_eq!(scene.send(A, &[command]), ["done"]);
    let stated = scene.last.as_ref().unwrap().events.iter().find_map(|event| match event {
        Event::KeyReplaced { member: A, kind: KeyKind::Signing, from_height, .. } => Some(*from_height),
        _ => None,
    });
    let from_height = stated.expect("the height is stated");
    assert_eq!(from_height, 32);
    let old = signing_key(A);
    let refused = |height| BlockError::Batch { height, batch: 0, error: BatchError::Key(A) };
    while scene.union.height() + 1 < from_height {
        assert_eq!(scene.union.check(&block(&scene, A, &new)), Err(refused(scene.union.height() + 1)));
        assert_eq!(scene.union.check(&block(&scene, A, &old)), Ok(()));
        scene.apply(&[]);
    }
    assert_eq!(scene.union.check(&block(&scene, A, &old)), Err(refused(from_height)));
    let next = block(&scene, A, &new);
    scene.union.apply(&next).expect("it counts now");
    // Both were taken at the door while either could still count.
    let bytes = signed(scene.union.charter().hash(), A, 9, &[[0; 128]], &[]).unwrap();
    assert_eq!(Batch::verify(Arc::from(bytes), scene.union.rosters()).err(), Some(BatchError::Key(A)));
}

#[test]
fn a_key_is_given_by_its_holder_and_is_nobody_else_s() {
    let mut scene = Scene::new(terms(3));
    let new = SigningKey::from_bytes(&[98; 32]);
    let Command::ReplaceKey { kind, key, .. } = replace(&scene, A, KeyKind::Signing, &new) else { unreachable!() };
    let unproved = Command::ReplaceKey { kind, key, proof: [1; 64] };
    assert_eq!(scene.send(A, &[unproved]), ["rejected AG01 key"]);
    // A proof for another member, and a key that another member has.
    let for_a = replace(&scene, A, KeyKind::Signing, &new);
    assert_eq!(scene.send(B, &[for_a]), ["rejected AG01 key"]);
    let of_b = replace(&scene, A, KeyKind::Signing, &signing_key(B));
    assert_eq!(scene.send(A, &[of_b]), ["rejected AG01 key"]);
    let node = replace(&scene, A, KeyKind::Node, &new);
    assert_eq!(scene.send(A, &[node]), ["rejected AG01 key"], "this union has no nodes");
    let sealing = Command::ReplaceKey { kind: KeyKind::Sealing, key: [5; 32], proof: [0; 64] };
    assert_eq!(scene.send(A, &[sealing]), ["done"]);
    assert_eq!(scene.union.charter().members[0].sealing_key, [5; 32]);
}

#[test]
fn who_gave_notice_runs_off_and_is_gone() {
    let mut scene = Scene::new(terms(3).daily().debit_cap(A, "10.00"));
    assert_eq!(scene.pay(scene.order(1, A, B, 600)), "settled");
    assert_eq!(scene.pay(scene.order(2, A, B, 600)), "queued AM04");
    assert_eq!(scene.send(A, &[Command::GiveNotice]), ["done"]);
    assert_eq!((scene.union.standing(A), scene.status(2)), (Standing::Leaving, "cancelled AG01".to_owned()));
    assert_eq!(scene.pay(scene.order(3, A, B, 1)), "rejected AG01 debtor");
    assert_eq!(scene.send(A, &[Command::GiveNotice]), ["rejected AG01 record"]);
    scene.clock("2006-01-02 18:00");
    let leg = scene.legs(1)[0];
    assert_eq!(scene.union.standing(A), Standing::Leaving, "it owes a leg");
    assert_eq!(scene.send(B, &[Command::ConfirmLeg { cycle: 1, leg: leg.number }]), ["done"]);
    assert_eq!((scene.union.standing(A), scene.position(A)), (Standing::Left, 0));
    up_to(&mut scene, 32);
    assert_eq!(
        scene.union.check(&block(&scene, A, &signing_key(A))),
        Err(BlockError::Batch { height: 33, batch: 0, error: BatchError::Member(A) })
    );
    scene.clock("2006-01-03 10:00");
    assert_eq!(scene.pay(scene.order(4, B, C, 1)), "settled", "the others go on");
}
