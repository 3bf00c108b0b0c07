//! Balancing what little is out of balance, on trees that say where flow can go.
//!
//! After a change most of a solution is right, and a search over the whole graph is a waste. So there is a forest of tight
//! arcs, each tree with all its excess or deficit at its root (Hochbaum's pseudoflow method, 2008). Nearly all nodes are in
//! one tree, the trunk, so that nobody searches far: what is out of balance goes up to the root, as far as there is room;
//! where there is none a branch breaks off with what is left, looks for a tight arc to another tree, and hands over there.
//! What two branches lack and have too much of meets in the trunk.
//!
//! A branch without a tight arc to another tree moves the potentials of its nodes until it has one (the dual step of the
//! primal-dual method, for a small set of nodes).

use super::costs::Cost;
use super::forest::{Forest, NONE};
use super::residual::{Half, Halves, Residual};
use super::tight_lists::{TightHalf, TightLists};
use std::collections::{BinaryHeap, VecDeque};

/// What a tree has at its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// An excess; flow goes away from there.
    Excess,
    /// A deficit; flow comes to it.
    Deficit,
}

impl Side {
    /// None without an excess or a deficit.
    #[inline]
    fn of(excess: i128) -> Option<Side> {
        match excess.signum() {
            1 => Some(Side::Excess),
            -1 => Some(Side::Deficit),
            _ => None,
        }
    }

    /// An amount of it, as an excess.
    fn signed(self, amount: u128) -> i128 {
        match self {
            Side::Excess => amount as i128, // part of an excess
            Side::Deficit => -(amount as i128),
        }
    }

    /// Whether some of what is at this end of a half can be moved to the other end.
    #[inline]
    fn can_leave(self, head: Half) -> bool {
        match self {
            Side::Excess => head.can_push(),
            Side::Deficit => head.can_pull(),
        }
    }

    /// Whether some of what is at the other end of a half can be moved here.
    #[inline]
    fn can_come(self, head: Half) -> bool {
        match self {
            Side::Excess => head.can_pull(),
            Side::Deficit => head.can_push(),
        }
    }

    /// The half along which flow goes if what is at this end of `half` is moved to the other.
    #[inline]
    fn along(self, half: u32, halves: &Halves) -> usize {
        match self {
            Side::Excess => half as usize,
            Side::Deficit => halves.partners[half as usize] as usize,
        }
    }

    /// Reduced costs of halves that [can leave](Self::can_leave) are at least zero, seen from this side.
    #[inline]
    fn length(self, reduced: i64) -> i64 {
        match self {
            Side::Excess => reduced,
            Side::Deficit => -reduced,
        }
    }

    /// Moves as much of `amount` as there is room for from this end of a half to the other, and says how much.
    fn move_over(self, halves: &mut Halves, half: u32, amount: u128) -> u128 {
        let along = self.along(half, halves);
        let moved = amount.min(halves.room[along].into());
        if moved > 0 {
            halves.push(along, moved as u64); // no more than the room
        }
        moved
    }
}

/// A half that leads out of a tree.
#[derive(Clone, Copy, Debug)]
struct Exit {
    from: u32,
    to: u32,
    half: u32,
}

/// What the node at the end of an exit is to the trees that search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Other {
    /// It is in one of them.
    Ours,
    /// Something can be handed over there, and goes up to the root of its tree.
    Taker,
    /// It is in a balanced tree, or no way leads up to its root from below this node.
    Idle(u32),
    /// The root of its tree has too much of the same.
    Alike(u32),
}

/// What is balanced, and on what.
pub(super) struct Balance<'a, C> {
    pub graph: &'a mut Residual,
    pub cost: C,
    pub excess: &'a mut [i128],
    pub potentials: &'a mut [i64],
}

impl<C: Cost> Balance<'_, C> {
    #[inline]
    fn is_tight(&self, from: u32, TightHalf { to, half }: TightHalf) -> bool {
        let cost = self.cost.of(half as usize, self.graph.halves.heads[half as usize]);
        cost + self.potentials[from as usize] == self.potentials[to as usize]
    }

    fn side(&self, node: u32) -> Option<Side> {
        Side::of(self.excess[node as usize])
    }
}

/// The forest is planted anew when so many times the halves of the graph were looked at: its trees get deeper with time.
const AGE_PER_HALF: u64 = 8;

/// What two trees may do again and again is bounded by this; other values were not measured.
const MERGES_PER_ROOT: u32 = 8;

/// The forest and what searches need, kept from one solution to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Near {
    forest: Forest,
    lists: TightLists,
    /// The root of the largest tree. It looks for nobody; the others come to it.
    trunk: u32,
    /// Whether another tree may still become the trunk.
    may_move_trunk: bool,
    /// Roots with an excess or a deficit, and some that were.
    waiting: VecDeque<u32>,
    /// The nodes of the trees that search.
    ours: Vec<u32>,
    /// Exits to trees that take nothing.
    later: Vec<Exit>,
    /// Nodes whose branches are handed over.
    released: Vec<u32>,
    /// The root that hands over what it has.
    root: u32,
    /// How often two trees with too much of the same may still be joined although little can be moved.
    merges: u32,
    /// The number of the search.
    now: u32,
    /// Halves looked at since it began.
    work: u64,
    /// After so many it gives up.
    work_most: u64,
    /// Halves looked at since the forest was planted.
    age: u64,
}

impl Near {
    /// Potentials have changed, or halves have another place.
    pub(super) fn forget(&mut self) {
        self.forest.clear(0);
    }

    /// Balances all nodes. Returns false if it gave up after looking at so many halves; if not, nothing is left that can
    /// be balanced.
    pub(super) fn balance(&mut self, on: &mut Balance<'_, impl Cost>, work_most: u64) -> bool {
        (self.work, self.work_most) = (0, work_most);
        self.may_move_trunk = true;
        self.begin(on);
        self.gather(on);
        // Without a bound two of them might hand the same over again and again.
        self.merges = MERGES_PER_ROOT.saturating_mul(self.waiting.len() as u32);
        while self.work < self.work_most && self.now < u32::MAX {
            if let Some(root) = self.waiting.pop_front() {
                if root != self.trunk && self.forest.is_root(root) && on.excess[root as usize] != 0 {
                    self.settle(on, root);
                    self.work += 1;
                }
            } else if self.trunk != NONE && on.excess[self.trunk as usize] != 0 {
                // Nobody is left to come to it.
                self.waiting.push_back(std::mem::replace(&mut self.trunk, NONE));
            } else {
                self.age += self.work;
                return true;
            }
        }
        self.forget();
        false
    }

    /// Plants the forest anew if there is none, or if it has grown wild. (What is kept of it stays right.)
    fn begin(&mut self, on: &Balance<'_, impl Cost>) {
        let nodes = on.graph.nodes();
        let halves = on.graph.halves.heads.len();
        let is_new = self.forest.places.len() != nodes;
        if is_new || self.lists.size() > halves {
            self.lists.clear(nodes);
        }
        if is_new || self.trunk == NONE || self.age > AGE_PER_HALF * halves as u64 {
            self.plant(on);
        } else {
            self.forest.refresh(&on.graph.halves);
        }
    }

    /// Trees of tight arcs with room in both directions, from the nodes with most arcs, each as flat as can be.
    fn plant(&mut self, on: &Balance<'_, impl Cost>) {
        (self.now, self.age, self.trunk) = (1, 0, NONE);
        self.forest.clear(on.graph.nodes());
        let mut largest = 0;
        for root in 0..on.graph.nodes() as u32 {
            if self.forest.place(root).seen == self.now {
                continue;
            }
            self.ours.clear();
            self.claim(root);
            let mut at = 0;
            while at < self.ours.len() {
                self.spread(on, self.ours[at]);
                at += 1;
            }
            if self.ours.len() > largest {
                (largest, self.trunk) = (self.ours.len(), root);
            }
        }
    }

    /// Hangs neighbours that are in no tree yet below a node.
    fn spread(&mut self, on: &Balance<'_, impl Cost>, node: u32) {
        for at in self.list(on, node) {
            let tight = self.lists.get(at);
            let head = on.graph.halves.heads[tight.half as usize];
            let is_new = self.forest.place(tight.to).seen != self.now;
            if is_new && head.can_push() && head.can_pull() && on.is_tight(node, tight) {
                self.claim(tight.to);
                self.forest.link(tight.to, node, on.graph.halves.partners[tight.half as usize], &on.graph.halves);
            }
        }
    }

    /// Moves all excesses and deficits to roots, the deepest first, so that what meets on the way is balanced there.
    fn gather(&mut self, on: &mut Balance<'_, impl Cost>) {
        self.waiting.clear();
        let mut deepest: BinaryHeap<(u32, u32)> = (0..on.excess.len() as u32)
            .filter(|&node| on.excess[node as usize] != 0)
            .map(|node| (self.forest.depth(node), node))
            .collect();
        while let Some((depth, node)) = deepest.pop() {
            let Some(side) = on.side(node) else { continue };
            let place = self.forest.place(node);
            if place.parent == NONE {
                self.waiting.push_back(node);
                continue;
            }
            let amount = on.excess[node as usize].unsigned_abs();
            let moved = self.lift(on, side, node, amount);
            on.excess[node as usize] -= side.signed(moved);
            if on.excess[place.parent as usize] == 0 && moved > 0 {
                deepest.push((depth - 1, place.parent));
            }
            on.excess[place.parent as usize] += side.signed(moved);
            if moved < amount {
                self.forest.cut(node);
                self.waiting.push_back(node);
            }
        }
    }

    /// Hands over all that a root has to other trees, of which some may break off with it.
    fn settle(&mut self, on: &mut Balance<'_, impl Cost>, root: u32) {
        let Some(side) = on.side(root) else { return };
        self.now += 1;
        self.root = root;
        self.ours.clear();
        self.later.clear();
        self.claim(root);
        let (mut searched, mut opened, mut child) = (0, 0, NONE);
        while on.excess[root as usize] != 0 && self.work < self.work_most {
            if let Some(&node) = self.ours.get(searched) {
                searched += 1;
                self.search(on, side, node);
                if searched > on.graph.nodes() / 3 && self.may_move_trunk && self.trunk != NONE {
                    // Quicker if the others come to this tree; but two large ones must not take turns for ever.
                    self.may_move_trunk = false;
                    self.waiting.push_back(std::mem::replace(&mut self.trunk, root));
                    return;
                }
            } else if let Some(&node) = self.ours.get(opened) {
                child = self.next_below(side, node, child);
                if child == NONE {
                    opened += 1;
                } else {
                    self.claim(child);
                }
            } else if let Some(exit) = self.later.pop() {
                self.take_in(on, side, exit);
            } else if let Some(exit) = self.tighten(on, side) {
                (searched, opened) = (self.ours.len(), self.ours.len());
                self.later.push(exit);
            } else {
                return; // no path leads anywhere
            }
        }
    }

    fn is_ours(&self, node: u32) -> bool {
        self.forest.place(node).seen == self.now
    }

    /// Makes a node one of ours.
    fn claim(&mut self, node: u32) {
        self.forest.places[node as usize].seen = self.now;
        self.ours.push(node);
    }

    /// The next node below one of ours, after `last`, that can be reached from above. Those that cannot are cut off.
    fn next_below(&mut self, side: Side, node: u32, last: u32) -> u32 {
        if !self.is_ours(node) {
            return NONE;
        }
        let is_last_here = last != NONE && self.forest.place(last).parent == node;
        let mut child = if is_last_here { self.forest.place(last).next } else { self.forest.place(node).child };
        while child != NONE {
            let place = self.forest.place(child);
            if !side.can_come(place.head) {
                self.forest.cut(child);
            } else if place.seen != self.now {
                break;
            }
            child = place.next;
        }
        child
    }

    /// Looks at the exits of a node of ours.
    fn search(&mut self, on: &mut Balance<'_, impl Cost>, side: Side, node: u32) {
        if !self.is_ours(node) {
            return; // it has left us since
        }
        let mut list = self.list(on, node);
        self.work += list.len() as u64 + 1;
        while let Some(at) = list.next() {
            let tight = self.lists.get(at);
            let TightHalf { to, half } = tight;
            if !side.can_leave(on.graph.halves.heads[half as usize]) || self.is_ours(to) {
                continue;
            }
            if !on.is_tight(node, tight) {
                self.lists.remove(node as usize, at);
                list = at..list.end - 1;
                continue;
            }
            let exit = Exit { from: node, to, half };
            match self.other(on, side, to) {
                Other::Ours => {}
                Other::Taker => {
                    self.hand_over(on, side, exit);
                    if on.excess[self.root as usize] == 0 || !self.is_ours(node) {
                        return;
                    }
                }
                Other::Idle(_) | Other::Alike(_) => self.later.push(exit),
            }
        }
    }

    fn list(&mut self, on: &Balance<'_, impl Cost>, node: u32) -> std::ops::Range<usize> {
        let node = node as usize;
        if !self.lists.is_known(node) {
            self.work += on.graph.at(node).len() as u64;
            self.lists.make(on.graph, on.cost, on.potentials, node);
        }
        self.lists.at(node)
    }

    fn other(&self, on: &Balance<'_, impl Cost>, side: Side, node: u32) -> Other {
        let (mut at, mut blocked) = (node, NONE);
        loop {
            let place = self.forest.place(at);
            if place.seen == self.now {
                return Other::Ours;
            }
            if place.parent == NONE {
                break;
            }
            if blocked == NONE && !side.can_leave(place.head) {
                blocked = at;
            }
            at = place.parent;
        }
        if at != self.trunk && on.side(at) == Some(side) {
            Other::Alike(at)
        } else if blocked != NONE {
            Other::Idle(blocked)
        } else if at != self.trunk && on.excess[at as usize] == 0 {
            Other::Idle(at)
        } else {
            Other::Taker
        }
    }

    /// Makes a tree ours that takes nothing; or hands over, if it takes something now.
    fn take_in(&mut self, on: &mut Balance<'_, impl Cost>, side: Side, exit: Exit) {
        if !self.is_ours(exit.from) {
            return;
        }
        match self.other(on, side, exit.to) {
            Other::Ours => {}
            Other::Taker => self.hand_over(on, side, exit),
            Other::Idle(top) => {
                if !self.forest.is_root(top) {
                    self.forest.cut(top);
                }
                let halves = &on.graph.halves;
                self.forest.hang(exit.to, exit.from, halves.partners[exit.half as usize], halves);
                self.claim(exit.to);
            }
            Other::Alike(_) if self.merges > 0 || self.has_way(on, side, exit) => {
                self.merges = self.merges.saturating_sub(1);
                self.hand_over(on, side, exit);
            }
            Other::Alike(root) => {
                self.claim(root);
                self.later.push(exit); // perhaps no way leads there from its root
            }
        }
    }

    /// Whether there is room to move all that the root above an exit has to the root of the other tree.
    fn has_way(&self, on: &Balance<'_, impl Cost>, side: Side, exit: Exit) -> bool {
        let halves = &on.graph.halves;
        let mut room = halves.room[side.along(exit.half, halves)];
        let mut node = exit.to;
        while !self.forest.is_root(node) {
            let place = self.forest.place(node);
            room = room.min(halves.room[side.along(place.half, halves)]);
            node = place.parent;
        }
        node = exit.from;
        while !self.forest.is_root(node) {
            let place = self.forest.place(node);
            room = room.min(halves.room[side.along(halves.partners[place.half as usize], halves)]);
            node = place.parent;
        }
        on.excess[node as usize].unsigned_abs() <= room.into()
    }

    /// Moves what the root above an exit has through that exit and up to the root of the other tree, as far as there is
    /// room on the way to the exit. What leads there from where the way is narrowest goes over to the other tree.
    fn hand_over(&mut self, on: &mut Balance<'_, impl Cost>, side: Side, exit: Exit) {
        let halves = &mut on.graph.halves;
        let (mut narrowest, mut room) = (NONE, u64::MAX);
        let mut root = exit.from;
        while !self.forest.is_root(root) {
            let place = self.forest.place(root);
            let here = halves.room[side.along(halves.partners[place.half as usize], halves)];
            if here <= room {
                (narrowest, room) = (root, here);
            }
            root = place.parent;
        }
        let amount = on.excess[root as usize].unsigned_abs();
        let exit_room = halves.room[side.along(exit.half, halves)];
        let moved = amount.min(room.min(exit_room).into());
        let mut node = exit.from;
        while node != root {
            let place = &mut self.forest.places[node as usize];
            side.move_over(halves, halves.partners[place.half as usize], moved);
            place.head = halves.heads[place.half as usize];
            node = place.parent;
        }
        side.move_over(halves, exit.half, moved);
        on.excess[root as usize] -= side.signed(moved);
        if moved == amount || moved == room.into() {
            if moved < amount {
                self.forest.cut(narrowest);
            }
            self.forest.hang(exit.from, exit.to, exit.half, halves);
            if on.excess[self.root as usize] != 0 {
                self.release(exit.from);
            }
        }
        self.move_up(on, side, exit.to, moved);
    }

    /// A node and all below it are not ours any more.
    fn release(&mut self, node: u32) {
        let mut released = std::mem::take(&mut self.released);
        released.push(node);
        while let Some(node) = released.pop() {
            self.forest.places[node as usize].seen = 0;
            let mut child = self.forest.place(node).child;
            while child != NONE {
                let place = self.forest.place(child);
                if place.seen == self.now {
                    released.push(child);
                }
                child = place.next;
            }
        }
        self.released = released;
    }

    /// Moves as much of an amount as there is room for from a node to the one above it, and says how much.
    fn lift(&mut self, on: &mut Balance<'_, impl Cost>, side: Side, node: u32, amount: u128) -> u128 {
        let place = &mut self.forest.places[node as usize];
        let moved = side.move_over(&mut on.graph.halves, place.half, amount);
        place.head = on.graph.halves.heads[place.half as usize];
        moved
    }

    /// Moves an amount up from a node to the root of its tree. Where there is too little room a branch breaks off with
    /// what is left.
    fn move_up(&mut self, on: &mut Balance<'_, impl Cost>, side: Side, from: u32, amount: u128) {
        let (mut node, mut amount) = (from, amount);
        while amount > 0 && !self.forest.is_root(node) {
            let place = self.forest.place(node);
            let moved = self.lift(on, side, node, amount);
            if moved < amount {
                self.forest.cut(node);
                on.excess[node as usize] = side.signed(amount - moved);
                self.waiting.push_back(node);
            }
            (node, amount) = (place.parent, moved);
        }
        if amount > 0 {
            on.excess[node as usize] += side.signed(amount);
            self.waiting.push_back(node);
        }
    }

    /// Our trees are closed in: moves the potentials of their nodes until there is a tight exit, and returns it, or none
    /// if nothing leads out at all.
    fn tighten(&mut self, on: &mut Balance<'_, impl Cost>, side: Side) -> Option<Exit> {
        // Some have left us, and of these some have come back.
        self.ours.retain(|&node| self.forest.place(node).seen == self.now);
        self.ours.sort_unstable();
        self.ours.dedup();
        let (least, exit) = self.nearest_exit(on, side)?;
        if least == 0 {
            return Some(exit);
        }
        if self.lists.size() > on.graph.halves.heads.len() {
            self.lists.clear(on.graph.nodes());
        }
        for &node in &self.ours {
            on.potentials[node as usize] -= side.length(least);
        }
        for at in 0..self.ours.len() {
            self.renew_list(on, self.ours[at]);
        }
        Some(exit)
    }

    /// The exit of least reduced cost, and that cost.
    fn nearest_exit(&mut self, on: &Balance<'_, impl Cost>, side: Side) -> Option<(i64, Exit)> {
        let mut nearest: Option<(i64, Exit)> = None;
        for &from in &self.ours {
            let potential = on.potentials[from as usize];
            let at = on.graph.at(from as usize);
            self.work += at.len() as u64;
            for (half, &head) in at.clone().zip(&on.graph.halves.heads[at]) {
                if !side.can_leave(head) {
                    continue;
                }
                let to = head.to();
                let length = side.length(on.cost.of(half, head) + potential - on.potentials[to]);
                debug_assert!(length >= 0, "no reduced cost is below zero where there is room");
                if nearest.is_none_or(|(least, _)| length < least) && self.forest.places[to].seen != self.now {
                    nearest = Some((length, Exit { from, to: to as u32, half: half as u32 }));
                }
            }
        }
        nearest
    }

    /// Brings the lists of a node that has moved and of its neighbours that have not up to date.
    fn renew_list(&mut self, on: &Balance<'_, impl Cost>, node: u32) {
        if self.lists.is_known(node as usize) {
            self.lists.empty(node as usize);
        }
        let potential = on.potentials[node as usize];
        let at = on.graph.at(node as usize);
        for (half, &head) in at.clone().zip(&on.graph.halves.heads[at]) {
            let to = head.to();
            if on.cost.of(half, head) + potential == on.potentials[to] {
                self.lists.add(node as usize, TightHalf { to: to as u32, half: half as u32 });
                if self.forest.places[to].seen != self.now {
                    self.lists.add(to, TightHalf { to: node, half: on.graph.halves.partners[half] });
                }
            }
        }
    }
}
