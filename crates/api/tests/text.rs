//! Orders and commands as text: what is read, and how every mistake is named.

use api::sign::{BatchSigner, SignError};
use api::text::{
    CommandText, Format, LINE_BYTES_MAX, LineError, OrderLine, derived_id, describe_command, parse_command,
    parse_order, read_orders,
};
use keys::MemberKey;
use union::{BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, Batch, Charter, Command, Priority};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn key(member: u8) -> MemberKey {
    MemberKey::from_seed([member + 1; 32])
}

fn charter() -> Charter {
    let mut text = "name = \"Test\"\nprotocol = 1\nunit_of_account = \"USD\"\nsettlement_asset = \"USD\"\n\
        [calendar]\nutc_offset_minutes = -180\ncustomer_cut_off = \"16:00\"\ninterbank_cut_off = \"17:30\"\ndays_ahead = 10\n\
        [cycle]\nfirst_day = \"2006-01-01\"\nmonths = 4\nclose = \"18:00\"\n\
        [queue]\ndiscipline = \"bypass-fifo\"\nattempts = 1000\nopen_orders_max = 1000\ndays_waiting = 5\n"
        .to_owned();
    for (number, (code, currency)) in [("ARG", "ARS"), ("BRA", "BRL"), ("CHL", "CLP")].into_iter().enumerate() {
        let keys = key(number as u8).public();
        text += &format!(
            "[[members]]\ncode = \"{code}\"\nname = \"Central Bank\"\ncurrency = \"{currency}\"\nsigning_key = \"{}\"\n\
             sealing_key = \"{}\"\nweekend = [\"saturday\", \"sunday\"]\n",
            hex(&keys.signing),
            hex(&keys.sealing)
        );
    }
    Charter::parse(&text).unwrap()
}

const ID: &str = "2f6c5c38-0d5e-4d3b-9f0a-6c1f5f1f7a10";

fn full_line() -> String {
    format!(
        r#"{{"id":"{ID}","debtor_participant":1,"creditor":"BRA","creditor_participant":3,"currency":"BRL",
        "amount":"12.34","priority":"urgent","customer":true,"immediate":false,"value_date":"2006-01-02",
        "expires_at":"2006-01-02T18:00:00-03:00","purpose":"GDDS","reference":"invoice 7",
        "detail":{{"debtor_name":"María","remittance":["one","two"]}}}}"#
    )
}

#[test]
fn a_full_line_is_read_and_written_back() {
    let charter = charter();
    let draft = parse_order(&charter, 0, 1, &full_line()).unwrap();
    let payment = draft.payment;
    assert_eq!((payment.debtor, payment.creditor, payment.amount, payment.currency), (0, 1, 1_234, 986));
    assert_eq!((payment.debtor_participant, payment.creditor_participant), (1, 3));
    assert_eq!((payment.priority, payment.customer, payment.immediate), (Priority::Urgent as u8, 1, 0));
    assert_eq!((payment.reference(), payment.purpose), ("invoice 7", *b"GDDS"));
    assert_eq!(payment.expires_at, 1_136_235_600, "18:00 at UTC-3 is 21:00 UTC");
    assert_eq!(api::text::id_text(payment.id), ID);

    let written = serde_json::to_string(&OrderLine::write(&charter, &payment, draft.detail.as_ref())).unwrap();
    assert_eq!(parse_order(&charter, 0, 1, &written).unwrap(), draft);
}

/// Each mistake: (what is changed in the line, the field named, a part of the text, the reason code).
#[test]
fn every_mistake_names_order_field_and_reason() {
    let charter = charter();
    let table = [
        (r#""amount":"12.34""#, r#""amount":"12.345""#, "amount", "BRL has 2 decimals", "AM12"),
        (r#""amount":"12.34""#, r#""amount":"-1""#, "amount", "sign", "AM12"),
        (r#""amount":"12.34""#, r#""amount":"1e3""#, "amount", "exponent", "AM12"),
        (r#""amount":"12.34""#, r#""amount":"1,000""#, "amount", "grouping", "AM12"),
        (r#""amount":"12.34""#, r#""amount":"184467440737095516.16""#, "amount", "largest", "AM12"),
        (r#""amount":"12.34""#, r#""amount":12.30"#, "amount", "write the amount in quotes: \"12.30\"", "FF01"),
        (r#""currency":"BRL","#, r#""currency":"CLP","#, "amount", "CLP has 0 decimals", "AM12"),
        (r#""currency":"BRL","#, r#""currency":"PYG","#, "amount", "PYG has 0 decimals", "AM12"),
        (r#""currency":"BRL","#, r#""currency":"XAU","#, "currency", "without minor units", "AM03"),
        (r#""currency":"BRL","#, r#""currency":"brl","#, "currency", "capital letters", "AM03"),
        (r#""currency":"BRL","#, "", "currency", "missing field", "FF01"),
        (r#""creditor":"BRA""#, r#""creditor":"URU""#, "creditor", "the members are ARG, BRA, CHL", "RC04"),
        (r#""creditor":"BRA""#, r#""creditor":"BRA","creditor":"CHL""#, "creditor", "duplicate", "FF01"),
        (r#""value_date":"2006-01-02""#, r#""value_date":"02/01/2006""#, "value_date", "YYYY-MM-DD", "DT01"),
        (r#""value_date":"2006-01-02""#, r#""value_date":"2006-02-30""#, "value_date", "not a day", "DT01"),
        ("18:00:00-03:00", "18:00", "expires_at", "RFC 3339", "DT01"),
        ("18:00:00-03:00", "18:00:00.5-03:00", "expires_at", "whole seconds", "DT01"),
        ("urgent", "fast", "priority", "urgent, high or normal", "FF01"),
        ("GDDS", "gdds", "purpose", "purpose code", "FF01"),
        ("invoice 7", "a reference of twenty", "reference", "16 printable", "FF01"),
        ("invoice 7", "café", "reference", "16 printable", "FF01"),
        (r#""customer":true"#, r#""customer":"yes""#, "customer", "boolean", "FF01"),
        (r#""debtor_participant":1"#, r#""debtor_participant":-1"#, "debtor_participant", "u32", "FF01"),
        (r#""immediate":false"#, r#""immediate":false,"fee":"1""#, "fee", "unknown field", "FF01"),
        (r#""immediate":false"#, r#""immediate":false,"reason":"AC04""#, "reason", "only a return", "FF01"),
        (r#"{"debtor_name":"María","remittance":["one","two"]}"#, r#"["María"]"#, "detail", "a JSON object", "FF01"),
        (r#"["one","two"]"#, r#"["one",2]"#, "detail.remittance[1]", "expected a string", "FF01"),
        (r#""remittance""#, r#""remitance""#, "detail.remitance", "unknown field", "FF01"),
        ("María", "", "detail", "debtor_name is empty", "FF01"),
        (r#"{"debtor_name":"María","remittance":["one","two"]}"#, "{}", "detail", "leave it out", "FF01"),
        ("two\"]}}", "two\"]}} {}", "line", "something follows", "FF01"),
    ];
    for (from, to, field, text, reason) in table {
        let line = full_line().replacen(from, to, 1);
        assert_ne!(line, full_line(), "{from}");
        let error = parse_order(&charter, 0, 9, &line).expect_err(to);
        assert_eq!((error.field.as_str(), error.reason.as_str()), (field, reason), "{error}");
        assert!(error.problem.contains(text), "{error}");
        assert_eq!(error.line, 9);
        if field != "line" {
            assert_eq!(error.id.as_deref(), Some(ID), "{error}");
        }
    }
    for (id, text) in [("7", "not a UUID"), ("00000000-0000-0000-0000-000000000000", "all zeros")] {
        let error = parse_order(&charter, 0, 1, &full_line().replace(ID, id)).unwrap_err();
        assert_eq!((error.field.as_str(), error.id.as_deref()), ("id", Some(id)));
        assert!(error.problem.contains(text), "{error}");
    }
    let error = parse_order(&charter, 0, 3, "{\"id\":").unwrap_err();
    assert_eq!(error.field, "id");
    // A list of the fields in their order is no order.
    let list = format!(r#"["{ID}",null,0,"BRA",0,"USD","1.00",null,false,false,"2006-01-02"]"#);
    for line in ["7", "not json", "\"", list.as_str()] {
        let error = parse_order(&charter, 0, 3, line).unwrap_err();
        let said = (error.field.as_str(), error.problem.as_str());
        assert_eq!(said, ("line", "is not a JSON object; write one order a line"), "{line}");
    }
}

#[test]
fn a_return_names_its_original_and_a_reason() {
    let charter = charter();
    let line = format!(
        r#"{{"return":"{ID}","creditor":"ARG","currency":"ARS","amount":"5","value_date":"2006-01-02","reason":"AC04"}}"#
    );
    let draft = parse_order(&charter, 1, 1, &line).unwrap();
    assert_eq!(draft.payment.kind, union::Payment::RETURN);
    assert_eq!((draft.payment.reason.code(), api::text::id_text(draft.payment.original).as_str()), ("AC04", ID));
    assert!(!draft.has_id());
    let without = parse_order(&charter, 1, 1, &line.replace(r#","reason":"AC04""#, "")).unwrap_err();
    assert_eq!(without.field, "reason");
}

const MINIMAL: &str = r#"{"creditor":"BRA","currency":"USD","amount":"1.00","value_date":"2006-01-02"}"#;

#[test]
fn a_bad_line_does_not_affect_the_others() {
    let charter = charter();
    let long = format!("{{\"reference\":\"{}\"}}", "x".repeat(LINE_BYTES_MAX));
    // With a byte order mark, as some programs write it.
    let first = format!("\u{feff}{MINIMAL}");
    let file = [first.as_bytes(), b"", b"not json", b"\xff\xfe", long.as_bytes(), MINIMAL.as_bytes()].join(&b'\n');
    let read: Vec<_> = read_orders(&charter, 0, Format::JsonLines, file.as_slice(), 100).collect();
    assert_eq!(read.len(), 5);
    assert_eq!(read[0].as_ref().unwrap().line, 1);
    let errors: Vec<_> = read[1..4].iter().map(|line| line.as_ref().unwrap_err()).collect();
    assert_eq!(errors.iter().map(|error| error.line).collect::<Vec<_>>(), [3, 4, 5]);
    assert!(errors[1].problem.contains("UTF-8") && errors[2].problem.contains("65536 bytes"), "{errors:?}");
    assert_eq!(read[4].as_ref().unwrap().line, 6);

    let read: Vec<_> = read_orders(&charter, 0, Format::JsonLines, [MINIMAL; 3].join("\n").as_bytes(), 2).collect();
    assert_eq!(read.len(), 3);
    assert!(read[2].as_ref().unwrap_err().problem.contains("more than 2 orders"));
}

#[test]
fn csv_has_the_same_names() {
    let charter = charter();
    let file = "\u{feff}\nid,creditor,currency,amount,value_date,priority,customer,creditor_participant,detail_debtor_name,detail_remittance\r\n\
        2f6c5c38-0d5e-4d3b-9f0a-6c1f5f1f7a10,BRA,BRL,12.34,2006-01-02,high,true,3,\"Silva, Ana\",\"said \"\"one\"\"\"\r\n\
        \n\
        ,CHL,CLP,500,2006-01-02,,,,,\n\
        7,CHL,CLP,500.00,2006-01-02,,,,,\n\
        2f6c5c38-0d5e-4d3b-9f0a-6c1f5f1f7a11,CHL,CLP,500.00,2006-01-02,,,,,\n\
        ,CHL,CLP,500,2006-01-02,,maybe,,,\n\
        ,CHL,CLP,500,2006-01-02,,,+1,,\n\
        ,CHL,CLP,,2006-01-02,,,,,\n\
        ,CHL,CLP\n\
        ,BRA,USD,1,2006-01-02,,,,,\n";
    let read: Vec<_> = read_orders(&charter, 0, Format::Csv, file.as_bytes(), 100).collect();
    let first = read[0].as_ref().unwrap();
    assert_eq!((first.payment.amount, first.payment.priority, first.payment.customer), (1_234, 1, 1));
    assert_eq!(first.payment.creditor_participant, 3);
    let detail = first.detail.as_ref().unwrap();
    assert_eq!(
        (detail.debtor_name.as_deref(), detail.remittance.join("|").as_str()),
        (Some("Silva, Ana"), "said \"one\"")
    );
    assert_eq!(read[1].as_ref().unwrap().detail, None);
    let errors: Vec<&LineError> = read[2..8].iter().map(|line| line.as_ref().unwrap_err()).collect();
    let named: Vec<_> = errors.iter().map(|error| (error.line, error.field.as_str())).collect();
    // The first order is in line 3.
    assert_eq!(
        named,
        [(6, "id"), (7, "amount"), (8, "customer"), (9, "creditor_participant"), (10, "amount"), (11, "line")]
    );
    assert_eq!(errors[1].id.as_deref(), Some("2f6c5c38-0d5e-4d3b-9f0a-6c1f5f1f7a11"));
    assert!(read[8].is_ok());
    assert_eq!(read.len(), 9);

    for (header, text) in [
        ("creditor,currency,amount\n", "no column value_date"),
        ("creditor,currency,amount,value_date,fee\n", "\"fee\" is not one"),
        ("creditor,currency,amount,value_date,detail_age\n", "\"detail_age\" is not one"),
        ("creditor,currency,amount,value_date,amount\n", "twice"),
        ("", "no column"),
        ("creditor;currency;amount;value_date\nBRA;USD;1;2006-01-02\n", "separated by \";\", not by commas"),
        ("creditor\tcurrency\tamount\tvalue_date\n", "separated by \"\\t\", not by commas"),
        ("BRA,USD,1,2006-01-02\nBRA,USD,1,2006-01-02\n", "\"BRA\" is not one"),
        ("\"creditor,currency,amount,value_date\n", "a quote that is not closed"),
    ] {
        let read: Vec<_> = read_orders(&charter, 0, Format::Csv, header.as_bytes(), 9).collect();
        assert_eq!(read.len(), 1, "{header}");
        let error = read[0].as_ref().unwrap_err();
        assert!(error.problem.contains(text) && error.line == 1, "{error}");
        assert!(
            error.problem.contains("was not read") && error.problem.contains("creditor,currency,amount,value_date")
        );
    }
    // What stands inside a quote that is open over several lines is never taken for an order.
    for (inside, last) in [("BRA,USD,2,2006-01-02,\nx\"", 5), ("BRA,USD,2,2006-01-02,\"closed\"", 4)] {
        let file = format!(
            "creditor,currency,amount,value_date,reference\nBRA,USD,1,2006-01-02,\"open\n\n{inside}\nBRA,USD,3,2006-01-02,\n"
        );
        let read: Vec<_> = read_orders(&charter, 0, Format::Csv, file.as_bytes(), 9).collect();
        let error = read[0].as_ref().unwrap_err();
        let words = format!("opened in line 2 is not closed before the end of the line; lines 2-{last} were not read");
        assert!(error.line == 2 && error.problem.contains(&words), "{error}");
        let taken: Vec<_> = read[1..].iter().map(|draft| draft.as_ref().unwrap().payment.amount).collect();
        assert_eq!((taken, read[1].as_ref().unwrap().line), (vec![300], last + 1));
    }
    // A quote that is never closed must not swallow all memory.
    let endless = format!("creditor,currency,amount,value_date\n\"{}", "x".repeat(1 << 20));
    let read: Vec<_> = read_orders(&charter, 0, Format::Csv, endless.as_bytes(), 9).collect();
    assert!(read.len() == 1 && read[0].as_ref().unwrap_err().problem.contains("65536"), "{:?}", read[0]);
}

#[test]
fn commands_are_read_and_described() {
    let charter = charter();
    let order = format!("\"order\":\"{ID}\"");
    let good = [
        format!(r#"{{"command":"accept",{order}}}"#),
        format!(r#"{{"command":"refuse",{order},"reason":"RR04"}}"#),
        format!(r#"{{"command":"cancel",{order}}}"#),
        format!(r#"{{"command":"reprioritise",{order},"priority":"high"}}"#),
        format!(r#"{{"command":"reprioritise",{order},"priority":"high","first":true}}"#),
        format!(r#"{{"command":"hold",{order}}}"#),
        format!(r#"{{"command":"release",{order}}}"#),
        format!(r#"{{"command":"request_return",{order},"reason":"DUPL"}}"#),
        format!(r#"{{"command":"refuse_return",{order}}}"#),
        r#"{"command":"register_participant","participant":3,"identifier":"BANKBRRJ","name":"Banco São"}"#.into(),
        r#"{"command":"set_participant_caps","participant":3,"currency":"CLP","debit_cap":"500","credit_cap":"none"}"#.into(),
        r#"{"command":"set_caps","debit_cap":"1000.00","credit_cap":"none"}"#.into(),
        r#"{"command":"set_reservations","urgent":"10.00","high":"0.00"}"#.into(),
        r#"{"command":"set_bilateral_limits","counterparty":"CHL","debit_limit":"1.00","credit_limit":"none"}"#.into(),
        r#"{"command":"set_rule","slot":2,"action":"refuse","debtor":"ARG","above":"5","currency":"CLP","reason":"AG01"}"#.into(),
        r#"{"command":"set_rule","slot":15,"action":"hold"}"#.into(),
        r#"{"command":"publish_rates","from_day":"2006-01-02","buying":"923/20000","selling":"1/21"}"#.into(),
        r#"{"command":"publish_rates","currency":"EUR","from_day":"2006-01-02","buying":"5/4","selling":"5/4"}"#.into(),
        r#"{"command":"pay_claim","amount":"12.50"}"#.into(),
        r#"{"command":"close_cycle","cycle":1}"#.into(),
        r#"{"command":"confirm_leg","cycle":1,"leg":0}"#.into(),
    ];
    for json in good {
        let command = parse_command(&charter, &json).expect(&json);
        assert_eq!(Command::decode(&command.encode()), Ok(command), "{json}");
        let described = describe_command(&charter, &command);
        assert_eq!(described, serde_json::from_str::<serde_json::Value>(&json).unwrap());
        assert_eq!(serde_json::to_value(CommandText::parse(&json).unwrap()).unwrap(), described);
    }
    let decimal = r#"{"command":"publish_rates","from_day":"2006-01-02","buying":"0.04615","selling":"0.05"}"#;
    let Ok(Command::PublishRates { buying, .. }) = parse_command(&charter, decimal) else { panic!("{decimal}") };
    assert_eq!(buying, (923, 20_000));

    let bad = [
        (r#"{"command":"set_caps","debit_cap":"1.000","credit_cap":"none"}"#, "debit_cap", "USD has 2 decimals"),
        (r#"{"command":"set_caps","debit_cap":"1"}"#, "credit_cap", "missing"),
        (r#"{"command":"set_caps","debit_cap":"1","credit_cap":1}"#, "credit_cap", "expected a string"),
        (r#"{"command":"set_caps","debit_cap":"1","credit_cap":"1","credit_cap":"none"}"#, "credit_cap", "duplicate"),
        (r#"{"command":"set_caps","debit_cap":"1","credit_cap":"1","urgent":"1"}"#, "urgent", "unknown field"),
        (r#"{"command":"seize"}"#, "command", "no command"),
        (r#"{"order":1}"#, "command", "not named"),
        (r#"[]"#, "line", "a JSON object"),
        (r#"{"command":"close_cycle","cycle":1} {}"#, "line", "something follows"),
        (r#"{"command":"set_rule","slot":16,"action":"hold"}"#, "slot", "0 to 15"),
        (r#"{"command":"publish_rates","from_day":"2006-01-02","buying":"0","selling":"1"}"#, "buying", "above zero"),
        (r#"{"command":"publish_rates","from_day":"2006-01-02","buying":"1/x","selling":"1"}"#, "buying", "fraction"),
    ];
    for (json, field, text) in bad {
        let error = parse_command(&charter, json).expect_err(json);
        assert!(error.field == field && error.problem.contains(text), "{json}: {error}");
    }
}

#[test]
fn derived_identifiers_are_stable_and_distinct() {
    let id = derived_id(&[b"ARG", b"key", b"0"]);
    assert_eq!(id, derived_id(&[b"ARG", b"key", b"0"]));
    assert_ne!(id, derived_id(&[b"ARG", b"key0", b""]), "parts are told apart");
    assert_eq!(uuid::Uuid::from_u128(id).get_version_num(), 8);
}

#[test]
fn batches_are_packed_within_their_bounds_and_verify() {
    let charter = charter();
    let key = key(0);
    let signer = BatchSigner::new(&charter, 0, &key).unwrap();
    let draft = |line: u64, detail: &str| {
        let mut draft = parse_order(&charter, 0, line, &MINIMAL.replace('}', &format!("{detail}}}"))).unwrap();
        draft.give_id(|| derived_id(&[&line.to_le_bytes()]));
        draft
    };
    let plain: Vec<_> = (1..=9_000).map(|line| signer.seal(&draft(line, "")).unwrap()).collect();
    let batches = signer.sign(plain, 7).unwrap();
    assert_eq!(batches.iter().map(|batch| batch.lines.len()).collect::<Vec<_>>(), [BATCH_COMMANDS_MAX, 810]);
    assert_eq!(batches.iter().map(|batch| batch.sequence).collect::<Vec<_>>(), [7, 8]);

    // Details of the largest size fill the bytes before the records are at their most.
    let remittance = format!(r#","detail":{{"remittance":["{}"]}}"#, vec!["x".repeat(140); 10].join("\",\""));
    let sealed: Vec<_> = (1..=1_300).map(|line| signer.seal(&draft(line, &remittance)).unwrap()).collect();
    let batches = signer.sign(sealed, 1).unwrap();
    assert_eq!(batches.len(), 2);
    for batch in &batches {
        assert!(batch.bytes.len() <= BATCH_BYTES_MAX);
        let verified = Batch::signed(batch.bytes.clone().into(), &charter.hash()).unwrap();
        assert_eq!(verified.details().count(), batch.lines.len());
    }
    // The same order gives the same bytes; another one does not.
    assert_eq!(signer.seal(&draft(1, &remittance)), signer.seal(&draft(1, &remittance)));
    assert_ne!(
        signer.seal(&draft(1, &remittance)).unwrap().detail,
        signer.seal(&draft(2, &remittance)).unwrap().detail
    );

    assert!(matches!(BatchSigner::new(&charter, 1, &key), Err(SignError::Key { member, .. }) if member == "BRA"));
    let mut without_id = draft(1, "");
    without_id.payment.id = 0;
    assert_eq!(signer.seal(&without_id).unwrap_err().field, "id");
}
