//! `comity demo`: a year of trade between eight Latin American members, through the real path.

use crate::exit::{Failure, Result};
use crate::output::Output;
use crate::progress;
use crate::serve::stop_signal;
use api::{Api, Bounds, Settings};
use network::{BatchReceipt, Clock, Final, Node, Options, SubmitError};
use simulate::{Founders, Payment, Report, Scenario, SealedPayment, Tally};
use std::collections::{BTreeMap, VecDeque};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::broadcast::Receiver;
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
    /// Where the demo's journal goes; an earlier demo there is replaced, anything else is left alone
    #[arg(long, default_value = "demo-data", value_name = "DIR")]
    data: PathBuf,
    /// Where the API is served afterwards; port 0 takes one that is free
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
    let listener = if arguments.exit { None } else { Some(listen(arguments.listen)?) };
    let (report, node) = run_year(arguments)?;
    output.show(&report, Report::render)?;
    match listener {
        Some(listener) => serve(listener, node, &arguments.data, output),
        None => Ok(node.close()?),
    }
}

/// Takes the address before the year is run: better to fail now than after it.
fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    listener.map_err(|error| {
        let text = "is a node running? --listen takes another address, --exit stops after the report";
        Failure::failed(format!("cannot listen on {address}: {error}; {text}"))
    })
}

/// Serves the API of the year that was run. Nobody holds the members' keys any more: it can be looked at.
fn serve(listener: TcpListener, node: Node, data: &Path, output: Output) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("cannot serve the API: {error}"));
    node.clock().run();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| failed(&error))?;
    runtime.block_on(async {
        let stop = stop_signal()?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| failed(&error))?;
        let address = listener.local_addr().map_err(|error| failed(&error))?;
        let settings =
            Settings { directory: data.join("records"), members: vec![], operators: vec![], bounds: Bounds::default() };
        let api = Api::new(Arc::new(node), settings).map_err(|error| failed(&error))?;
        output.note(&format!("The API is served at http://{address} (see /openapi.json); Ctrl-C stops it."));
        Ok(api::serve(listener, api, stop).await?)
    })
}

/// Runs the year, and returns the report with the node as it is then.
fn run_year(arguments: &Arguments) -> Result<(Report, Node)> {
    let started = Instant::now();
    let scenario = Scenario::latin_america_2006();
    let payments =
        simulate::split(&scenario, arguments.orders).map_err(|error| Failure::usage(format!("--orders: {error}")))?;
    let mut founders = Founders::new(scenario).map_err(Failure::failed)?;
    let charter = founders.charter().clone();
    make_room(&arguments.data, &charter)?;
    Node::found(&arguments.data, &charter)?;
    let calendar = charter.calendar.clone();
    let clock = Arc::new(Clock::standing_at(calendar.time_ms(charter.first_day, 0)));
    let (node, _) = Node::open(&arguments.data, clock, Options::default())?;
    let mut year = Year {
        events: node.subscribe(),
        tally: Tally::new(charter.members.len()),
        held: BTreeMap::new(),
        legs: VecDeque::new(),
    };

    let introductions = founders.introductions();
    year.send(&node, introductions)?;

    let progress = progress::bar(payments.len() as u64, "orders");
    let days = Founders::days(&payments);
    for ahead in days.chunks(DAYS_AHEAD) {
        let ahead: Vec<_> = ahead.iter().map(|(day, range)| (*day, &payments[range.clone()])).collect();
        for ((day, payments), sealed) in ahead.iter().zip(seal_days(&founders, &ahead)) {
            // Signed one day at a time: a member's batches are numbered in the order in which it sends them.
            let signed = founders.sign_day(*day, payments, sealed);
            node.clock().set(calendar.time_ms(signed.day, PRESENTED_AT));
            let receipts = year.send(&node, signed.batches)?;
            ensure_taken(&receipts)?;
            year.decide(&node, &mut founders, calendar.time_ms(signed.day, DECIDED_AT))?;
            progress.inc(signed.orders);
        }
    }
    progress.finish_and_clear();

    // The last cycle closes with the year; its legs are confirmed on the day after.
    let after = Day(node.peek(|union| charter.cycle_last_day(Day(union.open_cycle_row().first_day))).0 + 1);
    node.clock().set(calendar.time_ms(after, PRESENTED_AT));
    node.pass_time().map_err(not_taken)?;
    year.take_block()?;
    year.decide(&node, &mut founders, calendar.time_ms(after, DECIDED_AT))?;

    let clearing = node.peek(|union| year.tally.report(union, None));
    Ok((Report::of(founders.scenario(), clearing, started.elapsed()), node))
}

/// The union as its members see it during the year.
struct Year {
    events: Receiver<Arc<Final>>,
    tally: Tally,
    /// By creditor: orders that its rules hold.
    held: BTreeMap<u16, Vec<u128>>,
    /// Legs that were called for and are not confirmed.
    legs: VecDeque<Leg>,
}

impl Year {
    /// Sends batches that go into one block, and waits until it is durable.
    fn send(&mut self, node: &Node, batches: Vec<Vec<u8>>) -> Result<Vec<BatchReceipt>> {
        let tickets = node.submit_together(batches.into_iter().map(Arc::from).collect()).map_err(not_taken)?;
        let receipts: std::result::Result<Vec<_>, _> = tickets.into_iter().map(|ticket| ticket.wait()).collect();
        self.take_block()?;
        receipts.map_err(not_taken)
    }

    /// Takes in what the next block did.
    fn take_block(&mut self) -> Result<()> {
        let block =
            self.events.blocking_recv().map_err(|error| Failure::failed(format!("the node stopped: {error}")))?;
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
        Ok(())
    }

    /// Members accept what they held, and confirm the legs that they were paid.
    fn decide(&mut self, node: &Node, founders: &mut Founders, time_ms: u64) -> Result<()> {
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
        node.clock().set(time_ms);
        let batches = commands.iter().map(|(&member, commands)| founders.sign(member, commands)).collect();
        ensure_taken(&self.send(node, batches)?)
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

fn not_taken(error: SubmitError) -> Failure {
    Failure::failed(format!("the node did not take the demo's batches: {error}"))
}

/// Removes the journal of an earlier demo, which is recognised by its charter.
fn make_room(directory: &Path, charter: &union::Charter) -> Result<()> {
    let is_empty = |directory: &Path| std::fs::read_dir(directory).map(|mut entries| entries.next().is_none());
    if !directory.exists() || is_empty(directory).map_err(Failure::io("read", directory))? {
        return Ok(());
    }
    let earlier = journal::Reader::open(directory).and_then(|reader| reader.block(0));
    if !earlier.is_ok_and(|genesis| genesis.payload == charter.text().as_bytes()) {
        let place = directory.display();
        return Err(Failure::failed(format!(
            "{place} holds something other than a demo; --data takes another directory"
        )));
    }
    // Opening takes the lock: a demo that still runs keeps its directory.
    drop(journal::Journal::open(directory).map_err(network::NodeError::from)?);
    std::fs::remove_dir_all(directory).map_err(Failure::io("remove", directory))
}
