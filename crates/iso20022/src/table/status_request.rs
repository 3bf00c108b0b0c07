//! pacs.028: a question for the status of payments.

use super::common::{AGENT, ORIGINAL_GROUP};
use crate::check::{Check, ID35};
use crate::grammar::{ANY, Level, Message, ONE, OPTIONAL, ignored, level, refused, sequence, text};
use union::Reason;

/// `FIToFIPmtStsReq`.
static ROOT: Level = sequence(&[
    level("GrpHdr", ONE, &GROUP),
    refused("OrgnlGrpInf", ANY, Reason::AG03, "the status is told payment by payment; name each in TxInf"),
    level("TxInf", ANY, &TRANSACTION),
    ignored("SplmtryData", ANY),
]);

/// Who asks.
static GROUP: Level = sequence(&[
    text("MsgId", ONE, ID35),
    text("CreDtTm", ONE, Check::DateTime),
    level("InstgAgt", OPTIONAL, &AGENT),
    level("InstdAgt", OPTIONAL, &AGENT),
]);

/// A payment that is asked about.
static TRANSACTION: Level = sequence(&[
    text("StsReqId", OPTIONAL, ID35),
    level("OrgnlGrpInf", OPTIONAL, &ORIGINAL_GROUP),
    text("OrgnlInstrId", OPTIONAL, ID35),
    text("OrgnlEndToEndId", OPTIONAL, ID35),
    text("OrgnlTxId", OPTIONAL, ID35),
    text("OrgnlUETR", OPTIONAL, Check::Uetr),
    ignored("AccptncDtTm", OPTIONAL),
    text("ClrSysRef", OPTIONAL, ID35),
    ignored("InstgAgt", OPTIONAL),
    ignored("InstdAgt", OPTIONAL),
    ignored("OrgnlTxRef", OPTIONAL),
    ignored("SplmtryData", ANY),
]);

/// pacs.028.
pub static MESSAGE: Message =
    Message { root: "FIToFIPmtStsReq", level: &ROOT, group: "GrpHdr", container: None, transaction: "TxInf" };
