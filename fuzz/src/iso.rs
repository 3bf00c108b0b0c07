//! What holds for every inbound message, whatever its bytes.
//!
//! Bytes by themselves seldom become XML, so a good message is changed too: pieces of it are cut out, and others put in.

use crate::charter;
use arbitrary::Arbitrary;
use iso20022::{Directory, Fault, Incoming, Limits, Messages, Reader, Request};
use union::Day;

/// Changes to a good message, or a message by itself.
#[derive(Debug, Arbitrary)]
pub enum Input<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// The good message, changed.
    Changed(Vec<Change<'a>>),
}

/// A change: `cut` bytes at `at` are replaced.
#[derive(Debug, Arbitrary)]
pub struct Change<'a> {
    at: u16,
    cut: u8,
    put: &'a [u8],
}

/// Checks what holds for every input that says it is this message.
pub fn check(identifier: &str, input: &Input<'_>) {
    match input {
        Input::Bytes(bytes) => check_bytes(bytes),
        Input::Changed(changes) => {
            let mut bytes = good(identifier).into_bytes();
            for change in changes {
                let at = usize::from(change.at) % (bytes.len() + 1);
                let end = (at + usize::from(change.cut)).min(bytes.len());
                bytes.splice(at..end, change.put.iter().copied());
            }
            check_bytes(&bytes);
        }
    }
}

fn check_bytes(bytes: &[u8]) {
    let charter = charter();
    let code = |member: usize| charter.members[member].code.as_str();
    let names = [(code(0), "FICTARBA"), (code(1), "FICTCLRM")];
    let directory = Directory::new(&charter, names).expect("good names");
    let reader = Reader { charter: &charter, directory: &directory, member: 0, today: Day(13_150) };
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let is_placed = |fault: &Fault| (1..=lines).contains(&fault.line) && !fault.path.is_empty();
    let mut messages = Messages::new(bytes, Limits::FILE, Some(reader));
    loop {
        match messages.next() {
            Ok(None) => break,
            Err(fault) => {
                assert!(is_placed(&fault), "{fault}");
                assert_eq!(messages.next(), Ok(None), "nothing follows");
                break;
            }
            Ok(Some(Incoming::Message(head) | Incoming::End(head))) => assert!(head.faults.iter().all(is_placed)),
            Ok(Some(Incoming::Transaction(transaction))) => match transaction.request {
                Err(faults) => assert!(!faults.is_empty() && faults.iter().all(is_placed)),
                Ok(Request::Pay { payment, detail } | Request::Return { payment, detail, .. }) => {
                    assert!(payment.amount > 0 && payment.id != 0);
                    assert!(union::Command::decode(&union::Command::Pay(payment).encode()).is_ok());
                    assert!(detail.check().is_ok());
                }
                Ok(Request::Cancel { order, .. } | Request::Answer { order, .. } | Request::Status { order }) => {
                    assert_ne!(order, 0)
                }
            },
        }
    }
}

/// A good message of each kind.
fn good(identifier: &str) -> String {
    let uetr = "174c245f-2682-4291-ad67-2a41e530cd27";
    let agent = |name: &str, bic: &str| format!("<{name}><FinInstnId><BICFI>{bic}</BICFI></FinInstnId></{name}>");
    let group = "<GrpHdr><MsgId>M</MsgId><CreDtTm>2006-01-02T10:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs>\
        <SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>";
    let ids = format!("<PmtId><EndToEndId>E</EndToEndId><UETR>{uetr}</UETR></PmtId>");
    let amount = "<IntrBkSttlmAmt Ccy=\"USD\">10.5</IntrBkSttlmAmt><IntrBkSttlmDt>2006-01-02</IntrBkSttlmDt>";
    let inside = match &identifier[..8] {
        "pacs.008" => format!(
            "<FIToFICstmrCdtTrf>{group}<CdtTrfTxInf>{ids}{amount}<ChrgBr>SHAR</ChrgBr><Dbtr><Nm>A</Nm></Dbtr>{}{}<Cdtr><Nm>B</Nm></Cdtr>\
             <RmtInf><Ustrd>x</Ustrd></RmtInf></CdtTrfTxInf></FIToFICstmrCdtTrf>",
            agent("DbtrAgt", "FICTARBA"),
            agent("CdtrAgt", "FICTCLRM")
        ),
        "pacs.004" => format!(
            "<PmtRtr>{group}<TxInf><RtrId>R</RtrId><OrgnlUETR>{uetr}</OrgnlUETR><RtrdIntrBkSttlmAmt Ccy=\"USD\">1</RtrdIntrBkSttlmAmt>\
             <IntrBkSttlmDt>2006-01-02</IntrBkSttlmDt><RtrRsnInf><Rsn><Cd>AC04</Cd></Rsn></RtrRsnInf></TxInf></PmtRtr>"
        ),
        "camt.056" => format!(
            "<FIToFIPmtCxlReq><Assgnmt><Id>A</Id><Assgnr>{}</Assgnr><Assgne>{}</Assgne><CreDtTm>2006-01-02T10:00:00Z</CreDtTm></Assgnmt>\
             <Undrlyg><TxInf><OrgnlUETR>{uetr}</OrgnlUETR></TxInf></Undrlyg></FIToFIPmtCxlReq>",
            agent("Agt", "FICTARBA"),
            agent("Agt", "FICTCLRM")
        ),
        "camt.029" => format!(
            "<RsltnOfInvstgtn><Assgnmt><Id>A</Id><Assgnr>{}</Assgnr><Assgne>{}</Assgne><CreDtTm>2006-01-02T10:00:00Z</CreDtTm></Assgnmt>\
             <Sts><Conf>RJCR</Conf></Sts><CxlDtls><TxInfAndSts><OrgnlUETR>{uetr}</OrgnlUETR><TxCxlSts>RJCR</TxCxlSts>\
             <CxlStsRsnInf><Rsn><Cd>LEGL</Cd></Rsn></CxlStsRsnInf></TxInfAndSts></CxlDtls></RsltnOfInvstgtn>",
            agent("Agt", "FICTARBA"),
            agent("Agt", "FICTCLRM")
        ),
        "pacs.028" => format!(
            "<FIToFIPmtStsReq><GrpHdr><MsgId>M</MsgId><CreDtTm>2006-01-02T10:00:00Z</CreDtTm></GrpHdr>\
             <TxInf><OrgnlUETR>{uetr}</OrgnlUETR></TxInf></FIToFIPmtStsReq>"
        ),
        "camt.050" => format!(
            "<LqdtyCdtTrf><MsgHdr><MsgId>M</MsgId></MsgHdr><LqdtyCdtTrf>{}<TrfdAmt><AmtWthCcy Ccy=\"USD\">5</AmtWthCcy></TrfdAmt>\
             </LqdtyCdtTrf></LqdtyCdtTrf>",
            agent("Cdtr", "FICTCLRM")
        ),
        _ => format!(
            "<FICdtTrf>{group}<CdtTrfTxInf>{ids}{amount}{}{}</CdtTrfTxInf></FICdtTrf>",
            agent("Dbtr", "FICTARBA"),
            agent("Cdtr", "FICTCLRM")
        ),
    };
    format!("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{identifier}\">{inside}</Document>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_is_good_before() {
        let kinds = [
            "pacs.008.001.08",
            "pacs.009.001.08",
            "pacs.004.001.09",
            "camt.056.001.08",
            "camt.029.001.09",
            "pacs.028.001.03",
            "camt.050.001.05",
        ];
        for identifier in kinds {
            let text = good(identifier);
            let mut messages = Messages::new(text.as_bytes(), Limits::FILE, None);
            let mut transactions = 0;
            while let Some(incoming) = messages.next().expect("it is XML") {
                match incoming {
                    Incoming::Transaction(transaction) => {
                        transactions += 1;
                        assert!(transaction.request.is_ok(), "{identifier}: {:?}", transaction.request);
                    }
                    Incoming::Message(head) | Incoming::End(head) => assert_eq!(head.faults, [], "{identifier}"),
                }
            }
            assert_eq!(transactions, 1, "{identifier}");
            check(identifier, &Input::Changed(vec![]));
        }
    }
}
