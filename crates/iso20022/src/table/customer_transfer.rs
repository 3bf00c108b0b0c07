//! pacs.008: a credit transfer of a customer.

use super::common::{
    ACCOUNT, AGENT, CHAIN, INSTRUCTED, PARTY, PAYMENT_IDENTIFICATION, PAYMENT_TYPE, PRIORITY, PURPOSE, TIME_REQUEST,
};
use super::institution_transfer::GROUP;
use crate::check::Check;
use crate::edition::Edition::{E2024, E2026};
use crate::grammar::{ANY, Level, Message, ONE, OPTIONAL, SOME, amount, ignored, level, refused, sequence, text};
use union::Reason;

/// `FIToFICstmrCdtTrf`.
static ROOT: Level =
    sequence(&[level("GrpHdr", ONE, &GROUP), level("CdtTrfTxInf", SOME, &TRANSACTION), ignored("SplmtryData", ANY)]);

/// A transfer between customers of two institutions.
static TRANSACTION: Level = sequence(&[
    level("PmtId", ONE, &PAYMENT_IDENTIFICATION),
    level("PmtTpInf", OPTIONAL, &PAYMENT_TYPE),
    amount("IntrBkSttlmAmt", ONE),
    text("IntrBkSttlmDt", OPTIONAL, Check::Date),
    text("SttlmPrty", OPTIONAL, PRIORITY),
    ignored("SttlmTmIndctn", OPTIONAL),
    level("SttlmTmReq", OPTIONAL, &TIME_REQUEST),
    level("AddtlDtTm", OPTIONAL, &TIMES).since(E2026),
    ignored("AccptncDtTm", OPTIONAL).before(E2026),
    ignored("PoolgAdjstmntDt", OPTIONAL).before(E2026),
    ignored("InstdAmt", OPTIONAL),
    ignored("XchgRate", OPTIONAL),
    ignored("AgrdRate", OPTIONAL).since(E2026),
    ignored("ChrgBr", ONE),
    ignored("ChrgsInf", ANY),
    ignored("MndtRltdInf", OPTIONAL).since(E2024),
    ignored("PmtSgntr", OPTIONAL).since(E2026),
    ignored("PrvsInstgAgt1", OPTIONAL),
    ignored("PrvsInstgAgt1Acct", OPTIONAL),
    ignored("PrvsInstgAgt2", OPTIONAL),
    ignored("PrvsInstgAgt2Acct", OPTIONAL),
    ignored("PrvsInstgAgt3", OPTIONAL),
    ignored("PrvsInstgAgt3Acct", OPTIONAL),
    level("InstgAgt", OPTIONAL, &AGENT),
    level("InstdAgt", OPTIONAL, &AGENT),
    refused("IntrmyAgt1", OPTIONAL, Reason::AG03, CHAIN),
    ignored("IntrmyAgt1Acct", OPTIONAL),
    refused("IntrmyAgt2", OPTIONAL, Reason::AG03, CHAIN),
    ignored("IntrmyAgt2Acct", OPTIONAL),
    refused("IntrmyAgt3", OPTIONAL, Reason::AG03, CHAIN),
    ignored("IntrmyAgt3Acct", OPTIONAL),
    ignored("UltmtDbtr", OPTIONAL),
    ignored("InitgPty", OPTIONAL),
    level("Dbtr", ONE, &PARTY),
    level("DbtrAcct", OPTIONAL, &ACCOUNT),
    level("DbtrAgt", ONE, &AGENT),
    ignored("DbtrAgtAcct", OPTIONAL),
    level("CdtrAgt", ONE, &AGENT),
    ignored("CdtrAgtAcct", OPTIONAL),
    level("Cdtr", ONE, &PARTY),
    level("CdtrAcct", OPTIONAL, &ACCOUNT),
    ignored("UltmtCdtr", OPTIONAL),
    refused("InstrForCdtrAgt", ANY, Reason::AG03, INSTRUCTED),
    refused("InstrForNxtAgt", ANY, Reason::AG03, INSTRUCTED),
    level("Purp", OPTIONAL, &PURPOSE),
    ignored("RgltryRptg", (0, 10)),
    ignored("Tax", OPTIONAL),
    ignored("RltdRmtInf", (0, 10)),
    level("RmtInf", OPTIONAL, &REMITTANCE),
    ignored("SplmtryData", ANY),
]);

/// Times, of which the expiry is used.
static TIMES: Level = sequence(&[
    ignored("AccptncDtTm", OPTIONAL),
    ignored("PoolgAdjstmntDt", OPTIONAL),
    text("XpryDtTm", OPTIONAL, Check::DateTime),
]);

/// What it is for.
static REMITTANCE: Level = sequence(&[text("Ustrd", ANY, Check::Text(140)), refused("Strd", ANY, RR07, STRUCTURED)]);

/// Why structured remittance information is refused.
const STRUCTURED: &str = "structured remittance information cannot be passed on; write it as text in Ustrd";
/// Remittance information is not valid.
const RR07: Reason = Reason(*b"RR07");

/// pacs.008.
pub static MESSAGE: Message =
    Message { root: "FIToFICstmrCdtTrf", level: &ROOT, group: "GrpHdr", container: None, transaction: "CdtTrfTxInf" };
