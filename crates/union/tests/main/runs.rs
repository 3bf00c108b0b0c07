//! Orders that wait for one another settle together, as the charter's algorithm chooses them.

use crate::chain::snapshot;
use crate::scene::{A, ARS, B, C, Scene, Terms, USD};
use union::{Command, Event, Payment, QueueRun, RunCause, Union, pad_text};

const TOGETHER: [&str; 3] = ["bilateral-offset", "multilateral", "optimiser"];

/// Members that may owe nothing.
fn without_means(members: usize) -> Terms {
    (0..members as u16).fold(Terms::of(members), |terms, member| terms.debit_cap(member, "0"))
}

fn runs(scene: &Scene) -> Vec<QueueRun> {
    let events = &scene.last.as_ref().expect("a block").events;
    events.iter().filter_map(|event| if let Event::QueueRun(run) = event { Some(*run) } else { None }).collect()
}

/// Orders queue one after another, the last one last: what happened in its block.
fn last_of(scene: &mut Scene, orders: &[(u128, u16, u16, u64)]) -> Vec<String> {
    for &(id, debtor, creditor, amount) in orders {
        assert_eq!(scene.pay(scene.order(id, debtor, creditor, amount)), "queued AM04", "{id}");
    }
    scene.news()
}

#[test]
fn two_that_wait_for_each_other() {
    for discipline in ["fifo", "bypass-fifo"].into_iter().chain(TOGETHER) {
        let mut scene = Scene::new(without_means(2).together(discipline));
        let news = last_of(&mut scene, &[(1, A, B, 100), (2, B, A, 100)]);
        if !TOGETHER.contains(&discipline) {
            assert_eq!(news, ["2 queued AM04"], "{discipline}");
            assert!(scene.union.queue_runs().is_empty());
            continue;
        }
        assert_eq!(news, ["2 queued AM04", "1 settled", "2 settled"], "{discipline}");
        assert_eq!(scene.positions(), [0, 0]);
        let [run] = runs(&scene)[..] else { panic!("one run") };
        assert_eq!((run.number, run.cause(), run.algorithm()), (1, RunCause::Event, discipline));
        assert_eq!((run.considered, run.considered_value, run.settled, run.value), (2, 200, 2, 200));
        assert_eq!((run.bound, run.gap(), run.is_refused()), (200, 0, false));
        assert!(run.tried().any(|(_, value)| value == 200));
        assert_eq!(scene.union.queue_runs(), [run]);
        // The run is told after what it settled, the transfers of each order after the order.
        let kinds: Vec<_> = scene.last.as_ref().unwrap().events.iter().map(std::mem::discriminant).collect();
        assert_eq!(kinds.len(), 1 + 2 * 3 + 1, "queued; two orders with two transfers each; the run");
        assert_eq!(scene.union.cycles()[0].settled_orders, 2);
    }
}

#[test]
fn three_in_a_ring() {
    for (discipline, settled) in [("bilateral-offset", 0), ("multilateral", 3), ("optimiser", 3)] {
        let mut scene = Scene::new(without_means(3).together(discipline));
        let news = last_of(&mut scene, &[(1, A, B, 70), (2, B, C, 70), (3, C, A, 70)]);
        assert_eq!(news.len(), 1 + settled, "{discipline}: {news:?}");
        assert_eq!(scene.positions(), [0, 0, 0]);
    }
}

/// A can pay what it gets. Taking out its latest orders leaves 60 + 100; the best is 50 + 50 + 100.
#[test]
fn the_optimiser_settles_more_than_removal() {
    for (discipline, value, left) in
        [("multilateral", 160, ["settled", "queued AM04"]), ("optimiser", 200, ["queued AM04", "settled"])]
    {
        let mut scene = Scene::new(Terms::of(2).debit_cap(A, "0").debit_cap(B, "0.40").together(discipline));
        last_of(&mut scene, &[(1, A, B, 60), (2, A, B, 50), (3, A, B, 50), (4, B, A, 100)]);
        let run = *scene.union.queue_runs().last().unwrap();
        assert_eq!((run.value, run.considered_value), (value, 260), "{discipline}");
        assert!(run.bound >= 200, "{discipline}");
        assert_eq!([1, 2].map(|id| scene.status(id)), left, "{discipline}");
        // What was tried tells what the other would have done.
        let tried: Vec<_> = run.tried().map(|(rung, value)| (rung.name(), value)).collect();
        assert!(tried.contains(&("multilateral", 160)), "{tried:?}");
    }
}

/// In strict order nothing passes an earlier order of the same member and priority, alone or in a run.
#[test]
fn strict_order() {
    for (runs, news) in
        [("", vec!["3 queued AM04", "2 settled", "3 settled"]), ("strict_order = true", vec!["3 queued AM04"])]
    {
        let mut scene = Scene::new(Terms { runs, ..without_means(3).together("optimiser") });
        assert_eq!(last_of(&mut scene, &[(1, A, B, 120), (2, A, B, 50), (3, B, A, 50)]), news, "{runs}");
    }
    let strict = Terms { runs: "strict_order = true", ..Terms::of(3).debit_cap(A, "1.00").together("optimiser") };
    let mut scene = Scene::new(strict);
    assert_eq!(scene.pay(scene.order(1, A, B, 120)), "queued AM04");
    assert_eq!(scene.pay(scene.order(2, A, B, 50)), "queued AM04");
    assert_eq!(scene.pay(scene.order(3, C, A, 20)), "settled");
    assert_eq!(scene.news(), ["3 settled", "1 settled"]);
    let terms = Terms { runs: "strict_order = true", ..without_means(2).together("optimiser") };
    let mut scene = Scene::new(terms);
    last_of(&mut scene, &[(1, A, B, 120)]);
    assert_eq!(scene.pay(Payment { priority: 0, ..scene.order(2, A, B, 50) }), "queued AM04");
    assert_eq!(scene.pay(scene.order(3, B, A, 50)), "queued AM04");
    assert_eq!(scene.news(), ["3 queued AM04", "2 settled", "3 settled"], "an urgent order is not behind a normal one");
}

/// Every limit of the books is one of the run: all that is short of a minor unit here is what the limit says.
#[test]
fn limits_hold_in_a_run() {
    let limit = |own: Command, amount: u64, priority: u8| {
        let mut scene = Scene::new(Terms::of(2).debit_cap(A, "0.30").debit_cap(B, "0").together("optimiser"));
        let (identifier, name) = (pad_text("COOP").expect("short"), pad_text("Cooperativa").expect("short"));
        let register = Command::RegisterParticipant { participant: 7, identifier, name };
        assert_eq!(scene.send(A, &[register, own]), ["done", "done"]);
        let order = Payment { priority, debtor_participant: 7, ..scene.order(1, A, B, amount) };
        assert_eq!(scene.pay(order), "queued AM04");
        assert_eq!(scene.pay(Payment { creditor_participant: 7, ..scene.order(2, B, A, 80) }), "queued AM04");
        scene.union.queue_runs().last().expect("a run").settled
    };
    let nothing = Command::SetReservations { urgent: 0, high: 0 };
    let reserves = Command::SetReservations { urgent: 10, high: 5 };
    let bilateral = Command::SetBilateralLimits { counterparty: B, debit_limit: 20, credit_limit: u64::MAX };
    let account = Command::SetParticipantCaps { participant: 7, currency: USD, debit_cap: 20, credit_cap: u64::MAX };
    for (own, most, priority) in [
        (nothing, 110, 2),
        (reserves, 95, 2),
        (reserves, 100, 1),
        (reserves, 110, 0),
        (bilateral, 100, 2),
        (account, 100, 2),
    ] {
        assert_eq!(limit(own, most, priority), 2, "{own:?} {priority}");
        assert_eq!(limit(own, most + 1, priority), 0, "{own:?} {priority}");
    }
    // The creditor's credit cap is about where it ends, too.
    let mut scene = Scene::new(without_means(2).credit_cap(A, "0.10").together("multilateral"));
    assert_eq!(scene.pay(scene.order(1, B, A, 80)), "queued AM04");
    assert_eq!(scene.pay(scene.order(2, A, B, 80)), "queued AM04");
    assert_eq!(scene.status(1), "settled");
}

/// Rates: the debtor gives more than the creditor gets, and must have it.
#[test]
fn converted_orders_in_a_run() {
    let mut scene = Scene::new(without_means(2).debit_cap(A, "0.04").together("optimiser"));
    scene.send(
        A,
        &[Command::PublishRates { currency: 0, from_day: scene.union.today().0, buying: (1, 2), selling: (11, 20) }],
    );
    // 50 and 55 minor units for 100 of A's currency.
    let pesos = |scene: &Scene, id, from, to| Payment::new(id, from, to, ARS, 100, scene.union.today().0);
    assert_eq!(scene.pay(pesos(&scene, 1, A, B)), "queued AM04");
    assert_eq!(scene.pay(scene.order(2, B, A, 50)), "queued AM04");
    assert_eq!(scene.news(), ["2 queued AM04"], "A would end a minor unit beyond its cap");
    let cap = Command::SetCaps { debit_cap: 3, credit_cap: u64::MAX };
    assert_eq!(scene.send(A, &[cap]), ["done"]);
    assert_eq!(scene.status(1), "queued AM04");
    assert_eq!(scene.pay(scene.order(3, B, A, 1)), "queued AM04");
    assert_eq!(scene.status(1), "queued AM04", "B has only 50 to give");
    let mut scene = Scene::new(without_means(2).debit_cap(A, "0.05").together("optimiser"));
    scene.send(
        A,
        &[Command::PublishRates { currency: 0, from_day: scene.union.today().0, buying: (1, 2), selling: (11, 20) }],
    );
    assert_eq!(scene.pay(pesos(&scene, 1, A, B)), "queued AM04");
    assert_eq!(scene.pay(scene.order(2, B, A, 50)), "queued AM04");
    assert_eq!(scene.news(), ["2 queued AM04", "1 settled", "2 settled"]);
    assert_eq!((scene.positions(), scene.union_accounts()), (vec![-5, 0], [5, 0]));
}

#[test]
fn at_set_times() {
    let terms = Terms { runs: "runs = ['10:30', '14:00']\nrun_on_events = false", ..without_means(2) };
    let mut scene = Scene::new(terms.together("bilateral-offset").holiday(A, "2006-01-03"));
    let due_at = |union: &Union| union.charter().calendar.local(union.falls_due_at_ms()).1 / 60;
    assert_eq!(due_at(&scene.union), 10 * 60 + 30);
    last_of(&mut scene, &[(1, A, B, 100), (2, B, A, 100)]);
    assert!(scene.union.queue_runs().is_empty());
    scene.clock("2006-01-02 10:29");
    assert!(runs(&scene).is_empty());
    scene.clock("2006-01-02 10:30");
    assert_eq!(scene.news(), ["1 settled", "2 settled"]);
    assert_eq!(runs(&scene)[0].cause(), RunCause::SetTime);
    // The members that were paid have their queues tried, then it is quiet until two o'clock.
    scene.apply(&[]);
    assert_eq!(due_at(&scene.union), 14 * 60);
    // Recorded even if nobody waits; and once, however often its time went by.
    scene.clock("2006-01-02 15:00");
    assert_eq!(runs(&scene).iter().map(|run| (run.number, run.considered)).collect::<Vec<_>>(), [(2, 0)]);
    assert_eq!(due_at(&scene.union), 0, "midnight");
    scene.clock("2006-01-03 16:00");
    assert!(runs(&scene).is_empty(), "A rests: nobody works with B");
    scene.clock("2006-01-09 09:00");
    assert_eq!(runs(&scene).len(), 1, "one for all that were missed");
}

/// On a day on which one of two members rests, the orders between them are not considered.
#[test]
fn orders_for_another_day_are_not_considered() {
    let mut scene = Scene::new(without_means(3).together("optimiser").holiday(B, "2006-01-03"));
    let tuesday = scene.union.today().0 + 1;
    for (id, debtor, creditor) in [(1, A, C), (2, C, A)] {
        let order = Payment { value_date: tuesday + 1, ..scene.order(id, debtor, creditor, 10) };
        assert_eq!(scene.pay(order), "queued DT01");
    }
    assert_eq!(scene.pay(scene.order(3, A, B, 10)), "queued AM04");
    scene.clock("2006-01-03 10:00");
    assert_eq!(scene.pay(scene.order(4, C, A, 10)), "queued AM04");
    assert!(runs(&scene).is_empty(), "one order alone");
    scene.clock("2006-01-04 00:00");
    assert_eq!(runs(&scene)[0].considered, 4);
    assert_eq!([1, 2, 3, 4].map(|id| scene.status(id)), ["settled", "settled", "queued AM04", "queued AM04"]);
}

/// The charter bounds what a run looks at; every member has an equal share, from the front of its queue.
#[test]
fn the_orders_of_a_run_are_bounded() {
    let terms = Terms { attempts: 4, runs: "runs = ['11:00']\nrun_on_events = false", ..without_means(3) };
    let mut scene = Scene::new(terms.together("multilateral"));
    let orders: Vec<_> =
        (1..=9).map(|id| (id, A, C, 100)).chain([(20, C, A, 100), (21, C, A, 100), (22, C, A, 100)]).collect();
    last_of(&mut scene, &orders);
    scene.clock("2006-01-02 11:00");
    let run = runs(&scene)[0];
    assert_eq!((run.considered, run.settled), (4, 4));
    assert_eq!([1, 2, 3, 20, 21, 22].map(|id| scene.status(id).len()), [7, 7, 11, 7, 7, 11], "two of each settled");
}

/// What may not settle today takes no place in a run: neither from its own member nor from others.
#[test]
fn orders_for_another_day_take_no_place_in_a_run() {
    let terms = Terms { attempts: 6, ..without_means(3) };
    let mut scene = Scene::new(terms.together("multilateral").holiday(B, "2006-01-03"));
    for id in 100..106 {
        assert_eq!(scene.pay(scene.order(id, A, B, 10)), "queued AM04");
    }
    scene.clock("2006-01-03 10:00");
    assert_eq!(scene.pay(scene.order(1, A, C, 10)), "queued AM04");
    for id in 2..8 {
        scene.pay(scene.order(id, C, A, 10));
    }
    assert_eq!([1, 2, 3].map(|id| scene.status(id)), ["settled", "settled", "queued AM04"]);
    assert_eq!(runs(&scene)[0].considered, 5, "all that C has left");
}

/// One member's long queue of orders that it cannot pay costs a run time in proportion, not by its square.
#[test]
fn a_long_queue_without_means() {
    let terms = Terms { attempts: 100_000, open_orders_max: 400_000, ..without_means(4) };
    let mut scene = Scene::new(terms.together("multilateral"));
    for first in (1..60_000).step_by(6_000) {
        let orders: Vec<_> = (first..first + 6_000).map(|id| Command::Pay(scene.order(id, A, B, 10))).collect();
        scene.send(A, &orders);
    }
    assert_eq!(runs(&scene)[0].considered, 60_000);
    scene.pay(scene.order(100_000, B, A, 30));
    assert_eq!([1, 3, 4, 100_000].map(|id| scene.status(id)), ["settled", "settled", "queued AM04", "settled"]);
}

/// Orders between others that settle at once, and orders for another day, are no reason for a run.
#[test]
fn no_run_for_what_others_do() {
    let mut scene = Scene::new(Terms::of(3).debit_cap(C, "0").together("optimiser"));
    for id in [1, 2] {
        assert_eq!(scene.pay(scene.order(id, C, A, 10)), "queued AM04");
    }
    let before = scene.union.queue_runs().len();
    for id in 100..110 {
        assert_eq!(scene.pay(scene.order(id, A, B, 1)), "settled");
        let tomorrow = scene.union.today().0 + 1;
        scene.pay(Payment { value_date: tomorrow, ..scene.order(id + 100, C, B, 1) });
    }
    assert_eq!(scene.union.queue_runs().len(), before);
}

/// Nobody waits, or nothing changed: no run.
#[test]
fn no_run_without_a_reason() {
    let mut scene = Scene::new(Terms::of(3).debit_cap(C, "0").together("optimiser"));
    for id in 1..10 {
        assert_eq!(scene.pay(scene.order(id, A, B, 10)), "settled");
    }
    assert_eq!(scene.pay(scene.order(10, C, A, 10)), "queued AM04");
    assert!(scene.union.queue_runs().is_empty(), "one order alone");
    assert_eq!(scene.pay(scene.order(11, C, B, 10)), "queued AM04");
    assert_eq!(scene.union.queue_runs().len(), 1);
    scene.apply(&[]);
    scene.apply(&[]);
    assert_eq!(scene.union.queue_runs().len(), 1);
    scene.send(C, &[Command::SetReservations { urgent: 0, high: 0 }]);
    assert_eq!(scene.union.queue_runs().len(), 2);
}

/// What a run settles wakes who was paid, for the next block; then it is quiet.
#[test]
fn a_run_wakes_whom_it_pays() {
    let mut scene = Scene::new(without_means(3).together("multilateral"));
    let news = last_of(&mut scene, &[(1, A, B, 100), (2, A, C, 30), (3, C, B, 30), (4, B, A, 130), (5, B, A, 7)]);
    assert_eq!(news, ["5 queued AM04"]);
    assert_eq!([1, 2, 3, 4].map(|id| scene.status(id)), ["settled"; 4]);
    assert_eq!(scene.positions(), [0, 0, 0]);
    let known = scene.union.queue_runs().len();
    assert!(scene.union.falls_due_at_ms() > scene.union.time_ms(), "the block of order 5 tried it");
    scene.apply(&[]);
    assert_eq!(scene.union.queue_runs().len(), known);
}

/// A thousand runs are remembered; numbers go on, and a snapshot knows them.
#[test]
fn old_runs_are_forgotten() {
    let mut scene = Scene::new(without_means(3).together("bilateral-offset"));
    last_of(&mut scene, &[(1, A, B, 100), (2, B, C, 100)]);
    let wake = Command::SetReservations { urgent: 0, high: 0 };
    for _ in 0..1_010 {
        scene.send(A, &[wake]);
    }
    let kept = scene.union.queue_runs();
    assert!((1_000..1_006).contains(&kept.len()), "{}", kept.len());
    assert_eq!(kept.last().unwrap().number, 1_011);
    assert!(kept.windows(2).all(|pair| pair[0].number + 1 == pair[1].number));
    let bytes = snapshot(&scene.union);
    let mut read = Union::from_snapshot(scene.union.charter().clone(), &bytes, scene.union.state(), 5).unwrap();
    assert_eq!(read.queue_runs(), scene.union.queue_runs());
    assert_eq!(read.books_hash(), scene.union.books_hash());
}
