//! `comity statement`: what a member had, what moved, what it has.

use crate::exit::{Failure, Result};
use crate::output::Output;
use crate::remote::NodeArgument;
use crate::verify::journal_directory;
use api::view::StatementView;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use union::{Day, Period};

/// Print a member's statement of a day or a cycle: opening balance, every booking, closing balance.
#[derive(Args, Debug)]
pub struct Arguments {
    /// The member, by code.
    #[arg(long, value_name = "CODE")]
    member: String,
    #[command(flatten)]
    period: PeriodArguments,
    /// Form of the statement; --output json is the same as --format json
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Make it from a journal's files, without a node: the directory of a union or of a journal.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    node: NodeArgument,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct PeriodArguments {
    /// A day on the union's clock, YYYY-MM-DD.
    #[arg(long, value_parser = |text: &str| Day::parse(text))]
    day: Option<Day>,
    /// A clearing cycle, by number.
    #[arg(long, value_name = "N")]
    cycle: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Csv,
    Json,
}

/// Prints the statement.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let statement = match &arguments.data {
        Some(directory) => arguments.offline(&journal_directory(directory))?,
        None => {
            let (name, value) = match arguments.period() {
                Period::Day(day) => ("day", day.to_string()),
                Period::Cycle(cycle) => ("cycle", cycle.to_string()),
            };
            let parameters = [("member", arguments.member.as_str()), (name, &value)];
            arguments.node.connect()?.get("/v1/statements", &parameters)?
        }
    };
    match arguments.format {
        Format::Csv if !output.is_json() => output.raw(&statement.to_csv()),
        Format::Text if !output.is_json() => output.raw(&statement.to_text()),
        _ => output.json(&statement),
    }
}

impl Arguments {
    fn period(&self) -> Period {
        match (self.period.day, self.period.cycle) {
            (Some(day), _) => Period::Day(day),
            (None, Some(cycle)) => Period::Cycle(cycle),
            (None, None) => unreachable!("clap asks for one of them"),
        }
    }

    fn offline(&self, directory: &Path) -> Result<StatementView> {
        // Who the members are at the journal's end: those who came later have statements too.
        let reader = journal::Reader::open(directory).map_err(network::NodeError::from)?;
        let charter = network::recover(&reader, directory, 0)?.0.charter().clone();
        let member = charter.member(&self.member).ok_or_else(|| no_member(&charter, &self.member))?;
        let statement = network::statement(directory, member, self.period(), u64::MAX)?;
        Ok(StatementView::new(&charter, &statement))
    }
}

/// What to say when a code names no member.
pub fn no_member(charter: &union::Charter, code: &str) -> Failure {
    let codes: Vec<_> = charter.members.iter().map(|member| member.code.as_str()).collect();
    Failure::usage(format!("--member: {} has no member {code:?}; its members are {}", charter.name, codes.join(", ")))
}
