//! Figures for Prometheus.

use crate::view::OutlookView;
use axum::http::{Method, StatusCode};
use network::{Counters, Node};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// What tells requests apart. The route is its pattern, so that there are few.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

/// A member whose key the node holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Held {
    member: String,
}

/// All figures.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Histogram,
    pub streams: Gauge,
    approvals: Gauge,
    unsigned: Family<Held, Counter>,
    outlook: Outlook,
}

/// What comes.
#[derive(Debug, Default)]
struct Outlook {
    epoch: Gauge,
    epoch_ends: Gauge,
    votes: Gauge,
    votes_next: Gauge,
    proposals_to_vote_on: Gauge,
    protocol: Gauge,
    protocol_unknown: Gauge,
    protocol_unknown_from: Gauge,
}

impl Outlook {
    fn register(&self, registry: &mut Registry) {
        let gauges = [
            ("epoch", "The epoch of the last block", &self.epoch),
            ("epoch_ends_height", "Height of the last block of this epoch", &self.epoch_ends),
            ("votes", "1 if this node votes on blocks in this epoch", &self.votes),
            ("votes_next", "1 if it does in the next epoch", &self.votes_next),
            (
                "proposals_to_vote_on",
                "Open proposals on which a member of this node has still to vote",
                &self.proposals_to_vote_on,
            ),
            ("protocol", "The version of the rules in force", &self.protocol),
            (
                "protocol_unknown",
                "A version of the rules that was agreed on and that this software does not know; 0 for none",
                &self.protocol_unknown,
            ),
            (
                "protocol_unknown_from_height",
                "Height from which on it is needed, once that is stated: this node stops there",
                &self.protocol_unknown_from,
            ),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
    }

    fn set(&self, outlook: &OutlookView) {
        let level = |height: u64| i64::try_from(height).unwrap_or(i64::MAX);
        self.epoch.set(level(outlook.epoch));
        self.epoch_ends.set(level(outlook.epoch_ends));
        // A node that orders alone has every vote there is.
        self.votes.set(outlook.votes.unwrap_or(true).into());
        self.votes_next.set(outlook.votes_next.unwrap_or(true).into());
        self.proposals_to_vote_on.set(level(outlook.proposals_to_vote_on.len() as u64));
        self.protocol.set(outlook.protocol.into());
        self.protocol_unknown.set(outlook.protocol_unknown.unwrap_or(0).into());
        self.protocol_unknown_from.set(level(outlook.protocol_unknown_from.unwrap_or(0)));
    }
}

/// What the node counts itself, looked at when somebody asks.
#[derive(Debug)]
struct OfNode(Weak<Node>);

impl Metrics {
    pub fn new(node: &Arc<Node>) -> Self {
        let mut registry = Registry::with_prefix("comity");
        let requests = Family::default();
        // From a tenth of a millisecond to thirteen seconds.
        let seconds = Histogram::new(prometheus_client::metrics::histogram::exponential_buckets(0.000_1, 2.0, 18));
        let (streams, approvals) = (Gauge::default(), Gauge::default());
        registry.register("http_requests", "HTTP requests answered", requests.clone());
        registry.register("http_request_seconds", "Seconds until the head of the answer", seconds.clone());
        registry.register("event_streams", "Event streams that are open", streams.clone());
        registry.register("approvals", "Approvals that wait for a second person", approvals.clone());
        let unsigned = Family::default();
        registry.register("batches_unsigned", "Batches that a member's key did not sign", unsigned.clone());
        let outlook = Outlook::default();
        outlook.register(&mut registry);
        registry.register_collector(Box::new(OfNode(Arc::downgrade(node))));
        Metrics { registry, requests, seconds, streams, approvals, unsigned, outlook }
    }

    /// What counts the batches that the key of a member does not sign.
    pub fn unsigned(&self, member: &str) -> Counter {
        self.unsigned.get_or_create(&Held { member: member.to_owned() }).clone()
    }

    pub fn count(&self, method: &Method, route: &str, status: StatusCode, elapsed: Duration) {
        let request = Request { method: method.to_string(), route: route.to_owned(), status: status.as_u16() };
        self.requests.get_or_create(&request).inc();
        self.seconds.observe(elapsed.as_secs_f64());
    }

    /// The text that Prometheus reads (OpenMetrics).
    pub fn text(&self, approvals: usize, outlook: &OutlookView) -> Result<String, fmt::Error> {
        self.approvals.set(i64::try_from(approvals).unwrap_or(i64::MAX));
        self.outlook.set(outlook);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Collector for OfNode {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(node) = self.0.upgrade() else { return Ok(()) };
        let counters: &Counters = node.counters();
        let counts: [(&str, &str, &AtomicU64); 7] = [
            ("batches", "Signed batches admitted", &counters.batches),
            ("batches_refused", "Signed batches refused before they reached a block", &counters.refused_batches),
            ("commands", "Commands in blocks", &counters.commands),
            ("commands_rejected", "Commands rejected", &counters.rejected),
            ("blocks", "Blocks made durable", &counters.blocks),
            ("snapshots", "Snapshots written", &counters.snapshots),
            (
                "peer_messages_refused",
                "Messages of other nodes, or batches in them, that were refused",
                &counters.refused_from_peers,
            ),
        ];
        for (name, help, count) in counts {
            let metric = ConstCounter::new(count.load(Ordering::Relaxed));
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
        }
        let (height, open, ended, memory) = node.peek(|union| {
            let memory = union.memory();
            let bytes = memory.ledger + memory.open_orders + memory.closed_orders + memory.order_index;
            (union.height(), u64::from(union.orders().open_count()), union.orders().all_closed().len() as u64, bytes)
        });
        let mut levels = vec![
            (
                "waiting_bytes",
                "Bytes of batches that were taken here and wait for a block",
                node.waiting_bytes() as u64,
            ),
            ("height", "Height of the last block applied", height),
            ("durable_height", "Height up to which blocks are durable", node.durable_height()),
            ("open_orders", "Orders held or queued", open),
            ("ended_orders", "Orders that have ended", ended),
            ("state_bytes", "Bytes that the state occupies, about", memory as u64),
            ("failed", "1 once the journal failed and nothing is taken any more", u64::from(node.has_failed())),
        ];
        if let Some(standing) = node.standing() {
            let waiting = node.waiting_batches().unwrap_or(0);
            levels.extend([
                ("waiting_batches", "Batches of any node that wait for a block", waiting as u64),
                ("nodes", "Nodes that vote on blocks in this epoch", standing.nodes as u64),
                (
                    "nodes_connected",
                    "Nodes that this one is connected with, itself included",
                    standing.connected as u64,
                ),
                ("blocks_behind", "Blocks known to be final and not applied yet", standing.behind),
            ]);
        }
        for (name, help, level) in levels {
            let metric = ConstGauge::new(i64::try_from(level).unwrap_or(i64::MAX));
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
        }
        Ok(())
    }
}
