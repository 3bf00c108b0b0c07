//! `comity accept`, `refuse`, `cancel`, `reprioritise`, `hold`, `release`, `request-return`, `refuse-return`: what a member decides about
//! an order.

use crate::exit::Result;
use crate::output::Output;
use crate::remote::SignerArguments;
use api::text::{
    AcceptOrder, CancelOrder, CommandText, HoldOrder, RefuseOrder, RefuseReturn, ReleaseOrder, ReprioritiseOrder,
    RequestReturn,
};
use clap::Args;
use uuid::Uuid;

/// An order.
#[derive(Args, Debug)]
pub struct Which {
    /// UUID of the order.
    id: Uuid,
    #[command(flatten)]
    signer: SignerArguments,
}

/// An order, and why it is not to be.
#[derive(Args, Debug)]
pub struct Ending {
    /// UUID of the order.
    id: Uuid,
    /// ISO 20022 reason code, four capital letters or digits
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    #[command(flatten)]
    signer: SignerArguments,
}

/// An order and its new priority.
#[derive(Args, Debug)]
pub struct Reprioritise {
    /// UUID of the order.
    id: Uuid,
    /// Its new priority, or the one that it has; it goes to the end of those that have it
    #[arg(value_parser = ["urgent", "high", "normal"])]
    priority: String,
    /// It goes to the front of them
    #[arg(long)]
    first: bool,
    #[command(flatten)]
    signer: SignerArguments,
}

/// Accepts an order.
pub fn accept(arguments: &Which, output: Output) -> Result<()> {
    arguments.signer.order(&CommandText::from(AcceptOrder { order: arguments.id.to_string() }), output)
}

/// Refuses an order.
pub fn refuse(arguments: &Ending, output: Output) -> Result<()> {
    let command = RefuseOrder { order: arguments.id.to_string(), reason: arguments.reason.clone() };
    arguments.signer.order(&command.into(), output)
}

/// Takes an order back.
pub fn cancel(arguments: &Ending, output: Output) -> Result<()> {
    let command = CancelOrder { order: arguments.id.to_string(), reason: arguments.reason.clone() };
    arguments.signer.order(&command.into(), output)
}

/// Asks for a settled order back.
pub fn request_return(arguments: &Ending, output: Output) -> Result<()> {
    let command = RequestReturn { order: arguments.id.to_string(), reason: arguments.reason.clone() };
    arguments.signer.order(&command.into(), output)
}

/// Refuses to give an order back.
pub fn refuse_return(arguments: &Ending, output: Output) -> Result<()> {
    let command = RefuseReturn { order: arguments.id.to_string(), reason: arguments.reason.clone() };
    arguments.signer.order(&command.into(), output)
}

/// Gives an order another priority.
pub fn reprioritise(arguments: &Reprioritise, output: Output) -> Result<()> {
    let (order, priority) = (arguments.id.to_string(), arguments.priority.clone());
    let command = ReprioritiseOrder { order, priority, first: arguments.first };
    arguments.signer.order(&command.into(), output)
}

/// Holds an order back.
pub fn hold(arguments: &Which, output: Output) -> Result<()> {
    arguments.signer.order(&HoldOrder { order: arguments.id.to_string() }.into(), output)
}

/// Lets an order go that was held back.
pub fn release(arguments: &Which, output: Output) -> Result<()> {
    arguments.signer.order(&ReleaseOrder { order: arguments.id.to_string() }.into(), output)
}
