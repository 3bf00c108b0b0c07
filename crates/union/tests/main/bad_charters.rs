//! Charters that cannot be applied are refused by key.

use crate::scene::Terms;
use union::{Algorithm, Charter, CharterError, ClockTime, Day};

#[test]
fn rules() {
    let good = Terms::of(2).text();
    assert!(Charter::parse(&good).is_ok());
    let key_of = |from: &str, to: &str| {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        match Charter::parse(&text) {
            Err(CharterError::Rule { key, .. }) => key,
            other => panic!("{to}: {other:?}"),
        }
    };
    for (from, to, key) in [
        ("protocol = 1", "protocol = 2", "protocol"),
        ("'Union of the tests'", "''", "name"),
        ("'Union of the tests'", "\"a\\nb\"", "name"),
        ("utc_offset_minutes = 0", "utc_offset_minutes = 841", "calendar.utc_offset_minutes"),
        ("utc_offset_minutes = 0", "utc_offset_minutes = -2147483648", "calendar.utc_offset_minutes"),
        ("days_ahead = 30", "days_ahead = 367", "calendar.days_ahead"),
        ("close = '18:00'", "close = '17:29'", "cycle.close"),
        ("months = 4", "months = 0", "cycle"),
        ("months = 4", "months = 13", "cycle"),
        ("months = 4", "days = 367", "cycle"),
        ("months = 4", "days = 1\nmonths = 1", "cycle"),
        ("attempts = 1000", "attempts = 0", "queue.attempts"),
        ("'bypass-fifo'\nattempts = 1000", "'multilateral'\nattempts = 1", "queue.attempts"),
        ("'bypass-fifo'\nattempts = 1000", "'multilateral'\nattempts = 262145", "queue.attempts"),
        ("open_orders_max = 1000", "open_orders_max = 16777217", "queue.open_orders_max"),
        ("days_waiting = 5", "days_waiting = 367", "queue.days_waiting"),
        ("days_waiting = 5", "days_waiting = 5\nbudget = 1", "queue.budget"),
        ("days_waiting = 5", "days_waiting = 5\nstrict_order = false", "queue.strict_order"),
        ("days_waiting = 5", "days_waiting = 5\nruns = []", "queue.runs"),
        ("days_waiting = 5", "days_waiting = 5\nrun_on_events = true", "queue.run_on_events"),
        ("'bypass-fifo'", "'multilateral'\nbudget = 1", "queue.budget"),
        ("'bypass-fifo'", "'bilateral-offset'\nstrict_order = true", "queue.strict_order"),
        ("'bypass-fifo'", "'optimiser'\nbudget = 200000001", "queue.budget"),
        ("'bypass-fifo'", "'optimiser'\nruns = ['10:00', '10:00']", "queue.runs"),
        ("'bypass-fifo'", "'optimiser'\nruns = ['14:00', '10:00']", "queue.runs"),
        ("'bypass-fifo'", "'optimiser'\nrun_on_events = false", "queue.runs"),
        ("'bypass-fifo'", "'optimiser'\nruns = []\nrun_on_events = false", "queue.runs"),
        ("code = 'M000'", "code = 'M001'", "members[1].code"),
        ("code = 'M000'", "code = 'm000'", "members[0].code"),
        ("code = 'M000'", "debit_cap = '1.001'\ncode = 'M000'", "members[0].debit_cap"),
        ("code = 'M000'", "credit_cap = '-1'\ncode = 'M000'", "members[0].credit_cap"),
        ("sealing_key = '", "sealing_key = '00", "members[0].sealing_key"),
    ] {
        assert_eq!(key_of(from, to), key, "{to}");
    }
    for (from, to) in [
        ("unit_of_account = 'USD'", "unit_of_account = 'XAU'"),
        ("first_day = '2006-01-02'", "first_day = '1969-12-31'"),
        ("close = '18:00'", "close = '24:00'"),
        ("discipline = 'bypass-fifo'", "discipline = 'lifo'"),
        ("discipline = 'bypass-fifo'", "discipline = 'optimiser'\nruns = ['24:00']"),
        ("discipline = 'bypass-fifo'", "discipline = 'optimiser'\nruns = '10:00'"),
        ("discipline = 'bypass-fifo'", "discipline = 'optimiser'\nbudget = -1"),
        ("discipline = 'bypass-fifo'", "discipline = 'optimiser'\nstrict_order = 'yes'"),
        ("days_ahead = 30", "days_ahead = -1"),
        ("protocol = 1", "protocol = 1\nunknown = 1"),
    ] {
        let error = Charter::parse(&good.replacen(from, to, 1)).unwrap_err();
        assert!(matches!(error, CharterError::Syntax(_)), "{to}: {error}");
    }
    for members in [0, 1, 257] {
        let error = Charter::parse(&Terms::of(members).text()).unwrap_err();
        assert!(matches!(&error, CharterError::Rule { key, .. } if key == "members") || members == 0, "{error}");
    }
    assert!(Charter::parse(&Terms::of(256).text()).is_ok());
}

/// What is left out of `[queue]` has a value.
#[test]
fn queue_rules() {
    let rules = |lines: &str| {
        let text = Terms::of(2).text().replacen("discipline = 'bypass-fifo'", lines, 1);
        Charter::parse(&text).expect("a charter").queue
    };
    let optimiser = rules("discipline = 'optimiser'");
    let budget = Algorithm::DEFAULT_BUDGET;
    assert_eq!(optimiser.discipline, Algorithm::Optimiser { budget, strict_order: false });
    assert!(optimiser.runs.is_empty() && optimiser.runs_on_events && optimiser.settles_together());
    let own = rules(
        "discipline = 'optimiser'\nbudget = 0\nstrict_order = true\nruns = ['09:30', '14:00']\nrun_on_events = false",
    );
    assert_eq!(own.discipline, Algorithm::Optimiser { budget: 0, strict_order: true });
    assert_eq!(own.runs.iter().map(|time| time.second).collect::<Vec<_>>(), [34_200, 50_400]);
    assert!(!own.runs_on_events && own.keeps_order());
    for (name, algorithm) in [
        ("fifo", Algorithm::Fifo),
        ("bypass-fifo", Algorithm::BypassFifo),
        ("bilateral-offset", Algorithm::BilateralOffset),
        ("multilateral", Algorithm::Multilateral),
    ] {
        let rules = rules(&format!("discipline = '{name}'"));
        assert_eq!(rules.discipline, algorithm);
        assert_eq!(rules.keeps_order(), name == "fifo");
    }
    let many: Vec<_> = (0..48).map(|at| format!("'{:02}:{:02}'", at / 2, at % 2 * 30)).collect();
    let with = |count| format!("discipline = 'optimiser'\nruns = [{}]", many[..count].join(","));
    assert_eq!(rules(&with(48)).runs.len(), 48);
}

#[test]
fn times_of_day() {
    for (text, second) in [("00:00", 0), ("09:05", 32_700), ("23:59", 86_340)] {
        assert_eq!(ClockTime::parse(text), Some(ClockTime { second }));
    }
    for bad in ["", "24:00", "12:60", "9:05", "+9:05", "09:+5", "09:05:00", "0905", "٠٩:05", " 9:05"] {
        assert_eq!(ClockTime::parse(bad), None, "{bad}");
    }
}

/// A day has one way to be written, whatever else the calendar library reads.
#[test]
fn days() {
    let alphabet = ['0', '1', '9', '-', '+', 'T', 'W', 'Z', ':', ' ', '.', '/', ','];
    let good = "2006-01-12";
    for at in 0..good.len() {
        for first in alphabet {
            for second in alphabet {
                let mut text: Vec<char> = good.chars().collect();
                text[at] = first;
                text[(at + 3) % good.len()] = second;
                let text: String = text.into_iter().collect();
                if let Ok(day) = Day::parse(&text) {
                    assert_eq!(day.to_string(), text);
                }
            }
        }
    }
    for bad in ["2006-W01-1", "20060112T0", "2006-02-29", "10000-01-1", "-000001-01", "2006/01/12"] {
        assert!(Day::parse(bad).is_err(), "{bad}");
    }
}
