//! pacs.004: the return of a payment.

use super::common::{AGENT, ORIGINAL_GROUP, PAYMENT_TYPE, PRIORITY, REASON, SETTLEMENT, TIME_REQUEST};
use crate::check::{Check, ID35};
use crate::edition::Edition::{E2024, E2026};
use crate::grammar::{ANY, Level, Message, ONE, OPTIONAL, amount, ignored, level, refused, sequence, text};
use union::Reason;

/// `PmtRtr`.
static ROOT: Level = sequence(&[
    level("GrpHdr", ONE, &GROUP),
    ignored("OrgnlGrpInf", OPTIONAL),
    level("TxInf", ANY, &TRANSACTION),
    ignored("SplmtryData", ANY),
]);

/// What holds for all transactions.
static GROUP: Level = sequence(&[
    text("MsgId", ONE, ID35),
    text("CreDtTm", ONE, Check::DateTime),
    ignored("Authstn", (0, 2)),
    ignored("BtchBookg", OPTIONAL),
    text("NbOfTxs", ONE, Check::Count),
    text("CtrlSum", OPTIONAL, Check::Decimal),
    text("GrpRtr", OPTIONAL, Check::OneOf(&["true", "false", "1", "0"])),
    amount("TtlRtrdIntrBkSttlmAmt", OPTIONAL),
    text("IntrBkSttlmDt", OPTIONAL, Check::Date),
    level("SttlmInf", ONE, &SETTLEMENT),
    level("PmtTpInf", OPTIONAL, &PAYMENT_TYPE).since(E2024),
    level("InstgAgt", OPTIONAL, &AGENT),
    level("InstdAgt", OPTIONAL, &AGENT),
]);

/// A payment that is given back.
static TRANSACTION: Level = sequence(&[
    text("RtrId", OPTIONAL, ID35),
    level("OrgnlGrpInf", OPTIONAL, &ORIGINAL_GROUP),
    text("OrgnlInstrId", OPTIONAL, ID35),
    text("OrgnlEndToEndId", OPTIONAL, ID35),
    text("OrgnlTxId", OPTIONAL, ID35),
    text("OrgnlUETR", OPTIONAL, Check::Uetr),
    text("OrgnlClrSysRef", OPTIONAL, ID35),
    amount("OrgnlIntrBkSttlmAmt", OPTIONAL),
    text("OrgnlIntrBkSttlmDt", OPTIONAL, Check::Date),
    level("PmtTpInf", OPTIONAL, &PAYMENT_TYPE).since(E2024),
    amount("RtrdIntrBkSttlmAmt", ONE),
    text("IntrBkSttlmDt", OPTIONAL, Check::Date),
    text("SttlmPrty", OPTIONAL, PRIORITY),
    ignored("SttlmTmIndctn", OPTIONAL),
    level("SttlmTmReq", OPTIONAL, &TIME_REQUEST).since(E2024),
    ignored("RtrdInstdAmt", OPTIONAL),
    ignored("XchgRate", OPTIONAL),
    ignored("AgrdRate", OPTIONAL).since(E2026),
    refused("CompstnAmt", OPTIONAL, Reason::AM12, "a return gives back what was paid and nothing else"),
    ignored("ChrgBr", OPTIONAL),
    ignored("ChrgsInf", ANY),
    ignored("ClrSysRef", OPTIONAL),
    level("InstgAgt", OPTIONAL, &AGENT),
    level("InstdAgt", OPTIONAL, &AGENT),
    ignored("RtrChain", OPTIONAL),
    level("RtrRsnInf", ANY, &WHY),
    ignored("OrgnlTxRef", OPTIONAL),
    ignored("SplmtryData", ANY),
]);

/// Why it is given back.
static WHY: Level =
    sequence(&[ignored("Orgtr", OPTIONAL), level("Rsn", OPTIONAL, &REASON), text("AddtlInf", ANY, Check::Text(105))]);

/// pacs.004.
pub static MESSAGE: Message =
    Message { root: "PmtRtr", level: &ROOT, group: "GrpHdr", container: None, transaction: "TxInf" };
