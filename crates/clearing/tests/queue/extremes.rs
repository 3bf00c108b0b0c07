//! Amounts at the ends of their ranges, and instances that are none.

use crate::checker::wrong_with;
use clearing::queue::{
    Algorithm, BilateralLimit, Class, Instance, InstanceError, Party, Payment, SideAccount, resolve,
};

const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::Fifo,
    Algorithm::BypassFifo,
    Algorithm::BilateralOffset,
    Algorithm::Multilateral,
    Algorithm::Optimiser { budget: 50_000, strict_order: false },
    Algorithm::Optimiser { budget: 50_000, strict_order: true },
];

fn pair(first: Party, second: Party, payments: Vec<Payment>) -> Instance {
    Instance { parties: vec![first, second], payments, ..Instance::default() }
}

/// Thousands of the largest amounts, balances and bounds at the ends: sums beyond 64 bits are exact.
#[test]
fn the_largest_amounts() {
    for balance in [0, Instance::BALANCE_MAX, -Instance::BALANCE_MAX] {
        for floor in [i128::MIN, 0, i128::MAX] {
            for ceiling in [i128::MIN, 0, i128::MAX] {
                let party = Party { balance, floors: [floor; 3], ceiling };
                let payments = (0..2_000).map(|at| Payment::new(at % 2, (at + 1) % 2, u64::MAX)).collect();
                let mut instance = pair(party, party, payments);
                instance.limits.push(BilateralLimit { debtor: 0, creditor: 1, net: -balance, most: u64::MAX });
                for algorithm in ALGORITHMS {
                    let resolution = resolve(&instance, algorithm).expect("an instance");
                    assert_eq!(wrong_with(&instance, &resolution.settled), None);
                    let all = floor == i128::MIN || (floor == 0 && balance >= 0);
                    let free = (ceiling == i128::MAX || ceiling < balance) && all;
                    if free && algorithm == Algorithm::Multilateral {
                        assert_eq!(resolution.value, 2_000 * u128::from(u64::MAX), "{balance} {floor} {ceiling}");
                        assert_eq!(resolution.gap(), 0);
                    }
                }
            }
        }
    }
}

/// A party below its floor, or above its ceiling, may only get nearer to it.
#[test]
fn who_starts_beyond_a_limit() {
    let short = Party { balance: -10, floors: [0; 3], ceiling: i128::MAX };
    let over = Party { balance: 10, floors: [0; 3], ceiling: 5 };
    let instance = pair(short, over, vec![Payment::new(0, 1, 3), Payment::new(1, 0, 4), Payment::new(1, 0, 5)]);
    for algorithm in ALGORITHMS {
        assert_eq!(resolve(&instance, algorithm).expect("an instance").settled, [1, 2], "{algorithm:?}");
    }
}

#[test]
fn budgets_at_the_ends() {
    let payments = vec![Payment::new(0, 1, 7), Payment::new(1, 0, 7)];
    let instance = pair(Party::with_balance(0), Party::with_balance(0), payments);
    for budget in [0, 1, 2] {
        for strict_order in [false, true] {
            let resolution = resolve(&instance, Algorithm::Optimiser { budget, strict_order }).expect("an instance");
            assert_eq!(resolution.value, 14);
        }
    }
}

/// A change that makes no instance of one, and what is said then.
type Case<'a> = (InstanceError, &'a dyn Fn(&mut Instance));

#[test]
fn what_is_no_instance() {
    let fine = || pair(Party::with_balance(5), Party::with_balance(5), vec![Payment::new(0, 1, 5)]);
    let refused = |change: &dyn Fn(&mut Instance)| {
        let mut instance = fine();
        change(&mut instance);
        resolve(&instance, Algorithm::Fifo).expect_err("it is no instance")
    };
    assert!(resolve(&fine(), Algorithm::Fifo).is_ok());
    let far = Instance::BALANCE_MAX + 1;
    let limit = BilateralLimit { debtor: 0, creditor: 1, net: 4, most: 9 };
    let back = BilateralLimit { debtor: 1, creditor: 0, net: -4, most: 9 };
    let side = SideAccount { balance: 0, floor: 0, ceiling: 0 };
    let party = |what, party| InstanceError::Party { what, index: 0, party, parties: 2 };
    let cases: [Case; 12] = [
        (party("payment", 2), &|i| i.payments[0].payee = 2),
        (party("bilateral limit", 7), &|i| i.limits.push(BilateralLimit { creditor: 7, ..limit })),
        (InstanceError::Itself { what: "payment", index: 0, party: 0 }, &|i| i.payments[0].payee = 0),
        (InstanceError::Zero { payment: 0 }, &|i| i.payments[0] = Payment::new(0, 1, 0)),
        (InstanceError::Credit { payment: 0, credit: 6, debit: 5 }, &|i| i.payments[0].credit = 6),
        (InstanceError::SideAccount { payment: 0, account: 0, accounts: 0 }, &|i| i.payments[0].payer_side = Some(0)),
        (InstanceError::SideItself { payment: 0, account: 0 }, &|i| {
            i.side_accounts.push(side);
            (i.payments[0].payer_side, i.payments[0].payee_side) = (Some(0), Some(0));
        }),
        (InstanceError::Balance { what: "party", index: 1, balance: far }, &|i| i.parties[1].balance = far),
        (InstanceError::Balance { what: "party", index: 1, balance: i128::MIN }, &|i| i.parties[1].balance = i128::MIN),
        (InstanceError::Floors { party: 0 }, &|i| i.parties[0].floors = [0, 2, 1]),
        (InstanceError::Limit { limit: 1 }, &|i| i.limits = vec![limit, limit]),
        (InstanceError::Limit { limit: 1 }, &|i| i.limits = vec![limit, BilateralLimit { net: 4, ..back }]),
    ];
    for (expected, change) in cases {
        assert_eq!(refused(change), expected);
    }
    let mut both = fine();
    both.limits = vec![limit, back];
    assert!(resolve(&both, Algorithm::Fifo).is_ok());
    assert_eq!(Class::ALL.map(|class| class as u8), [0, 1, 2]);
}
