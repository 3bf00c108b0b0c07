//! camt.056: a request to cancel payments.

use super::common::{ASSIGNMENT, CASE, ORIGINAL_GROUP, REASON};
use crate::check::{Check, ID35};
use crate::grammar::{ANY, Level, Message, ONE, OPTIONAL, SOME, amount, ignored, level, refused, sequence, text};
use union::Reason;

/// `FIToFIPmtCxlReq`.
static ROOT: Level = sequence(&[
    level("Assgnmt", ONE, &ASSIGNMENT),
    ignored("Case", OPTIONAL),
    ignored("CtrlData", OPTIONAL),
    level("Undrlyg", SOME, &UNDERLYING),
    ignored("SplmtryData", ANY),
]);

/// Holds transactions.
static UNDERLYING: Level = sequence(&[
    refused("OrgnlGrpInfAndCxl", OPTIONAL, Reason::AG03, "payments are cancelled one by one; name each in TxInf"),
    level("TxInf", ANY, &TRANSACTION),
]);

/// A payment that is to be cancelled.
static TRANSACTION: Level = sequence(&[
    text("CxlId", OPTIONAL, ID35),
    level("Case", OPTIONAL, &CASE),
    level("OrgnlGrpInf", OPTIONAL, &ORIGINAL_GROUP),
    text("OrgnlInstrId", OPTIONAL, ID35),
    text("OrgnlEndToEndId", OPTIONAL, ID35),
    text("OrgnlTxId", OPTIONAL, ID35),
    text("OrgnlUETR", OPTIONAL, Check::Uetr),
    text("OrgnlClrSysRef", OPTIONAL, ID35),
    amount("OrgnlIntrBkSttlmAmt", OPTIONAL),
    text("OrgnlIntrBkSttlmDt", OPTIONAL, Check::Date),
    ignored("Assgnr", OPTIONAL),
    ignored("Assgne", OPTIONAL),
    level("CxlRsnInf", ANY, &WHY),
    ignored("OrgnlTxRef", OPTIONAL),
    ignored("SplmtryData", ANY),
]);

/// Why.
static WHY: Level =
    sequence(&[ignored("Orgtr", OPTIONAL), level("Rsn", OPTIONAL, &REASON), text("AddtlInf", ANY, Check::Text(105))]);

/// camt.056.
pub static MESSAGE: Message = Message {
    root: "FIToFIPmtCxlReq",
    level: &ROOT,
    group: "Assgnmt",
    container: Some("Undrlyg"),
    transaction: "TxInf",
};
