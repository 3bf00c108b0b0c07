//! Ports of this machine, for several nodes on it.

use crate::exit::{Failure, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// So many addresses on loopback that nobody listens on now, from a port on.
pub fn free_addresses(first_port: u16, count: usize) -> Result<Vec<SocketAddr>> {
    let addresses = (first_port..=u16::MAX).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let free: Vec<_> = addresses.filter(|address| TcpListener::bind(address).is_ok()).take(count).collect();
    if free.len() < count {
        return Err(Failure::failed(format!("fewer than {count} ports from {first_port} on are free on 127.0.0.1")));
    }
    Ok(free)
}
