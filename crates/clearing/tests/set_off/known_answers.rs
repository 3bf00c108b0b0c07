//! Set-offs of generated networks whose largest total two other solvers agree on.
//!
//! The data lies beside the repository and is not part of it; without it this test says so and passes.

use crate::scene::{owed, proved};
use clearing::set_off::{Terms, components};
use std::path::Path;

const OBLIGATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/obligations");

/// Debtors, creditors and amounts of a file; `None` where it is absent.
fn read(name: &str) -> Option<Vec<(u32, u32, u64)>> {
    let path = Path::new(OBLIGATIONS).join(name);
    if !path.exists() {
        println!("SKIPPED: no obligations at {}", path.display());
        return None;
    }
    let mut reader = csv::Reader::from_path(path).expect("readable");
    Some(
        reader
            .deserialize::<(u64, u32, u32, u64)>()
            .map(|row| row.expect("well-formed"))
            .map(|r| (r.1, r.2, r.3))
            .collect(),
    )
}

#[test]
fn generated_networks() {
    for (name, total, cleared) in
        [("net-500.csv", 1_083_458_544, 190_888_770), ("net-5000.csv", 12_104_199_605, 2_402_999_902)]
    {
        let Some(list) = read(name) else { return };
        let obligations = owed(&list);
        let set_off = proved(&obligations, &Terms::default());
        assert_eq!((set_off.total, set_off.cleared), (total, cleared), "{name}");
        assert_eq!(set_off.remaining(), total - cleared);
        assert!(components(crate::scene::parties(&obligations), &obligations) >= 1);
    }
}
