//! `comity init`: the files of a new union, its journal founded.

use crate::exit::{Failure, Result};
use crate::keys::{Protection, PublicPart};
use crate::new_directory::ensure_room;
use crate::node_file::{self, HeldMember, quoted};
use crate::output::{Align, Output, Table, hex};
use clap::Args;
use jiff::civil::Date;
use ledger::NO_CAP;
use money::Currency;
use network::Node;
use serde::Serialize;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use union::{Charter, ClockTime};

/// Found a union: write its charter, keys and node.toml, and begin its journal.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Directory for the union's files; it must be empty or not exist.
    directory: PathBuf,
    /// An agreed charter to found the union on, instead of writing one. No keys are made: its members have theirs.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "members"])]
    charter: Option<PathBuf>,
    #[command(flatten)]
    rules: Rules,
    /// Orders of this much and more, in the unit of account, will need a second person
    #[arg(long, value_name = "AMOUNT", default_value = "10000")]
    four_eyes_from: String,
    #[command(flatten)]
    protection: Protection,
}

/// What a new charter says.
#[derive(Args, Debug)]
struct Rules {
    /// The union's name.
    #[arg(long, required_unless_present = "charter")]
    name: Option<String>,
    /// A member, for example BRA:"Banco Central do Brasil":BRL; at least two. A key file is made for each.
    #[arg(long = "member", value_name = "CODE:NAME:CURRENCY", required_unless_present = "charter")]
    members: Vec<NewMember>,
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
    /// After this time of day, customer payments for the same day are late
    #[arg(long, value_name = "HH:MM", default_value = "17:00", value_parser = time_of_day)]
    customer_cut_off: String,
    /// After this time of day, payments between institutions for the same day are late
    #[arg(long, value_name = "HH:MM", default_value = "17:30", value_parser = time_of_day)]
    interbank_cut_off: String,
    /// Time of day at which a cycle closes, on its last day
    #[arg(long, value_name = "HH:MM", default_value = "18:00", value_parser = time_of_day)]
    cycle_close: String,
}

fn time_of_day(text: &str) -> std::result::Result<String, String> {
    ClockTime::parse(text).map(|_| text.to_owned()).ok_or("a time of day is written HH:MM, 00:00 to 23:59".into())
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
}

#[derive(Debug, Serialize)]
struct Founder {
    code: String,
    #[serde(flatten)]
    key: PublicPart,
}

/// Founds the union.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let directory = &arguments.directory;
    ensure_room(directory)?;
    // Everything that can be wrong with what was given is found before the first file is written.
    let agreed = match &arguments.charter {
        Some(path) => Some(read_charter(path)?),
        None => {
            parse_charter(&arguments.rules.text(&dry_keys(arguments.rules.members.len())?)?)?;
            None
        }
    };
    let unit = agreed.as_ref().map_or(arguments.rules.unit_of_account, |charter| charter.unit_of_account);
    money::parse_amount(&arguments.four_eyes_from, unit.minor_digits())
        .map_err(|error| Failure::usage(format!("--four-eyes-from: {error} ({unit})")))?;
    let passphrase = match agreed {
        Some(_) => None,
        None => Some(arguments.protection.passphrase.chosen("the members' key files")?),
    };

    let (charter, founders) =
        write_files(arguments, agreed, passphrase.as_deref().map(String::as_str)).map_err(|failure| {
            let text = format!("{}\n{} is incomplete: remove it and try again", failure.text, directory.display());
            Failure { text, ..failure }
        })?;

    let founded = Founded {
        name: charter.name.clone(),
        charter_hash: hex(&charter.hash()),
        directory: directory.clone(),
        members: founders,
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
    output.show(&founded, Founded::text)
}

fn write_files(
    arguments: &Arguments,
    agreed: Option<Charter>,
    passphrase: Option<&str>,
) -> Result<(Charter, Vec<Founder>)> {
    let directory = &arguments.directory;
    fs::create_dir_all(directory).map_err(Failure::io("create", directory))?;
    let mut founders = Vec::new();
    if let Some(passphrase) = passphrase {
        let keys = directory.join("keys");
        fs::create_dir(&keys).map_err(Failure::io("create", &keys))?;
        for member in &arguments.rules.members {
            let file = keys.join(format!("{}.key", member.code));
            let public = arguments.protection.new_key(&file, passphrase)?;
            founders.push(Founder { code: member.code.clone(), key: PublicPart::new(&file, public) });
        }
    }
    let charter = match agreed {
        Some(charter) => charter,
        None => {
            let keys: Vec<_> = founders.iter().map(|founder| &founder.key).collect();
            parse_charter(&arguments.rules.text(&keys)?)?
        }
    };
    write_new(&directory.join("charter.toml"), charter.text())?;
    let held: Vec<_> = founders
        .iter()
        .map(|founder| HeldMember {
            code: founder.code.clone(),
            key: PathBuf::from("keys").join(format!("{}.key", founder.code)),
            four_eyes_from: arguments.four_eyes_from.clone(),
        })
        .collect();
    write_new(&directory.join("node.toml"), &node_file::new_text(&charter.name, &held, &[]))?;
    Node::found(&directory.join("data"), &charter)?;
    Ok((charter, founders))
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(Failure::io("write", path))
}

fn read_charter(path: &Path) -> Result<Charter> {
    let text = fs::read_to_string(path).map_err(Failure::io("read", path))?;
    Charter::parse(&text).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

fn parse_charter(text: &str) -> Result<Charter> {
    Charter::parse(text).map_err(|error| Failure::usage(format!("the charter would not hold: {error}")))
}

/// Keys to try a charter out with; they are forgotten at once.
fn dry_keys(count: usize) -> Result<Vec<PublicPart>> {
    (0..count)
        .map(|_| Ok(PublicPart::new(Path::new(""), keys::MemberKey::generate().map_err(Failure::failed)?.public())))
        .collect()
}

impl Rules {
    /// The charter's text.
    fn text<K: std::borrow::Borrow<PublicPart>>(&self, keys: &[K]) -> Result<String> {
        let name = self.name.as_deref().unwrap_or_default();
        let settlement_asset = self.settlement_asset.unwrap_or(self.unit_of_account);
        let first_day = match self.first_day {
            Some(day) => day,
            None => today(self.utc_offset_minutes)?,
        };
        let length = match self.cycle_days {
            Some(days) => format!("days = {days}"),
            None => format!("months = {}", self.cycle_months),
        };
        let mut text = format!(
            "# The charter: who the members are and by which rules they clear. Its hash is the union's identity: once the
# union is founded, not a byte of this text changes. (Changing this copy changes nothing: the journal holds its own.)

name = {name}
protocol = 1
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

# Each member may also have debit_cap and credit_cap, the most that it may owe and own, in the unit of account:
# debit_cap = \"1000000.00\"
",
            name = quoted(name),
            unit = self.unit_of_account,
            offset = self.utc_offset_minutes,
            customer = self.customer_cut_off,
            interbank = self.interbank_cut_off,
            close = self.cycle_close,
        );
        for (member, key) in self.members.iter().zip(keys) {
            let key = key.borrow();
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
weekend = [\"saturday\", \"sunday\"]
holidays = []
",
                quoted(&member.code),
                quoted(&member.name),
                member.currency,
                key.fingerprint,
                key.signing_key,
                key.sealing_key,
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
        text
    }
}
