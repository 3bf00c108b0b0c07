//! A file of payment orders as JSON lines or CSV: no panic, one answer a line, and what was read is in range.
#![no_main]

use api::text::{Format, read_orders};
use comity_fuzz::charter;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, &[u8])| {
    let (json, bytes) = input;
    let format = if json { Format::JsonLines } else { Format::Csv };
    let charter = charter();
    let lines = bytes.iter().filter(|&&byte| byte == b'\n' || byte == b'\r').count() as u64 + 2;
    let mut answers = 0;
    for answer in read_orders(&charter, 0, format, bytes, 100) {
        answers += 1;
        assert!(answers <= lines.min(101), "one answer a line");
        match answer {
            Ok(draft) => assert!(draft.line <= lines),
            Err(error) => assert!(!error.problem.is_empty()),
        }
    }
});
