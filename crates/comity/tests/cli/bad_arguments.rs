//! Bad input on the command line itself: what is wrong, where, and nothing done.

use crate::scene::run;

#[test]
fn a_table_of_bad_arguments() {
    let directory = tempfile::tempdir().unwrap();
    let new = directory.path().join("new").to_str().unwrap().to_owned();
    let two = ["--name=N", "--member=AA:A:USD", "--member=BB:B:EUR"];
    let init = |more: &[&'static str]| -> Vec<String> {
        let arguments = ["init", &new].into_iter().chain(two).chain(more.iter().copied());
        arguments.map(str::to_owned).collect()
    };
    let plain = |arguments: &[&str]| -> Vec<String> { arguments.iter().map(|text| (*text).to_owned()).collect() };
    let table: Vec<(Vec<String>, i32, &[&str])> = vec![
        (plain(&[]), 2, &["Usage"]),
        (plain(&["frobnicate"]), 2, &["frobnicate"]),
        (plain(&["init", &new]), 2, &["--name", "--member"]),
        (plain(&["init", &new, "--name=N"]), 2, &["--member"]),
        (plain(&["init", &new, "--name=N", "--member=AA:A:USD"]), 2, &["members", "2 to 256"]),
        (init(&["--member=AA:C:BRL"]), 2, &["members[2].code", "AA"]),
        (init(&["--member=cc:C:BRL"]), 2, &["members[2].code", "capital letters"]),
        (init(&["--member=CC:C:XAU"]), 2, &["XAU", "without minor units"]),
        (init(&["--member=CC:C"]), 2, &["CODE:NAME:CURRENCY"]),
        (init(&["--member=CC::BRL"]), 2, &["members[2].name"]),
        (init(&["--unit-of-account=usd"]), 2, &["--unit-of-account", "three capital letters"]),
        (init(&["--cycle-months=13"]), 2, &["--cycle-months", "13"]),
        (init(&["--first-day=2026-02-30"]), 2, &["--first-day"]),
        (init(&["--customer-cut-off=24:00"]), 2, &["--customer-cut-off", "HH:MM"]),
        (init(&["--cycle-close=09:00"]), 2, &["cycle.close", "cut-off"]),
        (init(&["--utc-offset-minutes=900"]), 2, &["calendar.utc_offset_minutes"]),
        (init(&["--weekend=sunday,sabbath"]), 2, &["sabbath", "monday"]),
        (init(&["--four-eyes-from=10.001"]), 2, &["--four-eyes-from", "3 decimals"]),
        (init(&["--work-factor=21"]), 2, &["--work-factor", "21"]),
        (init(&["--charter=/dev/null"]), 2, &["--charter"]),
        (plain(&["init", &new, "--charter=/dev/null"]), 1, &["/dev/null", "missing field"]),
        (plain(&["init", &new, "--charter=/nowhere"]), 1, &["cannot read /nowhere"]),
        (plain(&["keys", "show", "/nowhere"]), 1, &["cannot read /nowhere"]),
        (plain(&["verify"]), 2, &["<DIRECTORY>"]),
        (plain(&["export", &new]), 2, &["--out"]),
        (plain(&["verify", &new, "--output=xml"]), 2, &["xml", "json"]),
        (plain(&["completions", "sh"]), 2, &["bash"]),
    ];
    for (arguments, code, words) in table {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let result = run(&arguments);
        assert_eq!(result.code, code, "{arguments:?}\n{}", result.err);
        assert_eq!(result.out, "", "{arguments:?}: a result is only printed when there is one");
        result.says(words);
        assert!(!directory.path().join("new").exists(), "{arguments:?} left something behind");
    }
}
