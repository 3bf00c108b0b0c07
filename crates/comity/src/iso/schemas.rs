//! The official schemas, where they are at hand: what they say of a file beside what the product itself checks.

use crate::exit::{Failure, Result};
use iso20022::{Breach, Fault, NAMESPACE};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use union::Reason;
use uppsala::{Document, NodeId, XsdValidator};

/// A file that is held in memory for this is at most so long.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// A directory of schemas named by their message: `pacs.009.001.08.xsd`.
pub struct Schemas {
    directory: PathBuf,
    validators: BTreeMap<String, Option<XsdValidator>>,
}

impl Schemas {
    /// Schemas of a directory; they are read when they are needed.
    pub fn new(directory: &Path) -> Schemas {
        Schemas { directory: directory.to_owned(), validators: BTreeMap::new() }
    }

    /// Validates headers and documents of a file.
    pub fn check(&mut self, path: &Path) -> Result<Vec<Fault>> {
        let length = std::fs::metadata(path).map_err(Failure::io("read", path))?.len();
        if length > FILE_BYTES_MAX {
            let text =
                format!("{}: is longer than {FILE_BYTES_MAX} bytes; --schema takes smaller files", path.display());
            return Err(Failure::failed(text));
        }
        let text = std::fs::read_to_string(path).map_err(Failure::io("read", path))?;
        let text = text.trim_start_matches('\u{feff}');
        let at = |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", path.display()));
        let document = uppsala::parse(text).map_err(|error| at(&error))?;
        let mut faults = Vec::new();
        let mut waiting: Vec<NodeId> = document.document_element().into_iter().collect();
        while let Some(node) = waiting.pop() {
            let Some(element) = document.element(node) else { continue };
            let namespace = element.name.namespace_uri.as_deref().and_then(|name| name.strip_prefix(NAMESPACE));
            match namespace {
                Some(identifier) => faults.extend(self.part(&document, node, identifier)?),
                None => waiting.extend(document.children(node).into_iter().rev()),
            }
        }
        faults.sort_by_key(|fault| fault.line);
        Ok(faults)
    }

    fn part(&mut self, document: &Document<'_>, node: NodeId, identifier: &str) -> Result<Vec<Fault>> {
        let line = document.node_line(node) as u64;
        let fault = |line: u64, problem: String| Fault {
            line,
            path: identifier.to_owned(),
            breach: Breach::Structure,
            reason: Reason::FF01,
            problem,
        };
        let Some(validator) = self.validator(identifier)? else {
            let problem = format!("there is no {identifier}.xsd in {}", self.directory.display());
            return Ok(vec![fault(line, problem)]);
        };
        // As it stands in the file, so that lines are right; with prefixes that are declared around it, as a copy.
        let in_place = document.node_source(node).map(|source| "\n".repeat(line.saturating_sub(1) as usize) + source);
        let in_place = in_place.as_deref().and_then(|text| uppsala::parse(text).ok());
        let errors = match in_place {
            Some(alone) => validator.validate(&alone),
            None => {
                let mut alone = Document::new();
                let Some(copy) = alone.import_subtree(document, node) else {
                    return Ok(vec![fault(line, "cannot be taken out of the file".to_owned())]);
                };
                let root = alone.root();
                alone.append_child(root, copy);
                let errors = validator.validate(&alone);
                errors.into_iter().map(|error| uppsala::ValidationError { line: None, ..error }).collect()
            }
        };
        Ok(errors.into_iter().map(|e| fault(e.line.map_or(line, |line| line as u64), e.message)).collect())
    }

    fn validator(&mut self, identifier: &str) -> Result<Option<&XsdValidator>> {
        // The name comes out of a message, and becomes that of a file.
        let is_plain = identifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
        if !self.validators.contains_key(identifier) {
            let path = self.directory.join(format!("{identifier}.xsd"));
            let validator = match std::fs::read_to_string(&path) {
                Ok(text) if is_plain => {
                    let at = |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", path.display()));
                    let schema = uppsala::parse(&text).map_err(|error| at(&error))?;
                    Some(XsdValidator::from_schema(&schema).map_err(|error| at(&error))?)
                }
                _ => None,
            };
            self.validators.insert(identifier.to_owned(), validator);
        }
        Ok(self.validators.get(identifier).and_then(Option::as_ref))
    }
}
