//! Presets: the rules of real unions and of plans, each a charter without members. See `presets/`.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TomlError, value};

/// Rules that a charter is made from together with members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What it is called.
    pub name: &'static str,
    /// The text of its file.
    pub text: &'static str,
}

macro_rules! presets {
    ($($name:literal),* $(,)?) => {
        /// All presets.
        pub const PRESETS: &[Preset] = &[$(Preset {
            name: $name,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../presets/", $name, ".toml")),
        }),*];
    };
}

presets![
    "keynes-1941",
    "keynes-1943",
    "epu-1950",
    "epu-1952",
    "epu-1954",
    "epu-1955",
    "aladi",
    "sucre",
    "sml",
    "acu",
    "papss",
    "cls-like",
    "mutual-credit",
];

impl Preset {
    /// What it is, in a sentence or a few: the comment that its file begins with.
    #[must_use]
    pub fn about(&self) -> String {
        let lines = self.text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
        lines.collect::<Vec<_>>().join(" ")
    }

    /// The years of turnover that its formula of quotas asks for; 0 for none.
    #[must_use]
    pub fn years(&self) -> u32 {
        let rules: Option<DocumentMut> = self.text.parse().ok();
        let years = rules.and_then(|rules| rules.get("credit")?.get("formula")?.get("years")?.as_integer());
        years.and_then(|years| u32::try_from(years).ok()).unwrap_or(0)
    }
}

/// The preset of this name.
#[must_use]
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

/// A member that a charter is written for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharterMember {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Code of its currency.
    pub currency: String,
    /// Ed25519 public key, in hexadecimal.
    pub signing_key: String,
    /// X25519 public key, in hexadecimal.
    pub sealing_key: String,
    /// Ed25519 public key of its node, in hexadecimal, if it has one.
    pub node_key: Option<String>,
    /// What it sold and bought in each year, the latest last, in major units of the unit of account.
    pub turnover: Vec<String>,
}

/// Where quotas come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaSource {
    /// The table of the rules, as far as it names the members; others by the formula.
    Table,
    /// The formula alone.
    Formula,
}

/// The text of a charter: rules, which may be another charter's, with this name, first day (`YYYY-MM-DD`) and members. Comments
/// of the rules stay. A member that the rules have already keeps what they say about it, but for its keys and turnover.
///
/// # Errors
///
/// Rules that are no TOML. Whether the text is a charter, [`union::Charter::parse`] says.
pub fn charter_text(
    rules: &str,
    name: &str,
    first_day: &str,
    members: &[CharterMember],
    quotas: QuotaSource,
) -> Result<String, TomlError> {
    let mut charter: DocumentMut = rules.parse()?;
    charter.insert("name", value(name));
    let cycle = charter.entry("cycle").or_insert_with(|| Item::Table(Table::new()));
    if let Some(cycle) = cycle.as_table_like_mut() {
        cycle.insert("first_day", value(first_day));
    }
    let has_formula = charter.get("credit").and_then(|credit| credit.get("formula")).is_some();
    if let Some(credit) = charter.get_mut("credit").and_then(Item::as_table_like_mut) {
        if quotas == QuotaSource::Formula && has_formula {
            credit.remove("quotas");
        } else if let Some(table) = credit.get_mut("quotas").and_then(Item::as_table_like_mut) {
            let named: Vec<String> = table.iter().map(|(code, _)| code.to_owned()).collect();
            for code in named.iter().filter(|code| members.iter().all(|member| member.code != **code)) {
                table.remove(code);
            }
        }
    }
    let mut before = Vec::new();
    if let Some(Item::ArrayOfTables(tables)) = charter.remove("members") {
        before.extend(tables);
    }
    let mut tables = ArrayOfTables::new();
    for member in members {
        let is_it = |table: &&Table| table.get("code").and_then(Item::as_str) == Some(&member.code);
        let mut table = before.iter().find(is_it).cloned().unwrap_or_else(|| new_member(member));
        table.insert("signing_key", value(&member.signing_key));
        table.insert("sealing_key", value(&member.sealing_key));
        match &member.node_key {
            Some(key) => table.insert("node_key", value(key)),
            None => table.remove("node_key"),
        };
        if !member.turnover.is_empty() {
            table.insert("turnover", value(member.turnover.iter().collect::<Array>()));
        }
        // Behind all that the rules say, wherever they had members.
        table.set_position(None);
        tables.push(table);
    }
    charter.insert("members", Item::ArrayOfTables(tables));
    Ok(charter.to_string())
}

fn new_member(member: &CharterMember) -> Table {
    let mut table = Table::new();
    table.insert("code", value(&member.code));
    table.insert("name", value(&member.name));
    table.insert("currency", value(&member.currency));
    table.insert("weekend", value(["saturday", "sunday"].into_iter().collect::<Array>()));
    table
}
