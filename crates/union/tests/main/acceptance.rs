//! Acceptance rules: by amount, counterparty, purpose and participant; the first that matches decides.

use crate::scene::{A, ARS, B, C, Scene, Terms, USD};
use union::{ANY_PARTICIPANT, AcceptanceRule, Action, Command, NO_RULE, Payment, RULES_MAX, Reason, pad_text};

fn participant(number: u32) -> Command {
    let (identifier, name) = (pad_text("COOPARBA").unwrap(), pad_text("Cooperativa").unwrap());
    Command::RegisterParticipant { participant: number, identifier, name }
}

fn set(rules: &[AcceptanceRule]) -> Vec<Command> {
    rules.iter().copied().map(Command::SetRule).collect()
}

#[test]
fn the_first_rule_that_matches_decides_and_is_recorded() {
    let mut scene = Scene::new(Terms::of(4));
    scene.send(A, &[participant(7)]);
    scene.send(B, &[participant(8)]);
    let rules = [
        AcceptanceRule { debtor: C, reason: Reason::RR04, ..AcceptanceRule::new(1, Action::Refuse) },
        AcceptanceRule { purpose: *b"GAMB", ..AcceptanceRule::new(2, Action::Refuse) },
        AcceptanceRule { debtor_participant: 7, ..AcceptanceRule::new(3, Action::Hold) },
        AcceptanceRule { creditor_participant: 8, ..AcceptanceRule::new(4, Action::Hold) },
        AcceptanceRule { debtor: A, above: 500, ..AcceptanceRule::new(9, Action::Accept) },
        AcceptanceRule { above: 1_000, ..AcceptanceRule::new(15, Action::Hold) },
    ];
    assert_eq!(scene.send(B, &set(&rules)), ["done"; 6]);
    let d = 3;
    for (id, order, expected, rule) in [
        (1, scene.order(1, A, B, 500), "settled", NO_RULE),
        (2, scene.order(2, C, B, 1), "refused RR04", 1),
        (3, Payment { purpose: *b"GAMB", ..scene.order(3, A, B, 1) }, "refused AG01", 2),
        (4, Payment { purpose: *b"GDDS", ..scene.order(4, A, B, 1) }, "settled", NO_RULE),
        (5, Payment { debtor_participant: 7, ..scene.order(5, A, B, 1) }, "held", 3),
        (6, Payment { creditor_participant: 8, ..scene.order(6, A, B, 1) }, "held", 4),
        (7, scene.order(7, A, B, 2_000), "settled", 9),
        (8, scene.order(8, d, B, 1_001), "held", 15),
        (9, scene.order(9, d, B, 1_000), "settled", NO_RULE),
        // Rules are about what a member is paid, by whoever pays it, and nobody else's.
        (10, scene.order(10, B, C, 2_000), "settled", NO_RULE),
    ] {
        assert_eq!(scene.pay(order), expected, "order {id}");
        assert_eq!(scene.rule(id), rule, "order {id}");
    }
}

#[test]
fn an_emptied_slot_is_not_asked() {
    let mut scene = Scene::new(Terms::of(2));
    scene.send(B, &set(&[AcceptanceRule::new(0, Action::Refuse)]));
    assert_eq!(scene.pay(scene.order(1, A, B, 1)), "refused AG01");
    scene.send(B, &set(&[AcceptanceRule { action: 0, ..AcceptanceRule::new(0, Action::Refuse) }]));
    assert_eq!(scene.union.rules(B).count(), 0);
    assert_eq!(scene.pay(scene.order(2, A, B, 1)), "settled");
    assert_eq!(scene.pay(scene.order(1, A, B, 1)), "already refused");
}

/// Above an amount in the order's own currency, or else in the unit of account.
#[test]
fn amounts_count_in_the_rule_s_currency() {
    let mut scene = Scene::new(Terms::of(2));
    let today = scene.union.today().0;
    scene.send(A, &[Command::PublishRates { currency: 0, from_day: today, buying: (1, 2), selling: (1, 1) }]);
    let in_pesos = AcceptanceRule { currency: ARS, above: 1_000, ..AcceptanceRule::new(0, Action::Hold) };
    let in_unit = AcceptanceRule { above: 400, ..AcceptanceRule::new(1, Action::Refuse) };
    scene.send(B, &set(&[in_pesos, in_unit]));
    for (id, currency, amount, expected) in [
        (1, ARS, 1_001, "held"),
        (2, ARS, 1_000, "refused AG01"), // B gets 500 of them
        (3, ARS, 801, "settled"),        // B gets 400
        (4, ARS, 802, "refused AG01"),
        (5, USD, 1_001, "refused AG01"),
        (6, USD, 400, "settled"),
    ] {
        assert_eq!(scene.pay(Payment { currency, ..scene.order(id, A, B, amount) }), expected, "order {id}");
    }
}

#[test]
fn a_rule_s_currency_exists() {
    let mut scene = Scene::new(Terms::of(2));
    let rule = AcceptanceRule { currency: 1, ..AcceptanceRule::new(0, Action::Hold) };
    assert_eq!(scene.send(B, &set(&[rule])), ["rejected AM03 currency"]);
    let slots: Vec<_> = (0..RULES_MAX).map(|slot| AcceptanceRule::new(slot, Action::Accept)).collect();
    assert_eq!(scene.send(B, &set(&slots)), vec!["done"; usize::from(RULES_MAX)]);
    let beyond = AcceptanceRule { debtor_participant: ANY_PARTICIPANT, ..AcceptanceRule::new(RULES_MAX, Action::Hold) };
    assert_eq!(scene.send(B, &set(&[beyond])), ["rejected FF01 record"]);
}
