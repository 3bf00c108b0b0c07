//! One header, group or transaction as it was read: the elements that are kept, in the order in which they came.

use crate::fault::Fault;
use crate::grammar::Element;
use std::ops::Range;

/// A part of a message that is read as a whole.
#[derive(Debug, Default)]
pub struct Record {
    pub(crate) nodes: Vec<Node>,
    /// The texts of all nodes, one after the other.
    pub(crate) text: String,
    /// What is wrong with it, as far as the tables say.
    pub faults: Vec<Fault>,
    /// The line on which it begins.
    pub line: u64,
    /// The elements around it and its own name.
    pub(crate) base: String,
}

/// An element that was read.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub element: &'static Element,
    /// Line on which it ends.
    pub line: u64,
    /// The element around it, by place.
    pub parent: u32,
    /// The place after its last descendant.
    pub end: u32,
    /// Its text.
    pub text: Range<u32>,
    /// Its currency, for an amount.
    pub currency: Range<u32>,
}

/// Stands for the record itself where a node's place would.
pub(crate) const TOP: u32 = u32::MAX;

/// An element in a record.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    record: &'a Record,
    /// Place of the node, or [`TOP`].
    node: u32,
}

impl Record {
    /// Makes room for another one.
    pub(crate) fn clear(&mut self, base: &str, line: u64) {
        self.nodes.clear();
        self.text.clear();
        self.faults.clear();
        self.base.clear();
        self.base.push_str(base);
        self.line = line;
    }

    /// The record's own element.
    pub fn top(&self) -> At<'_> {
        At { record: self, node: TOP }
    }

    pub(crate) fn at(&self, node: u32) -> At<'_> {
        At { record: self, node }
    }

    /// The element at a path such as `PmtId/UETR`, the first where there are several.
    pub fn get(&self, path: &str) -> Option<At<'_>> {
        self.top().get(path)
    }

    /// The text of the element at a path.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).map(At::text)
    }
}

impl<'a> At<'a> {
    /// The children of a name, in order.
    pub fn children<'n>(self, name: &'n str) -> impl Iterator<Item = At<'a>> + use<'a, 'n> {
        let nodes = &self.record.nodes;
        let (mut at, end) = match self.node {
            TOP => (0, nodes.len() as u32),
            node => (node + 1, nodes[node as usize].end),
        };
        std::iter::from_fn(move || {
            while at < end {
                let child = at;
                at = nodes[child as usize].end;
                if nodes[child as usize].element.name == name {
                    return Some(At { record: self.record, node: child });
                }
            }
            None
        })
    }

    /// The element at a path, the first where there are several.
    pub fn get(self, path: &str) -> Option<At<'a>> {
        path.split('/').try_fold(self, |at, name| at.children(name).next())
    }

    /// Its text.
    pub fn text(self) -> &'a str {
        let range = &self.record.nodes[self.node as usize].text;
        &self.record.text[range.start as usize..range.end as usize]
    }

    /// Its currency, for an amount.
    pub fn currency(self) -> &'a str {
        let range = &self.record.nodes[self.node as usize].currency;
        &self.record.text[range.start as usize..range.end as usize]
    }

    /// The line on which it ends.
    pub fn line(self) -> u64 {
        if self.node == TOP { self.record.line } else { self.record.nodes[self.node as usize].line }
    }

    /// Its path from `Document` on.
    pub fn path(self) -> String {
        let mut names = Vec::new();
        let mut node = self.node;
        while node != TOP {
            names.push(self.record.nodes[node as usize].element.name);
            node = self.record.nodes[node as usize].parent;
        }
        let mut path = self.record.base.clone();
        for name in names.iter().rev() {
            path.push('/');
            path.push_str(name);
        }
        path
    }
}
