//! A member's statement: opening balance, entries, closing balance.

use crate::scene::{A, ARS, B, C, Scene, Terms};
use ledger::AccountKey;
use union::{Command, Payment, Period, Statement, StatementBuilder, Union};

/// Plays a scene block by block and keeps a statement of it.
struct Bookkeeper {
    scene: Scene,
    builder: StatementBuilder,
    is_over: bool,
}

impl Bookkeeper {
    fn of(terms: Terms, member: u16, period: Period) -> Self {
        let genesis = Union::new(terms.charter(), 0);
        let scene = Scene::new(terms);
        let mut keeper = Bookkeeper { scene, builder: StatementBuilder::new(&genesis, member, period), is_over: false };
        keeper.keep();
        keeper
    }

    fn keep(&mut self) {
        if !self.is_over {
            self.is_over = self.builder.block(&self.scene.union, self.scene.last.as_ref().expect("a block"));
        }
    }

    fn pay(&mut self, payment: Payment) {
        assert_eq!(self.scene.pay(payment), "settled");
        self.keep();
    }

    fn finish(self) -> Statement {
        self.builder.finish(&self.scene.union, self.is_over)
    }
}

/// Lines such as `Settlement 1: A > B -100 = -100`.
fn lines(statement: &Statement, account: AccountKey) -> Vec<String> {
    let account = statement.accounts.iter().find(|found| found.account == account).expect("the account");
    let entry = |entry: &union::Entry| {
        let (kind, other) = (entry.kind, entry.other.member);
        format!("{kind:?} {} with {other}: {} = {}", entry.order, entry.amount, entry.balance)
    };
    let ends = |text, balance| format!("{text} {balance}");
    let entries = account.entries.iter().map(entry);
    [ends("opening", account.opening)].into_iter().chain(entries).chain([ends("closing", account.closing)]).collect()
}

/// Three days: the statement of the second has the first in its opening and nothing of the third.
fn three_days(member: u16, period: Period) -> Statement {
    let mut keeper = Bookkeeper::of(Terms::of(3).daily(), member, period);
    let today = keeper.scene.union.today().0;
    let rates = Command::PublishRates { currency: 0, from_day: today, buying: (1, 100), selling: (1, 99) };
    keeper.scene.send(A, &[rates]);
    keeper.keep();
    keeper.pay(keeper.scene.order(1, A, B, 100));
    keeper.scene.clock("2006-01-03 09:00"); // closes the first cycle: A owes B a leg of 100
    keeper.keep();
    keeper.pay(Payment { currency: ARS, ..keeper.scene.order(2, A, C, 10_000) });
    keeper.pay(keeper.scene.order(3, B, A, 30));
    assert_eq!(keeper.scene.send(B, &[Command::ConfirmLeg { cycle: 1, leg: 0 }]), ["done"]);
    keeper.keep();
    keeper.scene.clock("2006-01-04 09:00");
    keeper.keep();
    keeper.pay(keeper.scene.order(4, A, B, 7));
    keeper.finish()
}

#[test]
fn of_a_cycle_and_of_a_day() {
    let second_day = union::Day::parse("2006-01-03").unwrap();
    for period in [Period::Cycle(2), Period::Day(second_day)] {
        let statement = three_days(A, period);
        assert!(statement.is_final);
        assert_eq!(
            lines(&statement, AccountKey::position(A)),
            [
                "opening -100",
                // 10,000 pesos: 101.01 to pay, 100 to get.
                "Settlement 2 with 2: -100 = -200",
                "ExchangeDifference 2 with 65535: -1 = -201",
                "Rounding 2 with 65535: -1 = -202",
                "Settlement 3 with 1: 30 = -172",
                // Cycle 1, leg 0.
                "CycleSettlement 4294967296 with 1: 100 = -72",
                "closing -72",
            ],
            "{period:?}"
        );
        let pesos = AccountKey { book: ledger::Book(ARS), member: A, participant: 0 };
        assert_eq!(lines(&statement, pesos), ["opening 0", "Settlement 2 with 2: -10000 = -10000", "closing -10000"]);
    }
}

#[test]
fn of_what_is_not_over_yet() {
    let statement = three_days(B, Period::Cycle(3));
    assert!(!statement.is_final);
    assert_eq!(
        lines(&statement, AccountKey::position(B)),
        ["opening -30", "Settlement 4 with 0: 7 = -23", "closing -23"]
    );
    let statement = three_days(C, Period::Cycle(1));
    assert!(statement.is_final);
    assert_eq!(lines(&statement, AccountKey::position(C)), ["opening 0", "closing 0"]);
    assert_eq!(statement.accounts.len(), 1);
}
