//! camt.029: the answer to a request to cancel.

use super::common::{ASSIGNMENT, CASE, ORIGINAL_GROUP, REASON};
use crate::check::{Check, ID35};
use crate::grammar::{ANY, Level, Message, ONE, OPTIONAL, amount, ignored, level, refused, sequence, text};
use union::Reason;

/// `RsltnOfInvstgtn`.
static ROOT: Level = sequence(&[
    level("Assgnmt", ONE, &ASSIGNMENT),
    ignored("RslvdCase", OPTIONAL),
    ignored("Sts", ONE),
    level("CxlDtls", ANY, &DETAILS),
    ignored("ModDtls", OPTIONAL),
    ignored("ClmNonRctDtls", OPTIONAL),
    ignored("StmtDtls", OPTIONAL),
    ignored("CrrctnTx", OPTIONAL),
    ignored("RsltnRltdInf", OPTIONAL),
    ignored("SplmtryData", ANY),
]);

/// Holds transactions.
static DETAILS: Level = sequence(&[
    refused("OrgnlGrpInfAndSts", OPTIONAL, Reason::AG03, EACH),
    refused("OrgnlPmtInfAndSts", ANY, Reason::AG03, EACH),
    level("TxInfAndSts", ANY, &TRANSACTION),
]);

/// Why an answer for several payments at once is refused.
const EACH: &str = "payments are answered for one by one; name each in TxInfAndSts";

/// A payment whose return was asked for.
static TRANSACTION: Level = sequence(&[
    text("CxlStsId", OPTIONAL, ID35),
    level("RslvdCase", OPTIONAL, &CASE),
    level("OrgnlGrpInf", OPTIONAL, &ORIGINAL_GROUP),
    text("OrgnlInstrId", OPTIONAL, ID35),
    text("OrgnlEndToEndId", OPTIONAL, ID35),
    text("OrgnlTxId", OPTIONAL, ID35),
    text("OrgnlClrSysRef", OPTIONAL, ID35),
    text("OrgnlUETR", OPTIONAL, Check::Uetr),
    text("TxCxlSts", OPTIONAL, Check::OneOf(&["RJCR", "ACCR", "PDCR"])),
    level("CxlStsRsnInf", ANY, &WHY),
    ignored("RsltnRltdInf", OPTIONAL),
    amount("OrgnlIntrBkSttlmAmt", OPTIONAL),
    text("OrgnlIntrBkSttlmDt", OPTIONAL, Check::Date),
    ignored("Assgnr", OPTIONAL),
    ignored("Assgne", OPTIONAL),
    ignored("OrgnlTxRef", OPTIONAL),
]);

/// Why.
static WHY: Level =
    sequence(&[ignored("Orgtr", OPTIONAL), level("Rsn", OPTIONAL, &REASON), text("AddtlInf", ANY, Check::Text(105))]);

/// camt.029.
pub static MESSAGE: Message = Message {
    root: "RsltnOfInvstgtn",
    level: &ROOT,
    group: "Assgnmt",
    container: Some("CxlDtls"),
    transaction: "TxInfAndSts",
};
