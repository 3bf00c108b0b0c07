//! pacs.009: a credit transfer between institutions.

use super::common::{
    ACCOUNT, AGENT, CHAIN, INSTRUCTED, PAYMENT_IDENTIFICATION, PAYMENT_TYPE, PRIORITY, PURPOSE, SETTLEMENT,
    TIME_REQUEST,
};
use crate::check::{Check, ID35};
use crate::edition::Edition::{E2024, E2026};
use crate::grammar::{ANY, Level, Message, ONE, OPTIONAL, SOME, amount, ignored, level, refused, sequence, text};
use union::Reason;

/// `FICdtTrf`.
static ROOT: Level =
    sequence(&[level("GrpHdr", ONE, &GROUP), level("CdtTrfTxInf", SOME, &TRANSACTION), ignored("SplmtryData", ANY)]);

/// What holds for all transactions.
pub(super) static GROUP: Level = sequence(&[
    text("MsgId", ONE, ID35),
    text("CreDtTm", ONE, Check::DateTime),
    text("XpryDtTm", OPTIONAL, Check::DateTime).since(E2026),
    ignored("BtchBookg", OPTIONAL),
    text("NbOfTxs", ONE, Check::Count),
    text("CtrlSum", OPTIONAL, Check::Decimal),
    amount("TtlIntrBkSttlmAmt", OPTIONAL),
    text("IntrBkSttlmDt", OPTIONAL, Check::Date),
    level("SttlmInf", ONE, &SETTLEMENT),
    level("PmtTpInf", OPTIONAL, &PAYMENT_TYPE),
    level("InstgAgt", OPTIONAL, &AGENT),
    level("InstdAgt", OPTIONAL, &AGENT),
]);

/// A transfer between two institutions.
static TRANSACTION: Level = sequence(&[
    level("PmtId", ONE, &PAYMENT_IDENTIFICATION),
    level("PmtTpInf", OPTIONAL, &PAYMENT_TYPE),
    amount("IntrBkSttlmAmt", ONE),
    text("IntrBkSttlmDt", OPTIONAL, Check::Date),
    text("SttlmPrty", OPTIONAL, PRIORITY),
    ignored("SttlmTmIndctn", OPTIONAL),
    level("SttlmTmReq", OPTIONAL, &TIME_REQUEST),
    text("XpryDtTm", OPTIONAL, Check::DateTime).since(E2026),
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
    level("Dbtr", ONE, &AGENT),
    level("DbtrAcct", OPTIONAL, &ACCOUNT),
    level("DbtrAgt", OPTIONAL, &AGENT),
    ignored("DbtrAgtAcct", OPTIONAL),
    level("CdtrAgt", OPTIONAL, &AGENT),
    ignored("CdtrAgtAcct", OPTIONAL),
    level("Cdtr", ONE, &AGENT),
    level("CdtrAcct", OPTIONAL, &ACCOUNT),
    ignored("UltmtCdtr", OPTIONAL),
    refused("InstrForCdtrAgt", ANY, Reason::AG03, INSTRUCTED),
    refused("InstrForNxtAgt", ANY, Reason::AG03, INSTRUCTED),
    level("Purp", OPTIONAL, &PURPOSE),
    ignored("RgltryRptg", (0, 10)).since(E2026),
    level("RmtInf", OPTIONAL, &REMITTANCE),
    refused("UndrlygAllcn", ANY, Reason::AG03, UNDERLYING).since(E2024),
    refused("UndrlygCstmrCdtTrf", OPTIONAL, Reason::AG03, UNDERLYING),
    refused("UndrlygFICdtTrf", OPTIONAL, Reason::AG03, UNDERLYING).since(E2026),
    ignored("SplmtryData", ANY),
]);

/// What it is for.
static REMITTANCE: Level = sequence(&[text("Ustrd", ANY, Check::Text(140))]);

/// Why a cover payment is refused.
const UNDERLYING: &str =
    "the customers of a payment that this one covers cannot be told; send the customer payment itself";

/// pacs.009.
pub static MESSAGE: Message =
    Message { root: "FICdtTrf", level: &ROOT, group: "GrpHdr", container: None, transaction: "CdtTrfTxInf" };
