//! The `comity` command line: a thin layer over the libraries, one file a command.

mod arguments;
mod clear;
mod completions;
mod cycle;
mod decide;
mod demo;
mod doctor;
mod exit;
mod export;
mod identifier;
mod init;
mod iso;
mod keys;
mod loopback;
mod members;
mod membership;
mod new_directory;
mod node_file;
mod orders;
mod output;
mod passphrase;
mod positions;
mod progress;
mod queue;
mod receipt;
mod remote;
mod report;
mod serve;
mod set;
mod statement;
mod submit;
mod verify;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    match arguments.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.text.is_empty() {
                output::complain(&failure.text);
            }
            failure.exit.into()
        }
    }
}
