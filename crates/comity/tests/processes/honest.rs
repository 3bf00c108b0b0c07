//! An honest member at work while somebody attacks: its orders become final in time, and no node's memory grows without end.

use processes::{Group, Signing};
use std::path::Path;
use std::time::{Duration, Instant};

/// An order of an honest member is final within this time, whatever others send. With one of four nodes down or hostile, some blocks
/// wait for its turn as leader to pass, 2 s; and the other tests have processes on the same machine.
const FINAL_WITHIN: Duration = Duration::from_secs(15);

/// A node's memory may grow by so much under attack: four times its longest message, and some for what is under way.
const GROWTH_BYTES: u64 = 96 << 20;

/// A union of four of which these nodes are started, and take batches.
pub fn started(nodes: &[usize]) -> Group {
    started_with(nodes, &[])
}

/// Likewise, founded with some arguments of `comity init`.
pub fn started_with(nodes: &[usize], arguments: &[&str]) -> Group {
    let group = Group::found(Path::new(env!("CARGO_BIN_EXE_comity")), 4, &[], arguments).unwrap();
    nodes.iter().for_each(|node| group.start(*node).unwrap());
    nodes.iter().for_each(|node| group.wait_until_ready(*node).unwrap());
    group
}

/// A member that gives single orders through its own node.
pub struct Honest<'a> {
    group: &'a Group,
    signing: Signing<'a>,
    member: usize,
    /// What the nodes' memory was when it had given its first orders.
    before: Vec<(usize, u64)>,
}

impl<'a> Honest<'a> {
    /// Gives its first orders: what a node needs once, it then has.
    pub fn begin(group: &'a Group, nodes: &[usize], member: usize) -> Honest<'a> {
        let mut honest = Honest { group, signing: Signing::new(group, member), member, before: Vec::new() };
        for _ in 0..10 {
            honest.order();
        }
        honest.before = nodes.iter().map(|node| (*node, group.resident_bytes(*node).unwrap())).collect();
        honest
    }

    /// Gives an order and waits until it is final.
    fn order(&mut self) -> Duration {
        let (_, batch) = self.signing.next(1).unwrap();
        let begun = Instant::now();
        let receipt = self.group.client(self.member).submit_batch(&batch).unwrap();
        assert!(receipt.outcomes[0].is_taken(), "{receipt:?}");
        begun.elapsed()
    }

    /// Gives one order after another while an attack goes on: each is final in time, and in the end no node's memory has grown by more
    /// than its bounds allow.
    pub fn while_attacked(&mut self, attack: impl FnOnce() + Send) {
        let mut worst = Duration::ZERO;
        std::thread::scope(|scope| {
            let attack = scope.spawn(attack);
            while !attack.is_finished() {
                worst = worst.max(self.order());
            }
            if let Err(panic) = attack.join() {
                std::panic::resume_unwind(panic);
            }
        });
        worst = worst.max(self.order());
        assert!(worst < FINAL_WITHIN, "an order was final after {worst:?}");
        for (node, before) in &self.before {
            let now = self.group.resident_bytes(*node).unwrap();
            assert!(now < before + GROWTH_BYTES, "node {node} had {before} bytes, and now {now}");
        }
    }
}

/// A figure of a node's metrics, summed over those of its lines that contain `label`.
pub fn metric(group: &Group, node: usize, name: &str, label: &str) -> u64 {
    let text = String::from_utf8(group.client(node).get_bytes("/metrics").unwrap()).unwrap();
    let is_it =
        |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])) && line.contains(label);
    text.lines().filter(is_it).map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
}
