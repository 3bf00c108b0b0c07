//! `comity demo`: a year of trade between eight Latin American members, through the real path.

mod nodes;

use self::nodes::{Nodes, NodesReport};
use crate::exit::{Failure, Result};
use crate::membership::warning_of_few;
use crate::output::Output;
use crate::progress;
use crate::serve::stop_signal;
use api::{Api, Bounds, Settings};
use network::{BatchReceipt, Clock, Final, Node};
use serde::Serialize;
use simulate::{Founders, Payment, Report, Scenario, SealedPayment, Tally};
use std::collections::{BTreeMap, VecDeque};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;
use tokio::task::JoinSet;
use union::{Command, Day, Event, Leg, OrderStatus, Outcome};

/// When members send the day's payments, and when they decide about what they hold, on the union's clock.
const PRESENTED_AT: u32 = 15 * 3_600;
const DECIDED_AT: u32 = 16 * 3_600;

/// So many days are sealed and signed at a time, on all cores, before they are sent.
const DAYS_AHEAD: usize = 16;

/// Run a year of trade between eight Latin American members, print the report, and serve the API
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Stop after the report instead of serving the API
    #[arg(long)]
    exit: bool,
    /// At least so many payment orders
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=2_000_000))]
    orders: u32,
    /// So many members, the first of the eight, run a node each, and agree on every block; the others send their orders
    /// to these. Without it one node orders alone
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    nodes: Option<u8>,
    /// Where the demo's journal goes, or one for each node; an earlier demo there is replaced, anything else is left alone
    #[arg(long, default_value = "demo-data", value_name = "DIR")]
    data: PathBuf,
    /// Where the API is served afterwards, of several nodes on this port and those that follow; port 0 takes free ones
    #[arg(long, default_value = "127.0.0.1:7400", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
}

/// Runs the demo.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    if !arguments.listen.ip().is_loopback() {
        return Err(Failure::usage(format!(
            "{} can be reached from other machines; the demo is not for that",
            arguments.listen
        )));
    }
    let nodes = usize::from(arguments.nodes.unwrap_or(0));
    if let Some(warning) = warning_of_few(nodes) {
        output.note(&format!("note: {warning}"));
    }
    let listeners = if arguments.exit { vec![] } else { listen_for(arguments.listen, nodes.max(1))? };
    let (report, nodes) = run_year(arguments, nodes)?;
    output.show(&report, DemoReport::text)?;
    if arguments.exit {
        return nodes.iter().try_for_each(|node| Ok(node.close()?));
    }
    serve(listeners, nodes, output)
}

/// What came of the year, and of the nodes where there are several.
#[derive(Serialize)]
struct DemoReport {
    #[serde(flatten)]
    year: Report,
    #[serde(flatten)]
    nodes: Option<NodesReport>,
}

impl DemoReport {
    fn text(&self) -> String {
        self.year.render() + &self.nodes.as_ref().map_or_else(String::new, NodesReport::text)
    }
}

/// An address for each node's API: this one and those on the ports that follow.
fn listen_for(first: SocketAddr, nodes: usize) -> Result<Vec<TcpListener>> {
    let too_few = || Failure::usage("--listen: too few ports follow this one");
    let address = |at: u16| -> Result<SocketAddr> {
        let port = if first.port() == 0 { 0 } else { first.port().checked_add(at).ok_or_else(too_few)? };
        Ok(SocketAddr::new(first.ip(), port))
    };
    (0..nodes as u16).map(|at| listen(address(at)?)).collect()
}

/// Takes the address before the year is run: better to fail now than after it.
fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    listener.map_err(|error| {
        let text = "is a node running? --listen takes another address, --exit stops after the report";
        Failure::failed(format!("cannot listen on {address}: {error}; {text}"))
    })
}

/// Serves the API of the year that was run, at every node. Nobody holds the members' keys any more: it can be looked at.
fn serve(listeners: Vec<TcpListener>, nodes: Vec<Node>, output: Output) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("cannot serve the API: {error}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| failed(&error))?;
    runtime.block_on(async {
        let stop = stop_signal()?;
        let (stopping, _) = watch::channel(false);
        let mut serving = JoinSet::new();
        for (listener, node) in listeners.into_iter().zip(nodes) {
            node.clock().run();
            let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| failed(&error))?;
            let address = listener.local_addr().map_err(|error| failed(&error))?;
            let directory = node.directory().join("records");
            let (iso, bounds) = (api::iso::IsoSettings::default(), Bounds::default());
            let (members, operators) = (vec![], vec![]);
            let settings =
                Settings { directory, member: None, members, operators, passkey_origin: None, iso, tls: None, bounds };
            let api = Api::new(Arc::new(node), settings).map_err(|error| failed(&error))?;
            let console = if api::has_console() { "" } else { ", which was not built in" };
            output.note(&format!(
                "Look at it in a browser: the console{console} is at http://{address}/, the API beside it (see /openapi.json). \
                 Ctrl-C stops it."
            ));
            let mut stopped = stopping.subscribe();
            serving.spawn(api::serve(listener, api, async move {
                // The sender lives until all have stopped.
                drop(stopped.wait_for(|&is_stopping| is_stopping).await);
            }));
        }
        stop.await;
        stopping.send_replace(true);
        while let Some(served) = serving.join_next().await {
            served.map_err(|error| failed(&error))??;
        }
        Ok(())
    })
}

/// Runs the year, and returns the report with the nodes as they are then: one that orders alone for 0.
fn run_year(arguments: &Arguments, nodes: usize) -> Result<(DemoReport, Vec<Node>)> {
    let started = Instant::now();
    let scenario = Scenario::latin_america_2006();
    let payments =
        simulate::split(&scenario, arguments.orders).map_err(|error| Failure::usage(format!("--orders: {error}")))?;
    make_room(&arguments.data, &scenario)?;
    let mut founders = Founders::with_nodes(scenario, nodes).map_err(Failure::failed)?;
    let charter = founders.charter().clone();
    let calendar = charter.calendar.clone();
    let clock = Arc::new(Clock::standing_at(calendar.time_ms(charter.first_day, 0)));
    let mut nodes = Nodes::start(&arguments.data, &founders, nodes, &clock)?;
    let mut year = Year { tally: Tally::new(charter.members.len()), held: BTreeMap::new(), legs: VecDeque::new() };

    let introductions = founders.introductions();
    year.send(&mut nodes, introductions)?;

    let progress = progress::bar(payments.len() as u64, "orders");
    let days = Founders::days(&payments);
    for ahead in days.chunks(DAYS_AHEAD) {
        let ahead: Vec<_> = ahead.iter().map(|(day, range)| (*day, &payments[range.clone()])).collect();
        for ((day, payments), sealed) in ahead.iter().zip(seal_days(&founders, &ahead)) {
            // Signed one day at a time: a member's batches are numbered in the order in which it sends them.
            let signed = founders.sign_day(*day, payments, sealed);
            clock.set(calendar.time_ms(signed.day, PRESENTED_AT));
            let receipts = year.send(&mut nodes, signed.batches)?;
            ensure_taken(&receipts)?;
            year.decide(&mut nodes, &mut founders, calendar.time_ms(signed.day, DECIDED_AT))?;
            progress.inc(signed.orders);
        }
    }
    progress.finish_and_clear();

    // The last cycle closes with the year; its legs are confirmed on the day after.
    let after = Day(nodes.first().peek(|union| charter.cycle_last_day(Day(union.open_cycle_row().first_day))).0 + 1);
    clock.set(calendar.time_ms(after, PRESENTED_AT));
    nodes.pass_time(|block| year.take(block))?;
    year.decide(&mut nodes, &mut founders, calendar.time_ms(after, DECIDED_AT))?;

    let clearing = nodes.first().peek(|union| year.tally.report(union, None));
    let report = Report::of(founders.scenario(), clearing, started.elapsed());
    Ok((DemoReport { year: report, nodes: nodes.report() }, nodes.into_nodes()))
}

/// The union as its members see it during the year.
struct Year {
    tally: Tally,
    /// By creditor: orders that its rules hold.
    held: BTreeMap<u16, Vec<u128>>,
    /// Legs that were called for and are not confirmed.
    legs: VecDeque<Leg>,
}

impl Year {
    /// Sends batches, and waits until they are durable.
    fn send(&mut self, nodes: &mut Nodes, batches: Vec<Vec<u8>>) -> Result<Vec<BatchReceipt>> {
        nodes.send(batches, |block| self.take(block))
    }

    /// Takes in what a block did.
    fn take(&mut self, block: &Final) {
        self.tally.block(&block.applied);
        for event in &block.applied.events {
            match event {
                Event::Order(order) if order.status == OrderStatus::Held => {
                    self.held.entry(order.payment.creditor).or_default().push(order.payment.id);
                }
                Event::LegCalled(leg) => self.legs.push_back(*leg),
                _ => {}
            }
        }
    }

    /// Members accept what they held, and confirm the legs that they were paid.
    fn decide(&mut self, nodes: &mut Nodes, founders: &mut Founders, time_ms: u64) -> Result<()> {
        let mut commands: BTreeMap<u16, Vec<Command>> = BTreeMap::new();
        for (member, orders) in std::mem::take(&mut self.held) {
            commands.entry(member).or_default().extend(orders.into_iter().map(|order| Command::Accept { order }));
        }
        for leg in std::mem::take(&mut self.legs) {
            let confirm = Command::ConfirmLeg { cycle: leg.cycle, leg: leg.number };
            commands.entry(leg.creditor).or_default().push(confirm);
        }
        if commands.is_empty() {
            return Ok(());
        }
        nodes.first().clock().set(time_ms);
        let batches = commands.iter().map(|(&member, commands)| founders.sign(member, commands)).collect();
        ensure_taken(&self.send(nodes, batches)?)
    }
}

/// Encodes and seals the payments of some days, on all cores.
fn seal_days(founders: &Founders, days: &[(Day, &[Payment])]) -> Vec<Vec<SealedPayment>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let by_thread: Vec<Vec<_>> = std::thread::scope(|scope| {
        let seal = |core| days.iter().skip(core).step_by(cores).map(|(_, payments)| founders.seal(payments)).collect();
        let threads: Vec<_> = (0..cores).map(|core| scope.spawn(move || seal(core))).collect();
        threads.into_iter().map(|thread| thread.join().expect("sealing does not panic")).collect()
    });
    // Day `n` was sealed by thread `n % cores`, as its next.
    let mut by_thread: Vec<_> = by_thread.into_iter().map(Vec::into_iter).collect();
    (0..days.len()).map(|at| by_thread[at % cores].next().expect("every day was sealed")).collect()
}

fn ensure_taken(receipts: &[BatchReceipt]) -> Result<()> {
    for receipt in receipts {
        for outcome in &receipt.outcomes {
            if let Outcome::Rejected(rejection) = outcome {
                let text = rejection.text;
                return Err(Failure::failed(format!("block {}: a command was rejected: {text}", receipt.height)));
            }
        }
    }
    Ok(())
}

/// Removes what an earlier demo left, which is recognised by its charter: one journal, or a directory with one for each node.
fn make_room(directory: &Path, scenario: &Scenario) -> Result<()> {
    let mut entries = Vec::new();
    if directory.exists() {
        let read = std::fs::read_dir(directory).map_err(Failure::io("read", directory))?;
        entries = read.collect::<std::io::Result<Vec<_>>>().map_err(Failure::io("read", directory))?;
    }
    if entries.is_empty() {
        return Ok(());
    }
    let charters = (0..=scenario.members.len()).map(|nodes| Founders::with_nodes(scenario.clone(), nodes));
    let charters: Vec<_> = charters.collect::<std::result::Result<_, _>>().map_err(Failure::failed)?;
    let is_demo = |journal: &Path| {
        let genesis = journal::Reader::open(journal).and_then(|reader| reader.block(0));
        let of = |founders: &Founders, payload: &[u8]| founders.founding().genesis() == payload;
        genesis.is_ok_and(|genesis| charters.iter().any(|founders| of(founders, &genesis.payload)))
    };
    let journals = match is_demo(directory) {
        true => vec![directory.to_owned()],
        false => entries.iter().map(std::fs::DirEntry::path).collect(),
    };
    if !journals.iter().all(|journal| is_demo(journal)) {
        let place = directory.display();
        return Err(Failure::failed(format!(
            "{place} holds something other than a demo; --data takes another directory"
        )));
    }
    // Opening takes the lock: a demo that still runs keeps its directory.
    for journal in &journals {
        drop(journal::Journal::open(journal).map_err(network::NodeError::from)?);
    }
    std::fs::remove_dir_all(directory).map_err(Failure::io("remove", directory))
}
