//! ISO 20022 messages as the tests write them, and what comes back.

use crate::scene::{Scene, file_names};
use std::path::Path;

/// Members by BIC, except Chile, which goes by its code.
pub const NAMES: &str = "[iso20022]\nedition = 2019\n[iso20022.members]\nARG = \"FICTARBA\"\nBRA = [\"FICTBRSP\", \"506700GE1G29325QX363\"]\n";

pub fn uetr(number: u32) -> String {
    format!("{number:08x}-2682-4291-ad67-2a41e530cd27")
}

/// A payment between institutions from Argentina's point of view, or a customer's.
pub struct Transfer<'a> {
    pub number: u32,
    pub amount: &'a str,
    /// What identifies the receiving institution, in `FinInstnId`.
    pub to: &'a str,
    pub customer: bool,
}

impl Transfer<'_> {
    fn xml(&self) -> String {
        let Transfer { number, amount, to, customer } = self;
        let uetr = uetr(*number);
        let from = "<FinInstnId><BICFI>FICTARBAXXX</BICFI></FinInstnId>";
        let sides = if *customer {
            format!(
                "<Dbtr><Nm>Ana</Nm></Dbtr><DbtrAgt>{from}</DbtrAgt><CdtrAgt><FinInstnId>{to}</FinInstnId></CdtrAgt>\
                 <Cdtr><Nm>Bia</Nm></Cdtr><RmtInf><Ustrd>wool {number}</Ustrd></RmtInf>"
            )
        } else {
            format!("<Dbtr>{from}</Dbtr><Cdtr><FinInstnId>{to}</FinInstnId></Cdtr>")
        };
        let bearer = if *customer { "<ChrgBr>SHAR</ChrgBr>" } else { "" };
        format!(
            "<CdtTrfTxInf><PmtId><InstrId>I{number}</InstrId><EndToEndId>E{number}</EndToEndId><UETR>{uetr}</UETR></PmtId>\
             <IntrBkSttlmAmt Ccy=\"USD\">{amount}</IntrBkSttlmAmt><IntrBkSttlmDt>2026-11-23</IntrBkSttlmDt>{bearer}{sides}</CdtTrfTxInf>\n"
        )
    }
}

/// pacs.008 or pacs.009 with these transfers, all of one kind.
pub fn transfers(message: &str, transfers: &[Transfer]) -> String {
    let (identifier, root) = match transfers[0].customer {
        true => ("pacs.008.001.08", "FIToFICstmrCdtTrf"),
        false => ("pacs.009.001.08", "FICdtTrf"),
    };
    let all: String = transfers.iter().map(Transfer::xml).collect();
    let count = transfers.len();
    document(
        identifier,
        &format!(
            "<{root}><GrpHdr><MsgId>{message}</MsgId><CreDtTm>2026-11-23T12:00:00Z</CreDtTm><NbOfTxs>{count}</NbOfTxs>\
             <SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>\n{all}</{root}>"
        ),
    )
}

pub fn document(identifier: &str, inside: &str) -> String {
    format!("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{identifier}\">\n{inside}\n</Document>\n")
}

/// camt.056 for one payment.
pub fn cancellation(id: &str, number: u32) -> String {
    let agent = |bic: &str| format!("<Agt><FinInstnId><BICFI>{bic}</BICFI></FinInstnId></Agt>");
    document(
        "camt.056.001.08",
        &format!(
            "<FIToFIPmtCxlReq><Assgnmt><Id>{id}</Id><Assgnr>{}</Assgnr><Assgne>{}</Assgne><CreDtTm>2026-11-23T12:00:00Z</CreDtTm>\
             </Assgnmt><Undrlyg><TxInf><CxlId>{id}</CxlId><OrgnlUETR>{}</OrgnlUETR></TxInf></Undrlyg></FIToFIPmtCxlReq>",
            agent("FICTARBA"),
            agent("FICTBRSP"),
            uetr(number)
        ),
    )
}

/// camt.029 from Brazil: a payment of Argentina's is not given back.
pub fn refusal(id: &str, number: u32) -> String {
    let agent = |bic: &str| format!("<Agt><FinInstnId><BICFI>{bic}</BICFI></FinInstnId></Agt>");
    document(
        "camt.029.001.09",
        &format!(
            "<RsltnOfInvstgtn><Assgnmt><Id>{id}</Id><Assgnr>{}</Assgnr><Assgne>{}</Assgne><CreDtTm>2026-11-23T12:00:00Z</CreDtTm>\
             </Assgnmt><Sts><Conf>RJCR</Conf></Sts><CxlDtls><TxInfAndSts><CxlStsId>{id}</CxlStsId><OrgnlUETR>{}</OrgnlUETR>\
             <TxCxlSts>RJCR</TxCxlSts><CxlStsRsnInf><Rsn><Cd>LEGL</Cd></Rsn></CxlStsRsnInf></TxInfAndSts></CxlDtls></RsltnOfInvstgtn>",
            agent("FICTBRSP"),
            agent("FICTARBA"),
            uetr(number)
        ),
    )
}

/// pacs.028 for one payment.
pub fn question(id: &str, number: u32) -> String {
    document(
        "pacs.028.001.03",
        &format!(
            "<FIToFIPmtStsReq><GrpHdr><MsgId>{id}</MsgId><CreDtTm>2026-11-23T12:00:00Z</CreDtTm></GrpHdr>\
             <TxInf><OrgnlUETR>{}</OrgnlUETR></TxInf></FIToFIPmtStsReq>",
            uetr(number)
        ),
    )
}

/// camt.050 for so many dollars to Brazil.
pub fn liquidity(id: &str, amount: &str) -> String {
    document(
        "camt.050.001.05",
        &format!(
            "<LqdtyCdtTrf><MsgHdr><MsgId>{id}</MsgId></MsgHdr><LqdtyCdtTrf><Cdtr><FinInstnId><BICFI>FICTBRSP</BICFI></FinInstnId></Cdtr>\
             <TrfdAmt><AmtWthCcy Ccy=\"USD\">{amount}</AmtWthCcy></TrfdAmt></LqdtyCdtTrf></LqdtyCdtTrf>"
        ),
    )
}

/// pacs.004 from Brazil for a payment of Argentina's.
pub fn give_back(id: &str, number: u32, amount: &str) -> String {
    document(
        "pacs.004.001.09",
        &format!(
            "<PmtRtr><GrpHdr><MsgId>{id}</MsgId><CreDtTm>2026-11-23T12:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs>\
             <SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr><TxInf><RtrId>{id}</RtrId><OrgnlUETR>{}</OrgnlUETR>\
             <RtrdIntrBkSttlmAmt Ccy=\"USD\">{amount}</RtrdIntrBkSttlmAmt><IntrBkSttlmDt>2026-11-23</IntrBkSttlmDt>\
             <RtrRsnInf><Rsn><Cd>AC04</Cd></Rsn></RtrRsnInf></TxInf></PmtRtr>",
            uetr(number)
        ),
    )
}

/// A message that came out.
pub struct Message {
    pub kind: String,
    pub text: String,
}

/// The texts of the elements of a name.
pub fn texts(text: &str, name: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(text).unwrap();
    let named = document.descendants().filter(|node| node.is_element() && node.tag_name().name() == name);
    named.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

/// What is in a directory, by name; every message is valid against its official schema, where that can be seen.
pub fn messages(directory: &Path) -> Vec<Message> {
    let read = |name: String| {
        let text = std::fs::read_to_string(directory.join(&name)).unwrap();
        let kind = texts(&text, "MsgDefIdr").remove(0);
        Message { kind: kind[..8].to_owned(), text }
    };
    let messages: Vec<_> = file_names(directory).into_iter().map(read).collect();
    validate(&messages);
    messages
}

fn validate(messages: &[Message]) {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/iso20022/xsd");
    if !schemas.is_dir() {
        eprintln!("SKIPPED: {} is not here, so nothing was validated", schemas.display());
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for (number, message) in messages.iter().enumerate() {
        std::fs::write(directory.path().join(format!("{number}.xml")), &message.text).unwrap();
    }
    for (number, message) in messages.iter().enumerate() {
        let document = roxmltree::Document::parse(&message.text).unwrap();
        for part in document.root_element().children().filter(|node| node.is_element()) {
            let namespace = part.tag_name().namespace().unwrap();
            let identifier = namespace.strip_prefix("urn:iso:std:iso:20022:tech:xsd:").unwrap();
            let file = directory.path().join(format!("{number}.part"));
            std::fs::write(&file, &message.text[part.range()]).unwrap();
            let schema = schemas.join(format!("{identifier}.xsd"));
            let mut lint = std::process::Command::new("xmllint");
            match lint.args(["--noout", "--nonet", "--schema"]).arg(schema).arg(&file).output() {
                Ok(run) => {
                    assert!(run.status.success(), "{}\n{}", String::from_utf8_lossy(&run.stderr), message.text)
                }
                Err(_) => {
                    assert!(std::env::var_os("COMITY_XMLLINT_REQUIRED").is_none(), "xmllint is not installed");
                    eprintln!("SKIPPED: xmllint is not installed, so nothing was validated");
                    return;
                }
            }
        }
    }
}

/// Cents of a decimal.
pub fn cents(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "00"));
    assert_eq!(fraction.len(), 2, "{text}");
    whole.parse::<i128>().unwrap() * 100 + fraction.parse::<i128>().unwrap()
}

/// A folder of a member, with files dropped in.
pub fn drop_in(scene: &Scene, folder: &str, files: &[(&str, &str)]) {
    let inbox = scene.path(folder).join("inbox");
    std::fs::create_dir_all(&inbox).unwrap();
    for (name, text) in files {
        std::fs::write(inbox.join(format!("{name}.tmp")), text).unwrap();
        std::fs::rename(inbox.join(format!("{name}.tmp")), inbox.join(name)).unwrap();
    }
}
