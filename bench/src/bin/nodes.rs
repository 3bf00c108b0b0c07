//! Final orders a second of several nodes beside one alone, and how long finality takes.
//!
//! `cargo run --release -p bench --bin nodes`: a union of as many members as nodes is founded twice, once with a node for each
//! member (own directories, TCP on loopback, all on this machine) and once with one node that orders alone. Every member
//! keeps some batches on their way through its own node's gateway; an order counts when its batch is in a block that
//! is final and durable on that node. Then, at a light load, single orders one after another: from the submission to the receipt.

use anyhow::{Context, Result, ensure};
use clap::Parser;
use keys::MemberKey;
use network::{Clock, Membership, Node, Options, Ticket, Timing};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use union::{BATCH_COMMANDS_MAX, Batch, Charter, Command, Founding, Outcome, Payment};
use zeroize::Zeroizing;

#[derive(Debug, Parser)]
struct Arguments {
    /// Nodes, and members.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=16))]
    nodes: u16,
    /// Orders in a batch.
    #[arg(long, default_value_t = BATCH_COMMANDS_MAX)]
    batch: usize,
    /// Orders in all.
    #[arg(long, default_value_t = 2_000_000)]
    orders: usize,
    /// Batches that each member has on their way.
    #[arg(long, default_value_t = 4)]
    window: usize,
    /// Single orders at a light load.
    #[arg(long, default_value_t = 200)]
    light: usize,
    /// Time between them, in milliseconds.
    #[arg(long, default_value_t = 50)]
    every_ms: u64,
    /// Where the nodes keep their journals for a while.
    #[arg(long, default_value = ".")]
    dir: std::path::PathBuf,
}

/// A member, and what it signs.
struct Sender {
    number: u16,
    key: MemberKey,
    sequence: u64,
    next_order: u128,
}

impl Sender {
    fn new(number: u16) -> Sender {
        let key = MemberKey::from_seed([number as u8 + 1; 32]);
        Sender { number, key, sequence: 0, next_order: (u128::from(number) + 1) << 64 }
    }

    fn sign(&mut self, charter: &Charter, orders: usize) -> Result<Arc<[u8]>> {
        self.sequence += 1;
        let members = charter.members.len() as u16;
        let records: Vec<_> = (0..orders)
            .map(|at| {
                self.next_order += 1;
                let creditor = (self.number + 1 + at as u16 % (members - 1)) % members;
                let (currency, day) = (charter.unit_of_account.numeric(), charter.first_day.0);
                let payment = Payment::new(self.next_order, self.number, creditor, currency, 1 + at as u64, day);
                Command::Pay(payment).encode()
            })
            .collect();
        let signing = self.key.public().signing;
        let sign = |message: &[u8]| self.key.sign(message).expect("a key in memory signs");
        Ok(Batch::build(charter.hash(), self.number, signing, self.sequence, &records, &[], sign)?.into())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn node_key(node: u16) -> [u8; 32] {
    [node as u8 + 101; 32]
}

fn charter(senders: &[Sender], has_nodes: bool) -> Result<Charter> {
    let mut text = String::from(
        "name = \"Benchmark\"\nprotocol = 1\nunit_of_account = \"USD\"\nsettlement_asset = \"USD\"\n\
         [calendar]\nutc_offset_minutes = 0\ncustomer_cut_off = \"17:00\"\ninterbank_cut_off = \"17:00\"\ndays_ahead = 10\n\
         [cycle]\nfirst_day = \"2026-01-05\"\nmonths = 1\nclose = \"18:00\"\n\
         [queue]\ndiscipline = \"bypass-fifo\"\nattempts = 10000\nopen_orders_max = 1000000\ndays_waiting = 5\n",
    );
    for sender in senders {
        let (keys, number) = (sender.key.public(), sender.number);
        writeln!(
            text,
            "[[members]]\ncode = \"M{number}\"\nname = \"Member {number}\"\ncurrency = \"USD\"\nsigning_key = \"{}\"\nsealing_key = \"{}\"\nweekend = []",
            hex(&keys.signing),
            hex(&keys.sealing),
        )?;
        if has_nodes {
            writeln!(text, "node_key = \"{}\"", hex(&Membership::public_key(&node_key(number))))?;
        }
    }
    Ok(Charter::parse(&text)?)
}

/// Nodes that run, in a directory that goes with them. Index 0 is everybody's gateway where there is one alone.
struct Running {
    nodes: Vec<Node>,
    charter: Charter,
    _directory: tempfile::TempDir,
}

impl Running {
    fn start(dir: &Path, senders: &[Sender], is_alone: bool) -> Result<Running> {
        let charter = charter(senders, !is_alone)?;
        let directory = tempfile::Builder::new().prefix("comity-nodes-").tempdir_in(dir)?;
        let clock = Arc::new(Clock::standing_at(charter.calendar.time_ms(charter.first_day, 9 * 3_600)));
        clock.run();
        let path = |node: u16| directory.path().join(node.to_string());
        let sign = |member: u16, message: &[u8]| {
            senders[usize::from(member)].key.sign(message).expect("a key in memory signs")
        };
        let founding = Founding::signed_by(charter.clone(), sign)?;
        let mut nodes = Vec::new();
        if is_alone {
            Node::found(&path(0), &founding)?;
            nodes.push(Node::open(&path(0), clock, Options::default())?.0);
        } else {
            let sockets = senders.iter().map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<Vec<_>, _>>()?;
            let addresses = sockets.iter().map(TcpListener::local_addr).collect::<Result<Vec<SocketAddr>, _>>()?;
            drop(sockets);
            for (sender, listen) in senders.iter().zip(&addresses) {
                let codes = charter.members.iter().map(|member| member.code.clone());
                let membership = Membership {
                    key: Zeroizing::new(node_key(sender.number)),
                    listen: *listen,
                    peers: codes.zip(addresses.iter().copied()).collect(),
                    introduced: Vec::new(),
                    timing: Timing::default(),
                };
                Node::found(&path(sender.number), &founding)?;
                nodes.push(Node::join(&path(sender.number), clock.clone(), Options::default(), &membership)?.0);
            }
        }
        Ok(Running { nodes, charter, _directory: directory })
    }

    fn gateway(&self, member: u16) -> &Node {
        &self.nodes[usize::from(member) % self.nodes.len()]
    }

    /// Closes the nodes, and makes sure that all of them come to the same state.
    fn close(self) -> Result<()> {
        let height = self.nodes.iter().map(Node::durable_height).max().context("a node")?;
        for node in &self.nodes {
            while node.durable_height() < height {
                ensure!(!node.has_failed(), "a node has failed");
                std::thread::yield_now();
            }
        }
        for node in &self.nodes {
            node.close()?;
            let is_balanced = node.peek(|union| union.ledger().sums().values().all(|&sum| sum == 0));
            ensure!(is_balanced, "the books do not sum to zero");
        }
        Ok(())
    }
}

fn settled(ticket: Ticket) -> Result<usize> {
    let receipt = ticket.wait()?;
    let is_settled = |outcome: &&Outcome| matches!(outcome, Outcome::Order { .. });
    Ok(receipt.outcomes.iter().filter(is_settled).count())
}

/// Keeps the pace of a light load.
#[expect(clippy::disallowed_methods, reason = "it waits for nothing but the time of the next order")]
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// One member's batches through its gateway, so many at a time; how many orders settled.
fn drive(node: &Node, batches: Vec<Arc<[u8]>>, window: usize) -> Result<usize> {
    let (mut tickets, mut count) = (VecDeque::new(), 0);
    for batch in batches {
        if tickets.len() == window {
            count += settled(tickets.pop_front().context("a window of at least one")?)?;
        }
        tickets.push_back(node.submit(batch)?);
    }
    for ticket in tickets {
        count += settled(ticket)?;
    }
    Ok(count)
}

struct Figures {
    orders_per_second: f64,
    blocks: u64,
    cpu_seconds: f64,
    p50_ms: f64,
    p99_ms: f64,
}

fn cpu_seconds() -> Result<f64> {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn measure(arguments: &Arguments, is_alone: bool) -> Result<Figures> {
    let mut senders: Vec<Sender> = (0..arguments.nodes.max(2)).map(Sender::new).collect();
    let running = Running::start(&arguments.dir, &senders, is_alone)?;
    let batches_of_a_member = arguments.orders.div_ceil(arguments.batch * senders.len());
    // Everybody is connected once an order of each is final.
    for sender in &mut senders {
        let batch = sender.sign(&running.charter, 1)?;
        settled(running.gateway(sender.number).submit(batch)?)?;
    }
    let prepared = senders
        .iter_mut()
        .map(|sender| (0..batches_of_a_member).map(|_| sender.sign(&running.charter, arguments.batch)).collect())
        .collect::<Result<Vec<Vec<_>>>>()?;

    let height = running.nodes[0].durable_height();
    let (start, cpu) = (Instant::now(), cpu_seconds()?);
    let counts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..)
            .zip(prepared)
            .map(|(member, batches)| {
                let node = running.gateway(member);
                scope.spawn(move || drive(node, batches, arguments.window))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect::<Result<Vec<_>>>()
    })?;
    let (seconds, cpu_seconds) = (start.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    let orders: usize = counts.iter().sum();
    ensure!(orders == batches_of_a_member * senders.len() * arguments.batch, "{orders} orders were taken");
    let blocks = running.nodes[0].durable_height() - height;

    let mut latencies = Vec::new();
    for at in 0..arguments.light {
        let sender = &mut senders[at % usize::from(arguments.nodes.max(2))];
        let batch = sender.sign(&running.charter, 1)?;
        let start = Instant::now();
        settled(running.gateway(sender.number).submit(batch)?)?;
        let elapsed = start.elapsed();
        latencies.push(elapsed.as_secs_f64() * 1e3);
        pause(Duration::from_millis(arguments.every_ms).saturating_sub(elapsed));
    }
    running.close()?;
    latencies.sort_by(f64::total_cmp);
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    let orders_per_second = orders as f64 / seconds;
    Ok(Figures { orders_per_second, blocks, cpu_seconds, p50_ms: at(0.5), p99_ms: at(0.99) })
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    ensure!((1..=BATCH_COMMANDS_MAX).contains(&arguments.batch) && arguments.window > 0 && arguments.light > 0);
    println!(
        "{} orders in batches of {}, {} on their way from each member",
        arguments.orders, arguments.batch, arguments.window
    );
    println!("{:>6} {:>14} {:>8} {:>12} {:>10} {:>10}", "nodes", "orders/s", "blocks", "CPU s/M", "p50 ms", "p99 ms");
    let mut rates = Vec::new();
    for is_alone in [true, false] {
        let figures = measure(&arguments, is_alone)?;
        let nodes = if is_alone { 1 } else { arguments.nodes };
        let cpu = figures.cpu_seconds / (arguments.orders as f64 / 1e6);
        println!(
            "{nodes:>6} {:>14.0} {:>8} {cpu:>12.2} {:>10.1} {:>10.1}",
            figures.orders_per_second, figures.blocks, figures.p50_ms, figures.p99_ms
        );
        rates.push(figures.orders_per_second);
    }
    println!("ratio of one alone to {}: {:.1}", arguments.nodes, rates[0] / rates[1]);
    Ok(())
}
