//! `[iso20022]` in `node.toml`, or in a file of its own: who goes by which BIC and LEI, and whose signatures count.

use crate::exit::{Failure, Result};
use api::iso::IsoSettings;
use clap::Args;
use iso20022::Edition;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IsoTable {
    /// Versions of the messages that are written: 2019, 2024 or 2026.
    edition: Option<u16>,
    /// Ed25519 public keys, 64 hexadecimal digits: where there are any, messages are taken only if one of them signed them.
    #[serde(default)]
    signers: Vec<String>,
    /// By member code, its BIC or LEI, or both.
    #[serde(default)]
    members: BTreeMap<String, Identifiers>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Identifiers {
    One(String),
    Several(Vec<String>),
}

/// Where the table is.
#[derive(Args, Clone, Debug)]
pub struct NamesArgument {
    /// File with a table [iso20022], such as node.toml: the members' BICs and LEIs, versions, signers [default: members
    /// go by their codes]
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
}

impl IsoTable {
    /// What it says.
    pub fn settings(&self, path: &Path) -> Result<IsoSettings> {
        let at = |key: &str, problem: &str| Failure::failed(format!("{}: iso20022.{key}: {problem}", path.display()));
        let edition = match self.edition {
            None => Edition::default(),
            Some(year) => {
                Edition::parse(&year.to_string()).ok_or_else(|| at("edition", "is not 2019, 2024 or 2026"))?
            }
        };
        let identifiers = self.members.iter().flat_map(|(code, identifiers)| {
            let texts = match identifiers {
                Identifiers::One(text) => std::slice::from_ref(text),
                Identifiers::Several(texts) => texts,
            };
            texts.iter().map(|text| (code.clone(), text.clone()))
        });
        let key = |text: &String| {
            crate::remote::key_bytes(text).ok_or_else(|| at("signers", "has a key that is not 64 hexadecimal digits"))
        };
        let signers = self.signers.iter().map(key).collect::<Result<_>>()?;
        Ok(IsoSettings { edition, identifiers: identifiers.collect(), signers })
    }
}

impl NamesArgument {
    /// Reads the table, if one is named.
    pub fn read(&self) -> Result<IsoSettings> {
        #[derive(Deserialize)]
        struct File {
            iso20022: IsoTable,
        }
        let Some(path) = &self.names else { return Ok(IsoSettings::default()) };
        let text = std::fs::read_to_string(path).map_err(Failure::io("read", path))?;
        let file: File =
            toml::from_str(&text).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
        file.iso20022.settings(path)
    }
}
