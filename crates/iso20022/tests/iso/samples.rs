//! Messages that other people wrote.

use crate::official::shared;
use iso20022::{Fault, Kind, Limits, Part, Parts};
use std::fs::File;
use std::io::BufReader;

/// What a file holds: kinds of documents, transactions and faults.
fn read(name: &str) -> Option<(Vec<Option<Kind>>, usize, Vec<Fault>)> {
    let file = File::open(shared("samples")?.join(name)).unwrap();
    let mut parts = Parts::new(BufReader::new(file), Limits::FILE);
    let (mut kinds, mut transactions, mut faults) = (Vec::new(), 0, Vec::new());
    while let Some(part) = parts.next().unwrap() {
        match part {
            Part::Begin(opened) => kinds.push(opened.message.map(|(kind, _)| kind)),
            Part::Header(record) | Part::Group(record) => faults.extend(record.faults.clone()),
            Part::Transaction(record) => {
                transactions += 1;
                faults.extend(record.faults.clone());
            }
            Part::End(more) => faults.extend(more),
        }
    }
    Some((kinds, transactions, faults))
}

#[test]
fn what_is_good_is_read_and_what_cannot_be_done_is_named() {
    let Some((kinds, transactions, faults)) = read("cbpr-pacs.008.001.08-with-header.xml") else { return };
    assert_eq!((kinds, transactions), (vec![Some(Kind::Pacs008)], 1));
    let told: Vec<_> = faults.iter().map(|fault| (fault.path.as_str(), fault.reason.code())).collect();
    assert_eq!(told, [("Document/FIToFICstmrCdtTrf/CdtTrfTxInf/IntrmyAgt1", "AG03")]);
    assert_eq!(faults[0].line, 62, "{}", faults[0]);

    let (kinds, transactions, faults) = read("cbpr-pacs.009.001.08-prefixed-jpy.xml").unwrap();
    assert_eq!((kinds, transactions, faults), (vec![Some(Kind::Pacs009)], 1, vec![]));
    let (kinds, transactions, faults) = read("cbpr-pacs.004.001.09-return.xml").unwrap();
    assert_eq!((kinds, transactions, faults), (vec![Some(Kind::Pacs004)], 1, vec![]));
    let (kinds, transactions, faults) = read("cbpr-camt.056.001.08-recall.xml").unwrap();
    assert_eq!((kinds, transactions, faults), (vec![Some(Kind::Camt056)], 1, vec![]));
}

#[test]
fn what_is_only_written_here_is_refused_by_name() {
    for name in ["cbpr-camt.053.001.08-statement.xml", "fednow-pacs.002.001.10-status.xml"] {
        let Some((kinds, transactions, faults)) = read(name) else { return };
        assert_eq!((kinds, transactions, faults.len()), (vec![None], 0, 1), "{name}");
        assert!(faults[0].problem.contains("is not a message that is read here"), "{}", faults[0]);
    }
}
