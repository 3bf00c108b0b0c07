//! Rooted trees over the nodes of a graph.

use super::residual::{Half, Halves};

/// No node.
pub(super) const NONE: u32 = u32::MAX;

/// A node's place in its tree, all in one place, as it is read in no order.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(super) struct Place {
    /// The node above, or [`NONE`] at a root.
    pub parent: u32,
    /// The half at this node that leads there.
    pub half: u32,
    /// What the graph has there, as it is asked for more than anything else.
    pub head: Half,
    /// The first of the nodes below.
    pub child: u32,
    /// The next of those below the same node.
    pub next: u32,
    /// The one before.
    previous: u32,
    /// The search that has been here last.
    pub seen: u32,
}

impl Place {
    const ALONE: Place =
        Place { parent: NONE, half: 0, head: Half::new(0, false), child: NONE, next: NONE, previous: NONE, seen: 0 };
}

/// Every node is in one tree; at first each is in its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Forest {
    pub places: Vec<Place>,
}

impl Forest {
    /// Puts each of so many nodes into a tree of its own.
    pub(super) fn clear(&mut self, nodes: usize) {
        self.places.clear();
        self.places.resize(nodes, Place::ALONE);
    }

    /// Rooms have changed.
    pub(super) fn refresh(&mut self, halves: &Halves) {
        for place in self.places.iter_mut().filter(|place| place.parent != NONE) {
            place.head = halves.heads[place.half as usize];
        }
    }

    #[inline]
    pub(super) fn place(&self, node: u32) -> Place {
        self.places[node as usize]
    }

    pub(super) fn is_root(&self, node: u32) -> bool {
        self.place(node).parent == NONE
    }

    /// How far a node is from its root.
    pub(super) fn depth(&self, node: u32) -> u32 {
        let (mut at, mut depth) = (self.place(node).parent, 0);
        while at != NONE {
            (at, depth) = (self.place(at).parent, depth + 1);
        }
        depth
    }

    /// Hangs a root below another node, to which `half` leads.
    pub(super) fn link(&mut self, root: u32, parent: u32, half: u32, halves: &Halves) {
        let next = std::mem::replace(&mut self.places[parent as usize].child, root);
        if next != NONE {
            self.places[next as usize].previous = root;
        }
        let place = &mut self.places[root as usize];
        (place.parent, place.next, place.previous) = (parent, next, NONE);
        (place.half, place.head) = (half, halves.heads[half as usize]);
    }

    /// Makes a node that is below another one a root.
    pub(super) fn cut(&mut self, node: u32) {
        let Place { parent, next, previous, .. } = self.place(node);
        if previous == NONE {
            self.places[parent as usize].child = next;
        } else {
            self.places[previous as usize].next = next;
        }
        if next != NONE {
            self.places[next as usize].previous = previous;
        }
        let place = &mut self.places[node as usize];
        (place.parent, place.next, place.previous) = (NONE, NONE, NONE);
    }

    /// Hangs a whole tree by one of its nodes below a node of another tree, to which `half` leads.
    pub(super) fn hang(&mut self, node: u32, parent: u32, half: u32, halves: &Halves) {
        let (mut node, mut parent, mut half) = (node, parent, half);
        loop {
            let old = self.place(node);
            if old.parent != NONE {
                self.cut(node);
            }
            self.link(node, parent, half, halves);
            if old.parent == NONE {
                return;
            }
            // What was above is below now.
            (node, parent, half) = (old.parent, node, halves.partners[old.half as usize]);
        }
    }
}
