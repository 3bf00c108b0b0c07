//! The command line's grammar.

use crate::exit::{EXIT_CODES, Result};
use crate::output::{Form, Output};
use crate::{
    accede, charter, checkpoint, clear, completions, cycle, decide, demo, doctor, export, init, iso, keys, leave,
    members, orders, positions, proposals, propose, queue, report, serve, set, simulate, statement, submit, verify,
    vote,
};
use clap::{Parser, Subcommand};

/// Comity: a clearing union without an owner.
///
/// Equal institutions record what they owe each other, offset as much as can be offset, and settle the rest finally.
#[derive(Debug, Parser)]
#[command(name = "comity", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Arguments {
    /// Form of results on standard output; everything else goes to standard error
    #[arg(long, global = true, value_enum, default_value_t = Form::Text, value_name = "FORM")]
    output: Form,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(Box<init::Arguments>),
    #[command(subcommand)]
    Keys(keys::Command),
    Demo(demo::Arguments),
    Serve(serve::Arguments),
    Doctor(doctor::Arguments),
    Checkpoint(checkpoint::Arguments),
    Submit(submit::Arguments),
    /// Accept an order that your member's rules hold
    Accept(decide::Which),
    /// Refuse an order that your member's rules hold
    Refuse(decide::Ending),
    /// Take back an order that your member sent and that is held or queued
    Cancel(decide::Ending),
    /// Give an order that your member sent another priority, or another place among those that have it
    Reprioritise(decide::Reprioritise),
    /// Hold back an order that your member sent: it does not settle before it is released
    Hold(decide::Which),
    /// Let an order go that your member holds back: it settles, or takes its place in the queue again
    Release(decide::Which),
    /// Ask for an order back that your member sent and that is settled
    RequestReturn(decide::Ending),
    /// Refuse to give an order back that your member is asked for
    RefuseReturn(decide::Ending),
    #[command(subcommand)]
    Set(Box<set::Command>),
    Orders(orders::Arguments),
    Positions(positions::Arguments),
    #[command(subcommand)]
    Queue(queue::Command),
    Members(members::Arguments),
    #[command(subcommand)]
    Charter(charter::Command),
    Proposals(proposals::Arguments),
    #[command(subcommand)]
    Propose(Box<propose::Command>),
    Vote(vote::Vote),
    Withdraw(vote::Withdraw),
    Accede(accede::Arguments),
    Leave(leave::Arguments),
    #[command(subcommand)]
    Cycle(cycle::Command),
    Statement(statement::Arguments),
    Report(report::Arguments),
    Clear(Box<clear::Arguments>),
    Simulate(Box<simulate::Arguments>),
    Verify(verify::Arguments),
    Export(export::Arguments),
    #[command(subcommand)]
    Iso(Box<iso::Command>),
    Completions(completions::Arguments),
}

impl Arguments {
    /// Runs the command.
    pub fn run(self) -> Result<()> {
        let output = Output::new(self.output);
        match self.command {
            Command::Init(arguments) => init::run(&arguments, output),
            Command::Keys(command) => keys::run(&command, output),
            Command::Demo(arguments) => demo::run(&arguments, output),
            Command::Serve(arguments) => serve::run(&arguments, output),
            Command::Doctor(arguments) => doctor::run(&arguments, output),
            Command::Checkpoint(arguments) => checkpoint::run(&arguments, output),
            Command::Submit(arguments) => submit::run(&arguments, output),
            Command::Accept(arguments) => decide::accept(&arguments, output),
            Command::Refuse(arguments) => decide::refuse(&arguments, output),
            Command::Cancel(arguments) => decide::cancel(&arguments, output),
            Command::Reprioritise(arguments) => decide::reprioritise(&arguments, output),
            Command::Hold(arguments) => decide::hold(&arguments, output),
            Command::Release(arguments) => decide::release(&arguments, output),
            Command::RequestReturn(arguments) => decide::request_return(&arguments, output),
            Command::RefuseReturn(arguments) => decide::refuse_return(&arguments, output),
            Command::Set(command) => set::run(&command, output),
            Command::Orders(arguments) => orders::run(&arguments, output),
            Command::Positions(arguments) => positions::run(&arguments, output),
            Command::Queue(command) => queue::run(&command, output),
            Command::Members(arguments) => members::run(&arguments, output),
            Command::Charter(command) => charter::run(&command, output),
            Command::Proposals(arguments) => proposals::run(&arguments, output),
            Command::Propose(command) => propose::run(&command, output),
            Command::Vote(arguments) => vote::vote(&arguments, output),
            Command::Withdraw(arguments) => vote::withdraw(&arguments, output),
            Command::Accede(arguments) => accede::run(&arguments, output),
            Command::Leave(arguments) => leave::run(&arguments, output),
            Command::Cycle(command) => cycle::run(&command, output),
            Command::Statement(arguments) => statement::run(&arguments, output),
            Command::Report(arguments) => report::run(&arguments, output),
            Command::Clear(arguments) => clear::run(&arguments, output),
            Command::Simulate(arguments) => simulate::run(&arguments, output),
            Command::Verify(arguments) => verify::run(&arguments, output),
            Command::Export(arguments) => export::run(&arguments, output),
            Command::Iso(command) => iso::run(&command, output),
            Command::Completions(arguments) => completions::run(&arguments, output),
        }
    }
}
