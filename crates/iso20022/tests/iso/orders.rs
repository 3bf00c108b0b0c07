//! What messages ask for, and what is wrong with those that ask for nothing that can be done.

use crate::messages::{
    ORDER, UETR, answer, bic, cancellation, customer_transfer, give_back, institution_transaction,
    institution_transfer, liquidity, question,
};
use crate::union_of_three::{TODAY, charter, directory};
use iso20022::{Breach, Fault, Head, Incoming, Limits, Messages, Reader, Request, Transaction};
use union::{Payment, Priority, Reason};

pub fn read_as(member: u16, text: &[u8]) -> (Vec<Transaction>, Vec<Head>) {
    let (charter, directory) = (charter(), directory());
    let reader = Reader { charter: &charter, directory: &directory, member, today: TODAY };
    let mut messages = Messages::new(text, Limits::FILE, Some(reader));
    let (mut transactions, mut heads) = (Vec::new(), Vec::new());
    while let Some(incoming) = messages.next().unwrap() {
        match incoming {
            Incoming::Message(_) => {}
            Incoming::Transaction(transaction) => transactions.push(transaction),
            Incoming::End(head) => heads.push(head),
        }
    }
    (transactions, heads)
}

/// The only transaction of a message without faults.
#[track_caller]
fn request(text: &str) -> Transaction {
    let (mut transactions, heads) = read_as(0, text.as_bytes());
    assert_eq!(heads.len(), 1);
    assert_eq!(heads[0].faults, []);
    assert_eq!(transactions.len(), 1);
    let transaction = transactions.remove(0);
    assert!(transaction.request.is_ok(), "{:?}", transaction.request);
    transaction
}

/// All faults of a message.
fn faults(text: &str) -> Vec<Fault> {
    let (transactions, heads) = read_as(0, text.as_bytes());
    let of_transactions = transactions.into_iter().filter_map(|transaction| transaction.request.err()).flatten();
    of_transactions.chain(heads.into_iter().flat_map(|head| head.faults)).collect()
}

#[test]
fn a_customer_transfer_becomes_an_order_with_everything_that_is_kept() {
    let transaction = request(&customer_transfer());
    let Ok(Request::Pay { payment, detail }) = transaction.request else { panic!("{transaction:?}") };
    let charter = charter();
    let mut expected = Payment::new(ORDER, 0, 1, 840, 123_456, TODAY.0);
    (expected.debtor_participant, expected.creditor_participant) = (7, 9);
    (expected.customer, expected.priority, expected.purpose) = (1, Priority::High as u8, *b"GDDS");
    expected.expires_at = charter.calendar.time_ms(TODAY, 15 * 3_600 + 1_800) / 1_000;
    expected.reference = payment.reference;
    assert_eq!(payment, expected);
    assert_eq!(payment.reference().len(), 16);
    let expected = keys::Detail {
        debtor_name: Some("Ana & Söhne <1>".into()),
        debtor_account: Some("DE89370400440532013000".into()),
        creditor_name: Some("Bia".into()),
        creditor_account: Some("12345-6".into()),
        remittance: vec!["invoice 1".into(), "wool".into()],
        end_to_end_id: Some("E2E-1".into()),
        instruction_id: Some("INSTR-1".into()),
        message_id: Some("MSG-1".into()),
    };
    assert_eq!(*detail, expected);
    // The same again is the same order; in another message it is another one, which the union refuses.
    let again = |text: &str| match request(text).request {
        Ok(Request::Pay { payment, .. }) => payment,
        other => panic!("{other:?}"),
    };
    assert_eq!(again(&customer_transfer()), payment);
    let elsewhere = again(&customer_transfer().replace("MSG-1", "MSG-2"));
    assert_eq!(elsewhere.id, payment.id);
    assert_ne!(elsewhere, payment);
}

#[test]
fn how_xml_is_written_makes_no_difference() {
    let plain = customer_transfer();
    let expected = request(&plain).request;
    let prefixed = prefix(&plain);
    let with_mark = format!("\u{feff}{plain}");
    let with_comments =
        plain.replace("<GrpHdr>", "<!-- a < b --><?pi x?><GrpHdr>").replace("E2E-1", "E2<!-- -->E-<![CDATA[1]]>");
    let crlf = plain.replace('\n', "\r\n");
    let references = plain.replace("INSTR-1", "I&#78;STR&#x2D;1");
    let bare = plain[plain.find("<Document").unwrap()..].replace("</Envelope>", "");
    let spaced = plain.replace("<UETR>", "\n\t <UETR>").replace(">2006-01-02<", "> 2006-01-02\n<");
    for other in [prefixed, with_mark, with_comments, crlf, references, bare, spaced] {
        assert_eq!(request(&other).request, expected, "{other}");
    }
}

/// The same message with a prefix on every element of the document.
fn prefix(text: &str) -> String {
    let (before, document) = text.split_at(text.find("<Document").unwrap());
    let (document, after) = document.split_at(document.find("</Envelope>").unwrap());
    let mut cdata = false;
    let parts = document.split_inclusive('<').collect::<Vec<_>>();
    let mut prefixed = String::new();
    for (at, part) in parts.iter().enumerate() {
        let after_bracket = at > 0;
        let text = *part;
        if after_bracket && text.starts_with("![CDATA[") {
            cdata = true;
        }
        let is_tag = after_bracket && !cdata && text.starts_with(|c: char| c.is_alphabetic());
        let is_end = after_bracket && !cdata && text.starts_with('/');
        if cdata && text.contains("]]>") {
            cdata = false;
        }
        match (is_tag, is_end) {
            (true, _) => prefixed.push_str(&format!("p:{text}")),
            (_, true) => prefixed.push_str(&format!("/p:{}", &text[1..])),
            _ => prefixed.push_str(text),
        }
    }
    format!("{before}{}{after}", prefixed.replace("xmlns=", "xmlns:p="))
}

#[test]
fn institutions_are_found_by_bic_lei_and_code() {
    let text = institution_transfer(&[institution_transaction("")]);
    let Ok(Request::Pay { payment, detail }) = request(&text).request else { panic!() };
    assert_eq!((payment.debtor, payment.creditor, payment.amount), (0, 2, 1_000));
    assert_eq!((payment.debtor_participant, payment.creditor_participant, payment.customer), (0, 0, 0));
    assert_eq!((detail.debtor_name, detail.end_to_end_id.as_deref()), (None, Some("E")));
    assert_eq!(payment.id >> 76 & 0xf, 8, "derived from its identifiers, since it has no UETR");

    let by_lei = text.replace("<ClrSysMmbId><MmbId>KWT</MmbId></ClrSysMmbId>", "<LEI>506700GE1G29325QX363</LEI>");
    let Ok(Request::Pay { payment, .. }) = request(&by_lei).request else { panic!() };
    assert_eq!(payment.creditor, 1);
    let behind = text.replace("<Cdtr>", &format!("{}<Cdtr>", bic("CdtrAgt", "PARTKWKW")));
    let behind = behind.replace("<ClrSysMmbId><MmbId>KWT</MmbId></ClrSysMmbId>", "<BICFI>SOMEDEFF</BICFI>");
    let Ok(Request::Pay { payment, detail }) = request(&behind).request else { panic!() };
    assert_eq!((payment.creditor, payment.creditor_participant), (2, 9));
    assert_eq!(detail.creditor_name.as_deref(), Some("SOMEDEFF"), "the institution behind its agent");
}

#[test]
fn returns_cancellations_questions_and_liquidity() {
    let give_back = give_back();
    let Ok(Request::Return { payment, detail, receiver }) = request(&give_back).request else { panic!() };
    assert_eq!((payment.kind, payment.original, payment.amount), (Payment::RETURN, ORDER, 1_000));
    assert_eq!((payment.reason, receiver), (Reason(*b"AC04"), Some(1)));
    assert_eq!((detail.instruction_id.as_deref(), &detail.remittance[..]), (Some("RTR-1"), &["closed".to_owned()][..]));
    let part = give_back.replace("\"USD\">10.0<", "\"USD\">9.99<");
    assert_eq!(faults(&part)[0].reason, Reason::AM12);

    let transaction = request(&cancellation());
    assert_eq!(transaction.request_id.as_deref(), Some("CXL-1"));
    assert_eq!(transaction.request, Ok(Request::Cancel { order: ORDER, reason: Reason::DUPL, text: None }));

    let transaction = request(&answer());
    assert_eq!(transaction.request_id.as_deref(), Some("STS-1"));
    assert_eq!(transaction.request, Ok(Request::Answer { order: ORDER, refused: Some(Reason(*b"LEGL")) }));
    let given_back = answer().replace("<TxCxlSts>RJCR", "<TxCxlSts>ACCR");
    assert_eq!(request(&given_back).request, Ok(Request::Answer { order: ORDER, refused: None }));
    assert_eq!(faults(&answer().replace("<TxCxlSts>RJCR</TxCxlSts>", ""))[0].reason, Reason::FF01);
    assert_eq!(faults(&answer().replace("FICTARBA<", "FICTCLRM<"))[0].reason, Reason::RC03, "another member answers");

    let transaction = request(&question());
    assert_eq!(transaction.request, Ok(Request::Status { order: ORDER }));

    let Ok(Request::Pay { payment, .. }) = request(&liquidity()).request else { panic!() };
    assert_eq!((payment.immediate, payment.priority, payment.value_date), (1, Priority::Urgent as u8, TODAY.0));
    assert_eq!((payment.creditor, payment.amount), (1, 500));
}

#[test]
fn every_fault_is_named_with_its_place_its_reason_and_all_at_once() {
    let good = customer_transfer();
    let table: &[(&str, &str, &str, &str, Breach)] = &[
        (
            "FICTARBA</BICFI></FinInstnId></InstgAgt>",
            "FICTCLRM</BICFI></FinInstnId></InstgAgt>",
            "CdtTrfTxInf/InstgAgt",
            "RC03",
            Breach::Rule,
        ),
        ("PARTARBA<", "PARTCLRM<", "DbtrAgt", "RC03", Breach::Rule),
        ("PARTARBA<", "NOBODEFF<", "DbtrAgt", "AC02", Breach::Rule),
        ("PARTCLRMXXX<", "PARTKWKW<", "CdtrAgt", "AC03", Breach::Rule),
        ("FICTCLRM<", "NOBODEFF<", "InstdAgt", "RC04", Breach::Rule),
        ("FICTCLRM<", "FICTCLR<", "InstdAgt/FinInstnId/BICFI", "RC01", Breach::Structure),
        ("1234.56", "1234.567", "IntrBkSttlmAmt", "AM12", Breach::Rule),
        ("1234.56", "0.00", "IntrBkSttlmAmt", "AM01", Breach::Rule),
        ("1234.56", "-1", "IntrBkSttlmAmt", "AM12", Breach::Rule),
        ("1234.56", "1e3", "IntrBkSttlmAmt", "FF01", Breach::Structure),
        ("Ccy=\"USD\"", "Ccy=\"XXX\"", "IntrBkSttlmAmt", "AM03", Breach::Rule),
        ("Ccy=\"USD\"", "", "IntrBkSttlmAmt", "FF01", Breach::Structure),
        (">CLRG<", ">INDA<", "SttlmInf/SttlmMtd", "AG03", Breach::Rule),
        (">CLRG<", ">CASH<", "SttlmInf/SttlmMtd", "FF01", Breach::Structure),
        ("<NbOfTxs>1<", "<NbOfTxs>2<", "GrpHdr/NbOfTxs", "AM18", Breach::Rule),
        ("</NbOfTxs>", "</NbOfTxs><CtrlSum>1234.57</CtrlSum>", "GrpHdr/CtrlSum", "AM10", Breach::Rule),
        ("DE89370400440532013000", "DE89370400440532013001", "DbtrAcct/Id/IBAN", "AC01", Breach::Structure),
        (UETR, "174c245f-2682-1291-ad67-2a41e530cd27", "PmtId/UETR", "FF01", Breach::Structure),
        ("E2E-1", "", "PmtId/EndToEndId", "FF01", Breach::Structure),
        ("E2E-1", "E2E\u{e9}", "PmtId/EndToEndId", "FF01", Breach::Structure),
        ("INSTR-1", "I234567890123456789012345678901234567", "PmtId/InstrId", "FF01", Breach::Structure),
        ("invoice 1", "a\nb", "RmtInf/Ustrd", "FF01", Breach::Structure),
        ("2006-01-02</IntrBkSttlmDt>", "2006-02-30</IntrBkSttlmDt>", "IntrBkSttlmDt", "DT01", Breach::Structure),
        ("<IntrBkSttlmDt>2006-01-02</IntrBkSttlmDt>", "", "CdtTrfTxInf", "DT01", Breach::Rule),
        ("<TillTm>15:30:00</TillTm>", "<FrTm>15:30:00</FrTm>", "SttlmTmReq/FrTm", "AG03", Breach::Rule),
        (
            "<Purp>",
            "<InstrForNxtAgt><InstrInf>x</InstrInf></InstrForNxtAgt><Purp>",
            "InstrForNxtAgt",
            "AG03",
            Breach::Rule,
        ),
        ("<Ustrd>wool</Ustrd>", "<Strd/>", "RmtInf/Strd", "RR07", Breach::Rule),
        ("<ChrgBr>SHAR</ChrgBr>", "", "CdtTrfTxInf/InstgAgt", "FF01", Breach::Structure),
        ("<ChrgBr>", "<Chrg/><ChrgBr>", "CdtTrfTxInf/Chrg", "FF01", Breach::Structure),
        ("<MsgDefIdr>pacs.008", "<MsgDefIdr>pacs.009", "AppHdr/MsgDefIdr", "FF01", Breach::Structure),
        ("FICTARBAXXX", "FICTCLRM", "AppHdr/Fr/FIId", "RC03", Breach::Rule),
        ("<CdtTrfTxInf>", "<CdtTrfTxInf xmlns=\"urn:other\">", "CdtTrfTxInf", "FF01", Breach::Structure),
    ];
    for (from, to, path, code, breach) in table {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from} is there");
        let found = faults(&text);
        let told: Vec<String> = found.iter().map(Fault::to_string).collect();
        let is_it =
            |fault: &Fault| fault.path.ends_with(path) && fault.reason.code() == *code && fault.breach == *breach;
        assert!(found.iter().any(is_it), "{from} -> {to}: {told:#?}");
        assert!(found.iter().all(|fault| fault.line > 0 && fault.line < 20), "{told:#?}");
    }
    let several = good.replace("1234.56", "0").replace("PARTARBA", "NOBODEFF").replace("PARTCLRMXXX", "PARTKWKW");
    let codes: Vec<String> = faults(&several).iter().map(|fault| fault.reason.code().to_owned()).collect();
    assert_eq!(codes, ["AC02", "AC03", "AM01"], "all at once");
}

#[test]
fn without_a_union_forms_are_checked_and_nobody_is_looked_up() {
    let text = customer_transfer().replace("PARTARBA", "NOBODEFF");
    let mut messages = Messages::new(text.as_bytes(), Limits::FILE, None);
    while let Some(incoming) = messages.next().unwrap() {
        match incoming {
            Incoming::Transaction(transaction) => assert!(transaction.request.is_ok(), "{transaction:?}"),
            Incoming::Message(head) | Incoming::End(head) => assert_eq!(head.faults, []),
        }
    }
}

#[test]
fn a_file_holds_many_messages_and_each_stands_for_itself() {
    let other = |n: u32| format!("<UETR>174c245f-2682-4291-ad67-2a41e530cd{n:02x}</UETR>");
    let two = [institution_transaction(&other(1)), institution_transaction(&other(2))];
    let broken = institution_transfer(&two[..1]).replace("<Dbtr>", "<Debtor>").replace("</Dbtr>", "</Debtor>");
    let body = |text: &str| text.split_once("?>").unwrap().1.to_owned();
    let file = format!(
        "<File>{}{}{}</File>",
        body(&institution_transfer(&two)),
        body(&broken),
        body(&customer_transfer().replace("MSG-1", "MSG-2"))
    );
    let (transactions, heads) = read_as(0, file.as_bytes());
    assert_eq!(transactions.iter().map(|t| t.request.is_ok()).collect::<Vec<_>>(), [true, true, false, true]);
    assert_eq!(heads.iter().map(|head| head.faults.len()).collect::<Vec<_>>(), [0, 0, 0]);
    let references = transactions.iter().filter_map(|t| match &t.request {
        Ok(Request::Pay { payment, .. }) => Some(payment.reference),
        _ => None,
    });
    assert_eq!(references.collect::<std::collections::BTreeSet<_>>().len(), 3);
}
