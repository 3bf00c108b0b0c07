//! The members' processes of one union: founded by `comity init --nodes`, served by `comity serve`.

use crate::links::Links;
use crate::stop::Stop;
use anyhow::{Context, Result, bail, ensure};
use api::client::Client;
use keys::{MemberKey, key_file};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;
use toml::Table;
use union::Charter;

/// What the key files are encrypted with.
pub const PASSPHRASE: &str = "correct horse";

const CODES: [&str; 7] = ["ARG", "BOL", "BRA", "CHL", "COL", "PER", "URY"];

/// How long a node may take until it is ready, on a machine that is busy.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The processes. All are ended when it is dropped.
#[derive(Debug)]
pub struct Group {
    /// The union's charter.
    pub charter: Charter,
    directory: TempDir,
    binary: PathBuf,
    seats: Vec<Seat>,
    links: Links,
}

/// One member's process, running or not.
#[derive(Debug)]
struct Seat {
    code: &'static str,
    key: MemberKey,
    home: PathBuf,
    http: SocketAddr,
    node: SocketAddr,
    child: Mutex<Option<Child>>,
}

impl Seat {
    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An address on loopback for each node, on which nobody listens. Ports of the system's own choice would not do: while a
/// node is down another's connection could take them.
fn addresses(nodes: usize) -> Result<Vec<IpAddr>> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    for _ in 0..256 {
        let place = (std::process::id() as u16).wrapping_mul(251).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let [high, low] = place.to_be_bytes();
        let addresses: Vec<IpAddr> =
            (1..=nodes as u8).map(|node| Ipv4Addr::new(127, high | 1, low, node).into()).collect();
        let is_free = |port| addresses.iter().all(|address| TcpListener::bind((*address, port)).is_ok());
        if is_free(7400) && is_free(7500) {
            return Ok(addresses);
        }
    }
    bail!("no addresses on loopback are free")
}

/// Minutes that a clock has to be ahead of UTC to show ten in the morning now: before every cut-off, and long before midnight.
fn offset_of_the_morning() -> Result<i64> {
    let minute = i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs() / 60 % 1_440)?;
    Ok((600 - minute + 1_440 + 720) % 1_440 - 720)
}

fn set(table: &mut Table, key: &str, value: SocketAddr) {
    table.insert(key.into(), value.to_string().into());
}

impl Group {
    /// Founds a union of 2 to 7 members with a node each, and links the nodes; nothing runs yet. `timing` goes into `[node.timing]`, and
    /// `arguments` to `comity init`.
    pub fn found(binary: &Path, nodes: usize, timing: &[(&str, u32)], arguments: &[&str]) -> Result<Group> {
        ensure!((2..=CODES.len()).contains(&nodes), "2 to {} nodes", CODES.len());
        let directory = tempfile::Builder::new().prefix("comity-processes-").tempdir()?;
        let home = directory.path().join("union");
        let members = CODES[..nodes].iter().map(|code| format!("--member={code}:Bank of {code}:USD"));
        let output = Command::new(binary)
            .arg("init")
            .arg(&home)
            .args(["--nodes", "--name=Processes", "--work-factor=4", "--weekend=none", "--output=json"])
            .arg(format!("--utc-offset-minutes={}", offset_of_the_morning()?))
            .args(members)
            .args(arguments)
            .env("COMITY_PASSPHRASE", PASSPHRASE)
            .output()
            .with_context(|| format!("cannot run {}", binary.display()))?;
        ensure!(output.status.success(), "comity init: {}", String::from_utf8_lossy(&output.stderr));
        let charter = Charter::parse(&fs::read_to_string(home.join("charter.toml"))?)?;

        let addresses = addresses(nodes)?;
        let mut seats = Vec::new();
        for (code, address) in CODES.into_iter().zip(&addresses) {
            let home = home.join(code);
            let key = key_file::read(&home.join(format!("keys/{code}.key")), PASSPHRASE)?;
            let (http, node) = ((*address, 7400).into(), (*address, 7500).into());
            seats.push(Seat { code, key, home, http, node, child: Mutex::new(None) });
        }
        let mut links = Links::default();
        for (from, seat) in seats.iter().enumerate() {
            let file = seat.home.join("node.toml");
            let mut config: Table = toml::from_str(&fs::read_to_string(&file)?)?;
            set(&mut config, "listen", seat.http);
            let place = config.get_mut("node").and_then(toml::Value::as_table_mut).context("[node]")?;
            set(place, "listen", seat.node);
            let given = timing.iter().map(|(name, ms)| ((*name).to_owned(), i64::from(*ms).into()));
            place.insert("timing".into(), toml::Value::Table(given.collect()));
            let peers = place.get_mut("peers").and_then(toml::Value::as_table_mut).context("[node.peers]")?;
            for (to, other) in seats.iter().enumerate().filter(|(to, _)| *to != from) {
                set(peers, other.code, links.add((from, seat.http.ip()), (to, other.node))?);
            }
            fs::write(&file, toml::to_string(&config)?)?;
        }
        Ok(Group { charter, directory, binary: binary.to_owned(), seats, links })
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.seats.len()
    }

    /// So many must agree on a block.
    pub fn quorum(&self) -> usize {
        self.nodes() - self.faulty()
    }

    /// So many may be down.
    pub fn faulty(&self) -> usize {
        (self.nodes() - 1) / 3
    }

    /// Where a node serves HTTP.
    pub fn http(&self, node: usize) -> SocketAddr {
        self.seats[node].http
    }

    /// Where it listens for the other nodes.
    pub fn node_address(&self, node: usize) -> SocketAddr {
        self.seats[node].node
    }

    /// Its API.
    pub fn client(&self, node: usize) -> Client {
        Client::new(&format!("http://{}", self.seats[node].http))
    }

    /// The key of its member, whose number is the node's.
    pub fn key(&self, node: usize) -> &MemberKey {
        &self.seats[node].key
    }

    /// Its directory.
    pub fn home(&self, node: usize) -> &Path {
        &self.seats[node].home
    }

    /// What all its processes have logged.
    pub fn log(&self, node: usize) -> String {
        fs::read_to_string(self.seats[node].home.join("log")).unwrap_or_default()
    }

    /// Memory that its process has in use now, in bytes (`VmRSS` of proc(5)).
    pub fn resident_bytes(&self, node: usize) -> Result<u64> {
        let id = self.seats[node].child().as_ref().context("the node is down")?.id();
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1_024)
    }

    /// Starts a node; it listens when this returns.
    pub fn start(&self, node: usize) -> Result<()> {
        let seat = &self.seats[node];
        let log: File = OpenOptions::new().create(true).append(true).open(seat.home.join("log"))?;
        let mut child = Command::new(&self.binary)
            .args(["serve", "--output=json", "--log-format=json", "--config"])
            .arg(seat.home.join("node.toml"))
            .env("COMITY_PASSPHRASE", PASSPHRASE)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut out = BufReader::new(child.stdout.take().context("its standard output")?);
        let mut said = String::new();
        while !said.ends_with("}\n") {
            if out.read_line(&mut said)? == 0 {
                child.wait()?;
                bail!("the node of {} did not start: {said}\n{}", seat.code, self.log(node));
            }
        }
        *seat.child() = Some(child);
        Ok(())
    }

    /// Starts all, and waits until each takes batches.
    pub fn start_all(&self) -> Result<()> {
        (0..self.nodes()).try_for_each(|node| self.start(node))?;
        (0..self.nodes()).try_for_each(|node| self.wait_until_ready(node))
    }

    /// Waits until a node takes batches: it is connected to a quorum, and not far behind.
    pub fn wait_until_ready(&self, node: usize) -> Result<()> {
        let (client, begun) = (self.client(node), Instant::now());
        while let Err(error) = client.get::<Value>("/ready") {
            let seat = &self.seats[node];
            ensure!(begun.elapsed() < READY_WITHIN, "{}: {error}\n{}", seat.code, self.log(node));
            Stop::default().within(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Ends a node with SIGKILL: it is gone when this returns.
    pub fn kill(&self, node: usize) -> Result<()> {
        let mut child = self.seats[node].child().take().context("the node is down")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Asks all that run to stop, and waits until they have.
    pub fn stop_all(&self) -> Result<()> {
        let running: Vec<(usize, Child)> =
            self.seats.iter().enumerate().filter_map(|(node, seat)| Some((node, seat.child().take()?))).collect();
        for (_, child) in &running {
            kill(Pid::from_raw(child.id().try_into()?), Signal::SIGTERM)?;
        }
        for (node, mut child) in running {
            let status = child.wait()?;
            ensure!(status.success(), "{}: {status}\n{}", self.seats[node].code, self.log(node));
        }
        Ok(())
    }

    /// Runs the binary to its end, and reads what it says as JSON.
    pub fn run(&self, arguments: &[&str]) -> Result<Value> {
        let output = Command::new(&self.binary)
            .args(arguments)
            .arg("--output=json")
            .env("COMITY_PASSPHRASE", PASSPHRASE)
            .stdin(Stdio::null())
            .output()?;
        ensure!(output.status.success(), "comity {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Cuts every link between a node of one side and one that is not: their connections are dropped, and no new ones come about.
    pub fn cut(&self, side: &[usize]) {
        self.links.set_cut(true, |from, to| side.contains(&from) != side.contains(&to));
    }

    /// Mends all links.
    pub fn mend(&self) {
        self.links.set_cut(false, |_, _| true);
    }

    /// Keeps the files of a run that failed; returns where they are.
    pub fn keep_files(&mut self) -> &Path {
        self.directory.disable_cleanup(true);
        self.directory.path()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for seat in &self.seats {
            if let Some(mut child) = seat.child().take() {
                // It may have ended by itself.
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}
