//! Receipts: admi.002 for what is no message, admi.007 for what was received, camt.025 for transfers of liquidity.

use super::answer::status_code;
use super::{Answer, Reference, Stamp, Writer, Written, time_text};
use crate::edition::{Edition, Kind};
use crate::fault::Fault;
use union::Reason;

/// A message that is rejected.
#[derive(Clone, Copy, Debug)]
pub struct Rejected<'a> {
    /// Its identifier, as far as it could be read.
    pub reference: &'a str,
    /// What is wrong with it; the first is named as the place.
    pub faults: &'a [Fault],
}

/// The longest text with additional data.
const ADDITIONAL_CHARACTERS: usize = 20_000;

/// admi.002: a message is rejected, with the place.
pub fn rejection(writer: &Writer<'_>, stamp: &Stamp, rejected: &Rejected<'_>) -> Written {
    let first = rejected.faults.first();
    writer.message(Kind::Admi002, stamp, |xml| {
        xml.within("admi.002.001.01", |xml| {
            xml.within("RltdRef", |xml| xml.shortened("Ref", rejected.reference, 35));
            xml.within("Rsn", |xml| {
                let reason = first.map_or(Reason::FF01, |fault| fault.reason);
                xml.text("RjctgPtyRsn", reason.code());
                xml.text("RjctnDtTm", &time_text(stamp.time_ms));
                if let Some(fault) = first {
                    xml.shortened("ErrLctn", &format!("line {}: {}", fault.line, fault.path), 350);
                    xml.shortened("RsnDesc", &fault.problem, 350);
                }
                let all: Vec<String> = rejected.faults.iter().map(Fault::to_string).collect();
                if all.len() > 1 {
                    xml.shortened("AddtlData", &all.join("; "), ADDITIONAL_CHARACTERS);
                }
            });
        });
    })
}

/// admi.007: a message was received, and is worked on.
pub fn acknowledgement(writer: &Writer<'_>, stamp: &Stamp, reference: &str, identifier: &str) -> Written {
    writer.message(Kind::Admi007, stamp, |xml| {
        xml.within("RctAck", |xml| {
            xml.within("MsgId", |xml| {
                xml.text("MsgId", &stamp.id);
                xml.text("CreDtTm", &time_text(stamp.time_ms));
            });
            xml.within("Rpt", |xml| {
                xml.within("RltdRef", |xml| {
                    xml.shortened("Ref", reference, 35);
                    xml.shortened("MsgNm", identifier, 35);
                });
                xml.within("ReqHdlg", |xml| {
                    xml.text("StsCd", "RCVD");
                    xml.text("StsDtTm", &time_text(stamp.time_ms));
                    xml.text("Desc", "received; what becomes of it is told by messages of its own");
                });
            });
        });
    })
}

/// camt.025: what became of a transfer of liquidity that came in the message `original`.
pub fn liquidity_receipt(writer: &Writer<'_>, stamp: &Stamp, original: &Reference, answer: &Answer) -> Written {
    writer.message(Kind::Camt025, stamp, |xml| {
        xml.within("Rct", |xml| {
            xml.within("MsgHdr", |xml| {
                xml.text("MsgId", &stamp.id);
                xml.text("CreDtTm", &time_text(stamp.time_ms));
            });
            xml.within("RctDtls", |xml| {
                xml.within("OrgnlMsgId", |xml| {
                    xml.text("MsgId", original.original.message_id.as_deref().unwrap_or("NONREF"));
                    xml.optional("MsgNmId", original.original.message_name.as_deref());
                });
                xml.within("ReqHdlg", |xml| {
                    let status = status_code(answer.status);
                    let code = if answer.reason == Reason::NONE { status } else { answer.reason.code() };
                    if writer.edition == Edition::E2019 {
                        xml.text("StsCd", code);
                        xml.shortened("Desc", &format!("{status} {}", answer.texts.join("; ")), 140);
                    } else {
                        xml.within("Sts", |xml| xml.text("Cd", status));
                        if answer.reason != Reason::NONE {
                            xml.within("StsRsn", |xml| {
                                xml.within("Rsn", |xml| xml.text("Cd", answer.reason.code()));
                            });
                        }
                    }
                });
            });
        });
    })
}
