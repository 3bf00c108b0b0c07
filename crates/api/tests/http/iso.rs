//! ISO 20022 messages over HTTP.

use crate::harness::{Server, charter, hex, key, operator_key, people, problem};
use api::Bounds;
use serde_json::Value;
use sha2::{Digest, Sha256};
use union::Charter;

const UETR: &str = "174c245f-2682-4291-ad67-2a41e530cd27";

fn agent(name: &str, code: &str) -> String {
    format!("<{name}><FinInstnId><ClrSysMmbId><MmbId>{code}</MmbId></ClrSysMmbId></FinInstnId></{name}>")
}

fn document(identifier: &str, inside: &str) -> String {
    format!("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{identifier}\">{inside}</Document>")
}

fn transaction(uetr: &str, amount: &str, creditor: &str) -> String {
    format!(
        "<CdtTrfTxInf><PmtId><InstrId>I1</InstrId><EndToEndId>E1</EndToEndId><UETR>{uetr}</UETR></PmtId>\
         <IntrBkSttlmAmt Ccy=\"USD\">{amount}</IntrBkSttlmAmt><IntrBkSttlmDt>2006-01-02</IntrBkSttlmDt>{}{}</CdtTrfTxInf>",
        agent("Dbtr", "BRA"),
        agent("Cdtr", creditor)
    )
}

fn transfer(message: &str, transactions: &[String]) -> String {
    let group = format!(
        "<GrpHdr><MsgId>{message}</MsgId><CreDtTm>2006-01-02T12:00:00Z</CreDtTm><NbOfTxs>{}</NbOfTxs>\
         <SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>",
        transactions.len()
    );
    document("pacs.009.001.08", &format!("<FICdtTrf>{group}{}</FICdtTrf>", transactions.concat()))
}

fn post(server: &Server, operator: &str, body: &str) -> String {
    let answer = server.session(operator).post_bytes("/iso20022", "application/xml", None, body.as_bytes()).unwrap();
    String::from_utf8(answer).unwrap()
}

/// The texts of the elements of a name, in order.
fn texts<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!("<{name}>");
    xml.split(&start).skip(1).filter_map(|rest| rest.split('<').next()).collect()
}

#[test]
fn messages_are_answered_by_messages() {
    let server = Server::start();
    let other = UETR.replace("174c245f", "274c245f");
    let body = transfer("M1", &[transaction(UETR, "10.50", "ARG"), transaction(&other, "1.00", "XYZ")]);
    let answer = post(&server, "mia", &body);
    assert_eq!(texts(&answer, "MsgDefIdr"), ["pacs.002.001.10"]);
    assert_eq!(texts(&answer, "TxSts"), ["ACSC", "RJCT"]);
    assert_eq!((texts(&answer, "OrgnlUETR"), texts(&answer, "OrgnlMsgId")), (vec![UETR, &other], vec!["M1", "M1"]));
    assert!(answer.contains("<Cd>RC04</Cd>"), "{answer}");

    // The same again does nothing, and says so; the same UETR in another message is refused.
    let again = post(&server, "mia", &body);
    assert_eq!(texts(&again, "TxSts"), ["ACSC", "RJCT"]);
    assert!(again.contains("<Cd>DUPL</Cd>"), "{again}");
    let elsewhere = post(&server, "mia", &transfer("M2", &[transaction(UETR, "10.50", "ARG")]));
    assert_eq!((texts(&elsewhere, "TxSts"), elsewhere.contains("<Cd>DUPL</Cd>")), (vec!["RJCT"], true));
    let positions: Value = server.client().get("/v1/positions?member=BRA").unwrap();
    assert_eq!(positions["positions"][0]["balance"]["amount"], "-10.50", "paid once");

    // What is much waits for a second person; what waits for nobody is asked about, and asked back.
    let much = UETR.replace("174c245f", "374c245f");
    let waits = post(&server, "mia", &transfer("M3", &[transaction(&much, "1000.00", "ARG")]));
    assert_eq!((texts(&waits, "TxSts"), waits.contains("second person")), (vec!["PDNG"], true));
    let ask = format!(
        "<FIToFIPmtStsReq><GrpHdr><MsgId>A</MsgId><CreDtTm>2006-01-02T12:00:00Z</CreDtTm></GrpHdr>\
         <TxInf><OrgnlUETR>{UETR}</OrgnlUETR></TxInf></FIToFIPmtStsReq>"
    );
    assert_eq!(texts(&post(&server, "mia", &document("pacs.028.001.03", &ask)), "TxSts"), ["ACSC"]);
    let unknown = post(&server, "max", &document("pacs.028.001.03", &ask));
    assert!(unknown.contains("<Cd>NOOR</Cd>"), "Chile is no side of it: {unknown}");
    let recall = format!(
        "<FIToFIPmtCxlReq><Assgnmt><Id>C</Id><Assgnr>{}</Assgnr><Assgne>{}</Assgne><CreDtTm>2006-01-02T12:00:00Z</CreDtTm></Assgnmt>\
         <Undrlyg><TxInf><CxlId>C1</CxlId><OrgnlUETR>{UETR}</OrgnlUETR></TxInf></Undrlyg></FIToFIPmtCxlReq>",
        agent("Agt", "BRA"),
        agent("Agt", "ARG")
    );
    let recall = document("camt.056.001.08", &recall);
    let request_of = || {
        let order: Value = server.client().get(&format!("/v1/orders/{UETR}")).unwrap();
        order["return_request"].clone()
    };
    assert_eq!(request_of(), Value::Null);
    for _ in 0..2 {
        let answer = post(&server, "mia", &recall);
        assert_eq!((texts(&answer, "MsgDefIdr"), texts(&answer, "Conf")), (vec!["camt.029.001.09"], vec!["PDCR"]));
        assert_eq!(request_of(), serde_json::json!({"status": "asked", "reason": "CUST"}));
    }
    let asked: Value = server.client().get("/v1/orders?member=ARG&request=asked").unwrap();
    assert_eq!((asked["orders"].as_array().unwrap().len(), &asked["orders"][0]["id"]), (1, &Value::from(UETR)));
    let none: Value = server.client().get("/v1/orders?request=refused").unwrap();
    assert_eq!(none["orders"], serde_json::json!([]));
    assert_eq!(problem(server.client().get::<Value>("/v1/orders?request=x")).status, 400);
    // Only the member that was paid answers.
    let answer = format!(
        "<RsltnOfInvstgtn><Assgnmt><Id>R</Id><Assgnr>{}</Assgnr><Assgne>{}</Assgne><CreDtTm>2006-01-02T12:00:00Z</CreDtTm></Assgnmt>\
         <Sts><Conf>RJCR</Conf></Sts><CxlDtls><TxInfAndSts><OrgnlUETR>{UETR}</OrgnlUETR><TxCxlSts>RJCR</TxCxlSts></TxInfAndSts>\
         </CxlDtls></RsltnOfInvstgtn>",
        agent("Agt", "BRA"),
        agent("Agt", "ARG")
    );
    let refused = post(&server, "mia", &document("camt.029.001.09", &answer));
    assert_eq!((texts(&refused, "MsgDefIdr"), refused.contains("NOOR")), (vec!["admi.002.001.01"], true), "{refused}");

    // A statement as a message; the payment's own identifiers are for the members concerned.
    let path = "/v1/statements?member=BRA&day=2006-01-02&format=camt053";
    let own = String::from_utf8(server.session("mia").get_bytes(path).unwrap()).unwrap();
    assert_eq!(texts(&own, "MsgDefIdr"), ["camt.052.001.08"], "the day is not over");
    assert!(own.contains("BRA-POSITION") && texts(&own, "EndToEndId").contains(&"E1"), "{own}");
    for other in [server.client(), server.session("max")] {
        let other = String::from_utf8(other.get_bytes(path).unwrap()).unwrap();
        assert!(other.contains("BRA-POSITION") && !texts(&other, "EndToEndId").contains(&"E1"), "{other}");
    }
    assert_eq!(problem(server.client().get_bytes(&path.replace("day=2006-01-02", "day=2005-01-02"))).status, 404);

    let two = post(&server, "mia", &format!("<File>{recall}{}</File>", document("pacs.028.001.03", &ask)));
    assert!(two.starts_with("<?xml") && two.contains("<Envelopes"), "{two}");
}

#[test]
fn what_is_no_message_is_rejected_with_its_place_and_who_is_nobody_is_sent_away() {
    let server = Server::start();
    let rejected = post(&server, "mia", "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>");
    assert_eq!(texts(&rejected, "MsgDefIdr"), ["admi.002.001.01"]);
    assert!(rejected.contains("document type"), "{rejected}");
    let broken = transfer("M1", &[transaction(UETR, "10.50", "ARG").replace("EndToEndId", "EndToEnd")]);
    let rejected = post(&server, "mia", &broken);
    assert_eq!((texts(&rejected, "MsgDefIdr"), texts(&rejected, "Ref")), (vec!["admi.002.001.01"], vec!["M1"]));
    assert!(rejected.contains("CdtTrfTxInf/PmtId/EndToEnd"), "{rejected}");
    let of_another = transfer("M2", &[transaction(UETR, "10.50", "ARG")]).replace(">BRA<", ">CHL<");
    assert!(post(&server, "mia", &of_another).contains("<Cd>RC03</Cd>"));

    let good = transfer("M1", &[transaction(UETR, "10.50", "ARG")]);
    let send = |client: &api::client::Client, media_type: &str, body: &[u8]| {
        problem(client.post_bytes("/iso20022", media_type, None, body)).status
    };
    assert_eq!(send(&server.client(), "application/xml", good.as_bytes()), 401);
    assert_eq!(send(&server.session("vera"), "application/xml", good.as_bytes()), 403);
    assert_eq!(send(&server.session("mia"), "application/json", good.as_bytes()), 415);
    assert_eq!(send(&server.session("mia"), "application/xml", &vec![b' '; (8 << 20) + 1]), 413);
    let positions: Value = server.client().get("/v1/positions?member=BRA").unwrap();
    assert_eq!(positions["positions"][0]["balance"]["amount"], "0.00", "nothing moved");
}

/// Where the charter asks for signed messages, and names nobody else, the member's own key signs them.
#[test]
fn messages_are_signed_where_the_charter_asks() {
    let text = charter().text().replacen("[calendar]", "signed_messages = true\n[calendar]", 1);
    let server = Server::under(Charter::parse(&text).unwrap(), people(), Bounds::default());
    let token = server.client().log_in("mia", &operator_key("mia")).unwrap().token.unwrap();
    let body = transfer("M1", &[transaction(UETR, "10.50", "ARG")]);
    let signed = |member: u16, body: &str| {
        let message = api::iso::signed_bytes(Sha256::digest(body).into());
        hex(&key(member).sign(&message).unwrap())
    };
    let send = |signature: Option<String>| {
        let signature = signature.map_or(String::new(), |signature| format!("\r\nComity-Signature: {signature}"));
        let head = "POST /iso20022 HTTP/1.1\r\nContent-Type: application/xml\r\nAuthorization: Bearer";
        server.raw(&format!("{head} {token}{signature}"), body.as_bytes())
    };
    for (bad, why) in [
        (None, "is missing"),
        (Some(String::new()), "is not a signature of 128 hexadecimal digits"),
        (Some("00".repeat(63)), "is not a signature of 128 hexadecimal digits"),
        (Some("00".repeat(64)), "one of the signers"),
        (Some(signed(2, &body)), "one of the signers"),
        (Some(signed(1, &body.replace("10.50", "10.51"))), "one of the signers"),
    ] {
        let (status, answer) = send(bad);
        assert_eq!(status, 422, "{answer}");
        assert!(answer.contains(why) && answer.contains("DS0H"), "{why}: {answer}");
    }
    let balance = || {
        server.client().get::<Value>("/v1/positions?member=BRA").unwrap()["positions"][0]["balance"]["amount"].clone()
    };
    assert_eq!(balance(), "0.00", "nothing moved");
    let (status, answer) = send(Some(signed(1, &body)));
    assert_eq!((status, texts(&answer, "TxSts")), (200, vec!["ACSC"]));
    assert_eq!(balance(), "-10.50");
}
