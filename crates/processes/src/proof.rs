//! What all processes must have come to: every acknowledged order, the same blocks and states, and journals that prove it.

use crate::group::Group;
use crate::load::Load;
use anyhow::{Context, Result, ensure};
use api::view::BlockView;
use serde::Serialize;
use std::collections::BTreeMap;

/// So many heights of the chain are compared between all nodes, and the last. Each block names its parent's hash, so the last
/// alone would do; the others say where a difference began.
const HEIGHTS: u64 = 100;

/// What was proved.
#[derive(Clone, Debug, Serialize)]
pub struct Proved {
    /// Orders acknowledged, each of which every node has with the status that was acknowledged.
    pub orders: usize,
    /// The height up to which all nodes have the same blocks and states.
    pub height: u64,
}

impl Group {
    /// Compares the nodes, all of which run, then stops them and has `comity verify` recompute every journal. The load must have ended.
    pub fn prove(&self, load: &Load) -> Result<Proved> {
        let acknowledged = load.acknowledged();
        let heights = (0..self.nodes()).map(|node| Ok(self.client(node).union()?.height));
        let height = heights.collect::<Result<Vec<u64>>>()?.into_iter().max().context("a node")?;
        for node in 0..self.nodes() {
            while self.client(node).union()?.height < height {
                self.wait_until_ready(node)?;
            }
            self.has_all(node, &acknowledged).with_context(|| format!("node {node}"))?;
        }
        let step = (height / HEIGHTS).max(1);
        for at in (1..=height).step_by(step.try_into()?).chain([height]) {
            // Who signed is not the same everywhere: each node keeps the first quorum that it heard of.
            let block = |node: usize| -> Result<BlockView> {
                let view = self.client(node).get::<BlockView>(&format!("/v1/blocks/{at}"))?;
                Ok(BlockView { certificate: None, ..view })
            };
            let first = block(0)?;
            for node in 1..self.nodes() {
                let other = block(node)?;
                ensure!(first == other, "at {at}, node 0 has {first:?}, node {node} has {other:?}");
            }
        }
        self.stop_all()?;

        let mut states: BTreeMap<u64, String> = BTreeMap::new();
        for node in 0..self.nodes() {
            let home = self.home(node).to_str().context("a path in UTF-8")?;
            let verified = self.run(&["verify", home])?;
            ensure!(verified["verified"] == true, "{verified}");
            // Each order is one command, and taken once, however often its batch was sent.
            ensure!(verified["commands"] == acknowledged.len(), "{} orders, and {verified}", acknowledged.len());
            let blocks = verified["blocks"].as_u64().context("blocks")?;
            ensure!(blocks > height, "{height} blocks, and {verified}");
            let state = verified["state_hash"].as_str().context("state_hash")?;
            let other = states.entry(blocks).or_insert_with(|| state.to_owned());
            ensure!(other == state, "after {blocks} blocks, one has the state {other}, another {state}");
        }
        Ok(Proved { orders: acknowledged.len(), height })
    }

    /// Whether a node has every order with its status, and no other.
    fn has_all(&self, node: usize, acknowledged: &BTreeMap<String, Option<String>>) -> Result<()> {
        let client = self.client(node);
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut parameters = vec![("limit", "1000")];
            parameters.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = client.orders(&parameters)?;
            found.extend(page.orders.into_iter().map(|order| (order.id, order.status)));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        for (id, status) in acknowledged {
            let has = found.get(id).with_context(|| format!("order {id} was acknowledged, and is lost"))?;
            ensure!(status.as_ref().is_none_or(|status| status == has), "order {id} was {status:?}, and is {has}");
        }
        ensure!(found.len() == acknowledged.len(), "{} orders, {} acknowledged", found.len(), acknowledged.len());
        Ok(())
    }
}
