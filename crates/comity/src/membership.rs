//! What `[node]` in `node.toml` makes of a charter: a place among the members' nodes.

use crate::node_file::{Introduced, Place, Timing};
use crate::output::hex;
use crate::remote::key_bytes;
use keys::NodeKey;
use network::Membership;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;
use union::Charter;

/// What is given, and what somebody should know who gave it: nothing that keeps a node from starting.
#[derive(Debug)]
pub struct Warned<T> {
    pub value: T,
    pub warnings: Vec<String>,
}

/// A node's place, if it has one, once it is known that it can be one in a union that was founded on this charter; its key and the
/// others' hosts are not looked at. The members change: that one is not in this charter says only that it was no founder.
pub fn place<'a>(
    place: Option<&'a Place>,
    founding: &Charter,
) -> std::result::Result<Warned<Option<&'a Place>>, String> {
    let nodes: Vec<&str> =
        founding.members.iter().filter(|member| member.node_key.is_some()).map(|m| &*m.code).collect();
    let Some(place) = place else {
        if nodes.is_empty() {
            return Ok(Warned { value: None, warnings: vec![] });
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
    let mut warnings = Vec::new();
    let is_founder = |code: &str| nodes.contains(&code);
    if !is_founder(&place.member) {
        warnings.push(format!(
            "node.member: the charter that the union was founded on names no node of {}, only of {}: this one follows without \
             a vote until the members' rosters name it",
            place.member,
            nodes.join(", ")
        ));
    }
    for (code, address) in &place.peers {
        check_form(address).map_err(|text| format!("node.peers.{code}: {text}"))?;
        if !is_founder(code) {
            warnings.push(format!(
                "node.peers.{code}: the charter that the union was founded on names no node of a member {code}: it is called \
                 once the members' rosters name one"
            ));
        }
    }
    let is_missing = |code: &&&str| **code != place.member && !place.peers.contains_key(**code);
    for missing in nodes.iter().filter(is_missing) {
        warnings.push(format!(
            "node.peers.{missing} is missing: this node does not call that of {missing}, which may call this one"
        ));
    }
    for Introduced { key, address } in &place.introduced {
        key_bytes(key).ok_or_else(|| format!("node.introduced: {key} is not 64 lower-case hexadecimal digits"))?;
        check_form(address).map_err(|text| format!("node.introduced: {text}"))?;
    }
    let timing = place.timing.with_the_usual();
    if !(Duration::ZERO < timing.idle && timing.idle < timing.leader && timing.leader < timing.agreement) {
        let text = "idle_ms must be above 0, leader_ms above idle_ms, and agreement_ms above leader_ms";
        return Err(format!("node.timing: {text}"));
    }
    Ok(Warned { value: Some(place), warnings })
}

/// Fails if a key is that of another member's node. One that the charter does not know may become this node's: then there is
/// something to know, and it is returned.
pub fn check_key(founding: &Charter, place: &Place, key: &NodeKey) -> std::result::Result<Option<String>, String> {
    let found = key.public();
    let owner = founding.members.iter().find(|member| member.node_key == Some(found));
    match owner {
        Some(owner) if owner.code == place.member => Ok(None),
        Some(owner) => Err(format!(
            "{}: this is not the key of the node of {}: its public key is {}, that of {}",
            place.key.display(),
            place.member,
            hex(&found),
            owner.code
        )),
        None => Ok(Some(format!(
            "{}: its public key is {}, which the charter that the union was founded on does not name: this node follows without \
             a vote until the members' rosters name it (`comity members {}`)",
            place.key.display(),
            hex(&found),
            place.member
        ))),
    }
}

/// Where the other nodes listen, by their members' codes. Names are looked up now, once; one that is not found is left out, as
/// its node may call this one.
pub fn peers(place: &Place) -> Warned<Vec<(String, SocketAddr)>> {
    let (mut value, mut warnings) = (Vec::new(), Vec::new());
    for (code, address) in place.peers.iter().filter(|(code, _)| **code != place.member) {
        match resolve(address) {
            Ok(found) => value.push((code.clone(), found)),
            Err(error) => {
                warnings.push(format!("node.peers.{code}: {error}; it is not called until this node starts again"))
            }
        }
    }
    Warned { value, warnings }
}

/// The nodes that this one is introduced to.
fn introduced(place: &Place) -> Warned<Vec<([u8; 32], SocketAddr)>> {
    let (mut value, mut warnings) = (Vec::new(), Vec::new());
    for Introduced { key, address } in &place.introduced {
        match (key_bytes(key), resolve(address)) {
            (Some(key), Ok(found)) => value.push((key, found)),
            (_, Err(error)) => warnings.push(format!("node.introduced: {error}")),
            (None, _) => warnings.push(format!("node.introduced: {key} is no key")),
        }
    }
    Warned { value, warnings }
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
    /// What [`network::Node::join`] needs. Hosts are looked up.
    pub fn membership(&self, key: &NodeKey) -> Warned<Membership> {
        let (peers, introduced) = (peers(self), introduced(self));
        let value = Membership {
            key: key.secret().clone(),
            listen: self.listen,
            peers: peers.value,
            introduced: introduced.value,
            timing: self.timing.with_the_usual(),
        };
        Warned { value, warnings: [peers.warnings, introduced.warnings].concat() }
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
