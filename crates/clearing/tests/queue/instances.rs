//! Small instances with every kind of limit.

use clearing::queue::{BilateralLimit, Class, Instance, Party, Payment, SideAccount};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

const PARTIES: u32 = 4;
const SIDES: u32 = 2;

fn party() -> impl Strategy<Value = Party> {
    let floors = [0..8i128, 0..5, 0..5].prop_map(|[a, b, c]| [-a, b - a, b + c - a]);
    let ceiling = prop_oneof![2 => Just(i128::MAX), 1 => 0..12i128];
    (-4..8i128, prop_oneof![1 => Just([0; 3]), 1 => floors, 1 => Just([i128::MIN, 0, i128::MAX])], ceiling)
        .prop_map(|(balance, floors, ceiling)| Party { balance, floors, ceiling })
}

fn side_account() -> impl Strategy<Value = SideAccount> {
    (-3..6i128, -4..2i128, prop_oneof![Just(i128::MAX), 2..9i128]).prop_map(|(balance, floor, ceiling)| SideAccount {
        balance,
        floor,
        ceiling,
    })
}

fn payment() -> impl Strategy<Value = Payment> {
    let side = || prop_oneof![3 => Just(None), 1 => (0..SIDES).prop_map(Some)];
    (0..PARTIES, 1..PARTIES, 1..12u64, 0..2u64, 0..3usize, (side(), side(), 0..6u64)).prop_map(
        |(payer, offset, debit, lost, class, (payer_side, payee_side, side_amount))| Payment {
            payer,
            payee: (payer + offset) % PARTIES,
            debit,
            credit: debit - lost.min(debit),
            class: Class::ALL[class],
            payer_side,
            payee_side: payee_side.filter(|_| payer_side != payee_side),
            side_amount,
        },
    )
}

fn limits() -> impl Strategy<Value = Vec<BilateralLimit>> {
    vec((0..PARTIES, 1..PARTIES, -3..4i128, 0..10u64), 0..5).prop_map(|drawn| {
        let mut limits: BTreeMap<(u32, u32), BilateralLimit> = BTreeMap::new();
        for (debtor, offset, net, most) in drawn {
            let creditor = (debtor + offset) % PARTIES;
            let net = limits.get(&(creditor, debtor)).map_or(net, |other| -other.net);
            limits.entry((debtor, creditor)).or_insert(BilateralLimit { debtor, creditor, net, most });
        }
        limits.into_values().collect()
    })
}

/// Up to 12 payments among four parties, with everything that an instance can say.
pub fn any() -> impl Strategy<Value = Instance> {
    (vec(party(), PARTIES as usize), vec(side_account(), SIDES as usize), limits(), vec(payment(), 0..=12))
        .prop_map(|(parties, side_accounts, limits, payments)| Instance { parties, side_accounts, limits, payments })
}

/// Up to 12 payments in the unit of account between parties that have only a balance.
pub fn plain() -> impl Strategy<Value = Instance> {
    let parties = vec((0..8i128).prop_map(Party::with_balance), PARTIES as usize);
    let payment = (0..PARTIES, 1..PARTIES, 1..30u64);
    let payment = payment.prop_map(|(payer, offset, amount)| Payment::new(payer, (payer + offset) % PARTIES, amount));
    (parties, vec(payment, 0..=12)).prop_map(|(parties, payments)| Instance {
        parties,
        payments,
        ..Instance::default()
    })
}
