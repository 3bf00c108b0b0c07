//! Balancing by searches from both sides that end as soon as they meet.
//!
//! When little is left to balance, a search over the whole graph is a waste: most excesses have a deficit near by, and
//! where they have none, one side is closed in: either few nodes can be reached from the excesses, or the deficits can be
//! reached from few nodes. So the search goes on from both sides by turns, a level of nodes at a time, always on the side
//! that has looked at less so far; and it is soon over whichever of the two cases it is.

use super::costs::Cost;
use super::distances::{Buckets, FAR};
use super::residual::{Half, Residual};

/// What a search begins at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Nodes with an excess; flow goes away from them.
    Excess,
    /// Nodes with a deficit; flow comes to them.
    Deficit,
}

impl Side {
    pub(super) const BOTH: [Side; 2] = [Side::Excess, Side::Deficit];

    fn other(self) -> Side {
        match self {
            Side::Excess => Side::Deficit,
            Side::Deficit => Side::Excess,
        }
    }

    /// Whether a node with this excess is one to begin at.
    #[inline]
    pub(super) fn has(self, excess: i128) -> bool {
        match self {
            Side::Excess => excess > 0,
            Side::Deficit => excess < 0,
        }
    }

    /// Whether flow can go over a half the way it goes on this side, for a search that goes away from where it began.
    #[inline]
    fn passes(self, head: Half) -> bool {
        match self {
            Side::Excess => head.can_push(),
            Side::Deficit => head.can_pull(),
        }
    }

    /// Away from where the search began, reduced costs are at least zero.
    #[inline]
    fn length(self, reduced: i64) -> i64 {
        match self {
            Side::Excess => reduced,
            Side::Deficit => -reduced,
        }
    }
}

/// What a round has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// Something was pushed.
    Pushed,
    /// A side was closed in, and potentials were moved, so that some of it has tight paths to the other side now.
    Tightened,
    /// There is no path from one side to the other at all.
    NoPath,
}

/// Which side has reached a node, and over how many tight arcs. Levels of the two sides are of different parity, so that
/// one number tells both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Label(u32);

impl Label {
    const NONE: Label = Label(u32::MAX);

    fn start(side: Side) -> Label {
        Label(side as u32)
    }

    fn next(self) -> Label {
        Label(self.0 + 2)
    }

    /// The label of nodes one level nearer to where the search began.
    fn nearer(self) -> Option<Label> {
        self.0.checked_sub(2).map(Label)
    }

    fn is_of(self, side: Side) -> bool {
        self != Label::NONE && self.0 % 2 == side as u32
    }
}

/// What a search knows of a node, in one place, as it is read in no order.
#[derive(Clone, Copy, Debug)]
struct Spot {
    label: Label,
    /// The place in the list of its tight halves that was tried last on the way back.
    current: u32,
    /// Where that list begins, or [`UNKNOWN`].
    start: u32,
    end: u32,
}

const UNKNOWN: u32 = u32::MAX;

impl Spot {
    const NEW: Spot = Spot { label: Label::NONE, current: 0, start: UNKNOWN, end: UNKNOWN };
}

/// A half of reduced cost zero, with room or without, and where it leads.
#[derive(Clone, Copy, Debug)]
struct TightHalf {
    to: u32,
    half: u32,
}

/// The tight halves of nodes: found when they are first asked for, kept while the potentials of the node and of its
/// neighbours stay.
#[derive(Clone, Debug, Default)]
struct TightLists(Vec<TightHalf>);

impl TightLists {
    fn make(&mut self, graph: &Residual, cost: impl Cost, potentials: &[i64], node: usize, spot: &mut Spot) {
        spot.start = self.0.len() as u32;
        let potential = potentials[node];
        let at = graph.at(node);
        for (half, &head) in at.clone().zip(&graph.halves.heads[at]) {
            if cost.of(half, head) + potential == potentials[head.to()] {
                self.0.push(TightHalf { to: head.to() as u32, half: half as u32 });
            }
        }
        spot.end = self.0.len() as u32;
    }
}

/// One side of a search.
#[derive(Clone, Debug, Default)]
struct Wave {
    /// The nodes reached, by level.
    reached: Vec<u32>,
    /// Where its last level begins.
    last_level: usize,
    /// Halves looked at.
    work: u64,
    /// The halves from where the sides meet back to where this one began.
    path: Vec<u32>,
}

/// Memory of the searches, kept from one to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Near {
    spots: Vec<Spot>,
    tight: TightLists,
    waves: [Wave; 2],
    /// Halves that lead from a node reached from excesses to one reached from deficits.
    meetings: Vec<u32>,
    /// By node, while potentials are moved.
    distances: Vec<i64>,
    /// The nodes that have a distance.
    measured: Vec<u32>,
    buckets: Buckets,
    /// Halves looked at, in all searches.
    pub work: u64,
}

impl Near {
    /// Makes room for a graph, and throws lists away that are not valid any more, if they are many.
    pub(super) fn begin(&mut self, graph: &Residual) {
        self.spots.resize(graph.nodes(), Spot::NEW);
        self.distances.resize(graph.nodes(), FAR);
        if self.tight.0.len() > graph.halves.heads.len() {
            self.forget_all();
        }
    }

    /// Potentials have changed, or halves have another place.
    pub(super) fn forget_all(&mut self) {
        self.tight.0.clear();
        self.spots.fill(Spot::NEW);
    }

    /// The potential of a node has changed.
    fn forget(&mut self, graph: &Residual, node: usize) {
        self.spots[node].start = UNKNOWN;
        for head in &graph.halves.heads[graph.at(node)] {
            self.spots[head.to()].start = UNKNOWN;
        }
    }

    /// One search from both sides, and what follows from it.
    pub(super) fn round(
        &mut self,
        graph: &mut Residual,
        cost: impl Cost,
        excess: &mut [i128],
        potentials: &mut [i64],
        starts: [&[u32]; 2],
    ) -> Round {
        let round = match self.search(graph, cost, potentials, starts) {
            None => {
                self.push_through_meetings(graph, cost, excess, potentials);
                Round::Pushed
            }
            Some(closed) => self.tighten(graph, cost, excess, potentials, closed),
        };
        for wave in &mut self.waves {
            self.work += wave.work;
            for node in wave.reached.drain(..) {
                self.spots[node as usize].label = Label::NONE;
            }
        }
        self.meetings.clear();
        round
    }

    /// Searches until the sides meet, or until one of them is closed in, and then says which.
    fn search(&mut self, graph: &Residual, cost: impl Cost, potentials: &[i64], starts: [&[u32]; 2]) -> Option<Side> {
        for (side, starts) in Side::BOTH.into_iter().zip(starts) {
            let wave = &mut self.waves[side as usize];
            wave.reached.extend_from_slice(starts);
            (wave.last_level, wave.work) = (0, 0);
            for &node in starts {
                let spot = &mut self.spots[node as usize];
                (spot.label, spot.current) = (Label::start(side), 0);
            }
        }
        while self.meetings.is_empty() {
            let [excess, deficit] = &self.waves;
            let side = if excess.work <= deficit.work { Side::Excess } else { Side::Deficit };
            if !self.advance(graph, cost, potentials, side) {
                return Some(side);
            }
        }
        None
    }

    /// Goes on by one level on one side. Returns false if there was nobody to go on from.
    fn advance(&mut self, graph: &Residual, cost: impl Cost, potentials: &[i64], side: Side) -> bool {
        let Near { spots, waves, meetings, tight, .. } = self;
        let wave = &mut waves[side as usize];
        let level = wave.last_level..wave.reached.len();
        wave.last_level = level.end;
        for at in level.clone() {
            let node = wave.reached[at] as usize;
            let mut spot = spots[node];
            if spot.start == UNKNOWN {
                tight.make(graph, cost, potentials, node, &mut spot);
                wave.work += graph.at(node).len() as u64;
                spots[node] = spot;
            }
            let label = spot.label.next();
            wave.work += u64::from(spot.end - spot.start) + 1;
            for &TightHalf { to, half } in &tight.0[spot.start as usize..spot.end as usize] {
                let other = &mut spots[to as usize];
                if other.label.is_of(side) || !side.passes(graph.halves.heads[half as usize]) {
                    continue;
                }
                if other.label == Label::NONE {
                    (other.label, other.current) = (label, 0);
                    wave.reached.push(to);
                } else {
                    let from_excess = if side == Side::Excess { half } else { graph.halves.partners[half as usize] };
                    meetings.push(from_excess);
                }
            }
        }
        !level.is_empty()
    }

    /// Over every half where the sides have met, pushes from excesses to deficits along paths on which each node is one
    /// level nearer to where its side began, until none is left.
    fn push_through_meetings(
        &mut self,
        graph: &mut Residual,
        cost: impl Cost,
        excess: &mut [i128],
        potentials: &[i64],
    ) {
        for at in 0..self.meetings.len() {
            let meeting = self.meetings[at] as usize;
            let ends = [graph.halves.from(meeting), graph.halves.heads[meeting].to()];
            self.waves[0].path.clear();
            self.waves[1].path.clear();
            while graph.halves.heads[meeting].can_push()
                && self.go_back(graph, cost, excess, potentials, (Side::Excess, ends[0]))
                && self.go_back(graph, cost, excess, potentials, (Side::Deficit, ends[1]))
            {
                self.push_along_paths(graph, excess, meeting);
            }
        }
    }

    /// Extends a side's path from where the sides meet back to where it began, if there is a way.
    fn go_back(
        &mut self,
        graph: &Residual,
        cost: impl Cost,
        excess: &[i128],
        potentials: &[i64],
        (side, meeting): (Side, usize),
    ) -> bool {
        let end = |path: &[u32]| path.last().map_or(meeting, |&half| graph.halves.heads[half as usize].to());
        let path = &mut self.waves[side as usize].path;
        loop {
            let node = end(path);
            let found = match self.spots[node].label.nearer() {
                None if side.has(excess[node]) => return true,
                None => None,
                Some(nearer) => {
                    let mut spot = self.spots[node];
                    if spot.start == UNKNOWN {
                        // The sides have met here, and nobody has gone on from here.
                        self.tight.make(graph, cost, potentials, node, &mut spot);
                    }
                    spot.current = spot.current.max(spot.start);
                    let list = &self.tight.0[spot.current as usize..spot.end as usize];
                    let at = list.iter().position(|&TightHalf { to, half }| {
                        self.spots[to as usize].label == nearer
                            && side.other().passes(graph.halves.heads[half as usize])
                    });
                    spot.current = at.map_or(spot.end, |at| spot.current + at as u32);
                    self.spots[node] = spot;
                    at.map(|_| self.tight.0[spot.current as usize].half)
                }
            };
            if let Some(half) = found {
                path.push(half);
            } else if path.pop().is_some() {
                self.spots[end(path)].current += 1;
            } else {
                return false;
            }
        }
    }

    /// Pushes what the two paths and the half between them carry, and shortens the paths to where they broke.
    fn push_along_paths(&mut self, graph: &mut Residual, excess: &mut [i128], meeting: usize) {
        let halves = &mut graph.halves;
        let [from_excess, to_deficit] = &mut self.waves;
        let node_at_end =
            |path: &[u32], else_at: usize| path.last().map_or(else_at, |&half| halves.heads[half as usize].to());
        let start = node_at_end(&from_excess.path, halves.from(meeting));
        let end = node_at_end(&to_deficit.path, halves.heads[meeting].to());
        // The path to the excess was found against the flow.
        let along = |half: u32, partners: &[u32]| partners[half as usize];
        let room_back = from_excess.path.iter().map(|&half| halves.room[along(half, &halves.partners) as usize]);
        let room_on = to_deficit.path.iter().map(|&half| halves.room[half as usize]);
        let room = room_back.chain(room_on).fold(halves.room[meeting], u64::min);
        let amount = u128::from(room).min(excess[start].unsigned_abs()).min(excess[end].unsigned_abs());
        excess[start] -= amount as i128; // no more than either excess
        excess[end] += amount as i128;
        let amount = amount as u64; // no more than the room
        halves.push(meeting, amount);
        let mut keep = from_excess.path.len();
        for (at, &half) in from_excess.path.iter().enumerate() {
            let half = halves.partners[half as usize] as usize;
            halves.push(half, amount);
            if halves.room[half] == 0 {
                keep = keep.min(at);
            }
        }
        from_excess.path.truncate(keep);
        let mut keep = to_deficit.path.len();
        for (at, &half) in to_deficit.path.iter().enumerate() {
            halves.push(half as usize, amount);
            if halves.room[half as usize] == 0 {
                keep = keep.min(at);
            }
        }
        to_deficit.path.truncate(keep);
    }

    /// One side is closed in: goes on from the nodes that it has reached over arcs of least reduced cost (Dijkstra's
    /// algorithm) until it comes to a node that the other side has reached, or to one where the other side begins; and
    /// moves potentials so that these paths are tight.
    fn tighten(
        &mut self,
        graph: &Residual,
        cost: impl Cost,
        excess: &[i128],
        potentials: &mut [i64],
        side: Side,
    ) -> Round {
        let wave = &mut self.waves[side as usize];
        let mut next = Some((0, wave.reached.clone()));
        for &node in &wave.reached {
            self.distances[node as usize] = 0;
            self.measured.push(node);
        }
        let mut met_at = None;
        while let (None, Some((distance, mut list))) = (met_at, next.take()) {
            let mut at = 0;
            while at < list.len() {
                let node = list[at] as usize;
                at += 1;
                if self.distances[node] != distance {
                    continue; // reached on a shorter way
                }
                if self.spots[node].label.is_of(side.other()) || side.other().has(excess[node]) {
                    met_at = Some(distance);
                    break;
                }
                let potential = potentials[node];
                wave.work += graph.at(node).len() as u64;
                for half in graph.at(node) {
                    let head = graph.halves.heads[half];
                    if !side.passes(head) {
                        continue;
                    }
                    let other = head.to();
                    let length = side.length(cost.of(half, head) + potential - potentials[other]);
                    debug_assert!(length >= 0, "no reduced cost is below zero where there is room");
                    let through = distance + length;
                    if through < self.distances[other] {
                        if self.distances[other] == FAR {
                            self.measured.push(other as u32);
                        }
                        self.distances[other] = through;
                        if length > 0 {
                            self.buckets.put(through, other as u32);
                        } else {
                            list.push(other as u32);
                        }
                    }
                }
            }
            self.buckets.recycle(list);
            next = self.buckets.take();
        }
        if let Some(met_at) = met_at {
            for at in 0..self.measured.len() {
                let node = self.measured[at] as usize;
                let nearer = met_at.saturating_sub(self.distances[node]);
                if nearer > 0 {
                    potentials[node] -= side.length(nearer);
                    self.forget(graph, node);
                }
            }
        }
        for &node in &self.measured {
            self.distances[node as usize] = FAR;
        }
        self.measured.clear();
        self.buckets.clear();
        if met_at.is_some() { Round::Tightened } else { Round::NoPath }
    }
}
