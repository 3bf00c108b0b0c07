//! Messages that the tests write by hand: a good one, and places to change it.

/// A business message with a header of the first member, and one transaction or more.
pub fn business_message(identifier: &str, document: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="urn:example:envelope">
<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02">
<Fr><FIId><FinInstnId><BICFI>FICTARBAXXX</BICFI></FinInstnId></FIId></Fr>
<To><OrgId><Nm>Small union</Nm></OrgId></To>
<BizMsgIdr>BIZ-1</BizMsgIdr><MsgDefIdr>{identifier}</MsgDefIdr><CreDt>2006-01-02T10:00:00Z</CreDt>
</AppHdr>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{identifier}">
{document}
</Document>
</Envelope>
"#
    )
}

pub const UETR: &str = "174c245f-2682-4291-ad67-2a41e530cd27";
pub const ORDER: u128 = 0x174c245f_2682_4291_ad67_2a41e530cd27;

pub fn group(transactions: usize, more: &str) -> String {
    format!(
        "<GrpHdr><MsgId>MSG-1</MsgId><CreDtTm>2006-01-02T10:00:00-03:00</CreDtTm><NbOfTxs>{transactions}</NbOfTxs>{more}\
         <SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>"
    )
}

pub fn agent(name: &str, inside: &str) -> String {
    format!("<{name}><FinInstnId>{inside}</FinInstnId></{name}>")
}

pub fn bic(name: &str, bic: &str) -> String {
    agent(name, &format!("<BICFI>{bic}</BICFI>"))
}

/// A customer payment of 1,234.56 dollars with everything that is kept.
pub fn customer_transaction() -> String {
    [
        &format!(
            "<CdtTrfTxInf><PmtId><InstrId>INSTR-1</InstrId><EndToEndId>E2E-1</EndToEndId><UETR>{UETR}</UETR></PmtId>\
             <IntrBkSttlmAmt Ccy=\"USD\">1234.56</IntrBkSttlmAmt><IntrBkSttlmDt>2006-01-02</IntrBkSttlmDt>\
             <SttlmPrty>HIGH</SttlmPrty><SttlmTmReq><TillTm>15:30:00</TillTm></SttlmTmReq><ChrgBr>SHAR</ChrgBr>"
        ),
        &bic("InstgAgt", "FICTARBA"),
        &bic("InstdAgt", "FICTCLRM"),
        "<Dbtr><Nm>Ana &amp; <![CDATA[Söhne <1>]]></Nm></Dbtr>",
        "<DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct>",
        &bic("DbtrAgt", "PARTARBA"),
        &bic("CdtrAgt", "PARTCLRMXXX"),
        "<Cdtr><Nm>Bia</Nm></Cdtr><CdtrAcct><Id><Othr><Id>12345-6</Id></Othr></Id></CdtrAcct>",
        "<Purp><Cd>GDDS</Cd></Purp><RmtInf><Ustrd>invoice 1</Ustrd><Ustrd>wool</Ustrd></RmtInf></CdtTrfTxInf>",
    ]
    .concat()
}

pub fn customer_transfer() -> String {
    let document = format!("<FIToFICstmrCdtTrf>{}{}</FIToFICstmrCdtTrf>", group(1, ""), customer_transaction());
    business_message("pacs.008.001.08", &document)
}

/// A payment of 10 dollars between members that are named by code.
pub fn institution_transaction(uetr: &str) -> String {
    let code = |name: &str, code: &str| agent(name, &format!("<ClrSysMmbId><MmbId>{code}</MmbId></ClrSysMmbId>"));
    format!(
        "<CdtTrfTxInf><PmtId><InstrId>I</InstrId><EndToEndId>E</EndToEndId>{uetr}</PmtId>\
         <IntrBkSttlmAmt Ccy=\"USD\">10</IntrBkSttlmAmt><IntrBkSttlmDt>2006-01-03</IntrBkSttlmDt>{}{}</CdtTrfTxInf>",
        code("Dbtr", "ARG"),
        code("Cdtr", "KWT")
    )
}

pub fn institution_transfer(transactions: &[String]) -> String {
    let document = format!("<FICdtTrf>{}{}</FICdtTrf>", group(transactions.len(), ""), transactions.concat());
    business_message("pacs.009.001.08", &document)
}

/// The first member gives back 10 dollars.
pub fn give_back() -> String {
    let document = format!(
        "<PmtRtr>{}<TxInf><RtrId>RTR-1</RtrId><OrgnlEndToEndId>E2E-1</OrgnlEndToEndId><OrgnlUETR>{UETR}</OrgnlUETR>\
         <OrgnlIntrBkSttlmAmt Ccy=\"USD\">10.00</OrgnlIntrBkSttlmAmt><RtrdIntrBkSttlmAmt Ccy=\"USD\">10.0</RtrdIntrBkSttlmAmt>\
         <IntrBkSttlmDt>2006-01-03</IntrBkSttlmDt>{}<RtrRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>closed</AddtlInf></RtrRsnInf></TxInf></PmtRtr>",
        group(1, ""),
        bic("InstdAgt", "FICTCLRMXXX")
    );
    business_message("pacs.004.001.09", &document)
}

/// The first member takes a payment back.
pub fn cancellation() -> String {
    let document = format!(
        "<FIToFIPmtCxlReq><Assgnmt><Id>ASG-1</Id><Assgnr>{}</Assgnr><Assgne>{}</Assgne>\
         <CreDtTm>2006-01-02T10:00:00Z</CreDtTm></Assgnmt><Undrlyg><TxInf><CxlId>CXL-1</CxlId><OrgnlUETR>{UETR}</OrgnlUETR>\
         <CxlRsnInf><Rsn><Cd>DUPL</Cd></Rsn></CxlRsnInf></TxInf></Undrlyg></FIToFIPmtCxlReq>",
        bic("Agt", "FICTARBA"),
        bic("Agt", "FICTCLRM")
    );
    business_message("camt.056.001.08", &document)
}

/// The first member refuses to give a payment back.
pub fn answer() -> String {
    let document = format!(
        "<RsltnOfInvstgtn><Assgnmt><Id>ANS-1</Id><Assgnr>{}</Assgnr><Assgne>{}</Assgne>\
         <CreDtTm>2006-01-02T10:00:00Z</CreDtTm></Assgnmt><Sts><Conf>RJCR</Conf></Sts><CxlDtls><TxInfAndSts><CxlStsId>STS-1</CxlStsId>\
         <OrgnlUETR>{UETR}</OrgnlUETR><TxCxlSts>RJCR</TxCxlSts><CxlStsRsnInf><Rsn><Cd>LEGL</Cd></Rsn></CxlStsRsnInf></TxInfAndSts>\
         </CxlDtls></RsltnOfInvstgtn>",
        bic("Agt", "FICTARBA"),
        bic("Agt", "FICTCLRM")
    );
    business_message("camt.029.001.09", &document)
}

/// The first member asks.
pub fn question() -> String {
    let document = format!(
        "<FIToFIPmtStsReq><GrpHdr><MsgId>ASK</MsgId><CreDtTm>2006-01-02T10:00:00Z</CreDtTm></GrpHdr>\
         <TxInf><OrgnlUETR>{UETR}</OrgnlUETR></TxInf></FIToFIPmtStsReq>"
    );
    business_message("pacs.028.001.03", &document)
}

/// 5 dollars for the second member, at once.
pub fn liquidity() -> String {
    let document = format!(
        "<LqdtyCdtTrf><MsgHdr><MsgId>LIQ-1</MsgId></MsgHdr><LqdtyCdtTrf><LqdtyTrfId><EndToEndId>E</EndToEndId></LqdtyTrfId>{}\
         <TrfdAmt><AmtWthCcy Ccy=\"USD\">5</AmtWthCcy></TrfdAmt></LqdtyCdtTrf></LqdtyCdtTrf>",
        bic("Cdtr", "FICTCLRM")
    );
    business_message("camt.050.001.05", &document)
}
