//! What one hostile node can do to how another one gets and gives blocks.

use super::network::{BLOCKS, Network, Receiver};
use super::payments::{Payer, charter, genesis, node_key, public_keys};
use super::plan::random;
use crate::clock::Clock;
use crate::consensus::{Relay, Timing};
use crate::node::{Node, Options};
use commonware_macros::select;
use commonware_p2p::Receiver as _;
use commonware_runtime::{Clock as _, IoBuf, Runner as _, Spawner as _, Supervisor as _, deterministic};
use journal::Journal;
use journal::simulated_disk::SimulatedDisk;
use std::sync::Arc;
use std::time::Duration;
use union::{Batch, Block};

const LEADER: usize = 1;
const HOSTILE: usize = 2;

/// The relay of node 0 beside a leader, which has proposed a block of a batch, and a hostile node.
struct Scene {
    network: Network,
    leader: Receiver,
    hostile: Receiver,
    block: Block,
    node: Node,
}

impl Scene {
    fn new(context: &deterministic::Context) -> Scene {
        let charter = charter(4);
        let network = Network::new(context, random(0, 0), public_keys(4), vec![0; 4]);
        let journal = Journal::create_on(
            Arc::new(SimulatedDisk::new(0)),
            &genesis(&charter),
            journal::Options { reserve_bytes: 1 << 16, ..journal::Options::default() },
        );
        let clock = Arc::new(Clock::standing_at(0));
        let made = Node::simulated(journal.unwrap(), clock, Options::default(), node_key(0), Timing::default());
        let (node, _, parts, _) = made.unwrap();
        let [channels, leader, hostile] = [0, LEADER, HOSTILE].map(|member| network.channels((member, 0)));
        let mut payer = Payer::new(1, 4);
        payer.sequence = 1;
        let payments = payer.payments(&charter, &mut random(0, 1));
        let batch = Batch::signed(payer.sign(&charter, &payments), &charter.hash()).unwrap();
        let block = Block::new(1, 0, charter.hash(), 0, [0; 32], vec![batch]);
        let (shared, pool) = (parts.shared.clone(), parts.pool.clone());
        context.child("relay").spawn(move |context| {
            let (sender, receiver) = channels.blocks;
            Relay::new(sender).receive(context, shared, pool, public_keys(4).remove(0), receiver)
        });
        Scene { network, leader: leader.blocks.1, hostile: hostile.blocks.1, block, node }
    }

    fn say(&self, from: usize, pieces: &[&[u8]]) {
        self.network.send((from, 0), &[0], BLOCKS, IoBuf::from(pieces.concat()));
    }

    fn announce(&self) {
        self.say(LEADER, &[&[0], self.block.header_bytes(), &self.block.batches()[0].id()]);
    }
}

#[test]
fn asks_for_what_it_lacks_however_much_a_hostile_node_says() {
    deterministic::Runner::seeded(0).start(|context| async move {
        let mut scene = Scene::new(&context);
        scene.announce();
        for _ in 0..100 {
            scene.say(HOSTILE, &[&[1], &[0xee; 32]]);
            select! {
                asked = scene.leader.recv() => {
                    assert_eq!(asked.unwrap().1.as_ref()[0], 1);
                    return;
                },
                () = context.sleep(Duration::from_millis(5)) => {},
            }
        }
        panic!("it did not ask within half a second");
    });
}

#[test]
fn gives_a_batch_once_for_a_question() {
    deterministic::Runner::seeded(0).start(|context| async move {
        let mut scene = Scene::new(&context);
        scene.announce();
        let batch = &scene.block.batches()[0];
        let hash = scene.block.header().hash();
        context.sleep(Duration::from_millis(50)).await;
        scene.say(LEADER, &[&[2], &hash, &[0, 0], batch.bytes()]);
        context.sleep(Duration::from_millis(50)).await;

        // Once is answered; a hundred times the same batch is not.
        scene.say(HOSTILE, &[&[1], &hash, &[0; 200]]);
        context.sleep(Duration::from_millis(100)).await;
        scene.say(HOSTILE, &[&[1], &hash, &[0; 2]]);
        context.sleep(Duration::from_millis(100)).await;
        let mut answers = 0;
        loop {
            select! {
                answer = scene.hostile.recv() => answers += u32::from(answer.unwrap().1.as_ref()[0] == 2),
                () = context.sleep(Duration::from_millis(1)) => break,
            }
        }
        assert_eq!(answers, 1);
        assert_eq!(scene.node.counters().refused_from_peers.load(std::sync::atomic::Ordering::Relaxed), 1);
    });
}
