//! `node.toml`: what a node is told about itself. The union's rules are in its charter, not here.

use crate::exit::{Failure, Result};
use crate::iso::IsoTable;
use crate::key_place::KeyPlace;
use crate::remote::key_bytes;
use api::{Operator, Origin, Passkey, Tls};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The port that HTTP is served on unless a node is told otherwise.
pub const HTTP_PORT: u16 = 7400;

/// The port that a node listens on for the other nodes unless it is told otherwise.
pub const NODE_PORT: u16 = 7500;

/// A node's configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeFile {
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// The certificate that HTTP is served with; without one it is not encrypted.
    pub tls: Option<Certificate>,
    /// Directory of the journal; relative to the file.
    pub data: PathBuf,
    /// Directory of what waits for a second person, and of the log of who did what; relative to the file.
    pub records: PathBuf,
    /// This node's place among the members' nodes, where the charter names any.
    pub node: Option<Place>,
    /// Passkeys that operators sign in with.
    pub passkeys: Option<Passkeys>,
    /// How institutions are named in ISO 20022 messages.
    #[serde(default)]
    pub iso20022: IsoTable,
    /// The members whose keys this node holds, to sign what their operators order.
    #[serde(default)]
    pub members: Vec<HeldMember>,
    /// People who act for these members.
    #[serde(default)]
    pub operators: Vec<OperatorEntry>,
}

/// A node's certificate and its key, PEM files; relative to the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The node's own certificate first, then those between it and the authority.
    pub certificate: PathBuf,
    /// Its private key, which nobody but its owner may reach.
    pub key: PathBuf,
}

/// A certificate that lasts shorter than this is to be renewed.
pub const RENEW_BEFORE: Duration = Duration::from_secs(21 * 86_400);

/// The system's time, in Unix milliseconds.
pub fn system_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A node's place among the members' nodes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Code of the member whose node this is.
    pub member: String,
    /// Its key file; relative to the configuration.
    pub key: PathBuf,
    /// Where it listens for the other nodes.
    #[serde(default = "listen_for_nodes")]
    pub listen: SocketAddr,
    /// By member code, where the other nodes listen: `host:port`.
    #[serde(default)]
    pub peers: BTreeMap<String, String>,
    /// Nodes that this one is introduced to, beside those that the charter that the union was founded on names.
    #[serde(default)]
    pub introduced: Vec<Introduced>,
    /// How long it waits for what.
    #[serde(default)]
    pub timing: Timing,
}

/// A node that another one is introduced to: its public key, and where it listens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Introduced {
    /// Ed25519 public key, 64 hexadecimal digits.
    pub key: String,
    /// `host:port`.
    pub address: String,
}

fn listen_for_nodes() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, NODE_PORT).into()
}

/// How long a node waits for what, in milliseconds; see [`network::Timing`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    pub idle_ms: Option<u64>,
    pub leader_ms: Option<u64>,
    pub agreement_ms: Option<u64>,
    pub clock_skew_ms: Option<u64>,
}

/// A member whose key the node holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldMember {
    /// The member's code.
    pub code: String,
    /// Its key file, or the `pkcs11:` address of its key in a token; paths are relative to the configuration.
    pub key: KeyPlace,
    /// Orders of this much and more, in major units of the unit of account, need a second person.
    pub four_eyes_from: String,
}

/// What an operator may do; each role may also do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Prepares orders and commands, and gives those that need no second person.
    Maker,
    /// Approves or rejects what a maker prepared.
    Checker,
}

/// What passkeys need to be told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passkeys {
    /// Where operators see the console: `https://NAME`, `https://NAME:PORT`, or `http://localhost:PORT`.
    pub origin: String,
}

/// A passkey of an operator, as the console's page of settings shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeyEntry {
    /// The credential's identifier, base64url.
    pub id: String,
    /// Its public key, a SubjectPublicKeyInfo in DER, base64url.
    pub key: String,
}

/// An operator has at most so many passkeys.
const PASSKEYS_MAX: usize = 8;

/// A person who acts for a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorEntry {
    /// Name, unique at the node.
    pub name: String,
    /// Code of the member.
    pub member: String,
    /// What the operator may do.
    pub role: Role,
    /// Ed25519 public key, 64 hexadecimal digits; without one, a passkey is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Passkeys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passkeys: Vec<PasskeyEntry>,
}

impl NodeFile {
    /// Reads a configuration; paths in it come out as they can be opened from here.
    pub fn read(path: &Path) -> Result<NodeFile> {
        let text = std::fs::read_to_string(path).map_err(Failure::io("read", path))?;
        let at = |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", path.display()));
        let mut file: NodeFile = toml::from_str(&text).map_err(|error| at(&error))?;
        let beside = path.parent().unwrap_or(Path::new("."));
        file.data = beside.join(&file.data);
        file.records = beside.join(&file.records);
        if let Some(tls) = &mut file.tls {
            (tls.certificate, tls.key) = (beside.join(&tls.certificate), beside.join(&tls.key));
        }
        if let Some(place) = &mut file.node {
            place.key = beside.join(&place.key);
        }
        for member in &mut file.members {
            member.key = member.key.clone().beside(beside);
        }
        Ok(file)
    }

    /// The operators, as the API knows them.
    pub fn operators(&self, path: &Path) -> Result<Vec<Operator>> {
        let operator = |(number, entry): (usize, &OperatorEntry)| {
            let at = |field: &str, problem: &dyn std::fmt::Display| {
                Failure::failed(format!("{}: operators[{number}]{field}: {problem}", path.display()))
            };
            let key = |text: &String| {
                let problem = "is not 64 hexadecimal digits; `comity keys show` prints them";
                key_bytes(text).ok_or_else(|| at(".key", &problem))
            };
            let passkey = |(number, entry): (usize, &PasskeyEntry)| {
                let parsed = Passkey::parse(&entry.id, &entry.key);
                parsed.map_err(|error| at(&format!(".passkeys[{number}]"), &error))
            };
            if entry.key.is_none() && entry.passkeys.is_empty() {
                return Err(at("", &"has neither a key nor passkeys to sign in with"));
            }
            if entry.passkeys.len() > PASSKEYS_MAX {
                return Err(at(".passkeys", &format!("more than {PASSKEYS_MAX} are not taken")));
            }
            if !entry.passkeys.is_empty() && self.passkeys.is_none() {
                return Err(at(".passkeys", &"[passkeys] is missing, which says by `origin` where they sign in"));
            }
            Ok(Operator {
                name: entry.name.clone(),
                member: entry.member.clone(),
                role: entry.role.into(),
                key: entry.key.as_ref().map(key).transpose()?,
                passkeys: entry.passkeys.iter().enumerate().map(passkey).collect::<Result<_>>()?,
            })
        };
        self.operators.iter().enumerate().map(operator).collect()
    }

    /// The certificate that HTTP is served with, and its key, read.
    pub fn tls(&self, path: &Path) -> Result<Option<Tls>> {
        let read = |tls: &Certificate| {
            let read = Tls::read(&tls.certificate, &tls.key);
            read.map_err(|error| Failure::failed(format!("{}: tls: {error}", path.display())))
        };
        self.tls.as_ref().map(read).transpose()
    }

    /// Where operators sign in with passkeys, if anywhere.
    pub fn passkey_origin(&self, path: &Path) -> Result<Option<Origin>> {
        let origin = |passkeys: &Passkeys| {
            let parsed = passkeys.origin.parse();
            parsed.map_err(|error| Failure::failed(format!("{}: passkeys.origin: {error}", path.display())))
        };
        self.passkeys.as_ref().map(origin).transpose()
    }
}

impl From<Role> for api::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Maker => Self::Maker,
            Role::Checker => Self::Checker,
        }
    }
}

impl HeldMember {
    /// Its entry in `node.toml`.
    pub fn text(&self) -> String {
        format!(
            "[[members]]\ncode = {}\nkey = {}\nfour_eyes_from = {}\n",
            quoted(&self.code),
            quoted(&self.key.to_string()),
            quoted(&self.four_eyes_from)
        )
    }
}

impl OperatorEntry {
    /// Its entry in `node.toml`.
    pub fn text(&self) -> String {
        let role = match self.role {
            Role::Viewer => "viewer",
            Role::Maker => "maker",
            Role::Checker => "checker",
        };
        let (name, member) = (quoted(&self.name), quoted(&self.member));
        let mut text = format!("[[operators]]\nname = {name}\nmember = {member}\nrole = \"{role}\"\n");
        if let Some(key) = &self.key {
            let _ = writeln!(text, "key = {}", quoted(key));
        }
        let passkey = |entry: &PasskeyEntry| format!("{{ id = {}, key = {} }}", quoted(&entry.id), quoted(&entry.key));
        if !self.passkeys.is_empty() {
            let passkeys: Vec<_> = self.passkeys.iter().map(passkey).collect();
            let _ = writeln!(text, "passkeys = [{}]", passkeys.join(", "));
        }
        text
    }
}

impl Place {
    /// Its table in `node.toml`.
    pub fn text(&self) -> String {
        let mut text = format!(
            "[node]
# Whose node this is, and the file of its key, which signs votes and connections and nothing else.
member = {}
key = {}
# Where it listens for the other nodes.
listen = \"{}\"

# Where the other nodes listen, by the codes of their members.
[node.peers]
",
            quoted(&self.member),
            quoted(&self.key.display().to_string()),
            self.listen
        );
        for (code, address) in &self.peers {
            let _ = writeln!(text, "{code} = {}", quoted(address));
        }
        if !self.introduced.is_empty() {
            text.push_str(
                "\n# Nodes that this one is introduced to, until it has learnt from the blocks who takes part.\n",
            );
        }
        for Introduced { key, address } in &self.introduced {
            let _ = write!(text, "[[node.introduced]]\nkey = {}\naddress = {}\n", quoted(key), quoted(address));
        }
        text.push_str(
            "
# How long it waits for what, in milliseconds, where that is not the usual.
[node.timing]
# idle_ms = 500           # a leader with nothing to propose then shows that it is there
# leader_ms = 1000        # a leader from whom nothing comes is passed over
# agreement_ms = 2000     # a block that is not agreed on is passed over
# clock_skew_ms = 500     # a block's time may be so far ahead of this node's clock
",
        );
        text
    }
}

/// A TOML string.
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The text of a new `node.toml`.
pub fn new_text(
    union_name: &str,
    http_port: u16,
    place: Option<&Place>,
    members: &[HeldMember],
    operators: &[OperatorEntry],
) -> String {
    let mut text = format!(
        "# A node of the union {}. The union's rules are in its charter, which its journal begins with.
# Paths are relative to this file.

# Where HTTP is served: on this machine only. For others, name a certificate under [tls], or put a proxy that speaks TLS in front.
listen = \"127.0.0.1:{http_port}\"

# The journal: every block, durable before anybody is told.
data = \"data\"

# What waits for a second person (approvals/), and who did what (audit.jsonl).
records = \"records\"
",
        union_name.replace(char::is_control, " "),
    );
    if let Some(place) = place {
        let _ = write!(
            text,
            "
# This node's place among the members' nodes, which agree on every block.
{}",
            place.text()
        );
    }
    text.push_str(
        "
# The members whose keys this node holds, to sign what their operators order. Orders of four_eyes_from and more (in
# the unit of account) and every change of settings wait until a second person approves.
",
    );
    for member in members {
        let _ = write!(text, "\n{}", member.text());
    }
    text.push_str(
        "
# The certificate that HTTP is served with, and its key: PEM files.
# [tls]
# certificate = \"tls/certificate.pem\"
# key = \"tls/key.pem\"

# Where operators see the console, for those who sign in with passkeys; the console's page of settings makes one.
# [passkeys]
# origin = \"https://comity.example.org\"

# People who act for these members: `comity keys operator` makes a key and prints an entry.
",
    );
    for operator in operators {
        let _ = write!(text, "\n{}", operator.text());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let members = [HeldMember {
            code: "BRA".into(),
            key: "keys/BRA.key".parse().unwrap(),
            four_eyes_from: "10000.00".into(),
        }];
        let operators = [OperatorEntry {
            name: "Ana \"A\" Lima\\".into(),
            member: "BRA".into(),
            role: Role::Checker,
            key: Some("00".repeat(32)),
            passkeys: vec![PasskeyEntry { id: "aWQ".into(), key: "a2V5".into() }],
        }];
        let place = Place {
            member: "BRA".into(),
            key: "keys/node.key".into(),
            listen: listen_for_nodes(),
            peers: [("1ST".into(), "node.example.net:7500".into()), ("CHL".into(), "[::1]:7501".into())].into(),
            introduced: vec![Introduced { key: "0a".repeat(32), address: "192.0.2.7:7500".into() }],
            timing: Timing::default(),
        };
        let text = new_text("A\nunion", HTTP_PORT, Some(&place), &members, &operators);
        let read: NodeFile = toml::from_str(&text).unwrap();
        assert_eq!(read.node.as_ref(), Some(&place));
        let with_timing = text.replace("# idle_ms = 500", "idle_ms = 20");
        assert_eq!(toml::from_str::<NodeFile>(&with_timing).unwrap().node.unwrap().timing.idle_ms, Some(20));
        let with_typo = text.replace("# idle_ms = 500", "idle = 20");
        assert!(toml::from_str::<NodeFile>(&with_typo).is_err());
        assert_eq!((read.members.as_slice(), read.operators.as_slice()), (&members[..], &operators[..]));
        assert!(read.listen.ip().is_loopback());
        assert!(toml::from_str::<NodeFile>(&format!("{text}\nsecret = 1\n")).is_err());
    }
}
