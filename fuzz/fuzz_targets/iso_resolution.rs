//! camt.029 as XML: no panic, a place in every fault, and what was read names an order.
#![no_main]

use comity_fuzz::iso;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: iso::Input<'_>| iso::check("camt.029.001.09", &input));
