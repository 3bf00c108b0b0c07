//! Scenario files: no panic; a scenario that was read has payments or says why not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use simulate::Scenario;

fuzz_target!(|text: &str| {
    if let Ok(scenario) = Scenario::parse(text) {
        drop(simulate::split(&scenario, 100));
    }
});
