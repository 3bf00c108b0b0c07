//! The demo's nodes: one that orders alone, or several that agree on every block.

use crate::exit::{Failure, Result};
use crate::loopback::free_addresses;
use crate::node_file::NODE_PORT;
use network::{BatchReceipt, Clock, Final, Membership, Node, Options, SubmitError, Timing};
use serde::Serialize;
use simulate::Founders;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::Receiver;
use union::Batch;

/// Running nodes on one clock, each with a directory of its own.
pub struct Nodes {
    nodes: Vec<Node>,
    /// Every block as each node comes to it.
    events: Vec<Receiver<Arc<Final>>>,
    blocks: u64,
    /// By batch: the time from handing it to its member's node to the durable answer.
    finality: Vec<Duration>,
}

/// How several nodes did.
#[derive(Debug, Serialize)]
pub struct NodesReport {
    nodes: Vec<NodeReport>,
    blocks: u64,
    finality_ms: Finality,
}

/// A node at the end.
#[derive(Debug, Serialize)]
pub struct NodeReport {
    member: String,
    directory: PathBuf,
    state_hash: String,
}

/// From handing a batch to its member's node to the durable answer, in milliseconds.
#[derive(Debug, Serialize)]
pub struct Finality {
    p50: f64,
    p99: f64,
}

/// The directory of a member's node; that of the only node is the demo's own.
fn directory(data: &Path, founders: &Founders, node: usize, nodes: usize) -> PathBuf {
    if nodes == 0 { data.to_owned() } else { data.join(&founders.scenario().members[node].code) }
}

impl Nodes {
    /// Founds a union and starts its nodes: one that orders alone for 0.
    pub fn start(data: &Path, founders: &Founders, nodes: usize, clock: &Arc<Clock>) -> Result<Nodes> {
        let directories: Vec<_> = (0..nodes.max(1)).map(|node| directory(data, founders, node, nodes)).collect();
        let founding = founders.founding();
        for directory in &directories {
            std::fs::create_dir_all(directory).map_err(Failure::io("create", directory))?;
            Node::found(directory, &founding)?;
        }
        let started: Vec<Node> = if nodes == 0 {
            vec![Node::open(data, clock.clone(), Options::default())?.0]
        } else {
            let addresses = free_addresses(NODE_PORT, nodes)?;
            let join = |(node, directory): (usize, &PathBuf)| {
                let membership = membership(founders, node, &addresses);
                Ok(Node::join(directory, clock.clone(), Options::default(), &membership)?.0)
            };
            directories.iter().enumerate().map(join).collect::<Result<_>>()?
        };
        // Before they are connected no block can be agreed on, and while the clock stands none is made unasked.
        let events = started.iter().map(Node::subscribe).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
        runtime.block_on(async {
            for node in &started {
                node.all_connected().await;
            }
        });
        Ok(Nodes { nodes: started, events, blocks: 0, finality: Vec::new() })
    }

    /// The first node, which the report is made from.
    pub fn first(&self) -> &Node {
        &self.nodes[0]
    }

    /// The node that a member sends its batches to: its own, or for members without one another's.
    fn gateway(&self, member: u16) -> usize {
        usize::from(member) % self.nodes.len()
    }

    /// Sends batches, each to its member's node, and waits until they are durable there; also shows each block that came
    /// of it to `on_block`.
    pub fn send(&mut self, batches: Vec<Vec<u8>>, on_block: impl FnMut(&Final)) -> Result<Vec<BatchReceipt>> {
        let mut by_node: Vec<Vec<Arc<[u8]>>> = vec![Vec::new(); self.nodes.len()];
        for batch in batches {
            let header = Batch::peek(&batch).map_err(|error| not_taken(error.into()))?;
            by_node[self.gateway(header.member)].push(batch.into());
        }
        let sent = Instant::now();
        let mut tickets = Vec::new();
        for (node, batches) in self.nodes.iter().zip(by_node) {
            if !batches.is_empty() {
                tickets.extend(node.submit_together(batches).map_err(not_taken)?);
            }
        }
        let mut receipts = Vec::with_capacity(tickets.len());
        for ticket in tickets {
            receipts.push(ticket.wait().map_err(not_taken)?);
            self.finality.push(sent.elapsed());
        }
        let height = receipts.iter().map(|receipt| receipt.height).max().unwrap_or(0);
        self.take_blocks(on_block, |block| block.applied.height >= height)?;
        Ok(receipts)
    }

    /// Has the nodes do what falls due at the time of their clock.
    pub fn pass_time(&mut self, on_block: impl FnMut(&Final)) -> Result<()> {
        let now_ms = self.first().clock().now_ms();
        self.first().pass_time().map_err(not_taken)?;
        self.take_blocks(on_block, |block| block.block.header().time_ms >= now_ms)
    }

    /// Waits for blocks at every node up to the one that is looked for, and makes sure that all came to the same state.
    fn take_blocks(&mut self, mut on_block: impl FnMut(&Final), is_last: impl Fn(&Final) -> bool) -> Result<()> {
        loop {
            let mut first: Option<Arc<Final>> = None;
            for events in &mut self.events {
                let block = events.blocking_recv();
                let block = block.map_err(|error| Failure::failed(format!("a node stopped: {error}")))?;
                let first = first.get_or_insert_with(|| block.clone());
                if (block.applied.height, block.applied.state) != (first.applied.height, first.applied.state) {
                    let height = first.applied.height;
                    return Err(Failure::failed(format!("block {height}: two nodes came to different states")));
                }
            }
            let block = first.expect("there is a node");
            self.blocks += 1;
            on_block(&block);
            if is_last(&block) {
                return Ok(());
            }
        }
    }

    /// How the nodes did; nothing to say of one that ordered alone.
    pub fn report(&mut self) -> Option<NodesReport> {
        self.first().standing()?;
        self.finality.sort_unstable();
        let quantile = |percent: usize| {
            let at = (self.finality.len() * percent).div_ceil(100).max(1) - 1;
            self.finality.get(at).map_or(0.0, |time| time.as_micros() as f64 / 1e3)
        };
        let charter = self.first().charter();
        let members = self.nodes.iter().zip(&charter.members);
        let nodes = members.map(|(node, member)| NodeReport {
            member: member.code.clone(),
            directory: node.directory().to_owned(),
            state_hash: crate::output::hex(&node.peek(|union| union.state())),
        });
        let finality_ms = Finality { p50: quantile(50), p99: quantile(99) };
        Some(NodesReport { nodes: nodes.collect(), blocks: self.blocks, finality_ms })
    }

    /// The nodes themselves, for serving or closing them.
    pub fn into_nodes(self) -> Vec<Node> {
        self.nodes
    }
}

impl NodesReport {
    pub fn text(&self) -> String {
        let Finality { p50, p99 } = self.finality_ms;
        let codes: Vec<&str> = self.nodes.iter().map(|node| node.member.as_str()).collect();
        format!(
            "\n{} nodes ({}) agreed on {} blocks and came to the same state after each.\n\
             From a member's batch to finality: {p50:.0} ms (p50), {p99:.0} ms (p99).\n",
            codes.len(),
            codes.join(", "),
            self.blocks
        )
    }
}

fn membership(founders: &Founders, node: usize, addresses: &[SocketAddr]) -> Membership {
    let codes = founders.charter().members.iter().map(|member| member.code.clone());
    let others = codes.zip(addresses).enumerate().filter(|(other, _)| *other != node).map(|(_, peer)| peer);
    Membership {
        key: founders.node_key(node as u16).secret().clone(),
        listen: addresses[node],
        peers: others.map(|(code, address)| (code, *address)).collect(),
        introduced: Vec::new(),
        timing: Timing::default(),
    }
}

fn not_taken(error: SubmitError) -> Failure {
    Failure::failed(format!("the node did not take the demo's batches: {error}"))
}
