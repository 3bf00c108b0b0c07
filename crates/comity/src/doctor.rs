//! `comity doctor`: what goes wrong in practice, looked for one thing at a time.

mod files;
mod outlook;
mod surroundings;

use crate::exit::{Exit, Failure, Result};
use crate::node_file::NodeFile;
use crate::output::{Align, Output, Table};
use crate::passphrase::PassphraseArguments;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// Look for what is wrong with a node and its surroundings, and say what to do; nothing is changed.
#[derive(Args, Debug)]
pub struct Arguments {
    /// The node's configuration.
    #[arg(long, value_name = "FILE", default_value = "node.toml")]
    config: PathBuf,
    /// Compare this machine's clock with the Date that an HTTP server says, another member's API for example
    #[arg(long = "clock-from", value_name = "URL")]
    clocks: Vec<String>,
    #[command(flatten)]
    passphrase: PassphraseArguments,
}

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    /// Nothing is broken, and somebody should know.
    Warning,
    Wrong,
    Skipped,
}

#[derive(Debug, Serialize)]
struct Check {
    /// What was looked at.
    check: String,
    status: Status,
    /// What was found.
    text: String,
    /// What to do, where something is wrong or was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// Everything that was looked at, in order.
#[derive(Debug, Default, Serialize)]
struct Findings {
    checks: Vec<Check>,
}

impl Findings {
    fn ok(&mut self, check: impl Into<String>, text: impl Into<String>) {
        self.add(check, Status::Ok, text, None);
    }

    fn wrong(&mut self, check: impl Into<String>, text: impl Into<String>, advice: &str) {
        self.add(check, Status::Wrong, text, Some(advice));
    }

    fn warning(&mut self, check: impl Into<String>, text: impl Into<String>, advice: &str) {
        self.add(check, Status::Warning, text, Some(advice));
    }

    fn skipped(&mut self, check: impl Into<String>, text: impl Into<String>, advice: &str) {
        self.add(check, Status::Skipped, text, Some(advice));
    }

    fn add(&mut self, check: impl Into<String>, status: Status, text: impl Into<String>, advice: Option<&str>) {
        self.checks.push(Check { check: check.into(), status, text: text.into(), advice: advice.map(str::to_owned) });
    }

    fn text(&self) -> String {
        let mut table = Table::new(&[("", Align::Left), ("check", Align::Left), ("finding", Align::Left)]);
        for Check { check, status, text, advice } in &self.checks {
            let status = match status {
                Status::Ok => "ok",
                Status::Warning => "warning",
                Status::Wrong => "WRONG",
                Status::Skipped => "skipped",
            };
            // A finding is one line, whatever an error says.
            table.row([status.into(), check.clone(), text.lines().collect::<Vec<_>>().join(" ")]);
            if let Some(advice) = advice {
                table.row(["".into(), "".into(), format!("-> {advice}")]);
            }
        }
        table.text("")
    }
}

/// Looks at everything.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let mut findings = Findings::default();
    match NodeFile::read(&arguments.config) {
        Err(failure) => {
            findings.wrong("configuration", failure.text, "correct the file that is named, or name another by --config")
        }
        Ok(file) => {
            findings.ok("configuration", arguments.config.display().to_string());
            let known = files::journal(&mut findings, &file);
            files::directories(&mut findings, &file);
            let passphrase = files::passphrase(&mut findings, &arguments.passphrase);
            let passphrase = passphrase.as_deref().map(String::as_str);
            let founding = known.as_ref().map(|known| &known.founding);
            let union = known.as_ref().and_then(|known| known.union.as_ref());
            if let Some(union) = union {
                files::keys(&mut findings, &file, union, passphrase);
                files::operators(&mut findings, &file, &arguments.config, union.charter());
            }
            let place = founding.and_then(|founding| files::place(&mut findings, &file, founding, passphrase));
            if let Some(union) = union {
                outlook::look(&mut findings, &file, union, place.as_ref().and_then(|(_, key)| *key));
            }
            files::certificate(&mut findings, &file, &arguments.config);
            let is_running = surroundings::http_port(&mut findings, file.listen, file.tls.is_some(), founding);
            if let Some((place, _)) = place {
                surroundings::node_port(&mut findings, place.listen, is_running);
                surroundings::peers(&mut findings, union, place);
            }
            surroundings::clocks(&mut findings, &arguments.clocks);
        }
    }
    output.show(&findings, Findings::text)?;
    let is_well = findings.checks.iter().all(|check| check.status != Status::Wrong);
    if is_well { Ok(()) } else { Err(Failure::told(Exit::Failed)) }
}
