//! Checkpoints: what is read has the same bytes again, and without signatures of nodes no state is believed. Raw bytes, and a good
//! state with a good header that names it.
#![no_main]

use comity_fuzz::{block, charter_with_nodes, founding, snapshot};
use libfuzzer_sys::fuzz_target;
use network::Checkpoint;
use std::sync::LazyLock;
use union::Union;

/// The header that names the state at an epoch's end, and the bytes of that state.
static NAMED: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let mut union = Union::new(charter_with_nodes(), 0);
    while (union.height() + 1) % union.charter().epoch_blocks != 0 {
        let next = block(&union, union.time_ms(), Vec::new());
        union.apply(&next).expect("a block without batches");
    }
    (block(&union, union.time_ms(), Vec::new()).header_bytes().to_vec(), snapshot(&union))
});

fuzz_target!(|input: (&[u8], [&[u8]; 2], u8, &[u8], Vec<(u16, u8)>)| {
    let (raw, [certificate, named_by], count, handovers, changes) = input;
    look_at(raw);
    let (header, snapshot) = &*NAMED;
    let founding = founding(charter_with_nodes()).genesis();
    let mut foundation = b"COMITYF2".to_vec();
    for part in [&founding, certificate, header, named_by] {
        foundation.extend_from_slice(&(part.len() as u32).to_le_bytes());
        foundation.extend_from_slice(part);
    }
    foundation.extend_from_slice(&u32::from(count).to_le_bytes());
    foundation.extend_from_slice(handovers);
    let mut bytes = b"COMITYC1".to_vec();
    bytes.extend_from_slice(&(foundation.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&foundation);
    bytes.extend_from_slice(snapshot);
    look_at(&bytes);
    for (at, value) in changes {
        let at = usize::from(at) % bytes.len();
        bytes[at] = value;
    }
    look_at(&bytes);
});

fn look_at(bytes: &[u8]) {
    let Ok(checkpoint) = Checkpoint::decode(bytes) else { return };
    assert_eq!(checkpoint.encode(), bytes);
    let Err(error) = checkpoint.check(&charter_with_nodes()) else { panic!("no node has signed this") };
    assert!(!error.to_string().is_empty());
}
