//! `comity completions`: what a shell needs to complete the command line.

use crate::arguments;
use crate::exit::Result;
use crate::output::Output;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print the completion script of a shell.
#[derive(Args, Debug)]
#[command(after_help = "For example: comity completions bash > /etc/bash_completion.d/comity")]
pub struct Arguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut arguments::Arguments::command(), "comity", &mut script);
    output.raw(&String::from_utf8_lossy(&script))
}
