//! A private PostgreSQL 15 cluster: made for one run of the benchmark, reachable through a socket only, removed afterwards.

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use postgres::{Client, Config, NoTls};
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// Where Debian keeps the programs of this major version, beside what `PG_BIN` says.
const DEBIAN_PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// Starting includes creating the first files and syncing them; a disk this slow is not worth measuring.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Lines of the server's log that are kept to explain a failure.
const LOG_LINES_KEPT: usize = 40;

/// Segments of the write-ahead log, 16 MiB each, that exist before measuring: a server that has run for a day recycles its
/// segments, and only a fresh one has to write each of them full of zeros first.
const WAL_SEGMENTS_READY: u32 = 64;

/// Every setting that differs from PostgreSQL's defaults, and the two that make it durable. No replica, no archive: the system
/// beside it has none either.
pub const SETTINGS: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("wal_sync_method", "fdatasync"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("wal_buffers", "64MB"),
    ("wal_compression", "lz4"),
    ("min_wal_size", "2GB"),
    ("max_wal_size", "16GB"),
    ("checkpoint_timeout", "30min"),
    ("shared_buffers", "1GB"),
    ("work_mem", "64MB"),
    ("huge_pages", "try"),
    ("jit", "off"),
    ("max_connections", "140"),
    ("listen_addresses", ""),
    ("lc_messages", "C"),
];

/// A running server. Dropping it stops the server and removes its files.
pub struct Cluster {
    // Dropped before the directories, in the order of the fields.
    server: Server,
    socket: TempDir,
    _data: TempDir,
    version: String,
    user: String,
}

/// The server process and the thread that reads its log.
struct Server {
    process: Child,
    log: Arc<Mutex<VecDeque<String>>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGQUIT is an immediate shutdown: nothing of this cluster is needed any more.
        let _ = kill(Pid::from_raw(self.process.id() as i32), Signal::SIGQUIT);
        let _ = self.process.wait();
    }
}

impl Cluster {
    /// Creates a cluster in a new directory under `dir` and starts it.
    ///
    /// # Errors
    /// PostgreSQL 15 is not installed, `dir` is out of reach of the user it must run as, or it does not start.
    pub fn start(dir: &Path) -> Result<Self> {
        let programs = programs()?;
        let version = output(Command::new(programs.join("postgres")).arg("--version"))?;
        ensure!(version.contains(" 15."), "{} is {version}, not version 15", programs.join("postgres").display());

        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let owner = owner()?;
        let data = private_dir(dir, &owner)?;
        // Not beside the data: the path of a socket must be shorter than 108 bytes.
        let socket = private_dir(&std::env::temp_dir(), &owner)?;

        let mut initdb = as_owner(&owner, &programs.join("initdb"));
        initdb.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username"]).arg(&owner.name);
        output(initdb.arg("--pgdata").arg(data.path())).with_context(|| {
            format!(
                "cannot create a cluster in {}; if it is out of reach of user {}, give another --dir",
                dir.display(),
                owner.name
            )
        })?;

        let mut command = as_owner(&owner, &programs.join("postgres"));
        command.arg("-D").arg(data.path()).arg("-k").arg(socket.path());
        for (setting, value) in SETTINGS {
            command.arg("-c").arg(format!("{setting}={value}"));
        }
        let server = Server::start(command)?;
        let cluster = Cluster { server, socket, _data: data, version, user: owner.name };
        cluster.prepare_wal()?;
        Ok(cluster)
    }

    /// As the server itself says it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A new connection through the socket.
    pub fn connect(&self) -> Result<Client> {
        Config::new()
            .host_path(self.socket.path())
            .user(&self.user)
            .dbname("postgres")
            .connect(NoTls)
            .with_context(|| format!("cannot connect to PostgreSQL; its log ends:\n{}", self.server.log_tail()))
    }

    fn prepare_wal(&self) -> Result<()> {
        let mut client = self.connect()?;
        for _ in 0..WAL_SEGMENTS_READY {
            client.execute("select pg_logical_emit_message(false, 'bench', 'fill')", &[])?;
            client.execute("select pg_switch_wal()", &[])?;
        }
        // Two, as only segments before the last checkpoint's start are recycled.
        client.batch_execute("checkpoint; checkpoint")?;
        Ok(())
    }
}

impl Server {
    fn start(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().context("cannot start postgres")?;
        let log = Arc::new(Mutex::new(VecDeque::with_capacity(LOG_LINES_KEPT)));
        let (ready, is_ready) = mpsc::channel();
        let stderr = process.stderr.take().expect("its standard error is a pipe");
        let server = Server { process, log: Arc::clone(&log) };
        thread::Builder::new().name("postgres-log".into()).spawn(move || read_log(stderr, &log, &ready))?;
        match is_ready.recv_timeout(START_TIMEOUT) {
            Ok(()) => Ok(server),
            Err(error) => bail!("PostgreSQL did not start ({error}); its log ends:\n{}", server.log_tail()),
        }
    }

    fn log_tail(&self) -> String {
        let log = self.log.lock().expect("the log's reader does not panic");
        log.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// Reads the server's log to its end, so that the server never waits for the pipe, and says when it is ready.
fn read_log(stderr: ChildStderr, log: &Mutex<VecDeque<String>>, ready: &Sender<()>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if line.contains("database system is ready to accept connections") {
            // Nobody listens any more after the first time.
            let _ = ready.send(());
        }
        let mut log = log.lock().expect("its other user does not panic");
        if log.len() == LOG_LINES_KEPT {
            log.pop_front();
        }
        log.push_back(line);
    }
}

fn programs() -> Result<PathBuf> {
    let programs = std::env::var_os("PG_BIN").map_or_else(|| PathBuf::from(DEBIAN_PROGRAMS), PathBuf::from);
    ensure!(
        programs.join("initdb").exists() && programs.join("postgres").exists(),
        "PostgreSQL 15 is not in {}: run `apt-get install postgresql-15`, or set PG_BIN to the directory of its programs",
        programs.display()
    );
    Ok(programs)
}

/// Who runs the server: PostgreSQL refuses to run as root, so the `postgres` user of its package does then.
fn owner() -> Result<User> {
    let missing =
        "no user `postgres`, and PostgreSQL does not run as root: install postgresql-15 or run as another user";
    if geteuid().is_root() {
        User::from_name("postgres")?.context(missing)
    } else {
        User::from_uid(geteuid())?.context("this process runs as a user without a name")
    }
}

/// A new directory that only its owner can enter.
fn private_dir(parent: &Path, owner: &User) -> Result<TempDir> {
    let dir = tempfile::Builder::new().prefix("comity-bench-pg-").tempdir_in(parent);
    let dir = dir.with_context(|| format!("cannot create a directory in {}", parent.display()))?;
    let (user, group) = (owner.uid.as_raw(), owner.gid.as_raw());
    chown(dir.path(), Some(user), Some(group)).with_context(|| format!("cannot give {} away", dir.path().display()))?;
    Ok(dir)
}

/// `program` run as `owner` and stopped by the kernel if this process dies without a chance to do it.
fn as_owner(owner: &User, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if geteuid().is_root() {
        command.args(["--reuid", &owner.name, "--regid", &owner.gid.to_string(), "--init-groups"]);
    }
    command.arg("--").arg(program).current_dir("/").env("LC_ALL", "C");
    // Its own process group: an interrupt from the terminal is for the benchmark, which then stops the server.
    command.process_group(0);
    command
}

/// Standard output of a command that must succeed.
fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {:?}", command.get_program()))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
