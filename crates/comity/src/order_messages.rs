//! `comity orders messages`: what a member was told of an order by ISO 20022 messages.

use crate::exit::{Exit, Failure, Result};
use crate::new_directory::ensure_room;
use crate::output::{Align, Output, Table};
use crate::remote::NodeArgument;
use api::view::{MessageView, OrderMessagesView};
use clap::Args;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// List the ISO 20022 messages that told a member of an order, as its watched folder gets them, but without customer detail
#[derive(Args, Debug)]
pub struct Fetch {
    /// UUID of the order.
    id: Uuid,
    /// The member, by code: one of the two concerned. The one that pays, if not given
    #[arg(long, value_name = "CODE")]
    member: Option<String>,
    /// Directory to write the messages to; it must be empty or not exist.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    node: NodeArgument,
}

impl Fetch {
    /// Lists them, and writes them where that is asked for.
    pub fn run(&self, output: Output) -> Result<()> {
        if let Some(directory) = &self.out {
            ensure_room(directory)?;
        }
        let member: Vec<_> = self.member.iter().map(|code| ("member", code.as_str())).collect();
        let path = format!("/v1/orders/{}/messages", self.id);
        let told: OrderMessagesView = self.node.connect()?.get(&path, &member)?;
        if let Some(directory) = &self.out {
            std::fs::create_dir_all(directory).map_err(Failure::io("make", directory))?;
            told.messages.iter().try_for_each(|message| write(directory, message))?;
        }
        output.show(&told, text)
    }
}

/// A node says what files are called: a name that is none of a message is not followed anywhere.
fn write(directory: &Path, message: &MessageView) -> Result<()> {
    let is_name = |text: &str, more: char| text.chars().all(|c| c.is_ascii_alphanumeric() || c == more);
    if message.id.is_empty() || !is_name(&message.id, '-') || !is_name(&message.kind, '.') {
        return Err(Failure::new(
            Exit::Refused,
            format!("the node names a message {:?} of kind {:?}", message.id, message.kind),
        ));
    }
    let path = directory.join(format!("{}.{}.xml", message.id, message.kind));
    std::fs::write(&path, &message.text).map_err(Failure::io("write", &path))
}

fn text(told: &OrderMessagesView) -> String {
    let mut table =
        Table::new(&[("message", Align::Left), ("kind", Align::Left), ("block", Align::Right), ("time", Align::Left)]);
    for message in &told.messages {
        table.row([message.id.clone(), message.kind.clone(), message.height.to_string(), message.time.clone()]);
    }
    let mut text = table.text(&format!("{} was told nothing of it yet.", told.member));
    if told.more {
        text.push_str("... and more\n");
    }
    text
}
