//! pacs.028 as XML: no panic, a place in every fault, and what was read is an order that can be signed.
#![no_main]

use comity_fuzz::iso;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: iso::Input<'_>| iso::check("pacs.028.001.03", &input));
