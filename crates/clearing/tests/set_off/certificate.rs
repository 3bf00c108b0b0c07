//! The text of certificates: written and read back, and every line refused that does not belong.

use clearing::set_off::certificate::{CertificateError, Head, NAME_BYTES_MAX, Parser, Row, is_name};
use proptest::prelude::*;

fn head() -> Head<Box<str>> {
    Head {
        sha256: "0123456789abcdef".repeat(4),
        total: 1 << 70,
        cleared: 1 << 69,
        base: 1_000,
        ages: Some("days, late".into()),
        liquidity: 5,
        kept: vec!["\"quoted\"".into()],
        maxima: vec![("Ångström, S.A.".into(), 7, 1)],
        limits: vec![("a b".into(), "c".into(), 9, 0)],
        parties: vec![("a b".into(), -3, 5), ("c".into(), i64::MIN, -5), ("Ångström, S.A.".into(), 0, 0)],
        obligations: 2,
    }
}

fn text(head: &Head<Box<str>>, rows: &[(String, u64)]) -> String {
    let rows: String = rows.iter().map(|(id, set_off)| Row { id, set_off: *set_off }.to_string()).collect();
    format!("{head}{rows}")
}

type Read = (Head<Box<str>>, Vec<(String, u64)>);

fn read(text: &str) -> Result<Read, CertificateError> {
    let mut parser = Parser::new();
    let mut rows = Vec::new();
    for line in text.lines() {
        assert!(rows.is_empty() || parser.is_past_head());
        rows.extend(parser.line(line)?.map(|row| (row.id.to_owned(), row.set_off)));
    }
    Ok((parser.finish()?, rows))
}

#[test]
fn what_is_written_is_read() {
    let rows = [("1".to_owned(), 0), ("a,b".to_owned(), u64::MAX)];
    assert_eq!(read(&text(&head(), &rows)), Ok((head(), rows.to_vec())));
}

#[test]
fn the_form_is_as_documented() {
    let rows = [("i1".to_owned(), 4), ("i2".to_owned(), 0)];
    let expected = format!(
        "comity-set-off\t1\nsha256\t{}\ntotal\t1180591620717411303424\ncleared\t590295810358705651712\n\
         weight\t1000\tdays, late\nliquidity\t5\nkept\t1\n\"quoted\"\nmaxima\t1\nÅngström, S.A.\t7\t1\nlimits\t1\na b\tc\t9\t0\n\
         parties\t3\na b\t-3\t5\nc\t-9223372036854775808\t-5\nÅngström, S.A.\t0\t0\nobligations\t2\ni1\t4\ni2\t0\n",
        head().sha256
    );
    assert_eq!(text(&head(), &rows), expected);
}

#[test]
fn a_certificate_that_is_cut_off_or_goes_on() {
    let whole = text(&head(), &[("1".to_owned(), 0), ("2".to_owned(), 3)]);
    let lines: Vec<&str> = whole.lines().collect();
    for end in 0..lines.len() {
        let error = read(&lines[..end].join("\n")).expect_err("lines are missing");
        assert_eq!(error.line, end as u64 + 1, "{error}");
        assert!(error.problem.contains("should follow"), "{error}");
    }
    let error = read(&format!("{whole}3\t0\n")).expect_err("a line too many");
    assert!(error.problem.contains("should have ended"), "{error}");
}

#[test]
fn lines_that_do_not_belong() {
    let whole = text(&head(), &[("1".to_owned(), 0), ("2".to_owned(), 3)]);
    let good: Vec<&str> = whole.lines().collect();
    let long = "x".repeat(2_000);
    for (line, bad) in [
        (1, "comity-set-off\t2"),
        (1, "id,debtor,creditor,amount"),
        (2, "sha256\t0123"),
        (2, &good[1].to_uppercase()),
        (3, "total\t-1"),
        (3, "total\t+1"),
        (3, "total\t007"),
        (3, "total\t1e3"),
        (3, "total"),
        (3, "total 12"),
        (4, "cleared\t1.5"),
        (4, "cleared\t340282366920938463463374607431768211456"),
        (5, "weight\t9223372036854775808"),
        (5, "weight\t1\t"),
        (6, "liquidity\t-1"),
        (7, "kept\t18446744073709551616"),
        (8, ""),
        (8, "a\tb"),
        (10, "A\t7"),
        (10, "A\t7\t1\t"),
        (10, "A\t-7\t1"),
        (12, "a b\tc\t9\t-0"),
        (14, "a\u{7f}b\t0\t0"),
        (14, "a\t0\t 0"),
        (14, &long),
        (18, "1"),
        (18, "1\t-1"),
        (18, "1\t1\t1"),
        (18, "\t1"),
    ] {
        let mut lines = good.clone();
        lines[line - 1] = bad;
        let error = read(&lines.join("\n")).expect_err(bad);
        assert_eq!(error.line, line as u64, "{bad:?}: {error}");
        assert!(!error.problem.is_empty());
    }
}

#[test]
fn what_a_name_can_be() {
    for good in ["a", " ", "Ünïcode — ok", "comma, \"quote\"", "é", &"x".repeat(NAME_BYTES_MAX)] {
        assert!(is_name(good), "{good:?}");
    }
    for bad in ["", "a\tb", "a\nb", "a\rb", "\0", "\u{7f}", "\u{85}", &"x".repeat(NAME_BYTES_MAX + 1)] {
        assert!(!is_name(bad), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(lines in prop::collection::vec("[a-z0-9\t-]{0,20}", 0..30), keep in 0..18_usize) {
        let whole = text(&head(), &[("1".to_owned(), 0), ("2".to_owned(), 3)]);
        let start: Vec<String> = whole.lines().take(keep).map(str::to_owned).collect();
        let all: Vec<String> = start.into_iter().chain(lines).collect();
        if let Ok((head, rows)) = read(&all.join("\n")) {
            // What is read is written back as it was.
            prop_assert!(text(&head, &rows).lines().eq(all.join("\n").lines()));
        }
    }
}
