//! The books by themselves: what is refused, that a refusal changes nothing, and the end of their range.

use ledger::{Account, AccountKey, Book, Headroom, Ledger, Line, NO_CAP, Refusal, Settlement, TransferKind};
use proptest::prelude::*;

const MEMBERS: u16 = 3;
const USD: Book = Book(840);

fn settlement(debtor: u16, creditor: u16, amount: u64) -> Settlement {
    let key = |member| AccountKey { book: USD, member, participant: 0 };
    Settlement {
        kind: TransferKind::Settlement,
        order: 1,
        debtor: key(debtor),
        creditor: key(creditor),
        amount,
        unit_debit: amount,
        unit_credit: amount,
        exchange: 0,
        headroom: Headroom::BelowHigh,
    }
}

#[test]
fn each_refusal_by_name() {
    let mut ledger = Ledger::new(MEMBERS, 0);
    let own = AccountKey { book: USD, member: 0, participant: 0 };
    let other = AccountKey { book: USD, member: 1, participant: 0 };
    ledger.set_caps(AccountKey::position(0), 100, NO_CAP).unwrap();
    ledger.set_caps(AccountKey::position(1), NO_CAP, 90).unwrap();
    ledger.set_caps(own, 110, NO_CAP).unwrap();
    ledger.set_caps(other, NO_CAP, 105).unwrap();
    ledger.set_reservations(0, 5, 2);
    ledger.set_debit_limit(0, 1, 80).unwrap();
    ledger.set_credit_limit(0, 1, 70).unwrap();
    let roots = ledger.roots();
    for (amount, expected) in [
        (111, Refusal::ParticipantDebitCap),
        (106, Refusal::ParticipantCreditCap),
        (101, Refusal::DebitCap),
        (94, Refusal::Reserved),
        (93, Refusal::CreditCap),
        (90, Refusal::BilateralDebitLimit),
        (80, Refusal::BilateralCreditLimit),
    ] {
        assert_eq!(ledger.settle(&settlement(0, 1, amount)), Err(expected), "{amount}");
        assert_eq!(ledger.roots(), roots, "a refusal changes nothing");
    }
    let high = Settlement { headroom: Headroom::BelowUrgent, ..settlement(0, 2, 96) };
    assert_eq!(ledger.settle(&high), Err(Refusal::Reserved));
    assert!(ledger.settle(&Settlement { headroom: Headroom::All, ..settlement(0, 2, 96) }).is_ok());
}

/// Converted: what the debtor gives is what the creditor, the exchange and the rounding account get.
#[test]
fn four_transfers_of_a_converted_order() {
    let mut ledger = Ledger::new(MEMBERS, 0);
    let order = Settlement { unit_debit: 1_010, unit_credit: 1_000, exchange: 9, ..settlement(0, 1, 70_000) };
    let transfers = ledger.settle(&order).unwrap().map(|transfer| transfer.map(|t| (t.kind(), t.book, t.amount)));
    assert_eq!(
        transfers,
        [
            Some((TransferKind::Settlement, USD, 70_000)),
            Some((TransferKind::Settlement, Book::UNIT_OF_ACCOUNT, 1_000)),
            Some((TransferKind::ExchangeDifference, Book::UNIT_OF_ACCOUNT, 9)),
            Some((TransferKind::Rounding, Book::UNIT_OF_ACCOUNT, 1)),
        ]
    );
    assert!(ledger.sums().values().all(|&sum| sum == 0));
    assert_eq!(ledger.line(0, 1).gross, 1_000, "a line counts what the creditor gets");
}

/// Two that owe each other and have nothing: neither order can settle alone, both together can.
#[test]
fn together_only_the_end_counts() {
    let mut ledger = Ledger::new(MEMBERS, 0);
    for member in 0..MEMBERS {
        ledger.set_caps(AccountKey::position(member), 0, 5).unwrap();
        ledger.set_caps(AccountKey { book: USD, member, participant: 0 }, 0, NO_CAP).unwrap();
    }
    let ring = [settlement(0, 1, 100), settlement(1, 2, 100), settlement(2, 0, 100)];
    let roots = ledger.roots();
    for order in &ring {
        assert_eq!(ledger.settle(order), Err(Refusal::ParticipantDebitCap));
    }
    // Somebody would end below its cap.
    assert_eq!(ledger.settle_together(&ring[..2]), Err(Refusal::ParticipantDebitCap));
    let short = [ring[0], ring[1], settlement(2, 0, 99)];
    assert_eq!(ledger.settle_together(&short), Err(Refusal::ParticipantDebitCap));
    assert_eq!(ledger.roots(), roots, "a refusal changes nothing");
    let transfers = ledger.settle_together(&ring).unwrap();
    assert_eq!(transfers.iter().flatten().flatten().count(), 6);
    assert!((0..MEMBERS).all(|member| ledger.position(member).balance() == 0));
    assert_eq!(ledger.line(1, 2).gross, 100);
    assert!(ledger.is_within_limits());
}

/// What is kept for urgent orders is kept where a normal one is among those that settle.
#[test]
fn together_the_least_urgent_order_decides_what_is_kept() {
    let mut ledger = Ledger::new(MEMBERS, 0);
    ledger.set_caps(AccountKey::position(0), 100, NO_CAP).unwrap();
    ledger.set_reservations(0, 30, 0);
    let urgent = |amount| Settlement { headroom: Headroom::All, ..settlement(0, 1, amount) };
    assert_eq!(ledger.settle_together(&[urgent(50), settlement(0, 2, 21)]), Err(Refusal::Reserved));
    assert!(ledger.clone().settle_together(&[urgent(50), settlement(0, 2, 20)]).is_ok());
    assert!(ledger.settle_together(&[urgent(50), urgent(50)]).is_ok());
    assert!(ledger.settle_together(&[]).unwrap().is_empty());
}

/// A line counts both ways before its limit is asked for.
#[test]
fn together_a_bilateral_limit_is_about_the_net() {
    let mut ledger = Ledger::new(MEMBERS, 0);
    ledger.set_debit_limit(0, 1, 10).unwrap();
    assert_eq!(ledger.settle(&settlement(0, 1, 100)), Err(Refusal::BilateralDebitLimit));
    let both = |back| [settlement(0, 1, 100), settlement(1, 0, back)];
    assert_eq!(ledger.settle_together(&both(89)), Err(Refusal::BilateralDebitLimit));
    assert!(ledger.settle_together(&both(90)).is_ok());
    assert_eq!(ledger.bilateral_net(0, 1), 10);
}

/// A member that comes later is one among equals, and what was booked before stays where it was.
#[test]
fn a_member_is_admitted_between_bookings() {
    let mut ledger = Ledger::new(MEMBERS, 0);
    ledger.settle(&settlement(0, 1, 100)).unwrap();
    ledger.set_debit_limit(1, 0, 7).unwrap();
    let before = ledger.lines().rows().to_vec();
    ledger.admit();
    for debtor in 0..MEMBERS {
        for creditor in 0..MEMBERS {
            assert_eq!(*ledger.line(debtor, creditor), before[usize::from(debtor * MEMBERS + creditor)]);
        }
        assert_eq!((*ledger.line(debtor, MEMBERS), *ledger.line(MEMBERS, debtor)), (Line::OPEN, Line::OPEN));
    }
    ledger.settle(&settlement(MEMBERS, 0, 40)).unwrap();
    assert_eq!([0, 1, MEMBERS].map(|member| ledger.position(member).balance()), [-60, 100, -40]);
    assert!(ledger.sums().values().all(|&sum| sum == 0));
    let (accounts, lines) = (ledger.accounts().rows().to_vec(), ledger.lines().rows().to_vec());
    let mut read = Ledger::from_rows(MEMBERS + 1, accounts.clone(), lines.clone(), 5).expect("all accounts are there");
    assert_eq!(read.roots(), ledger.roots());
    assert!(Ledger::from_rows(MEMBERS + 2, accounts, lines, 5).is_none(), "a position is missing");
}

/// No side of an account passes 2^110; what would is refused and nothing changes.
#[test]
fn the_range_of_the_books_ends() {
    let most: u128 = 1 << 110;
    let mut rows: Vec<Account> = Ledger::new(MEMBERS, 0).accounts().rows().to_vec();
    rows[0].debits = most - 10;
    rows[1].credits = most - 10;
    let lines = vec![Line::OPEN; usize::from(MEMBERS * MEMBERS)];
    let mut ledger = Ledger::from_rows(MEMBERS, rows, lines, 0).expect("accounts that all books have");
    let roots = ledger.roots();
    assert_eq!(ledger.settle(&settlement(0, 2, 11)), Err(Refusal::Overflow));
    assert_eq!(ledger.settle(&settlement(2, 1, 11)), Err(Refusal::Overflow));
    let together = [settlement(0, 1, 5), settlement(0, 2, 6)];
    assert_eq!(ledger.settle_together(&together), Err(Refusal::Overflow));
    assert_eq!(ledger.roots(), roots);
    assert!(ledger.settle(&settlement(0, 1, 10)).is_ok());
    // Called for in full, the position is paid back: the other sides of both accounts reach the end as well.
    ledger.call(0, 1, most);
    assert!(ledger.discharge(7, 0, 1, most).is_ok());
    assert_eq!((ledger.position(0).balance(), ledger.position(1).balance()), (0, 0));
    assert_eq!(ledger.settle(&settlement(2, 0, 1)), Err(Refusal::Overflow));
}

/// What was called for cannot be called for again, where the caps leave no room for more.
#[test]
#[should_panic(expected = "a leg leaves its debtor within its caps")]
fn a_leg_beyond_the_open_position_and_the_caps_is_a_bug() {
    let mut ledger = Ledger::new(MEMBERS, 0);
    ledger.set_caps(AccountKey::position(0), 10, 0).unwrap();
    ledger.settle(&settlement(0, 1, 10)).unwrap();
    ledger.call(0, 1, 10);
    ledger.call(0, 1, 1);
}

proptest! {
    /// Whatever is settled: books sum to zero, limits hold, a refusal leaves the roots, and books read back
    /// from their rows are the same books.
    #[test]
    fn any_settlements(
        caps in prop::collection::vec((0..500_u64, 0..500_u64), usize::from(MEMBERS)),
        orders in prop::collection::vec((0..MEMBERS, 1..MEMBERS, 1..300_u64, 0..5_u64, 0..5_u64, 0..3_u8), 1..60),
    ) {
        let mut ledger = Ledger::new(MEMBERS, 3);
        for (member, &(debit, credit)) in (0..MEMBERS).zip(&caps) {
            ledger.set_caps(AccountKey::position(member), debit, credit).unwrap();
            ledger.set_debit_limit(member, (member + 1) % MEMBERS, debit / 2).unwrap();
            ledger.set_reservations(member, debit / 10, credit / 10);
        }
        for (debtor, ahead, amount, exchange, rounding, headroom) in orders {
            let headroom = [Headroom::All, Headroom::BelowUrgent, Headroom::BelowHigh][usize::from(headroom)];
            let order = settlement(debtor, (debtor + ahead) % MEMBERS, amount);
            let order = Settlement { unit_debit: amount + exchange + rounding, exchange, headroom, ..order };
            let roots = ledger.roots();
            if ledger.settle(&order).is_err() {
                prop_assert_eq!(ledger.roots(), roots);
            }
            prop_assert!(ledger.sums().values().all(|&sum| sum == 0));
            prop_assert!(ledger.is_within_limits());
        }
        let (accounts, lines) = (ledger.accounts().rows().to_vec(), ledger.lines().rows().to_vec());
        let mut read = Ledger::from_rows(MEMBERS, accounts, lines, 9).expect("accounts that all books have");
        prop_assert_eq!(read.roots(), ledger.roots());
        for account in ledger.accounts().rows() {
            prop_assert_eq!(read.account(account.key), *account);
        }
    }
    /// What settles one by one with nobody's reservations in the way settles together as well, to the same books;
    /// what does not settle together leaves no trace; and what does is within every limit at its end.
    #[test]
    fn any_settlements_together(
        caps in prop::collection::vec((0..500_u64, 0..500_u64), usize::from(MEMBERS)),
        orders in prop::collection::vec((0..MEMBERS, 1..MEMBERS, 1..300_u64, 0..5_u64, 0..3_u8), 1..20),
    ) {
        let mut ledger = Ledger::new(MEMBERS, 3);
        for (member, &(debit, credit)) in (0..MEMBERS).zip(&caps) {
            ledger.set_caps(AccountKey::position(member), debit, credit).unwrap();
            ledger.set_debit_limit(member, (member + 1) % MEMBERS, debit / 2).unwrap();
            ledger.set_reservations(member, debit / 10, credit / 10);
        }
        let orders: Vec<Settlement> = orders.into_iter().map(|(debtor, ahead, amount, exchange, headroom)| {
            let headroom = [Headroom::All, Headroom::BelowUrgent, Headroom::BelowHigh][usize::from(headroom)];
            let order = settlement(debtor, (debtor + ahead) % MEMBERS, amount);
            Settlement { unit_debit: amount + exchange, exchange, headroom, ..order }
        }).collect();

        let mut singly = ledger.clone();
        let urgent: Vec<Settlement> = orders.iter().map(|&o| Settlement { headroom: Headroom::All, ..o }).collect();
        let (settled, transfers): (Vec<_>, Vec<_>) =
            urgent.iter().filter_map(|order| singly.settle(order).ok().map(|transfers| (*order, transfers))).unzip();
        let mut together = ledger.clone();
        prop_assert_eq!(together.settle_together(&settled), Ok(transfers));
        prop_assert_eq!(together.roots(), singly.roots());

        let roots = ledger.roots();
        match ledger.settle_together(&orders) {
            Err(_) => prop_assert_eq!(ledger.roots(), roots),
            Ok(_) => prop_assert!(ledger.is_within_limits()),
        }
        prop_assert!(ledger.sums().values().all(|&sum| sum == 0));
    }
}
