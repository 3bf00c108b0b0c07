//! `comity init`: the files of a new union, its journal founded.

use crate::checkpoint;
use crate::exit::{Failure, Result};
use crate::founders;
use crate::key_place::KeyPlace;
use crate::keys::{Protection, PublicNodePart, PublicPart};
use crate::loopback::free_addresses;
use crate::membership::{self, Warned};
use crate::new_directory::ensure_room;
use crate::node_file::{self, HTTP_PORT, HeldMember, Introduced, NODE_PORT, Place, Timing, quoted};
use crate::output::{Align, Output, Table, hex};
use clap::Args;
use jiff::civil::Date;
use keys::{MemberKey, NodeKey, key_file};
use ledger::NO_CAP;
use money::Currency;
use network::{Checkpoint, Node};
use serde::Serialize;
use simulate::preset::{CharterMember, PRESETS, QuotaSource, charter_text};
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use union::{Charter, ClockTime, Founding};

/// Found a union: write its charter, keys and node.toml, and begin its journal.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Directory for the union's files; it must be empty or not exist.
    directory: PathBuf,
    /// An agreed charter to found the union on, instead of writing one, once all its members have signed it. No keys are made: its
    /// members have theirs.
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    charter: Option<PathBuf>,
    /// With --charter: the founders' signatures on it [default: charter.signatures.toml beside charter.toml]
    #[arg(long, value_name = "FILE", requires = "charter")]
    signatures: Option<PathBuf>,
    /// Give every member a node of its own, in directories of their own that all found the same union: on this machine, to
    /// try out what members do on theirs
    #[arg(long, conflicts_with = "charter")]
    nodes: bool,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    own: OwnNode,
    /// Orders of this much and more, in the unit of account, will need a second person
    #[arg(long, value_name = "AMOUNT", default_value = "10000")]
    four_eyes_from: String,
    #[command(flatten)]
    protection: Protection,
}

/// One member's node of a charter that names nodes.
#[derive(Args, Debug)]
struct OwnNode {
    /// With --charter and --member CODE: the file of the node's key, made by `comity keys node`
    #[arg(long, value_name = "FILE", requires = "charter")]
    node_key: Option<PathBuf>,
    /// Where the node listens for the other members' nodes [default: 127.0.0.1:7500]
    #[arg(long, value_name = "ADDRESS:PORT", requires = "node_key")]
    listen: Option<SocketAddr>,
    /// Where another member's node listens; one for each
    #[arg(long = "peer", value_name = "CODE=HOST:PORT", requires = "node_key")]
    peers: Vec<Peer>,
    /// A node that takes part now, and that the charter which the union was founded on does not name: its public key, and where
    /// it listens. For a newcomer that the founders' nodes alone would not lead to the others
    #[arg(long = "introduced", value_name = "KEY=HOST:PORT", requires = "node_key")]
    introduced: Vec<Peer>,
    /// Begin with the state in a checkpoint (`comity checkpoint` makes one at a member's) rather than with genesis. For a node whose
    /// key has never voted
    #[arg(long, value_name = "FILE", requires = "node_key")]
    checkpoint: Option<PathBuf>,
}

/// Where a node listens.
#[derive(Clone, Debug)]
struct Peer {
    /// Its member's code, or its key.
    node: String,
    address: String,
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (node, address) = text.split_once('=').ok_or("a node is written CODE=HOST:PORT, or KEY=HOST:PORT")?;
        Ok(Peer { node: node.to_owned(), address: address.to_owned() })
    }
}

impl Peer {
    fn introduced(&self) -> Introduced {
        Introduced { key: self.node.clone(), address: self.address.clone() }
    }
}

/// What a new charter says.
#[derive(Args, Debug)]
struct Rules {
    /// Rules of a preset, with these members (`comity simulate --presets` lists them), instead of those that the options below say
    #[arg(long, value_name = "NAME", conflicts_with_all = ["charter", "unit_of_account", "settlement_asset", "cycle_months", "cycle_days",
        "utc_offset_minutes", "customer_cut_off", "interbank_cut_off", "cycle_close", "weekend"])]
    preset: Option<String>,
    /// With --preset: what a member sells and buys in a year, in the unit of account, which its quota follows from
    #[arg(long, value_name = "CODE=AMOUNT", requires = "preset")]
    turnover: Vec<String>,
    /// The union's name.
    #[arg(long, required_unless_present = "charter")]
    name: Option<String>,
    /// A member, for example BRA:"Banco Central do Brasil":BRL; at least two. A key file is made for each. With --charter
    /// and --node-key: the code of the member whose node this is.
    #[arg(long = "member", value_name = "CODE:NAME:CURRENCY", required_unless_present = "charter")]
    members: Vec<MemberArgument>,
    /// Currency that positions are kept in
    #[arg(long, value_name = "CURRENCY", default_value = "USD")]
    unit_of_account: Currency,
    /// Currency that net positions are paid in [default: the unit of account]
    #[arg(long, value_name = "CURRENCY")]
    settlement_asset: Option<Currency>,
    /// Length of a clearing cycle in months
    #[arg(long, value_name = "MONTHS", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=12))]
    cycle_months: u32,
    /// Length of a clearing cycle in days, instead of months
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=366))]
    cycle_days: Option<u32>,
    /// First day of the first cycle [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    first_day: Option<Date>,
    /// Minutes that the union's clock is ahead of UTC
    #[arg(long, value_name = "MINUTES", default_value_t = 0, allow_negative_numbers = true)]
    utc_offset_minutes: i32,
    /// Weekdays on which the members rest: `friday,saturday`, or `none`
    #[arg(long, value_name = "DAYS", value_delimiter = ',', default_value = "saturday,sunday")]
    weekend: Vec<String>,
    /// After this time of day, customer payments for the same day are late
    #[arg(long, value_name = "HH:MM", default_value = "17:00", value_parser = time_of_day)]
    customer_cut_off: String,
    /// After this time of day, payments between institutions for the same day are late
    #[arg(long, value_name = "HH:MM", default_value = "17:30", value_parser = time_of_day)]
    interbank_cut_off: String,
    /// Blocks in an epoch, at the first of which comes into force what the members decided
    #[arg(long, value_name = "BLOCKS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(16..=65_536))]
    epoch_blocks: u32,
    /// Time of day at which a cycle closes, on its last day
    #[arg(long, value_name = "HH:MM", default_value = "18:00", value_parser = time_of_day)]
    cycle_close: String,
}

fn time_of_day(text: &str) -> std::result::Result<String, String> {
    ClockTime::parse(text).map(|_| text.to_owned()).ok_or("a time of day is written HH:MM, 00:00 to 23:59".into())
}

/// What stands after `--member`.
#[derive(Clone, Debug)]
enum MemberArgument {
    New(NewMember),
    /// Of an agreed charter.
    Code(String),
}

impl MemberArgument {
    fn of_a_new_charter(&self) -> Result<&NewMember> {
        match self {
            Self::New(member) => Ok(member),
            Self::Code(code) => Err(Failure::usage(format!("--member {code}: a member is written CODE:NAME:CURRENCY"))),
        }
    }
}

impl FromStr for MemberArgument {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if text.contains(':') { text.parse().map(Self::New) } else { Ok(Self::Code(text.to_owned())) }
    }
}

#[derive(Clone, Debug)]
struct NewMember {
    code: String,
    name: String,
    currency: Currency,
}

impl FromStr for NewMember {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parts = text.split_once(':').and_then(|(code, rest)| Some((code, rest.rsplit_once(':')?)));
        let (code, (name, currency)) = parts.ok_or("a member is written CODE:NAME:CURRENCY")?;
        let currency = currency.parse().map_err(|error| format!("currency: {error}"))?;
        Ok(NewMember { code: code.to_owned(), name: name.to_owned(), currency })
    }
}

/// What was founded.
#[derive(Debug, Serialize)]
struct Founded {
    name: String,
    /// SHA-256 of the charter, hexadecimal: the union's identity.
    charter_hash: String,
    directory: PathBuf,
    members: Vec<Founder>,
    /// The members' nodes that were founded here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nodes: Vec<FoundedNode>,
}

#[derive(Debug, Serialize)]
struct Founder {
    code: String,
    #[serde(flatten)]
    key: PublicPart,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<PublicNodePart>,
}

#[derive(Debug, Serialize)]
struct FoundedNode {
    member: String,
    directory: PathBuf,
    /// Where it serves HTTP.
    http: SocketAddr,
    /// Where it listens for the other nodes.
    listen: SocketAddr,
}

/// What is to be founded, once it is known that it can be.
enum Plan<'a> {
    New(Vec<&'a NewMember>),
    Agreed(Box<Founding>, Option<Place>),
}

/// The directory of one node, as it is to be written.
struct Home {
    directory: PathBuf,
    http_port: u16,
    place: Option<Place>,
    held: Vec<HeldMember>,
}

/// Founds the union.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let directory = &arguments.directory;
    ensure_room(directory)?;
    // Everything that can be wrong with what was given is found before the first file is written.
    let plan = arguments.plan(output)?;
    let unit = match &plan {
        Plan::New(_) => arguments.rules.unit_of_account,
        Plan::Agreed(founding, _) => founding.charter().unit_of_account,
    };
    money::parse_amount(&arguments.four_eyes_from, unit.minor_digits())
        .map_err(|error| Failure::usage(format!("--four-eyes-from: {error} ({unit})")))?;
    let incomplete = |failure: Failure| {
        let text = format!("{}\n{} is incomplete: remove it and try again", failure.text, directory.display());
        Failure { text, ..failure }
    };
    let checkpoint = arguments.own.checkpoint.as_deref().map(checkpoint::read).transpose()?;
    if let (Plan::Agreed(founding, _), Some(file), Some(checkpoint)) = (&plan, &arguments.own.checkpoint, &checkpoint) {
        checkpoint.check(founding.charter()).map_err(|error| checkpoint::failure(file, &error))?;
    }
    let (charter, founders, homes) = match plan {
        Plan::New(members) => {
            let passphrase = arguments.protection.passphrase.chosen("the new key files")?;
            arguments.found_new(&members, &passphrase).map_err(incomplete)?
        }
        Plan::Agreed(founding, place) => {
            let home = Home { directory: directory.clone(), http_port: HTTP_PORT, place, held: vec![] };
            home.write(&founding, checkpoint.as_ref()).map_err(incomplete)?;
            (founding.charter().clone(), vec![], vec![home])
        }
    };

    let founded = Founded {
        name: charter.name.clone(),
        charter_hash: hex(&charter.hash()),
        directory: directory.clone(),
        members: founders,
        nodes: homes.iter().filter_map(Home::founded_node).collect(),
    };
    let has_no_cap = |member: &&union::Member| member.debit_cap == NO_CAP;
    let uncapped: Vec<&str> = charter.members.iter().filter(has_no_cap).map(|member| member.code.as_str()).collect();
    if !uncapped.is_empty() {
        output.note(&format!(
            "warning: the charter has no debit_cap for {}: what they may owe is not bounded. A member bounds itself with \
             `comity set caps`; bounds that all agree on belong in the charter, before the union is founded",
            uncapped.join(", ")
        ));
    }
    let nodes = charter.members.iter().filter(|member| member.node_key.is_some()).count();
    if let Some(warning) = membership::warning_of_few(nodes) {
        output.note(&format!("note: {warning}"));
    }
    output.show(&founded, Founded::text)
}

impl Arguments {
    fn plan(&self, output: Output) -> Result<Plan<'_>> {
        let members = &self.rules.members;
        let Some(path) = &self.charter else {
            let members: Vec<_> = members.iter().map(MemberArgument::of_a_new_charter).collect::<Result<_>>()?;
            let keys = members.iter().map(|member| Founder::to_try_out(&member.code)).collect::<Result<Vec<_>>>()?;
            parse_charter(&self.rules.text(&members, &keys)?)?;
            return Ok(Plan::New(members));
        };
        let signatures = self.signatures.clone().unwrap_or_else(|| founders::signatures_of(path));
        let founding = founders::read_founding(path, &signatures)?;
        let charter = founding.charter();
        let place = match (members.as_slice(), &self.own.node_key) {
            ([], None) => None,
            ([MemberArgument::Code(code)], Some(key)) => Some(Place {
                member: code.clone(),
                key: std::path::absolute(key).map_err(Failure::io("find", key))?,
                listen: self.own.listen.unwrap_or((Ipv4Addr::LOCALHOST, NODE_PORT).into()),
                peers: self.own.peers.iter().map(|peer| (peer.node.clone(), peer.address.clone())).collect(),
                introduced: self.own.introduced.iter().map(Peer::introduced).collect(),
                timing: Timing::default(),
            }),
            _ => {
                let text = "--charter is agreed: no members are named beside it, but for a node of one of them \
                            (--member CODE with --node-key FILE, and --peer CODE=HOST:PORT for each other node)";
                return Err(Failure::usage(text));
            }
        };
        let fits = |text: String| Failure::usage(format!("{}: {text}", path.display()));
        for Peer { node, address } in &self.own.peers {
            membership::check_form(address).map_err(|text| Failure::usage(format!("--peer {node}: {text}")))?;
        }
        let Warned { value, warnings } = membership::place(place.as_ref(), charter).map_err(fits)?;
        warnings.iter().for_each(|text| output.note(&format!("warning: {text}")));
        if let Some(place) = value {
            let passphrase = self.protection.passphrase.known("the node's key file")?;
            let key = key_file::read_node(&place.key, &passphrase)?;
            if let Some(text) = membership::check_key(charter, place, &key).map_err(fits)? {
                output.note(&format!("warning: {text}"));
            }
        }
        Ok(Plan::Agreed(Box::new(founding), place))
    }

    /// Makes keys and a charter, and founds the union on it: once, or at each member's node.
    fn found_new(&self, members: &[&NewMember], passphrase: &str) -> Result<(Charter, Vec<Founder>, Vec<Home>)> {
        let keys_of = |member: &NewMember| match self.nodes {
            true => self.directory.join(&member.code).join("keys"),
            false => self.directory.join("keys"),
        };
        let (mut founders, mut keys) = (Vec::new(), Vec::new());
        for member in members {
            let (directory, code) = (keys_of(member), member.code.clone());
            fs::create_dir_all(&directory).map_err(Failure::io("create", &directory))?;
            let file = directory.join(format!("{code}.key"));
            let secret = self.protection.new_key(&file, passphrase)?;
            let key = PublicPart::new(&file, secret.public());
            keys.push(secret);
            let node = match self.nodes {
                true => {
                    let file = directory.join(NODE_KEY);
                    Some(PublicNodePart::new(&file, &self.protection.new_node_key(&file, passphrase)?))
                }
                false => None,
            };
            founders.push(Founder { code, key, node });
        }
        let charter = parse_charter(&self.rules.text(members, &founders)?)?;
        let sign =
            |number: u16, message: &[u8]| keys[usize::from(number)].sign(message).expect("a key in memory signs");
        let founding = Founding::signed_by(charter, sign).map_err(Failure::failed)?;
        let held = |founder: &Founder| HeldMember {
            code: founder.code.clone(),
            key: KeyPlace::File(Path::new("keys").join(format!("{}.key", founder.code))),
            four_eyes_from: self.four_eyes_from.clone(),
        };
        let homes = if self.nodes {
            write_agreed(&self.directory, &founding)?;
            let http = free_addresses(HTTP_PORT, founders.len())?;
            let after_http = http.last().map_or(0, |address| address.port().saturating_add(1));
            let listen = free_addresses(NODE_PORT.max(after_http), founders.len())?;
            let all: Vec<(&Founder, SocketAddr)> = founders.iter().zip(listen).collect();
            let home = |(&(founder, listen), http): (&(&Founder, SocketAddr), SocketAddr)| {
                let others = all.iter().filter(|(other, _)| other.code != founder.code);
                let place = Place {
                    member: founder.code.clone(),
                    key: Path::new("keys").join(NODE_KEY),
                    listen,
                    peers: others.map(|(other, listen)| (other.code.clone(), listen.to_string())).collect(),
                    introduced: Vec::new(),
                    timing: Timing::default(),
                };
                let directory = self.directory.join(&founder.code);
                Home { directory, http_port: http.port(), place: Some(place), held: vec![held(founder)] }
            };
            all.iter().zip(http).map(home).collect()
        } else {
            let held = founders.iter().map(held).collect();
            vec![Home { directory: self.directory.clone(), http_port: HTTP_PORT, place: None, held }]
        };
        for home in &homes {
            home.write(&founding, None)?;
        }
        Ok((founding.charter().clone(), founders, homes))
    }
}

/// Writes what the founders agreed on and signed.
fn write_agreed(directory: &Path, founding: &Founding) -> Result<()> {
    let charter = directory.join("charter.toml");
    write_new(&charter, founding.charter().text())?;
    write_new(&founders::signatures_of(&charter), &founding.signatures().text())
}

/// The file of a node's key, among the keys in its directory. No member has such a code.
const NODE_KEY: &str = "node.key";

impl Home {
    fn write(&self, founding: &Founding, checkpoint: Option<&Checkpoint>) -> Result<()> {
        let directory = &self.directory;
        fs::create_dir_all(directory).map_err(Failure::io("create", directory))?;
        write_agreed(directory, founding)?;
        let text = node_file::new_text(&founding.charter().name, self.http_port, self.place.as_ref(), &self.held, &[]);
        write_new(&directory.join("node.toml"), &text)?;
        let data = directory.join("data");
        match checkpoint {
            None => Node::found(&data, founding)?,
            Some(checkpoint) => checkpoint.begin(founding.charter(), &data)?,
        }
        Ok(())
    }

    fn founded_node(&self) -> Option<FoundedNode> {
        let place = self.place.as_ref()?;
        Some(FoundedNode {
            member: place.member.clone(),
            directory: self.directory.clone(),
            http: (Ipv4Addr::LOCALHOST, self.http_port).into(),
            listen: place.listen,
        })
    }
}

impl Founder {
    /// With keys to try a charter out with; they are forgotten at once.
    fn to_try_out(code: &str) -> Result<Founder> {
        let nowhere = Path::new("");
        let key = PublicPart::new(nowhere, MemberKey::generate().map_err(Failure::failed)?.public());
        let node = PublicNodePart::new(nowhere, &NodeKey::generate().map_err(Failure::failed)?);
        Ok(Founder { code: code.to_owned(), key, node: Some(node) })
    }
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(Failure::io("write", path))
}

fn parse_charter(text: &str) -> Result<Charter> {
    Charter::parse(text).map_err(|error| Failure::usage(format!("the charter would not hold: {error}")))
}

impl Rules {
    /// The charter's text by the rules of a preset.
    fn preset_text(
        &self,
        preset: &str,
        name: &str,
        first_day: &str,
        members: &[&NewMember],
        founders: &[Founder],
    ) -> Result<String> {
        let names = || PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ");
        let rules = simulate::preset::preset(preset)
            .ok_or_else(|| Failure::usage(format!("--preset {preset}: there is no such preset, but {}", names())))?;
        let turnover_of = |code: &str| -> Vec<String> {
            let stated = self.turnover.iter().filter_map(|text| text.split_once('='));
            let of_a_year = stated.filter(|(of, _)| *of == code).map(|(_, amount)| amount.to_owned()).next();
            of_a_year.map_or_else(Vec::new, |amount| vec![amount; rules.years() as usize])
        };
        let member = |(member, founder): (&&NewMember, &Founder)| CharterMember {
            code: member.code.clone(),
            name: member.name.clone(),
            currency: member.currency.code().to_owned(),
            signing_key: founder.key.signing_key.clone(),
            sealing_key: founder.key.sealing_key.clone(),
            node_key: founder.node.as_ref().map(|node| node.node_key.clone()),
            turnover: turnover_of(&member.code),
        };
        let members: Vec<_> = members.iter().zip(founders).map(member).collect();
        charter_text(rules.text, name, first_day, &members, QuotaSource::Table).map_err(Failure::failed)
    }

    /// The charter's text.
    fn text(&self, members: &[&NewMember], founders: &[Founder]) -> Result<String> {
        let name = self.name.as_deref().unwrap_or_default();
        let settlement_asset = self.settlement_asset.unwrap_or(self.unit_of_account);
        let first_day = match self.first_day {
            Some(day) => day,
            None => today(self.utc_offset_minutes)?,
        };
        if let Some(preset) = &self.preset {
            return self.preset_text(preset, name, &first_day.to_string(), members, founders);
        }
        let length = match self.cycle_days {
            Some(days) => format!("days = {days}"),
            None => format!("months = {}", self.cycle_months),
        };
        let mut text = format!(
            "# The charter: who the members are and by which rules they clear. Its hash is the union's identity, for good. The members
# change it by voting on a whole new text. (Changing this copy changes nothing: the journal holds its own.)

name = {name}
protocol = 1
# What was decided comes into force at the first block of an epoch of so many blocks (16 to 65536); that stays for good.
epoch_blocks = {epoch_blocks}
# Positions are kept in this currency,
unit_of_account = \"{unit}\"
# and paid in this one: one major unit pays one major unit of account.
settlement_asset = \"{settlement_asset}\"

[calendar]
# The union's clock. A payment settles on days on which both its members work.
utc_offset_minutes = {offset}
# Orders for the same day are late after these times of day.
customer_cut_off = \"{customer}\"
interbank_cut_off = \"{interbank}\"
# How many days ahead of its value date an order may come.
days_ahead = 10

[cycle]
first_day = \"{first_day}\"
{length}
# Time of day at which a cycle closes, on its last day.
close = \"{close}\"

[queue]
# An order that can settle overtakes earlier ones that cannot (\"fifo\": it waits behind them). Orders that wait for one
# another settle together under \"bilateral-offset\" (two members), \"multilateral\" (all, less the latest of whoever would
# end beyond a limit) or \"optimiser\" (the set with the largest value that it finds in its budget).
discipline = \"bypass-fifo\"
# With these three: whenever an order comes to wait or something changes for one (true if left out), and at these times.
# run_on_events = true
# runs = [\"10:00\", \"14:00\"]
# With the optimiser: its budget in steps, and whether no order may pass an earlier one of the same member and priority.
# budget = 1000000
# strict_order = false
# So many attempts to settle queued orders are made at the end of a block, at most; a run takes up so many, too.
attempts = 100000
# So many orders may be held or queued at once, in all.
open_orders_max = 1000000
# So many days after its value date an order that names no expiry still waits.
days_waiting = 5

# Decisions: one member, one vote. What each kind needs (\"majority\": more than half of those who may vote, \"two-thirds\" or
# \"unanimity\"), how many of them must vote at all, and for how many days a proposal is open at least. Without this table:
# [votes]
# amend = \"two-thirds\"
# admit = \"two-thirds\"
# suspend = \"two-thirds\"
# readmit = \"majority\"
# expel = \"two-thirds\"
# upgrade = \"two-thirds\"
# quorum_percent = 0
# days_open = 0

# Each member may also have debit_cap and credit_cap, the most that it may owe and own, in the unit of account:
# debit_cap = \"1000000.00\"
",
            name = quoted(name),
            epoch_blocks = self.epoch_blocks,
            unit = self.unit_of_account,
            offset = self.utc_offset_minutes,
            customer = self.customer_cut_off,
            interbank = self.interbank_cut_off,
            close = self.cycle_close,
        );
        let weekend: Vec<String> = self.weekend.iter().filter(|day| *day != "none").map(|day| quoted(day)).collect();
        for (member, Founder { key, node, .. }) in members.iter().zip(founders) {
            let node_key =
                node.as_ref().map(|node| format!("# Its node votes on blocks.\nnode_key = \"{}\"\n", node.node_key));
            let _ = write!(
                text,
                "
[[members]]
code = {}
name = {}
currency = \"{}\"
# fingerprint {}
signing_key = \"{}\"
sealing_key = \"{}\"
{}weekend = [{}]
holidays = []
",
                quoted(&member.code),
                quoted(&member.name),
                member.currency,
                key.fingerprint,
                key.signing_key,
                key.sealing_key,
                node_key.unwrap_or_default(),
                weekend.join(", "),
            );
        }
        Ok(text)
    }
}

/// The day on a clock that is so many minutes ahead of UTC.
fn today(utc_offset_minutes: i32) -> Result<Date> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let local = i64::try_from(now).unwrap_or(i64::MAX).saturating_add(i64::from(utc_offset_minutes) * 60);
    let timestamp = jiff::Timestamp::from_second(local)
        .map_err(|_| Failure::failed("the system's clock is out of range; set it, or give --first-day"))?;
    Ok(jiff::tz::Offset::UTC.to_datetime(timestamp).date())
}

impl Founded {
    fn text(&self) -> String {
        let directory = self.directory.display();
        let mut text = format!("Founded {}\ncharter  {}\n", self.name, self.charter_hash);
        let mut table = Table::new(&[("member", Align::Left), ("key file", Align::Left), ("fingerprint", Align::Left)]);
        for founder in &self.members {
            let file = founder.key.file.display().to_string();
            table.row([founder.code.clone(), file, founder.key.fingerprint.clone()]);
        }
        if !self.members.is_empty() {
            let _ = write!(text, "\n{}", table.text(""));
        }
        if self.nodes.is_empty() {
            let _ = write!(
                text,
                "
Next:
  read   {directory}/charter.toml and {directory}/node.toml
  start  comity serve --config {directory}/node.toml
  pay    comity submit orders.jsonl --member CODE --key {directory}/keys/CODE.key
  prove  comity verify {directory}
"
            );
            return text;
        }
        let mut nodes = Table::new(&[("node of", Align::Left), ("HTTP", Align::Left), ("other nodes", Align::Left)]);
        for node in &self.nodes {
            nodes.row([node.member.clone(), node.http.to_string(), node.listen.to_string()]);
        }
        let first = &self.nodes[0];
        let (home, http) = (first.directory.display(), first.http);
        let _ = write!(
            text,
            "\n{}
Next, at each node:
  read   {home}/charter.toml and {home}/node.toml
  check  comity doctor --config {home}/node.toml
  start  comity serve --config {home}/node.toml
  pay    comity submit orders.jsonl --member CODE --key FILE --node http://{http}
  prove  comity verify {home}
",
            nodes.text("")
        );
        text
    }
}
