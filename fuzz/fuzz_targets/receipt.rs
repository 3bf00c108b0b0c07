//! Receipts of finality: what is read has the same bytes again, and without signatures of nodes nothing is proved. Raw bytes, and
//! what stands around a good proof.
#![no_main]

use comity_fuzz::{charter_with_nodes, good_proof};
use libfuzzer_sys::fuzz_target;
use network::FinalityReceipt;

fuzz_target!(|input: (&[u8], u8, &[u8], &[u8])| {
    let (raw, count, handovers, certificate) = input;
    look_at(raw);
    let mut bytes = b"COMITYR2".to_vec();
    bytes.extend_from_slice(&u32::from(count).to_le_bytes());
    bytes.extend_from_slice(handovers);
    bytes.extend_from_slice(&(certificate.len() as u32).to_le_bytes());
    bytes.extend_from_slice(certificate);
    bytes.extend_from_slice(&good_proof().bytes);
    look_at(&bytes);
});

fn look_at(bytes: &[u8]) {
    let Ok(receipt) = FinalityReceipt::decode(bytes) else { return };
    assert_eq!(receipt.encode(), bytes);
    let error = receipt.check(&charter_with_nodes()).expect_err("no node has signed this");
    assert!(!error.to_string().is_empty());
}
