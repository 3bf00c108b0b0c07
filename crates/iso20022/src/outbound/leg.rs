//! pacs.009: what one member is to pay another in the settlement asset, to settle a closed cycle.

use super::{Stamp, Writer, Written, day_text, time_text};
use crate::directory::Seat;
use crate::edition::Kind;
use crate::identifier::system_reference;
use union::{Day, Leg};

/// For which side a leg is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegCopy {
    /// For the member that pays.
    ToPay,
    /// For the member that is paid, which confirms it.
    ToReceive,
}

/// A settlement leg. It is paid outside the union, by the day `day`.
pub fn settlement_leg(writer: &Writer<'_>, stamp: &Stamp, leg: &Leg, copy: LegCopy, day: Day) -> Written {
    let [debtor, creditor] = [leg.debtor, leg.creditor].map(|member| Seat { member, participant: 0 });
    let asset = writer.charter.settlement_asset;
    writer.message(Kind::Pacs009, stamp, |xml| {
        xml.within("FICdtTrf", |xml| {
            xml.within("GrpHdr", |xml| {
                xml.text("MsgId", &stamp.id);
                xml.text("CreDtTm", &time_text(stamp.time_ms));
                xml.text("NbOfTxs", "1");
                xml.within("SttlmInf", |xml| xml.text("SttlmMtd", "CLRG"));
            });
            xml.within("CdtTrfTxInf", |xml| {
                xml.within("PmtId", |xml| {
                    xml.text("InstrId", &format!("CYCLE-{}-LEG-{}", leg.cycle, leg.number));
                    xml.text("EndToEndId", &format!("CYCLE-{}-LEG-{}", leg.cycle, leg.number));
                    xml.text("ClrSysRef", &system_reference(leg.id()));
                });
                xml.amount("IntrBkSttlmAmt", leg.asset_amount, asset);
                xml.text("IntrBkSttlmDt", &day_text(day.0));
                writer.agent_in(xml, "InstgAgt", debtor);
                writer.agent_in(xml, "InstdAgt", creditor);
                writer.agent_in(xml, "Dbtr", debtor);
                writer.agent_in(xml, "Cdtr", creditor);
                xml.within("RmtInf", |xml| {
                    let text = match copy {
                        LegCopy::ToPay => "settles a closed clearing cycle: to be paid",
                        LegCopy::ToReceive => "settles a closed clearing cycle: to be confirmed when it is paid",
                    };
                    xml.text("Ustrd", text);
                });
            });
        });
    })
}
