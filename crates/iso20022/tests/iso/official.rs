//! Where the official schemas and the sample messages are, which are not part of this repository.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// `xmllint` of libxml2 with the official schemas.
pub struct Validator {
    schemas: PathBuf,
    directory: tempfile::TempDir,
}

impl Validator {
    /// `None`, and a line that says so, where `xmllint` is not installed; where `COMITY_XMLLINT_REQUIRED` is set, that
    /// is a failure.
    pub fn new(schemas: &Path) -> Option<Validator> {
        let is_there = Command::new("xmllint").arg("--version").stderr(Stdio::null()).status().is_ok();
        if !is_there {
            assert!(std::env::var_os("COMITY_XMLLINT_REQUIRED").is_none(), "xmllint is not installed");
            eprintln!("SKIPPED: xmllint is not installed, so nothing was validated (Debian: libxml2-utils)");
            return None;
        }
        Some(Validator { schemas: schemas.to_owned(), directory: tempfile::tempdir().unwrap() })
    }

    /// Asserts that header and document of a message are valid.
    pub fn check(&self, message: &str, document: &str, header: &str) {
        for identifier in [document, header] {
            if let Some(faults) = self.faults(message, identifier) {
                panic!("{identifier}: {faults}\n{message}");
            }
        }
    }

    /// What is wrong with the part of a message that is of a schema.
    pub fn faults(&self, message: &str, identifier: &str) -> Option<String> {
        let document = roxmltree::Document::parse(message).unwrap();
        let namespace = format!("urn:iso:std:iso:20022:tech:xsd:{identifier}");
        let part = document.descendants().find(|node| node.tag_name().namespace() == Some(&namespace));
        let part = part.unwrap_or_else(|| panic!("no {identifier} in {message}"));
        let file = self.directory.path().join("part.xml");
        std::fs::write(&file, &message[part.range()]).unwrap();
        let schema = self.schemas.join(format!("{identifier}.xsd"));
        let run = Command::new("xmllint").args(["--noout", "--nonet", "--schema"]).arg(schema).arg(&file).output();
        let run = run.unwrap();
        (!run.status.success()).then(|| String::from_utf8_lossy(&run.stderr).into_owned())
    }
}
