//! The residual graph: every arc as two halves, one at each of its ends.
//!
//! What the searches ask of a half again and again (where it leads, whether it can carry more, whether its partner can)
//! is packed into 32 bits, so that a search reads one number for each half and the potentials of the nodes, and touches
//! residual capacities only where flow moves. That is most of what makes the solver fast.

use super::{Arc, FlowError, Network};
use std::cmp::Reverse;

/// One end of an arc, seen from the node that it is listed at: the node at the other end, and three flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Half(u32);

impl Half {
    /// Flow can be pushed from here to the other end.
    const CAN_PUSH: u32 = 1 << 31;
    /// Flow can be pushed from the other end to here.
    const CAN_PULL: u32 = 1 << 30;
    /// This is the half at the arc's tail.
    const FORWARD: u32 = 1 << 29;

    pub(super) const fn new(to: u32, forward: bool) -> Self {
        Half(to | if forward { Self::FORWARD } else { 0 })
    }

    #[inline]
    pub(super) fn to(self) -> usize {
        (self.0 & (Self::FORWARD - 1)) as usize
    }

    #[inline]
    pub(super) fn can_push(self) -> bool {
        self.0 & Self::CAN_PUSH != 0
    }

    #[inline]
    pub(super) fn can_pull(self) -> bool {
        self.0 & Self::CAN_PULL != 0
    }

    #[inline]
    pub(super) fn is_forward(self) -> bool {
        self.0 & Self::FORWARD != 0
    }

    /// Can carry flow in neither direction.
    #[inline]
    pub(super) fn is_closed(self) -> bool {
        self.0 & (Self::CAN_PUSH | Self::CAN_PULL) == 0
    }

    fn set(&mut self, flag: u32, on: bool) {
        self.0 = if on { self.0 | flag } else { self.0 & !flag };
    }
}

/// Two lists of halves with residual capacities that are kept in step: the whole graph, or the tight part of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Halves {
    /// By half: where it leads.
    pub heads: Vec<Half>,
    /// By half: its partner at the other end.
    pub partners: Vec<u32>,
    /// By half: how much more can be pushed along it.
    pub room: Vec<u64>,
}

impl Halves {
    /// Pushes flow along a half, which has room for it.
    #[inline]
    pub(super) fn push(&mut self, half: usize, amount: u64) {
        let partner = self.partners[half] as usize;
        let (room, back) = (self.room[half] - amount, self.room[partner] + amount);
        self.set_room(half, partner, room, back);
    }

    /// Sets the room of a half and of its partner, and the flags that follow from them.
    #[inline]
    pub(super) fn set_room(&mut self, half: usize, partner: usize, room: u64, back: u64) {
        (self.room[half], self.room[partner]) = (room, back);
        self.heads[half].set(Half::CAN_PUSH, room > 0);
        self.heads[half].set(Half::CAN_PULL, back > 0);
        self.heads[partner].set(Half::CAN_PUSH, back > 0);
        self.heads[partner].set(Half::CAN_PULL, room > 0);
    }

    /// The node that a half is listed at.
    #[inline]
    pub(super) fn from(&self, half: usize) -> usize {
        self.heads[self.partners[half] as usize].to()
    }
}

/// All nodes and their halves. Nodes are numbered anew, those with the most arcs first: what is read most lies together.
#[derive(Clone, Debug)]
pub(super) struct Residual {
    /// By node: where its halves begin, how many there are, and for how many there is space.
    lists: Vec<List>,
    pub halves: Halves,
    /// By half: the arc that it belongs to.
    arcs: Vec<u32>,
    /// By arc: its half at the tail.
    forward: Vec<u32>,
    /// By node of the network: its number here.
    pub numbers: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct List {
    start: u32,
    len: u32,
    space: u32,
}

impl Residual {
    /// The most nodes and the most arcs.
    pub(super) const SIZE_MAX: usize = 1 << 29;

    /// Lays a network out. Arcs of cost below zero are full, all others empty.
    pub(super) fn new(network: &Network) -> Result<Self, FlowError> {
        let (nodes, arcs) = (network.nodes as usize, network.arcs.len());
        if nodes > Self::SIZE_MAX || arcs > Self::SIZE_MAX {
            return Err(FlowError::Size { nodes, arcs });
        }
        let mut degrees = vec![0_u32; nodes];
        for (at, arc) in network.arcs.iter().enumerate() {
            check_arc(at, arc, network.nodes)?;
            degrees[arc.tail as usize] += 1;
            degrees[arc.head as usize] += 1;
        }
        let mut by_degree: Vec<u32> = (0..network.nodes).collect();
        by_degree.sort_by_key(|&node| Reverse(degrees[node as usize]));
        let mut numbers = vec![0_u32; nodes];
        let mut lists = Vec::with_capacity(nodes);
        let mut start = 0;
        for (number, &node) in by_degree.iter().enumerate() {
            numbers[node as usize] = number as u32;
            let space = degrees[node as usize];
            lists.push(List { start, len: 0, space });
            start += space;
        }
        let halves = Halves { heads: vec![Half(0); 2 * arcs], partners: vec![0; 2 * arcs], room: vec![0; 2 * arcs] };
        let mut residual = Residual { lists, halves, arcs: vec![0; 2 * arcs], forward: vec![0; arcs], numbers };
        // Entered by tails, and by heads for each tail, so that searches read potentials with rising addresses.
        let by_head = sorted_by(&(0..arcs as u32).collect::<Vec<_>>(), nodes, |at| {
            residual.numbers[network.arcs[at as usize].head as usize]
        });
        let by_tail = sorted_by(&by_head, nodes, |at| residual.numbers[network.arcs[at as usize].tail as usize]);
        for at in by_tail {
            residual.enter(at, &network.arcs[at as usize]);
        }
        Ok(residual)
    }

    pub(super) fn nodes(&self) -> usize {
        self.lists.len()
    }

    /// The halves at a node.
    #[inline]
    pub(super) fn at(&self, node: usize) -> std::ops::Range<usize> {
        let list = self.lists[node];
        list.start as usize..(list.start + list.len) as usize
    }

    /// The half at the tail of an arc.
    pub(super) fn forward(&self, arc: usize) -> usize {
        self.forward[arc] as usize
    }

    /// What an arc carries.
    pub(super) fn flow(&self, arc: usize) -> u64 {
        self.halves.room[self.halves.partners[self.forward(arc)] as usize]
    }

    /// Makes an arc carry `flow` and have room for `room` more.
    pub(super) fn set_flow(&mut self, arc: usize, flow: u64, room: u64) {
        let half = self.forward(arc);
        let partner = self.halves.partners[half] as usize;
        self.halves.set_room(half, partner, room, flow);
    }

    /// Adds an arc: full if its cost is below zero, else empty.
    pub(super) fn add(&mut self, arc: &Arc) -> Result<u32, FlowError> {
        let at = self.forward.len();
        if at >= Self::SIZE_MAX {
            return Err(FlowError::Size { nodes: self.nodes(), arcs: at + 1 });
        }
        check_arc(at, arc, self.numbers.len() as u32)?;
        self.forward.push(0);
        for node in [arc.tail, arc.head] {
            let node = self.numbers[node as usize] as usize;
            // Both halves of an arc from a node to itself are in one list.
            if self.lists[node].len + 2 > self.lists[node].space {
                self.make_space(node);
            }
        }
        self.enter(at as u32, arc);
        Ok(at as u32)
    }

    /// Moves a node's halves to the end, where there is space for as many again.
    fn make_space(&mut self, node: usize) {
        let (old, list) = (self.at(node), self.lists[node]);
        let start = self.halves.heads.len();
        let space = (list.len * 2).max(4);
        self.halves.heads.resize(start + space as usize, Half(0));
        self.halves.partners.resize(start + space as usize, 0);
        self.halves.room.resize(start + space as usize, 0);
        self.arcs.resize(start + space as usize, 0);
        for (new, half) in (start..).zip(old.clone()) {
            self.halves.heads[new] = self.halves.heads[half];
            self.halves.room[new] = self.halves.room[half];
            self.arcs[new] = self.arcs[half];
            let partner = self.halves.partners[half];
            // The partner may be in this very list, moved already or about to be.
            self.halves.partners[new] = if old.contains(&(partner as usize)) {
                (start + partner as usize - old.start) as u32
            } else {
                self.halves.partners[partner as usize] = new as u32;
                partner
            };
            if self.halves.heads[new].is_forward() {
                self.forward[self.arcs[new] as usize] = new as u32;
            }
        }
        self.lists[node] = List { start: start as u32, len: list.len, space };
    }

    /// Enters both halves of an arc at its ends, which have space for them.
    fn enter(&mut self, at: u32, arc: &Arc) {
        let [tail, head] = [arc.tail, arc.head].map(|node| self.numbers[node as usize]);
        let half = self.take_place(tail);
        let partner = self.take_place(head);
        self.halves.heads[half] = Half::new(head, true);
        self.halves.heads[partner] = Half::new(tail, false);
        self.halves.partners[half] = partner as u32;
        self.halves.partners[partner] = half as u32;
        (self.arcs[half], self.arcs[partner]) = (at, at);
        self.forward[at as usize] = half as u32;
        let flow = if arc.cost < 0 { arc.capacity } else { 0 };
        self.halves.set_room(half, partner, arc.capacity - flow, flow);
    }

    fn take_place(&mut self, node: u32) -> usize {
        let list = &mut self.lists[node as usize];
        assert!(list.len < list.space, "space was made for it");
        list.len += 1;
        (list.start + list.len - 1) as usize
    }
}

/// Sorts by a number below `count`, those with equal ones in the order given: a counting sort, as there are many.
fn sorted_by(arcs: &[u32], count: usize, number: impl Fn(u32) -> u32) -> Vec<u32> {
    let mut places = vec![0_u32; count + 1];
    for &arc in arcs {
        places[number(arc) as usize + 1] += 1;
    }
    for at in 1..places.len() {
        places[at] += places[at - 1];
    }
    let mut sorted = vec![0; arcs.len()];
    for &arc in arcs {
        let place = &mut places[number(arc) as usize];
        sorted[*place as usize] = arc;
        *place += 1;
    }
    sorted
}

fn check_arc(at: usize, arc: &Arc, nodes: u32) -> Result<(), FlowError> {
    if let Some(node) = [arc.tail, arc.head].into_iter().find(|&node| node >= nodes) {
        return Err(FlowError::Node { arc: at, node, nodes });
    }
    if arc.capacity > Network::CAPACITY_MAX {
        return Err(FlowError::Capacity { arc: at, capacity: arc.capacity });
    }
    Ok(())
}
