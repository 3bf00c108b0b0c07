//! What `[node]` in `node.toml` makes of a charter: a place among the members' nodes.

use crate::exit::{Failure, Result};
use crate::node_file::{Place, Timing};
use crate::output::hex;
use keys::NodeKey;
use network::{Membership, NodeError};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;
use union::Charter;

/// The charter that a journal begins with.
pub fn charter_of(data: &Path) -> Result<Charter> {
    let genesis = journal::Reader::open(data).and_then(|reader| reader.block(0)).map_err(NodeError::from)?;
    let charter = std::str::from_utf8(&genesis.payload).map_err(|error| error.to_string());
    let charter = charter.and_then(|text| Charter::parse(text).map_err(|error| error.to_string()));
    charter.map_err(|error| Failure::failed(format!("{}: the journal's charter: {error}", data.display())))
}

/// A node's place, if it has one, once it is known to fit the charter; its key and the others' hosts are not looked at.
pub fn place<'a>(place: Option<&'a Place>, charter: &Charter) -> std::result::Result<Option<(&'a Place, u16)>, String> {
    let nodes: Vec<&str> =
        charter.members.iter().filter(|member| member.node_key.is_some()).map(|m| &*m.code).collect();
    let Some(place) = place else {
        if nodes.is_empty() {
            return Ok(None);
        }
        return Err(format!(
            "[node] is missing: the charter names the nodes of {}, so this one needs its key and their addresses; \
             `comity init --charter FILE --member CODE --node-key FILE --peer CODE=HOST:PORT` writes it",
            nodes.join(", ")
        ));
    };
    if nodes.is_empty() {
        return Err("[node]: the charter names no members' nodes: one node orders alone; remove this table".into());
    }
    let member = charter.member(&place.member);
    let member = member.ok_or_else(|| format!("node.member: the charter has no member {}", place.member))?;
    if charter.members[usize::from(member)].node_key.is_none() {
        return Err(format!(
            "node.member: the charter names no node of {}, only of {}; a member without one uses another\'s",
            place.member,
            nodes.join(", ")
        ));
    }
    if let Some(unknown) = place.peers.keys().find(|code| !nodes.contains(&code.as_str())) {
        return Err(format!(
            "node.peers.{unknown}: the charter names no node of a member {unknown}; it names those of {}",
            nodes.join(", ")
        ));
    }
    let is_missing = |code: &&&str| **code != place.member && !place.peers.contains_key(**code);
    if let Some(missing) = nodes.iter().find(is_missing) {
        return Err(format!("node.peers.{missing} is missing: say where the node of {missing} listens, host:port"));
    }
    let timing = place.timing.with_the_usual();
    if !(Duration::ZERO < timing.idle && timing.idle < timing.leader && timing.leader < timing.agreement) {
        let text = "idle_ms must be above 0, leader_ms above idle_ms, and agreement_ms above leader_ms";
        return Err(format!("node.timing: {text}"));
    }
    Ok(Some((place, member)))
}

/// Fails unless a key is the one that the charter names.
pub fn check_key(charter: &Charter, member: u16, place: &Place, key: &NodeKey) -> std::result::Result<(), String> {
    let named = charter.members[usize::from(member)].node_key.unwrap_or_default();
    let found = key.public();
    if found == named {
        return Ok(());
    }
    let owner = charter.members.iter().find(|other| other.node_key == Some(found));
    let whose = owner.map_or("of no member".to_owned(), |owner| format!("that of {}", owner.code));
    Err(format!(
        "{}: this is not the key of the node of {}: its public key is {}, {whose}, and the charter names {}",
        place.key.display(),
        place.member,
        hex(&found),
        hex(&named)
    ))
}

/// Where the other nodes listen, by their members' numbers. Names are looked up now, once.
pub fn peers(charter: &Charter, place: &Place) -> std::result::Result<Vec<(u16, SocketAddr)>, String> {
    let others = place.peers.iter().filter(|(code, _)| **code != place.member);
    let peer = |(code, address): (&String, &String)| {
        let member = charter.member(code).ok_or_else(|| format!("node.peers.{code}: no such member"))?;
        Ok((member, resolve(address).map_err(|error| format!("node.peers.{code}: {error}"))?))
    };
    others.map(peer).collect()
}

/// Whether an address is written `host:port`.
pub fn check_form(address: &str) -> std::result::Result<(), String> {
    let is_complete =
        address.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if is_complete { Ok(()) } else { Err(format!("{address} is not host:port, such as node.example.net:7500")) }
}

/// An address out of `host:port`.
pub fn resolve(address: &str) -> std::result::Result<SocketAddr, String> {
    check_form(address)?;
    let mut found = address.to_socket_addrs().map_err(|error| format!("{address} cannot be looked up: {error}"))?;
    found.next().ok_or_else(|| format!("{address} has no address"))
}

impl Place {
    /// What [`network::Node::join`] needs.
    pub fn membership(&self, key: &NodeKey, peers: Vec<(u16, SocketAddr)>) -> Membership {
        Membership {
            key: key.secret().clone(),
            listen: self.listen,
            peers,
            introduced: Vec::new(),
            timing: self.timing.with_the_usual(),
        }
    }
}

impl Timing {
    fn with_the_usual(self) -> network::Timing {
        let usual = network::Timing::default();
        let millis = |given: Option<u64>, usual: Duration| given.map_or(usual, Duration::from_millis);
        network::Timing {
            idle: millis(self.idle_ms, usual.idle),
            leader: millis(self.leader_ms, usual.leader),
            agreement: millis(self.agreement_ms, usual.agreement),
            clock_skew: millis(self.clock_skew_ms, usual.clock_skew),
            absent: millis(self.absent_ms, usual.absent),
        }
    }
}

/// What few nodes mean for those who run them; nothing to say from four on.
pub fn warning_of_few(nodes: usize) -> Option<String> {
    (1..4).contains(&nodes).then(|| {
        let while_down = if nodes == 1 { "it is" } else { "any of them is" };
        format!("with {nodes} node(s) no block is agreed on while {while_down} down; four go on without one of them")
    })
}
