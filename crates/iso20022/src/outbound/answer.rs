//! What is asked, and what became of what was asked: pacs.002, camt.029, and camt.056 to the member that was paid.

use super::{Reference, Stamp, Writer, Written, time_text};
use crate::directory::Seat;
use crate::edition::Kind;
use crate::xml::Xml;
use union::{OrderStatus, Reason};

/// What became of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which order.
    pub reference: Reference,
    /// Where it is; `None` where it was rejected, and is nowhere.
    pub status: Option<OrderStatus>,
    /// Why, unless it settled.
    pub reason: Reason,
    /// In words, one text a line: at most 105 characters of each are told. Of an order that is held, by whom.
    pub texts: Vec<String>,
}

/// The status of a transaction, an ISO 20022 external code.
pub(crate) fn status_code(status: Option<OrderStatus>) -> &'static str {
    match status {
        Some(OrderStatus::Held) => "PDNG",
        Some(OrderStatus::Queued) => "ACSP",
        Some(OrderStatus::Settled | OrderStatus::Returned) => "ACSC",
        Some(OrderStatus::Cancelled) => "CANC",
        Some(OrderStatus::Refused | OrderStatus::Expired) | None => "RJCT",
    }
}

fn status_text(status: Option<OrderStatus>) -> Option<&'static str> {
    match status {
        Some(OrderStatus::Queued) => Some("waits in the queue"),
        Some(OrderStatus::Returned) => Some("was settled, and given back by a later entry"),
        Some(OrderStatus::Expired) => Some("was not settled in the time allowed for it"),
        _ => None,
    }
}

/// pacs.002: the status of orders. Where `rejected` is given, the message that it names was rejected as a whole.
pub fn status_report(
    writer: &Writer<'_>,
    stamp: &Stamp,
    rejected: Option<(&Reference, Reason, &[String])>,
    answers: &[Answer],
) -> Written {
    writer.message(Kind::Pacs002, stamp, |xml| {
        xml.within("FIToFIPmtStsRpt", |xml| {
            xml.within("GrpHdr", |xml| {
                xml.text("MsgId", &stamp.id);
                xml.text("CreDtTm", &time_text(stamp.time_ms));
                writer.agent_in(xml, "InstdAgt", Seat { member: writer.member, participant: 0 });
            });
            if let Some((reference, reason, texts)) = rejected {
                xml.within("OrgnlGrpInfAndSts", |xml| {
                    xml.text("OrgnlMsgId", reference.original.message_id.as_deref().unwrap_or("NONREF"));
                    xml.text("OrgnlMsgNmId", reference.original.message_name.as_deref().unwrap_or("NONREF"));
                    xml.text("GrpSts", "RJCT");
                    write_reason(xml, reason, texts);
                });
            }
            for answer in answers {
                write_answer(xml, answer);
            }
        });
    })
}

fn write_answer(xml: &mut Xml, answer: &Answer) {
    let reference = &answer.reference;
    xml.within("TxInfAndSts", |xml| {
        reference.write_group(xml);
        reference.write_identifiers(xml);
        xml.optional("OrgnlUETR", reference.uetr().as_deref());
        xml.text("TxSts", status_code(answer.status));
        let said = status_text(answer.status).map(str::to_owned);
        let texts: Vec<String> = answer.texts.iter().cloned().chain(said).collect();
        if answer.reason != Reason::NONE || !texts.is_empty() {
            write_reason(xml, answer.reason, &texts);
        }
        xml.optional("ClrSysRef", reference.system_reference().as_deref());
    });
}

fn write_reason(xml: &mut Xml, reason: Reason, texts: &[String]) {
    xml.within("StsRsnInf", |xml| {
        if reason != Reason::NONE {
            xml.within("Rsn", |xml| xml.text("Cd", reason.code()));
        }
        for text in texts {
            xml.shortened("AddtlInf", text, 105);
        }
    });
}

/// What became of a request to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancellationAnswer {
    /// The order was still open, and is cancelled; or it was settled, and is given back.
    Cancelled,
    /// The order is settled: the member that was paid is asked.
    Pending,
    /// It cannot be cancelled, or is not given back, for this reason.
    Rejected(Reason),
}

/// The answer to a request to cancel one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Which order.
    pub reference: Reference,
    /// What the request was called by who made it.
    pub request_id: Option<String>,
    /// The case that it belongs to.
    pub case_id: Option<String>,
    /// The answer.
    pub answer: CancellationAnswer,
    /// The member that answers; `None` for the union.
    pub by: Option<u16>,
    /// In words; at most 105 characters are told.
    pub text: Option<String>,
}

/// camt.029: what became of a request to cancel.
pub fn resolution(writer: &Writer<'_>, stamp: &Stamp, resolution: &Resolution) -> Written {
    let Resolution { reference, request_id, case_id, answer, by, text } = resolution;
    let (confirmation, status) = match answer {
        CancellationAnswer::Cancelled => ("CNCL", "ACCR"),
        CancellationAnswer::Pending => ("PDCR", "PDCR"),
        CancellationAnswer::Rejected(_) => ("RJCR", "RJCR"),
    };
    let own = Seat { member: writer.member, participant: 0 };
    writer.message(Kind::Camt029, stamp, |xml| {
        xml.within("RsltnOfInvstgtn", |xml| {
            write_assignment(writer, xml, stamp, *by);
            xml.within("Sts", |xml| xml.text("Conf", confirmation));
            xml.within("CxlDtls", |xml| {
                xml.within("TxInfAndSts", |xml| {
                    xml.optional("CxlStsId", request_id.as_deref());
                    if let Some(case) = case_id {
                        xml.within("RslvdCase", |xml| {
                            xml.text("Id", case);
                            xml.within("Cretr", |xml| writer.agent_in(xml, "Agt", own));
                        });
                    }
                    reference.write_group(xml);
                    reference.write_identifiers(xml);
                    xml.optional("OrgnlClrSysRef", reference.system_reference().as_deref());
                    xml.optional("OrgnlUETR", reference.uetr().as_deref());
                    xml.text("TxCxlSts", status);
                    let reason = match answer {
                        CancellationAnswer::Rejected(reason) => Some(reason),
                        _ => None,
                    };
                    if reason.is_some() || text.is_some() {
                        xml.within("CxlStsRsnInf", |xml| {
                            if let Some(reason) = reason {
                                xml.within("Rsn", |xml| xml.text("Cd", reason.code()));
                            }
                            xml.shortened("AddtlInf", text.as_deref().unwrap_or_default(), 105);
                        });
                    }
                });
            });
        });
    })
}

/// camt.056 to the member that was paid: the member `debtor`, which paid, asks for the order back.
pub fn cancellation_request(
    writer: &Writer<'_>,
    stamp: &Stamp,
    debtor: u16,
    reference: &Reference,
    reason: Reason,
) -> Written {
    writer.message(Kind::Camt056, stamp, |xml| {
        xml.within("FIToFIPmtCxlReq", |xml| {
            write_assignment(writer, xml, stamp, Some(debtor));
            xml.within("Undrlyg", |xml| {
                xml.within("TxInf", |xml| {
                    xml.text("CxlId", &stamp.id);
                    reference.write_group(xml);
                    reference.write_identifiers(xml);
                    xml.optional("OrgnlUETR", reference.uetr().as_deref());
                    xml.optional("OrgnlClrSysRef", reference.system_reference().as_deref());
                    xml.within("CxlRsnInf", |xml| {
                        xml.within("Rsn", |xml| xml.text("Cd", reason.code()));
                    });
                });
            });
        });
    })
}

/// `Assgnmt`: from a member, or else from the union, to the member that the message is for.
fn write_assignment(writer: &Writer<'_>, xml: &mut Xml, stamp: &Stamp, by: Option<u16>) {
    xml.within("Assgnmt", |xml| {
        xml.text("Id", &stamp.id);
        xml.within("Assgnr", |xml| match by {
            Some(member) => writer.agent_in(xml, "Agt", Seat { member, participant: 0 }),
            None => xml.within("Pty", |xml| xml.shortened("Nm", &writer.charter.name, 140)),
        });
        xml.within("Assgne", |xml| writer.agent_in(xml, "Agt", Seat { member: writer.member, participant: 0 }));
        xml.text("CreDtTm", &time_text(stamp.time_ms));
    });
}
