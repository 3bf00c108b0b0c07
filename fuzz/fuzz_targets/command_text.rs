//! Commands as JSON: no panic, and what was read is described by JSON that reads to the same command.
#![no_main]

use api::text::{describe_command, parse_command};
use comity_fuzz::charter;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let charter = charter();
    if let Ok(command) = parse_command(&charter, text) {
        let again = describe_command(&charter, &command).to_string();
        assert_eq!(parse_command(&charter, &again).map_err(|error| error.to_string()), Ok(command), "{again}");
    }
});
