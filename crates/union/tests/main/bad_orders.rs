//! A table of bad orders: each is refused with its reason and field, and its neighbours in the batch settle.

use crate::scene::{A, B, BRL, C, CLP, Record, Scene, Terms, USD, word};
use union::{Command, Payment, Reason, detail_hash, pad_text};

/// The order that each case spoils.
fn good(scene: &Scene) -> Payment {
    scene.order(100, A, B, 500)
}

fn record(payment: Payment) -> Record {
    Command::Pay(payment).encode()
}

/// The bad record between two good ones.
fn between_good_ones(scene: &mut Scene, bad: Record, details: Vec<(u16, Vec<u8>)>) -> String {
    let base = u128::from(scene.union.height()) * 1_000_000;
    let neighbour = |id| record(scene.order(base + id, A, C, 1));
    let records = vec![neighbour(1), bad, neighbour(2)];
    let mut empty = scene.clone();
    empty.apply(&[(A, vec![neighbour(1), [0; 128], neighbour(2)], vec![])]);
    scene.apply(&[(A, records, details)]);
    let words: Vec<String> = scene.last.as_ref().unwrap().outcomes.iter().map(word).collect();
    assert_eq!((words[0].as_str(), words[2].as_str()), ("settled", "settled"));
    if words[1].starts_with("rejected") {
        assert_eq!(scene.union.books_hash(), empty.union.books_hash(), "a rejected order leaves no trace");
    }
    words[1].clone()
}

#[test]
fn fields() {
    let mut scene = Scene::new(Terms { unit: "USD", ..Terms::of(3) });
    scene.send(
        C,
        &[Command::PublishRates { currency: 0, from_day: scene.union.today().0, buying: (1, 900), selling: (1, 800) }],
    );
    let settled = scene.order(50, A, B, 500);
    scene.pay(settled);
    let good = good(&scene);
    let today = good.value_date;
    for (bad, expected) in [
        (Payment { id: 0, ..good }, "rejected FF01 id"),
        (Payment { id: 50, ..good }, "already settled"),
        (Payment { id: 50, amount: 501, ..good }, "rejected DUPL id"),
        (Payment { id: 50, purpose: *b"GDDS", ..good }, "rejected DUPL id"),
        (Payment { amount: 0, ..good }, "rejected AM01 amount"),
        (Payment { amount: u64::MAX, ..good }, "rejected AM12 amount"),
        (Payment { debtor: B, ..good }, "rejected RC03 debtor"),
        (Payment { debtor: u16::MAX, ..good }, "rejected RC03 debtor"),
        (Payment { creditor: A, ..good }, "rejected RC04 creditor"),
        (Payment { creditor: 3, ..good }, "rejected RC04 creditor"),
        (Payment { creditor: u16::MAX, ..good }, "rejected RC04 creditor"),
        (Payment { debtor_participant: 1, ..good }, "rejected AC02 debtor_participant"),
        (Payment { creditor_participant: u32::MAX, ..good }, "rejected AC03 creditor_participant"),
        (Payment { currency: 0, ..good }, "rejected AM03 currency"),
        (Payment { currency: 1, ..good }, "rejected AM03 currency"),
        (Payment { currency: 392, ..good }, "rejected AM03 currency"), // yen: no member's
        (Payment { currency: BRL, ..good }, "rejected AM03 currency"), // no rates
        (Payment { currency: CLP, amount: 8, ..good }, "rejected AM12 amount"), // 0.89 cents
        (Payment { value_date: today - 1, ..good }, "rejected DT01 value_date"),
        (Payment { value_date: 0, ..good }, "rejected DT01 value_date"),
        (Payment { value_date: today + 31, ..good }, "rejected CH03 value_date"),
        (Payment { value_date: today + 5, ..good }, "rejected DT01 value_date"), // Saturday
        (Payment { expires_at: 1, ..good }, "rejected DT01 expires_at"),
        (Payment { priority: 3, ..good }, "rejected FF01 priority"),
        (Payment { customer: 2, ..good }, "rejected FF01 record"),
        (Payment { immediate: 255, ..good }, "rejected FF01 record"),
        (Payment { purpose: *b"gdds", ..good }, "rejected FF01 record"),
        (Payment { purpose: *b"GDD\0", ..good }, "rejected FF01 record"),
        (Payment { reference: *b"line\nline\0\0\0\0\0\0\0", ..good }, "rejected FF01 record"),
        (Payment { reference: *b"end\0more\0\0\0\0\0\0\0\0", ..good }, "rejected FF01 record"),
        (Payment { original: 50, ..good }, "rejected FF01 original"),
        (Payment { reason: Reason::CUST, ..good }, "rejected FF01 original"),
        (Payment { kind: Payment::RETURN, ..good }, "rejected FF01 reason"),
        (Payment { kind: 19, ..good }, "rejected AG03 record"),
        (Payment { kind: 255, ..good }, "rejected AG03 record"),
        (Payment { detail: [1; 32], ..good }, "rejected FF01 detail"),
    ] {
        assert_eq!(between_good_ones(&mut scene, record(bad), vec![]), expected, "{bad:?}");
    }
    let mut reserved = record(good);
    let at = reserved.len() - 16 - 4 - 4 - 4 - 2; // before value date, purpose, reason and reference
    reserved[at] = 1;
    assert_eq!(between_good_ones(&mut scene, reserved, vec![]), "rejected FF01 record");
    assert_eq!(between_good_ones(&mut scene, record(good), vec![]), "settled");
    assert_eq!(scene.union.orders().open_count(), 0);
}

/// The detail that a record names must come with the batch, and no other.
#[test]
fn sealed_detail() {
    let mut scene = Scene::new(Terms::of(3));
    let plain = good(&scene);
    let sealed = b"sealed".to_vec();
    let named = Payment { detail: detail_hash(&sealed), ..plain };
    let accept = Command::Accept { order: 1 }.encode();
    for (bad, details, expected) in [
        (record(named), vec![], "rejected FF01 detail"),
        (record(named), vec![(1, b"sealeD".to_vec())], "rejected FF01 detail"),
        (record(plain), vec![(1, sealed.clone())], "rejected FF01 detail"),
        (accept, vec![(1, sealed.clone())], "rejected FF01 detail"),
        (record(named), vec![(1, sealed.clone())], "settled"),
        // It was there the first time.
        (record(named), vec![], "already settled"),
    ] {
        assert_eq!(between_good_ones(&mut scene, bad, details), expected);
    }
    // Another record's detail does not help, and spoils that one only.
    let named = Payment { id: 101, ..named };
    let plain = Payment { id: 102, ..plain };
    scene.apply(&[(A, vec![record(named), record(plain)], vec![(1, sealed)])]);
    let words: Vec<String> = scene.last.as_ref().unwrap().outcomes.iter().map(word).collect();
    assert_eq!(words, ["rejected FF01 detail", "rejected FF01 detail"]);
}

/// Every single byte of a good record set to another value: accepted as another order, or refused; never a panic,
/// and the neighbours settle.
#[test]
fn any_byte() {
    let mut scene = Scene::new(Terms::of(3));
    let good = record(good(&scene));
    let mut rejected = 0;
    for at in 0..good.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bad = good;
            bad[at] = value;
            rejected += usize::from(between_good_ones(&mut scene, bad, vec![]).starts_with("rejected"));
        }
    }
    assert!(rejected > 300, "{rejected} of 512 spoilt records were refused");
}

#[test]
fn participants() {
    let mut scene = Scene::new(Terms::of(3));
    let register = |participant, name: &str| Command::RegisterParticipant {
        participant,
        identifier: pad_text("COOPARBA").unwrap(),
        name: pad_text(name).unwrap(),
    };
    for (command, expected) in [
        (register(0, "Nobody"), "rejected FF01 participant"),
        (register(u32::MAX, "Anybody"), "rejected FF01 participant"),
        (register(7, ""), "rejected FF01 record"),
        (register(7, "Cooperativa Ñandú"), "done"),
        (register(7, "Cooperativa Yacaré"), "done"),
    ] {
        assert_eq!(scene.send(A, &[command]), [expected]);
    }
    let [only] = scene.union.participants() else { panic!("one participant") };
    assert_eq!(union::padded_text(&only.name), "Cooperativa Yacaré");
    // A's participant 7 is nothing of B's.
    let from_b = Payment { debtor_participant: 7, ..scene.order(1, B, A, 1) };
    assert_eq!(scene.pay(from_b), "rejected AC02 debtor_participant");
    let to_a = Payment { creditor_participant: 7, currency: USD, ..scene.order(1, B, A, 1) };
    assert_eq!(scene.pay(to_a), "settled");
}
