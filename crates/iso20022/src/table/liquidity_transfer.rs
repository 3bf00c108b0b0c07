//! camt.050: a transfer of liquidity.

use super::common::{ACCOUNT, AGENT};
use crate::check::{Check, ID35};
use crate::grammar::{ANY, Level, Message, ONE, OPTIONAL, amount, choice, ignored, level, refused, sequence, text};
use union::Reason;

/// `LqdtyCdtTrf`.
static ROOT: Level =
    sequence(&[level("MsgHdr", ONE, &GROUP), level("LqdtyCdtTrf", ONE, &TRANSACTION), ignored("SplmtryData", ANY)]);

/// Which message it is.
static GROUP: Level = sequence(&[text("MsgId", ONE, ID35), text("CreDtTm", OPTIONAL, Check::DateTime)]);

/// A transfer of liquidity.
static TRANSACTION: Level = sequence(&[
    level("LqdtyTrfId", OPTIONAL, &IDENTIFICATION),
    level("Cdtr", OPTIONAL, &AGENT),
    level("CdtrAcct", OPTIONAL, &ACCOUNT),
    level("TrfdAmt", ONE, &AMOUNT),
    level("Dbtr", OPTIONAL, &AGENT),
    level("DbtrAcct", OPTIONAL, &ACCOUNT),
    text("SttlmDt", OPTIONAL, Check::Date),
]);

/// Its identifiers.
static IDENTIFICATION: Level = sequence(&[
    text("InstrId", OPTIONAL, ID35),
    text("EndToEndId", ONE, ID35),
    text("TxId", OPTIONAL, ID35),
    text("UETR", OPTIONAL, Check::Uetr),
]);

/// How much.
static AMOUNT: Level = choice(&[
    refused("AmtWthtCcy", ONE, Reason::AM03, "no currency is implied here; say it with AmtWthCcy"),
    amount("AmtWthCcy", ONE),
]);

/// camt.050.
pub static MESSAGE: Message =
    Message { root: "LqdtyCdtTrf", level: &ROOT, group: "MsgHdr", container: None, transaction: "LqdtyCdtTrf" };
