//! Joint holidays, cut-offs, and how far ahead an order may come. 2 January 2006 was a Monday.

use crate::scene::{A, B, C, Scene, Terms};
use union::{Day, Payment};

fn on(scene: &Scene, id: u128, creditor: u16, day: &str) -> Payment {
    Payment { value_date: Day::parse(day).unwrap().0, ..scene.order(id, A, creditor, 10) }
}

#[test]
fn a_value_date_is_a_business_day_of_both() {
    let mut scene = Scene::new(Terms::of(3).holiday(A, "2006-01-05").holiday(B, "2006-01-04"));
    for (id, creditor, day, expected) in [
        (1, B, "2006-01-03", "queued DT01"),
        (2, B, "2006-01-04", "rejected DT01 value_date"),
        (3, C, "2006-01-04", "queued DT01"),
        (4, B, "2006-01-05", "rejected DT01 value_date"),
        (5, C, "2006-01-05", "rejected DT01 value_date"),
        (6, C, "2006-01-07", "rejected DT01 value_date"), // Saturday
        (7, C, "2006-01-08", "rejected DT01 value_date"),
        (8, C, "2006-01-09", "queued DT01"),
    ] {
        assert_eq!(scene.pay(on(&scene, id, creditor, day)), expected, "{day}");
    }
}

#[test]
fn past_and_far_days() {
    let mut scene = Scene::new(Terms::of(2));
    for (id, day, expected) in [
        (1, "2006-01-01", "rejected DT01 value_date"),
        (2, "1970-01-01", "rejected DT01 value_date"),
        (3, "2006-02-01", "queued DT01"), // thirty days ahead
        (4, "2006-02-02", "rejected CH03 value_date"),
        (5, "9999-12-31", "rejected CH03 value_date"),
    ] {
        assert_eq!(scene.pay(on(&scene, id, B, day)), expected, "{day}");
    }
    let beyond = Payment { value_date: u32::MAX, ..scene.order(6, A, B, 1) };
    assert_eq!(scene.pay(beyond), "rejected CH03 value_date");
}

#[test]
fn cut_offs_for_customers_and_between_institutions() {
    let mut scene = Scene::new(Terms::of(2));
    let customer = |scene: &Scene, id| Payment { customer: 1, ..scene.order(id, A, B, 1) };
    for (id, time, expected) in [
        (1, "2006-01-02 15:59", ["settled", "settled"]),
        (2, "2006-01-02 16:00", ["rejected TM01 value_date", "settled"]),
        (3, "2006-01-02 17:29", ["rejected TM01 value_date", "settled"]),
        (4, "2006-01-02 17:30", ["rejected TM01 value_date", "rejected TM01 value_date"]),
        (5, "2006-01-02 23:59", ["rejected TM01 value_date", "rejected TM01 value_date"]),
        (6, "2006-01-03 00:00", ["settled", "settled"]),
    ] {
        scene.clock(time);
        let outcomes = [scene.pay(customer(&scene, id * 10)), scene.pay(scene.order(id * 10 + 1, A, B, 1))];
        assert_eq!(outcomes, expected, "{time}");
    }
    // After the cut-off an order for tomorrow is in time.
    scene.clock("2006-01-03 20:00");
    assert_eq!(scene.pay(on(&scene, 99, B, "2006-01-04")), "queued DT01");
}

/// What waits for funds does not settle on a day on which one of the two rests.
#[test]
fn the_queue_rests_on_holidays() {
    let mut scene = Scene::new(Terms::of(3).debit_cap(A, "0").holiday(B, "2006-01-03"));
    assert_eq!(scene.pay(scene.order(1, A, B, 10)), "queued AM04");
    scene.clock("2006-01-03 09:00");
    assert_eq!(scene.pay(scene.order(2, C, A, 10)), "settled");
    assert_eq!(scene.status(1), "queued DT01");
    scene.clock("2006-01-04 00:00");
    assert_eq!(scene.news(), ["1 settled"]);
}

/// Days are those of the union's clock, three hours behind UTC.
#[test]
fn the_union_s_own_midnight() {
    let mut scene = Scene::new(Terms { utc_offset_minutes: -180, ..Terms::of(2) });
    assert_eq!(scene.union.time_ms() % union::DAY_MS, 13 * 3_600_000, "ten o'clock is 13:00 UTC");
    scene.pay(on(&scene, 1, B, "2006-01-03"));
    scene.clock("2006-01-02 23:59");
    assert_eq!(scene.news(), [""; 0]);
    scene.clock("2006-01-03 00:00");
    assert_eq!(scene.news(), ["1 settled"]);
}
