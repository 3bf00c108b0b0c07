//! Where the official schemas and the sample messages are, which are not part of this repository.

use std::path::{Path, PathBuf};

/// `../shared/iso20022` beside the repository; `None`, and a line that says so, where it is not there.
pub fn shared(part: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/iso20022").join(part);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not here, so nothing was compared with it", path.display());
    None
}

/// The schema of a message, if it is there.
pub fn schema(identifier: &str) -> Option<String> {
    std::fs::read_to_string(shared("xsd")?.join(format!("{identifier}.xsd"))).ok()
}
