//! `comity serve`: the node, until it is told to stop.

use crate::exit::{Exit, Failure, Result};
use crate::membership::{self, Warned};
use crate::node_file::{NodeFile, RENEW_BEFORE, system_ms};
use crate::output::{Output, instant};
use crate::passphrase::PassphraseArguments;
use api::{Api, Bounds, HeldMember, Settings, Tls};
use clap::{Args, ValueEnum};
use keys::key_file;
use network::{Clock, Final, Membership, Node, Options, Recovered};
use serde::Serialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::broadcast::{self, error::RecvError};
use union::Event;

/// Run a node and serve its HTTP API until SIGINT or SIGTERM.
#[derive(Args, Debug)]
#[command(after_help = NOTES)]
pub struct Arguments {
    /// The node's configuration.
    #[arg(long, value_name = "FILE", default_value = "node.toml")]
    config: PathBuf,
    /// Serve here instead of where the configuration says; port 0 takes one that is free.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Without a certificate in the configuration, listen where other machines can reach it all the same: whoever is on the way can
    /// read everything, and use the session of an operator who logs in. A proxy that speaks TLS belongs in front
    #[arg(long)]
    expose_unencrypted: bool,
    /// Form of the log on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// The least urgent messages that are logged
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log_level: tracing::Level,
    /// For rehearsals: the node's clock starts at this RFC 3339 time and goes on from there
    #[arg(long, value_name = "TIME")]
    rehearse_from: Option<jiff::Timestamp>,
    /// Rehearse also where that moves a journal with blocks ahead by more than a day: orders expire and cycles close,
    /// for good
    #[arg(long, requires = "rehearse_from")]
    rehearse_anyway: bool,
    #[command(flatten)]
    passphrase: PassphraseArguments,
}

const NOTES: &str = "\
The first SIGINT or SIGTERM lets requests that are under way finish, writes a snapshot and ends with 0. SIGHUP reads the
certificate under [tls] again, for connections that come then.
When it listens it says where, in one line on standard output (with --output json as {\"listening\": \"http://...\"}).";

/// A rehearsal moves a journal with blocks ahead by at most this, in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// A clock that is behind the last block by more than this, in milliseconds, is said to be.
const LATE_MS: u64 = 60_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// That the node listens.
#[derive(Serialize)]
struct Listening {
    /// URL of the API.
    listening: String,
    union: String,
    height: u64,
    /// Time of the last block, RFC 3339.
    time: String,
}

/// Runs the node.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let file = NodeFile::read(&arguments.config)?;
    let listen = arguments.listen.unwrap_or(file.listen);
    if !listen.ip().is_loopback() && file.tls.is_none() && !arguments.expose_unencrypted {
        return Err(Failure::usage(format!(
            "{listen} can be reached from other machines, and HTTP is not encrypted; name a certificate and its key under \
             [tls], or listen on 127.0.0.1 and put a proxy that speaks TLS in front, or say --expose-unencrypted"
        )));
    }
    start_log(arguments.log_format, arguments.log_level);
    let tls = file.tls(&arguments.config)?;
    let Unlocked { members, membership } = file.unlock(&arguments.config, &arguments.passphrase)?;
    let (operators, passkey_origin) = (file.operators(&arguments.config)?, file.passkey_origin(&arguments.config)?);
    let iso = file.iso20022.settings(&arguments.config)?;
    let rehearsed_ms = match arguments.rehearse_from {
        None => None,
        Some(time) => {
            let time_ms = u64::try_from(time.as_millisecond());
            Some(time_ms.map_err(|_| Failure::usage("--rehearse-from: is before 1970"))?)
        }
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    if let Some(tls) = &tls {
        tell_expiry(tls);
    }
    // A rehearsal's clock stands, so that no block is made, until the journal was looked at.
    let clock = rehearsed_ms.map_or_else(Clock::system, |_| Clock::standing_at(0));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        // Before anything else, so that a signal during the start is not lost and not fatal.
        let stop = stop_signal()?;
        tokio::spawn(renew(tls.clone(), signals(SignalKind::hangup())?));
        let listener = TcpListener::bind(listen).await;
        let listener = listener.map_err(|error| {
            Failure::failed(format!(
                "cannot listen on {listen}: {error}; is a node running? --listen takes another address"
            ))
        })?;
        let address = listener.local_addr().map_err(|error| Failure::failed(format!("cannot listen: {error}")))?;
        let data = file.data.clone();
        let opened = tokio::task::spawn_blocking(move || match membership {
            None => Node::open(&data, Arc::new(clock), Options::default()),
            Some(membership) => Node::join(&data, Arc::new(clock), Options::default(), &membership),
        });
        let (node, recovered) = opened.await.expect("opening does not panic")?;
        tell_recovery(&recovered);
        let last_ms = node.peek(|union| union.time_ms());
        if let Some(time_ms) = rehearsed_ms {
            if recovered.height > 0 && time_ms > last_ms.saturating_add(DAY_MS) && !arguments.rehearse_anyway {
                node.close()?;
                return Err(would_move_ahead(&file.data, last_ms, time_ms));
            }
            node.clock().set(time_ms);
            node.clock().run();
        }
        tell_late_clock(last_ms, node.clock().now_ms());
        let node = Arc::new(node);
        let settings = Settings {
            directory: file.records.clone(),
            member: file.node.as_ref().map(|place| place.member.clone()),
            members,
            operators,
            passkey_origin,
            iso,
            tls,
            bounds: Bounds::default(),
        };
        let api = Api::new(node.clone(), settings);
        let api = api.map_err(|error| Failure::failed(format!("{}: {error}", arguments.config.display())))?;
        let listening = Listening {
            listening: format!("{scheme}://{address}"),
            union: node.charter().name.clone(),
            height: recovered.height,
            time: instant(last_ms),
        };
        tokio::spawn(tell_alerts(api.clone(), node.subscribe()));
        output.show(&listening, |at| format!("{} is served at {}\n", at.union, at.listening))?;
        api::serve(listener, api, stop).await?;
        tracing::info!("stopped");
        Ok(())
    })
}

/// Says in the log that the certificate has to be renewed, by the system's clock as browsers have it.
fn tell_expiry(tls: &Tls) {
    let (left, expires) = (tls.left(system_ms()), instant(tls.expires_ms()));
    if left.is_zero() {
        tracing::error!(expires, "the certificate under [tls] has expired: nobody who checks it connects; renew it");
    } else if left < RENEW_BEFORE {
        tracing::warn!(expires, "the certificate under [tls] expires soon: renew it, and send the node SIGHUP");
    }
}

/// Reads the certificate again at each signal; one that is of no use leaves the one before in use.
async fn renew(tls: Option<Tls>, mut hangups: Signal) {
    while hangups.recv().await.is_some() {
        let Some(tls) = &tls else {
            tracing::info!("SIGHUP reads the certificate under [tls] again, and there is none");
            continue;
        };
        match tls.read_again() {
            Ok(()) => {
                tracing::info!(expires = instant(tls.expires_ms()), "the certificate under [tls] was read again");
                tell_expiry(tls);
            }
            Err(error) => tracing::error!(%error, "the certificate under [tls] was not changed"),
        }
    }
}

fn tell_recovery(recovered: &Recovered) {
    if recovered.torn_bytes > 0 {
        tracing::warn!(
            bytes = recovered.torn_bytes,
            "unfinished blocks, never acknowledged, were cut off the journal's end"
        );
    }
}

/// Says in the log what somebody has to do something about: at the start, and when it changes.
async fn tell_alerts(api: Arc<Api>, mut blocks: broadcast::Receiver<Arc<Final>>) {
    let mut told = Vec::new();
    loop {
        let alerts = api.outlook().alerts;
        for alert in alerts.iter().filter(|alert| !told.contains(*alert)) {
            tracing::error!("{alert}");
        }
        told = alerts;
        loop {
            match blocks.recv().await {
                Ok(block) if block.applied.events.iter().any(decides) => break,
                Err(RecvError::Lagged(_)) => break,
                Ok(_) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }
}

/// Whether an event may change what a node has to expect.
fn decides(event: &Event) -> bool {
    matches!(event, Event::ProposalChanged(_) | Event::StandingChanged { .. } | Event::KeyReplaced { .. })
}

/// Why a rehearsal does not begin.
fn would_move_ahead(data: &Path, last_ms: u64, time_ms: u64) -> Failure {
    Failure::new(
        Exit::Refused,
        format!(
            "--rehearse-from: the journal in {} has blocks, the last of {}; a clock that starts at {} would move it ahead \
             for good: orders would expire and cycles close. Rehearse on a copy, from at most a day later, or say \
             --rehearse-anyway",
            data.display(),
            instant(last_ms),
            instant(time_ms)
        ),
    )
}

/// Block time never goes back: where the clock is behind it, it stands still until the clock has caught up.
fn tell_late_clock(last_ms: u64, now_ms: u64) {
    if last_ms > now_ms.saturating_add(LATE_MS) {
        tracing::error!(
            clock = instant(now_ms),
            last_block = instant(last_ms),
            "the clock is behind the journal's last block: block time stands still until then; set the clock right"
        );
    }
}

/// Becomes ready at the first signal to stop.
pub fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static> {
    let (mut interrupt, mut terminate) = (signals(SignalKind::interrupt())?, signals(SignalKind::terminate())?);
    Ok(async move {
        let name = tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        };
        tracing::info!(signal = name, "stopping: what is under way is finished first");
    })
}

fn signals(kind: SignalKind) -> Result<Signal> {
    signal(kind).map_err(|error| Failure::failed(format!("cannot wait for signals: {error}")))
}

fn start_log(format: LogFormat, level: tracing::Level) {
    let log = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => log.json().init(),
    }
}

fn warn(warnings: &[String]) {
    for text in warnings {
        tracing::warn!("{text}");
    }
}

/// What a node does with its key files.
struct Unlocked {
    members: Vec<HeldMember>,
    /// Where the charter names the members' nodes.
    membership: Option<Membership>,
}

impl NodeFile {
    /// The node's own key and those of members, unlocked with one passphrase.
    fn unlock(&self, path: &Path, passphrase: &PassphraseArguments) -> Result<Unlocked> {
        let founding = network::founding(&self.data)?;
        let charter = founding.charter();
        let at = |text: String| Failure::failed(format!("{}: {text}", path.display()));
        let Warned { value: place, warnings } = membership::place(self.node.as_ref(), charter).map_err(at)?;
        warn(&warnings);
        if self.members.is_empty() && place.is_none() {
            return Ok(Unlocked { members: vec![], membership: None });
        }
        let passphrase = passphrase.known("the node's key files")?;
        let membership = match place {
            None => None,
            Some(place) => {
                let key = key_file::read_node(&place.key, &passphrase)?;
                warn(membership::check_key(charter, place, &key).map_err(at)?.as_slice());
                let Warned { value, warnings } = place.membership(&key);
                warn(&warnings);
                Some(value)
            }
        };
        let unlock = |member: &crate::node_file::HeldMember| {
            Ok(HeldMember {
                code: member.code.clone(),
                key: member.key.open(&passphrase)?,
                four_eyes_from: member.four_eyes_from.clone(),
            })
        };
        let members = self.members.iter().map(unlock).collect::<Result<_>>()?;
        Ok(Unlocked { members, membership })
    }
}
