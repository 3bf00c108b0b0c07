//! A relay between every node and every other that it connects to. A cut link drops its connections and takes no new ones.

use anyhow::Result;
use std::collections::BTreeMap;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The links, by who connects to whom.
#[derive(Debug, Default)]
pub(crate) struct Links {
    links: BTreeMap<(usize, usize), Link>,
}

#[derive(Debug)]
struct Link {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    is_cut: bool,
    is_over: bool,
    /// Both ends of each connection that lives.
    live: BTreeMap<u64, [TcpStream; 2]>,
    next: u64,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn drop_all(&mut self) {
        for stream in std::mem::take(&mut self.live).into_values().flatten() {
            // Either side may have gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Links {
    /// Links from `from`, at whose address they listen, to a node that listens at `to`; returns where to connect.
    pub fn add(&mut self, (from, at): (usize, IpAddr), (to, node): (usize, SocketAddr)) -> Result<SocketAddr> {
        let listener = TcpListener::bind((at, 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::Builder::new()
            .name(format!("link {from}-{to}"))
            .spawn(move || accept(&listener, node, &shared))?;
        self.links.insert((from, to), Link { address, state });
        Ok(address)
    }

    /// Cuts, or mends, every link that `is_meant` of its two ends.
    pub fn set_cut(&self, is_cut: bool, is_meant: impl Fn(usize, usize) -> bool) {
        for (_, link) in self.links.iter().filter(|(ends, _)| is_meant(ends.0, ends.1)) {
            let mut state = lock(&link.state);
            state.is_cut = is_cut;
            if is_cut {
                state.drop_all();
            }
        }
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        for link in self.links.values() {
            let mut state = lock(&link.state);
            state.is_over = true;
            state.drop_all();
            drop(state);
            // Wakes the thread that accepts.
            let _ = TcpStream::connect(link.address);
        }
    }
}

fn accept(listener: &TcpListener, node: SocketAddr, shared: &Arc<Mutex<State>>) {
    for client in listener.incoming() {
        let (is_over, is_cut) = {
            let state = lock(shared);
            (state.is_over, state.is_cut)
        };
        if is_over {
            return;
        }
        // The node at the other end is not to see it either.
        if is_cut {
            continue;
        }
        // A node that is down does not answer, and its peer is told by the end of the connection.
        let (Ok(client), Ok(node)) = (client, TcpStream::connect(node)) else { continue };
        let (Ok(client_end), Ok(node_end)) = (client.try_clone(), node.try_clone()) else { continue };
        let _ = (client.set_nodelay(true), node.set_nodelay(true));
        let mut state = lock(shared);
        // It may be cut meanwhile.
        if state.is_cut || state.is_over {
            continue;
        }
        let id = state.next;
        state.next += 1;
        state.live.insert(id, [client_end, node_end]);
        drop(state);
        let (Ok(client_again), Ok(node_again)) = (client.try_clone(), node.try_clone()) else { continue };
        copy(client, node_again, id, shared.clone());
        copy(node, client_again, id, shared.clone());
    }
}

/// Passes on until either side ends; then both do.
fn copy(mut from: TcpStream, mut to: TcpStream, id: u64, shared: Arc<Mutex<State>>) {
    std::thread::spawn(move || {
        // Whether it ended by an error makes no difference.
        let _ = std::io::copy(&mut from, &mut to);
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
        lock(&shared).live.remove(&id);
    });
}
