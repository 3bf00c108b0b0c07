//! The `comity` command line: a thin layer over the libraries, one file a command.

mod accede;
mod arguments;
mod charter;
mod checkpoint;
mod clear;
mod completions;
mod cycle;
mod decide;
mod demo;
mod doctor;
mod exit;
mod export;
mod founders;
mod identifier;
mod init;
mod iso;
mod key_place;
mod keys;
mod leave;
mod loopback;
mod members;
mod membership;
mod new_directory;
mod node_file;
mod order_messages;
mod orders;
mod output;
mod passphrase;
mod positions;
mod progress;
mod proposals;
mod propose;
mod queue;
mod receipt;
mod remote;
mod replace_key;
mod report;
mod serve;
mod set;
mod simulate;
mod statement;
mod submit;
mod verify;
mod vote;

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
