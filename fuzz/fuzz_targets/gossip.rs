//! Batches that a node tells others of: without the members' signatures none is taken, however they are put together.
#![no_main]

use comity_fuzz::founded;
use libfuzzer_sys::fuzz_target;
use network::fuzzing::gossiped;
use union::Batch;

fuzz_target!(|input: (&[u8], Vec<(u8, u64, Vec<u8>)>)| {
    let (raw, forged) = input;
    let (union, _) = founded();
    let mut message = Vec::new();
    for (member, sequence, detail) in forged {
        let key = union.charter().members[usize::from(member) % union.charter().members.len()].signing_key;
        let sign = |_: &[u8]| [member; 64];
        let (hash, details) = (union.charter().hash(), [(0, detail)]);
        if let Ok(batch) = Batch::build(hash, member.into(), key, sequence, &[[0; 128]], &details, sign) {
            message.extend_from_slice(&batch);
        }
    }
    message.extend_from_slice(raw);
    for message in [raw, &message] {
        assert!(gossiped(message, union.rosters()).is_empty(), "nobody has signed this");
    }
});
