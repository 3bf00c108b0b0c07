//! Which namespace the name of an element is in.

use quick_xml::events::BytesStart;
use quick_xml::name::{Namespace, NamespaceError, NamespaceResolver, QName, ResolveResult};

/// Why an element cannot begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    /// The reader of XML takes `<>` and `<a:>` for elements.
    #[error("an element has no name")]
    NoName,
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
}

/// The namespaces that are declared around where reading has come to.
///
/// Few elements declare any: the others cost a comparison, where a reader that resolves every name looks through the attributes
/// of every tag.
#[derive(Debug, Default)]
pub(crate) struct Namespaces {
    resolver: NamespaceResolver,
    /// Elements that are open.
    depth: usize,
    /// Depths of open elements that declare namespaces.
    declared: Vec<usize>,
}

impl Namespaces {
    /// An element begins. Fails where it has no name, declares what cannot be declared, or too many.
    #[inline]
    pub fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), BeginError> {
        self.depth += 1;
        if start.local_name().as_ref().is_empty() {
            return Err(BeginError::NoName);
        }
        if start.attributes_raw().contains("xmlns") {
            self.resolver.push(start)?;
            self.declared.push(self.depth);
        }
        Ok(())
    }

    /// The element that began last ends.
    #[inline]
    pub fn end(&mut self) {
        if self.declared.last() == Some(&self.depth) {
            self.declared.pop();
            self.resolver.pop();
        }
        self.depth -= 1;
    }

    /// Elements that are open.
    #[inline]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The namespace of an element's name.
    #[inline]
    pub fn of<'a>(&'a self, name: QName<'_>) -> Option<&'a str> {
        match self.resolver.resolve_element(name).0 {
            ResolveResult::Bound(Namespace(namespace)) => Some(namespace),
            _ => None,
        }
    }
}
