//! Arbitrary input: no panic, an answer in bounded time, and a place in every fault.

use crate::messages::{
    answer, cancellation, customer_transfer, give_back, institution_transaction, institution_transfer, liquidity,
    question,
};
use crate::union_of_three::{TODAY, charter, directory};
use iso20022::{Fault, Incoming, Limits, Messages, Reader, Request};
use proptest::prelude::*;

/// What holds for every input: the property that the fuzz targets check too.
fn check(text: &[u8]) {
    let (charter, directory) = (charter(), directory());
    let reader = Reader { charter: &charter, directory: &directory, member: 0, today: TODAY };
    for reader in [None, Some(reader)] {
        let mut messages = Messages::new(text, Limits::FILE, reader);
        let lines = text.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        let is_placed =
            |fault: &Fault| (1..=lines).contains(&fault.line) && !fault.path.is_empty() && !fault.problem.is_empty();
        loop {
            match messages.next() {
                Ok(None) => break,
                Err(fault) => {
                    assert!(is_placed(&fault), "{fault}");
                    assert_eq!(messages.next(), Ok(None), "nothing follows");
                    break;
                }
                Ok(Some(Incoming::Message(head) | Incoming::End(head))) => {
                    assert!(head.faults.iter().all(is_placed), "{:?}", head.faults)
                }
                Ok(Some(Incoming::Transaction(transaction))) => match transaction.request {
                    Err(faults) => assert!(!faults.is_empty() && faults.iter().all(is_placed), "{faults:?}"),
                    Ok(Request::Pay { payment, detail }) | Ok(Request::Return { payment, detail, .. }) => {
                        assert!(payment.amount > 0 && payment.id != 0);
                        let record = union::Command::Pay(payment).encode();
                        assert!(union::Command::decode(&record).is_ok(), "{payment:?}");
                        assert!(detail.check().is_ok());
                    }
                    Ok(Request::Cancel { order, .. } | Request::Answer { order, .. } | Request::Status { order }) => {
                        assert_ne!(order, 0)
                    }
                },
            }
        }
    }
}

/// A good message of each kind.
fn good() -> [String; 7] {
    let two = institution_transfer(&[institution_transaction(""), institution_transaction("")]);
    [customer_transfer(), two, give_back(), cancellation(), answer(), question(), liquidity()]
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes);
    }

    #[test]
    fn good_messages_with_bytes_changed(which in 0usize..7, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = good()[which].clone().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check(&bytes);
    }

    #[test]
    fn good_messages_with_pieces_moved(which in 0usize..7, from in any::<prop::sample::Index>(), length in 0usize..200, to in any::<prop::sample::Index>()) {
        let mut bytes = good()[which].clone().into_bytes();
        let from = from.index(bytes.len());
        let end = (from + length).min(bytes.len());
        let piece: Vec<u8> = bytes.drain(from..end).collect();
        let to = to.index(bytes.len() + 1);
        bytes.splice(to..to, piece);
        check(&bytes);
    }

    #[test]
    fn texts_of_any_kind(text in "\\PC{0,60}", which in 0usize..6) {
        let place = ["E2E-1", "1234.56", "FICTCLRM", "2006-01-02<", "DE89370400440532013000", "wool"][which];
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
        check(customer_transfer().replacen(place, &escaped, 1).as_bytes());
    }
}
