//! Input that is meant to hurt.

use iso20022::{Fault, Limits, Part, Parts};
use std::io::{BufReader, Read};
use std::time::Duration;

const HEAD: &str = r#"<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.009.001.08"><FICdtTrf>"#;

/// How long this thread has been on a processor: on a machine that others use, the time that went by says nothing.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    Duration::from_nanos(text.split_whitespace().next().and_then(|first| first.parse().ok()).expect("a number"))
}

/// A bomb is refused within so much time, whatever its length would be.
const AT_MOST: Duration = Duration::from_millis(20);

fn refused(input: impl Read) -> Fault {
    let started = processor_time();
    let mut parts = Parts::new(BufReader::new(input), Limits::FILE);
    let fault = loop {
        match parts.next() {
            Ok(Some(Part::End(faults))) => panic!("was read to its end: {faults:?}"),
            Ok(Some(_)) => {}
            Ok(None) => panic!("was read"),
            Err(fault) => break fault,
        }
    };
    let took = processor_time() - started;
    assert!(took < AT_MOST, "took {took:?}");
    assert!(parts.next().unwrap().is_none(), "nothing follows");
    fault
}

#[test]
fn entities_are_not_expanded() {
    let laughs =
        r#"<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]><x>&lol2;</x>"#;
    assert!(refused(laughs.as_bytes()).problem.contains("document type"));
    let file = r#"<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>"#;
    assert!(refused(file.as_bytes()).problem.contains("document type"));
    let unknown = format!("{HEAD}<GrpHdr><MsgId>&lol;</MsgId></GrpHdr>");
    assert!(refused(unknown.as_bytes()).problem.contains("no entity of XML"));
    let forbidden = format!("{HEAD}<GrpHdr><MsgId>&#1;</MsgId></GrpHdr>");
    assert!(refused(forbidden.as_bytes()).problem.contains("no character"));
}

#[test]
fn depth_is_bounded_wherever_it_is() {
    let deep = "<a>".repeat(100_000);
    assert!(refused(deep.as_bytes()).problem.contains("deep in each other"));
    let passed_over = format!("{HEAD}<GrpHdr><SplmtryData>{deep}");
    assert!(refused(passed_over.as_bytes()).problem.contains("deep in each other"));
    let in_document = format!("{HEAD}<SplmtryData>{deep}");
    assert!(refused(in_document.as_bytes()).problem.contains("deep in each other"));
}

#[test]
fn size_is_bounded_without_reading_it_all() {
    // A gigabyte each, if it were read.
    let endless = |byte: u8| std::io::repeat(byte).take(1 << 30);
    let within = |start: &str, byte: u8| refused(start.as_bytes().to_owned().as_slice().chain(endless(byte)));
    assert!(within("<!--", b'x').problem.contains("longer than"));
    assert!(within("<x a='", b'x').problem.contains("longer than"));
    assert!(within("<", b'x').problem.contains("longer than"));
    assert!(within(&format!("{HEAD}<GrpHdr><MsgId>"), b'x').problem.contains("longer than"));
    assert!(within(&format!("{HEAD}<GrpHdr><MsgId><![CDATA["), b'x').problem.contains("longer than"));
    let many = format!("{HEAD}<CdtTrfTxInf>{}", "<a/>".repeat(20_000));
    assert!(refused(many.as_bytes()).problem.contains("more than 10000 elements"));
    let limits = Limits { bytes: 1_000, ..Limits::FILE };
    let long = format!("<x>{}", "<a></a>".repeat(1_000));
    assert!(Parts::new(long.as_bytes(), limits).next().unwrap_err().problem.contains("longer than 1000 bytes"));
}

#[test]
fn what_is_no_message_is_said_to_be_none() {
    let fault = |text: &str| refused(text.as_bytes());
    assert!(fault("").problem.contains("no element Document"));
    assert!(fault("{\"id\": 1}").problem.contains("no element Document"));
    assert!(fault("<Document/>").problem.contains("no element Document"));
    assert!(fault(r#"<?xml version="1.0" encoding="UTF-16"?><x/>"#).problem.contains("UTF-8"));
    assert!(fault("<a><b></a>").problem.contains("not XML"));
    for nameless in ["<>", "<a:>", "<a><></></a>", &format!("{HEAD}<GrpHdr><>"), &format!("{HEAD}<SplmtryData><a:/>")] {
        assert!(fault(nameless).problem.contains("has no name"), "{nameless}");
    }
    assert!(fault(HEAD).problem.contains("ends inside"));
    let mut latin = HEAD.as_bytes().to_vec();
    latin.extend_from_slice(b"<GrpHdr><MsgId>caf\xe9</MsgId></GrpHdr>");
    assert!(refused(latin.as_slice()).problem.contains("not XML"));
}
