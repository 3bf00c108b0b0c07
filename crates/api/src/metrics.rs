//! Figures for Prometheus.

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

/// All figures.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Histogram,
    pub streams: Gauge,
    approvals: Gauge,
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
        registry.register_collector(Box::new(OfNode(Arc::downgrade(node))));
        Metrics { registry, requests, seconds, streams, approvals }
    }

    pub fn count(&self, method: &Method, route: &str, status: StatusCode, elapsed: Duration) {
        let request = Request { method: method.to_string(), route: route.to_owned(), status: status.as_u16() };
        self.requests.get_or_create(&request).inc();
        self.seconds.observe(elapsed.as_secs_f64());
    }

    /// The text that Prometheus reads (OpenMetrics).
    pub fn text(&self, approvals: usize) -> Result<String, fmt::Error> {
        self.approvals.set(i64::try_from(approvals).unwrap_or(i64::MAX));
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
                ("nodes", "Nodes that the charter names", standing.nodes as u64),
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
