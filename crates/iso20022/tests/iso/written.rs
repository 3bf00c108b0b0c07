//! Every message that is written is valid against its official schema, in every edition, as an outside validator sees it.

use crate::official::{Validator, shared};
use crate::union_of_three::{TODAY, charter, directory, noon};
use iso20022::outbound::{
    Answer, Booking, CancellationAnswer, Known, LegCopy, Reference, Rejected, Report, Resolution, Stamp, Writer,
    acknowledgement, cancellation_request, liquidity_receipt, notification, rejection, resolution, settlement_leg,
    statement, status_report,
};
use iso20022::{Edition, Fault, Kind, Original};
use keys::Detail;
use ledger::{AccountKey, Book, TransferKind};
use std::collections::BTreeSet;
use union::{AccountStatement, Entry, OrderStatus, OtherSide, Payment, Period, Reason, Statement};

const UETR: &str = "174c245f-2682-4291-ad67-2a41e530cd27";
const ORDER: u128 = 0x174c245f_2682_4291_ad67_2a41e530cd27;

fn detail() -> Detail {
    Detail {
        debtor_name: Some("Ana & <Söhne>".into()),
        debtor_account: Some("DE89370400440532013000".into()),
        creditor_name: Some("x".repeat(140)),
        creditor_account: Some("12345-6".into()),
        remittance: vec!["invoice \"1\"".into(), "y".repeat(140)],
        end_to_end_id: Some("E2E-1".into()),
        instruction_id: Some("INSTR-1".into()),
        message_id: Some("MSG-1".into()),
    }
}

fn payment() -> Payment {
    let mut payment = Payment::new(ORDER, 0, 1, 840, 123_456, TODAY.0);
    (payment.customer, payment.purpose) = (1, *b"GDDS");
    payment
}

fn give_back() -> Payment {
    let mut payment = Payment::new(7, 1, 0, 840, 123_456, TODAY.0);
    (payment.kind, payment.original, payment.reason) = (Payment::RETURN, ORDER, Reason(*b"AC04"));
    payment
}

fn known(payment: Payment) -> Known {
    Known { payment: Some(payment), detail: Some(detail()) }
}

fn reference() -> Reference {
    let original = Original {
        message_id: Some("MSG-1".into()),
        message_name: Some("pacs.008.001.08".into()),
        instruction_id: Some("INSTR-1".into()),
        end_to_end_id: Some("E2E-1".into()),
        transaction_id: Some("TX-1".into()),
        uetr: Some(UETR.into()),
        system_reference: None,
    };
    Reference { order: ORDER, original }
}

/// One of each message, several where there are several forms.
fn all(edition: Edition) -> Vec<(Kind, String)> {
    let (charter, directory) = (charter(), directory());
    let writer = Writer { charter: &charter, directory: &directory, member: 0, edition };
    let stamp = Stamp { id: "B000000000012000001".into(), time_ms: noon() };
    let mut written = Vec::new();

    let statuses = (1..=7).map(OrderStatus::from_number).chain([None]);
    let reasons = [Reason::NONE, Reason::AM04];
    let answers: Vec<Answer> = statuses
        .flat_map(|status| reasons.map(|reason| (status, reason)))
        .map(|(status, reason)| Answer { reference: reference(), status, reason, texts: vec!["z".repeat(200)] })
        .chain([Answer {
            reference: Reference { order: 9, ..Reference::default() },
            status: None,
            reason: Reason::DUPL,
            texts: vec![],
        }])
        .collect();
    written.push((Kind::Pacs002, status_report(&writer, &stamp, None, &answers).unwrap()));
    let whole = (&reference(), Reason(*b"AM10"), &["the sum is wrong".to_owned()][..]);
    written.push((Kind::Pacs002, status_report(&writer, &stamp, Some(whole), &[]).unwrap()));

    let booking = |kind, amount, known| Booking { kind, order: ORDER, amount, time_ms: noon(), known };
    let unknown = || Known::default();
    for (account, booking) in [
        (AccountKey::position(0), booking(TransferKind::Settlement, -123_456, known(payment()))),
        (
            AccountKey { book: Book(840), member: 0, participant: 7 },
            booking(TransferKind::Return, 123_456, known(give_back())),
        ),
        (AccountKey::position(0), booking(TransferKind::ExchangeDifference, -1, known(payment()))),
        (AccountKey::position(0), booking(TransferKind::Rounding, 1, unknown())),
        (AccountKey::position(0), booking(TransferKind::CycleSettlement, i128::pow(10, 17), unknown())),
    ] {
        written.push((Kind::Camt054, notification(&writer, &stamp, account, &booking).unwrap()));
    }

    for (report, kind) in [(Report::Statement, Kind::Camt053), (Report::Intraday, Kind::Camt052)] {
        for period in [Period::Day(TODAY), Period::Cycle(3)] {
            let text = statement(&writer, &stamp, report, &account_statement(period), |entry| match entry.payment {
                Some(payment) => known(payment),
                None => unknown(),
            });
            written.push((kind, text.unwrap()));
        }
    }

    for answer in
        [CancellationAnswer::Cancelled, CancellationAnswer::Pending, CancellationAnswer::Rejected(Reason::AG01)]
    {
        let some = |text: &str| Some(text.to_owned());
        let (request_id, case_id, text) = (some("CXL-1"), some("CASE-1"), some("why"));
        let of_the_union = Resolution { reference: reference(), request_id, case_id, answer, by: None, text };
        let of_a_member =
            Resolution { request_id: None, case_id: None, by: Some(1), text: None, ..of_the_union.clone() };
        for answer in [of_the_union, of_a_member] {
            written.push((Kind::Camt029, resolution(&writer, &stamp, &answer).unwrap()));
        }
    }
    let text = cancellation_request(&writer, &stamp, 1, &reference(), Reason::DUPL);
    written.push((Kind::Camt056, text.unwrap()));
    for answer in &answers[..3] {
        written.push((Kind::Camt025, liquidity_receipt(&writer, &stamp, &reference(), answer).unwrap()));
    }
    for copy in [LegCopy::ToPay, LegCopy::ToReceive] {
        written.push((Kind::Pacs009, settlement_leg(&writer, &stamp, &leg(), copy, TODAY).unwrap()));
    }
    let fault = |text: &str| Fault {
        line: 3,
        path: "Document/FICdtTrf".into(),
        breach: iso20022::Breach::Structure,
        reason: Reason::FF01,
        problem: text.into(),
    };
    for faults in [&[fault("wrong")][..], &[fault(&"long".repeat(200)), fault("<more>")]] {
        let rejected = Rejected { reference: "MSG-1", faults };
        written.push((Kind::Admi002, rejection(&writer, &stamp, &rejected).unwrap()));
    }
    written.push((Kind::Admi007, acknowledgement(&writer, &stamp, "MSG-1", "pacs.009.001.08").unwrap()));
    written
}

fn leg() -> union::Leg {
    let mut union = crate::union_of_three::founded();
    crate::union_of_three::pay_and_close(&mut union)
}

fn account_statement(period: Period) -> Statement {
    let entry = |amount, balance, payment: Option<Payment>| Entry {
        height: 4,
        time_ms: noon(),
        kind: if payment.is_some() { TransferKind::Settlement } else { TransferKind::CycleSettlement },
        order: ORDER,
        payment,
        other: OtherSide { member: 1, participant: 0 },
        amount,
        balance,
    };
    let entries = vec![entry(-100, -50, Some(payment())), entry(70, 20, None)];
    let account = |account| AccountStatement { account, opening: 50, entries: entries.clone(), closing: 20 };
    Statement {
        member: 0,
        period,
        height: 9,
        state: [7; 32],
        is_final: true,
        accounts: vec![
            account(AccountKey::position(0)),
            account(AccountKey { book: Book(986), member: 0, participant: 0 }),
        ],
    }
}

#[test]
fn every_message_is_valid_in_every_edition() {
    let Some(schemas) = shared("xsd") else { return };
    let Some(validator) = Validator::new(&schemas) else { return };
    for edition in Edition::ALL {
        let written = all(edition);
        let kinds: BTreeSet<Kind> = written.iter().map(|(kind, _)| *kind).collect();
        use Kind::*;
        let promised = [Pacs009, Camt056, Pacs002, Camt054, Camt053, Camt052, Camt029, Camt025, Admi002, Admi007];
        assert_eq!(kinds, promised.into_iter().collect());
        for (kind, text) in written {
            validator.check(&text, kind.identifier(edition), Kind::Head001.identifier(edition));
        }
    }
}

#[test]
fn what_is_not_valid_is_found() {
    let Some(schemas) = shared("xsd") else { return };
    let Some(validator) = Validator::new(&schemas) else { return };
    let (kind, text) = all(Edition::E2019).remove(0);
    let broken = text.replacen("<MsgId>", "<MsgIdr>", 1).replacen("</MsgId>", "</MsgIdr>", 1);
    assert!(validator.faults(&broken, kind.identifier(Edition::E2019)).is_some());
}

/// The same as the crate reads it, for the messages that it both writes and reads.
#[test]
fn what_is_written_is_read() {
    use iso20022::{Incoming, Limits, Messages, Request};
    for edition in Edition::ALL {
        for (kind, text) in all(edition).into_iter().filter(|(kind, _)| kind.is_inbound()) {
            let mut messages = Messages::new(text.as_bytes(), Limits::FILE, None);
            let mut transactions = 0;
            while let Some(incoming) = messages.next().unwrap() {
                match incoming {
                    Incoming::Message(head) | Incoming::End(head) => assert_eq!(head.faults, [], "{text}"),
                    Incoming::Transaction(transaction) => {
                        transactions += 1;
                        let request = transaction.request.unwrap_or_else(|faults| panic!("{faults:?}\n{text}"));
                        match (kind, request) {
                            (Kind::Pacs009, Request::Pay { payment, .. }) => {
                                assert_eq!(u128::from(payment.amount), leg().asset_amount)
                            }
                            (Kind::Camt056, Request::Cancel { order, .. }) => assert_eq!(order, ORDER),
                            (Kind::Camt029, Request::Answer { order, refused }) => {
                                assert_eq!(order, ORDER);
                                assert_eq!(refused.is_some(), text.contains("<TxCxlSts>RJCR"), "{text}");
                            }
                            (kind, request) => panic!("{kind:?} {request:?}"),
                        }
                    }
                }
            }
            assert_eq!(transactions, 1);
        }
    }
}
