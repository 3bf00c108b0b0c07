//! Elements that several messages share.

use crate::check::{Check, ID35};
use crate::edition::Edition::E2024;
use crate::grammar::{ANY, Level, ONE, OPTIONAL, choice, ignored, level, refused, sequence, text};
use union::Reason;

/// Why a chain of more agents is refused.
pub(super) const CHAIN: &str = "the union pays from member to member: an agent between the receiving member and the creditor's agent cannot be told";
/// Why instructions to agents are refused.
pub(super) const INSTRUCTED: &str = "an instruction to an agent cannot be passed on";
/// Why times are refused that an order cannot wait for.
pub(super) const TIME: &str = "an order cannot be held back until a time of day; send it then";
/// The values of a settlement priority.
pub(super) const PRIORITY: Check = Check::OneOf(&["URGT", "HIGH", "NORM"]);

/// Who an institution is: the first of BIC, LEI and clearing system member that is known here.
static INSTITUTION: Level = sequence(&[
    text("BICFI", OPTIONAL, Check::Bic),
    level("ClrSysMmbId", OPTIONAL, &CLEARING_MEMBER),
    text("LEI", OPTIONAL, Check::Lei),
    text("Nm", OPTIONAL, Check::Text(140)),
    ignored("PstlAdr", OPTIONAL),
    ignored("Othr", OPTIONAL),
]);

/// A member by its code.
static CLEARING_MEMBER: Level = sequence(&[ignored("ClrSysId", OPTIONAL), text("MmbId", ONE, ID35)]);

/// An agent, or an institution that pays or is paid.
pub(super) static AGENT: Level = sequence(&[level("FinInstnId", ONE, &INSTITUTION), ignored("BrnchId", OPTIONAL)]);

/// A customer, of whom the name is kept.
pub(super) static PARTY: Level = sequence(&[
    text("Nm", OPTIONAL, Check::Text(140)),
    ignored("PstlAdr", OPTIONAL),
    ignored("Id", OPTIONAL),
    ignored("CtryOfRes", OPTIONAL),
    ignored("CtctDtls", OPTIONAL),
]);

/// A party or an agent.
static AGENT_OR_PARTY: Level = choice(&[level("Pty", ONE, &PARTY), level("Agt", ONE, &AGENT)]);

/// The identification of an account.
static ACCOUNT_IDENTIFICATION: Level = choice(&[text("IBAN", ONE, Check::Iban), level("Othr", ONE, &OTHER_ACCOUNT)]);

/// An account without IBAN.
static OTHER_ACCOUNT: Level =
    sequence(&[text("Id", ONE, Check::Text(34)), ignored("SchmeNm", OPTIONAL), ignored("Issr", OPTIONAL)]);

/// An account.
pub(super) static ACCOUNT: Level = sequence(&[
    level("Id", OPTIONAL, &ACCOUNT_IDENTIFICATION).since(E2024),
    level("Id", ONE, &ACCOUNT_IDENTIFICATION).before(E2024),
    ignored("Tp", OPTIONAL),
    ignored("Ccy", OPTIONAL),
    ignored("Nm", OPTIONAL),
    ignored("Prxy", OPTIONAL),
]);

/// The identifiers of a payment.
pub(super) static PAYMENT_IDENTIFICATION: Level = sequence(&[
    text("InstrId", OPTIONAL, ID35),
    text("EndToEndId", ONE, ID35),
    text("TxId", OPTIONAL, ID35),
    text("UETR", OPTIONAL, Check::Uetr),
    ignored("ClrSysRef", OPTIONAL),
]);

/// What kind of payment it is.
pub(super) static PAYMENT_TYPE: Level = sequence(&[
    text("InstrPrty", OPTIONAL, Check::OneOf(&["HIGH", "NORM"])),
    ignored("ClrChanl", OPTIONAL),
    ignored("SvcLvl", ANY),
    ignored("LclInstrm", OPTIONAL),
    ignored("CtgyPurp", OPTIONAL),
]);

/// How it settles.
pub(super) static SETTLEMENT: Level = sequence(&[
    text("SttlmMtd", ONE, Check::OneOf(&["INDA", "INGA", "COVE", "CLRG"])),
    ignored("SttlmAcct", OPTIONAL),
    ignored("ClrSys", OPTIONAL),
    ignored("InstgRmbrsmntAgt", OPTIONAL),
    ignored("InstgRmbrsmntAgtAcct", OPTIONAL),
    ignored("InstdRmbrsmntAgt", OPTIONAL),
    ignored("InstdRmbrsmntAgtAcct", OPTIONAL),
    ignored("ThrdRmbrsmntAgt", OPTIONAL),
    ignored("ThrdRmbrsmntAgtAcct", OPTIONAL),
]);

/// Until when it has to settle.
pub(super) static TIME_REQUEST: Level = sequence(&[
    refused("CLSTm", OPTIONAL, Reason::AG03, TIME),
    text("TillTm", OPTIONAL, Check::Time),
    refused("FrTm", OPTIONAL, Reason::AG03, TIME),
    text("RjctTm", OPTIONAL, Check::Time),
]);

/// A purpose, of which the code is kept.
pub(super) static PURPOSE: Level = choice(&[text("Cd", ONE, Check::Code), ignored("Prtry", ONE)]);

/// A reason, of which the code is kept.
pub(super) static REASON: Level = choice(&[text("Cd", ONE, Check::Code), ignored("Prtry", ONE)]);

/// The message that a payment came with.
pub(super) static ORIGINAL_GROUP: Level =
    sequence(&[text("OrgnlMsgId", ONE, ID35), text("OrgnlMsgNmId", ONE, ID35), ignored("OrgnlCreDtTm", OPTIONAL)]);

/// Who asks or answers whom about a payment.
pub(super) static ASSIGNMENT: Level = sequence(&[
    text("Id", ONE, ID35),
    level("Assgnr", ONE, &AGENT_OR_PARTY),
    level("Assgne", ONE, &AGENT_OR_PARTY),
    text("CreDtTm", ONE, Check::DateTime),
]);

/// The case that a question about a payment belongs to.
pub(super) static CASE: Level =
    sequence(&[text("Id", ONE, ID35), level("Cretr", ONE, &AGENT_OR_PARTY), ignored("ReopCaseIndctn", OPTIONAL)]);
