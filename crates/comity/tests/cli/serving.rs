//! A node that runs as a child process, and what stands between it and its callers.

use crate::scene::{Run, Scene, command, run};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// 12:00 on the Monday that the tests play on.
pub const NOON: &str = "2026-11-23T12:00:00Z";

/// A running `comity serve`.
pub struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    pub url: String,
}

impl Serving {
    /// Starts a node on a free port; it listens when this returns.
    pub fn start(scene: &Scene, more: &[&str]) -> Serving {
        Serving::of(&scene.arg("union/node.toml"), more)
    }

    /// The same for a configuration.
    pub fn of(config: &str, more: &[&str]) -> Serving {
        Serving::spawn(command(&Serving::arguments(config)).args(more))
    }

    /// What a node is started with.
    pub fn arguments(config: &str) -> [&str; 6] {
        ["serve", "--config", config, "--listen=127.0.0.1:0", "--output=json", "--log-format=json"]
    }

    /// The same for a prepared command.
    pub fn spawn(command: &mut Command) -> Serving {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        // The line with the address is the first document on standard output; it ends with a brace of its own.
        let mut document = String::new();
        while !document.ends_with("}\n") {
            if out.read_line(&mut document).unwrap() == 0 {
                let mut log = String::new();
                child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
                panic!("the node did not start: {document}\n{log}");
            }
        }
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        Serving { child, out, url: document["listening"].as_str().unwrap().to_owned() }
    }

    /// Asks this node for something over HTTP; returns status and body.
    pub fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.url.trim_start_matches("http://")).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
        (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }

    /// Runs the binary against this node.
    pub fn run(&self, arguments: &[&str]) -> Run {
        run(&[arguments, &["--node", &self.url]].concat())
    }

    /// The same in the name of a member.
    pub fn run_as(&self, scene: &Scene, member: &str, arguments: &[&str]) -> Run {
        let key = scene.arg(&format!("union/keys/{member}.key"));
        self.run(&[arguments, &["--member", member, "--key", &key]].concat())
    }

    /// Sends the node a signal, and waits until its log says something about it.
    pub fn signal(&mut self, signal: Signal, said: &str) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
        let log = BufReader::new(self.child.stderr.as_mut().expect("it is read here alone"));
        let mut lines = log.lines().map(Result::unwrap);
        assert!(lines.any(|line| line.contains(said)), "the log ends without: {said}");
    }

    /// Asks the node to stop, waits until it has, and returns its log.
    pub fn stop(mut self, signal: Signal) -> String {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success() && rest.is_empty(), "{status}\n{rest}\n{log}");
        log
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Where a test failed half way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stands before a node and passes everything on, except the answers to what is posted: those are cut off.
pub struct Cutter {
    pub url: String,
}

impl Cutter {
    pub fn before(node: &Serving) -> Cutter {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let upstream = node.url.trim_start_matches("http://").to_owned();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                pass_on(client.unwrap(), TcpStream::connect(&upstream).unwrap());
            }
        });
        Cutter { url }
    }
}

fn pass_on(client: TcpStream, node: TcpStream) {
    let posted = Arc::new(AtomicBool::new(false));
    let seen = posted.clone();
    copy(client.try_clone().unwrap(), node.try_clone().unwrap(), move |bytes| {
        seen.fetch_or(bytes.starts_with(b"POST"), Ordering::SeqCst);
        true
    });
    copy(node, client, move |_| !posted.load(Ordering::SeqCst));
}

/// Copies until either side ends, or `goes_on` says that it is enough.
fn copy(mut from: TcpStream, mut to: TcpStream, goes_on: impl Fn(&[u8]) -> bool + Send + 'static) {
    std::thread::spawn(move || {
        let mut buffer = [0; 64 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if !goes_on(&buffer[..length]) || to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        // The other side may have gone already.
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    });
}
