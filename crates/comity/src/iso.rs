//! `comity iso`: ISO 20022 messages, in and out.

mod desk;
mod disk;
mod export;
mod file_signature;
mod folder;
mod import;
mod names;
mod schemas;
mod validate;
mod watch;

pub use names::IsoTable;

use crate::exit::Result;
use crate::output::Output;
use clap::Subcommand;

/// Check, send, receive and write ISO 20022 messages
#[derive(Debug, Subcommand)]
pub enum Command {
    Validate(validate::Arguments),
    Import(Box<import::Arguments>),
    Export(Box<export::Arguments>),
    Watch(Box<watch::Arguments>),
    Sign(file_signature::Arguments),
}

/// Runs one of the commands.
pub fn run(command: &Command, output: Output) -> Result<()> {
    match command {
        Command::Validate(arguments) => validate::run(arguments, output),
        Command::Import(arguments) => import::run(arguments, output),
        Command::Export(arguments) => export::run(arguments, output),
        Command::Watch(arguments) => watch::run(arguments, output),
        Command::Sign(arguments) => file_signature::run(arguments, output),
    }
}
