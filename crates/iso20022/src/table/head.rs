//! head.001: the business application header.

use super::common::AGENT;
use crate::check::{Check, ID35};
use crate::grammar::{ANY, Level, ONE, OPTIONAL, choice, ignored, level, sequence, text};

/// `AppHdr`: from whom the message is, and which.
pub static HEADER: Level = sequence(&[
    ignored("CharSet", OPTIONAL),
    level("Fr", ONE, &PARTY),
    level("To", ONE, &PARTY),
    text("BizMsgIdr", ONE, ID35),
    text("MsgDefIdr", ONE, ID35),
    ignored("BizSvc", OPTIONAL),
    ignored("MktPrctc", OPTIONAL),
    text("CreDt", ONE, Check::DateTime),
    ignored("BizPrcgDt", OPTIONAL),
    ignored("CpyDplct", OPTIONAL),
    text("PssblDplct", OPTIONAL, Check::OneOf(&["true", "false", "1", "0"])),
    ignored("Prty", OPTIONAL),
    ignored("Sgntr", OPTIONAL),
    ignored("Rltd", ANY),
]);

/// Who sends or receives.
static PARTY: Level = choice(&[ignored("OrgId", ONE), level("FIId", ONE, &AGENT)]);
