//! What a node needs of its machine and of the others: ports, peers, the time.

use super::Findings;
use crate::membership;
use crate::node_file::Place;
use api::client::Client;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use union::{Charter, Union};

/// Whoever does not answer within this time is taken as not there.
const PATIENCE: Duration = Duration::from_secs(3);

/// The port for HTTP is free, or this node's. Returns whether the node is running.
pub fn http_port(findings: &mut Findings, listen: SocketAddr, has_tls: bool, founding: Option<&Charter>) -> bool {
    let check = format!("HTTP port {}", listen.port());
    match TcpListener::bind(listen) {
        Ok(_) => findings.ok(check, "free: the node is not running"),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let here = reachable(listen);
            // What answers is compared with the journal, so the certificate, which is for a name, need not be.
            let client = match has_tls {
                true => Client::unverified(&format!("https://{here}")),
                false => Client::new(&format!("http://{here}")),
            };
            let asked = answers(here).then(|| client.founding_charter());
            let is_ours = |text: &String| founding.is_some_and(|founding| founding.text() == text);
            if asked.and_then(Result::ok).as_ref().is_some_and(is_ours) {
                findings.ok(check, "the node is running");
                return true;
            }
            let text = format!("{listen} is in use, and not by a node of this union");
            findings.wrong(check, text, "stop what listens there, or change `listen`");
        }
        Err(error) => findings.wrong(check, format!("cannot listen on {listen}: {error}"), "change `listen`"),
    }
    false
}

/// The port for other nodes is free, or the running node's.
pub fn node_port(findings: &mut Findings, listen: SocketAddr, is_running: bool) {
    let check = format!("node port {}", listen.port());
    match TcpListener::bind(listen) {
        Ok(_) if is_running => {
            let text = format!("the node is running, and does not listen on {listen}");
            findings.wrong(
                check,
                text,
                "node.listen was changed since it was started, or its log says why: start it again",
            );
        }
        Ok(_) => findings.ok(check, "free"),
        Err(error) if error.kind() == ErrorKind::AddrInUse && is_running => findings.ok(check, "the node listens"),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let advice = "stop what listens there, or change node.listen, and tell the other members";
            findings.wrong(check, format!("{listen} is in use, and not by this node"), advice);
        }
        Err(error) => findings.wrong(check, format!("cannot listen on {listen}: {error}"), "change node.listen"),
    }
}

/// The other nodes can be reached.
pub fn peers(findings: &mut Findings, union: Option<&Union>, place: &Place) {
    for (code, address) in place.peers.iter().filter(|(code, _)| **code != place.member) {
        let check = format!("node of {code}");
        let resolved = membership::resolve(address);
        let reached = resolved.and_then(|found| {
            TcpStream::connect_timeout(&found, PATIENCE).map_err(|error| format!("cannot reach {address}: {error}"))
        });
        match reached {
            Ok(_) => findings.ok(check, format!("{address} accepts connections")),
            Err(text) => {
                let advice = "ask whether it runs and where it listens; look at firewalls on the way";
                findings.wrong(check, text, advice);
            }
        }
    }
    let nodes = union.map_or(0, |union| union.rosters().current().nodes().len());
    if let Some(warning) = membership::warning_of_few(nodes) {
        findings.ok("nodes", warning);
    }
}

/// This machine's clock and those of HTTP servers.
pub fn clocks(findings: &mut Findings, urls: &[String]) {
    if urls.is_empty() {
        let advice = "--clock-from URL compares with another member's API, or any HTTP server";
        findings.skipped("clock", "no other clock was named", advice);
    }
    for url in urls {
        let check = "clock";
        let (before, date) = (now(), date_of(url));
        let after = now();
        match date {
            Err(text) => findings.skipped(
                check,
                format!("{url}: {text}"),
                "name a server that can be reached by http:// or https://",
            ),
            // Dates are cut to whole seconds, and half a second is what nodes put up with.
            Ok(date) if date + 1.5 < before || after + 0.5 < date => {
                let text = format!("{:.0} s away from that of {url}", (date - before).abs());
                let advice =
                    "set the clock by NTP (`timedatectl set-ntp true`): nodes do not vote for blocks of another time";
                findings.wrong(check, text, advice);
            }
            Ok(_) => findings.ok(check, format!("that of {url} shows the same")),
        }
    }
}

/// Unix time in seconds.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// The Date of an HTTP server, in Unix seconds; over TLS, too, whoever answers there.
fn date_of(url: &str) -> Result<f64, String> {
    let date = Client::unverified(url).date(PATIENCE).map_err(|error| error.to_string())?;
    let date = date.ok_or("the answer has no Date")?;
    let date = jiff::fmt::rfc2822::parse(&date).map_err(|error| format!("Date: {error}"))?;
    Ok(date.timestamp().as_second() as f64)
}

fn answers(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, PATIENCE).is_ok()
}

/// Where something that listens on all addresses is reached from here.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listen.port())
}
