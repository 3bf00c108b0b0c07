//! Receipts of finality: fetching one, and checking one with the charter alone.

use crate::exit::{Exit, Failure, Result};
use crate::output::Output;
use crate::remote::NodeArgument;
use api::view::{EventView, FinalityView, ProvedView};
use clap::Args;
use network::FinalityReceipt;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use union::Charter;
use uuid::Uuid;

/// Fetch the receipt of an order's finality: proof of its status that anybody can check with the charter alone.
#[derive(Args, Debug)]
pub struct Fetch {
    /// UUID of the order.
    id: Uuid,
    /// Where to write the receipt; `comity verify --receipt` reads it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    node: NodeArgument,
}

/// What was proved, or that nothing was.
#[derive(Debug, Serialize)]
struct Checked {
    verified: bool,
    file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    proves: Option<ProvedView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Fetch {
    /// Writes the receipt to its file.
    pub fn run(&self, output: Output) -> Result<()> {
        let view: FinalityView = self.node.connect()?.get(&format!("/v1/orders/{}/receipt", self.id), &[])?;
        let text = serde_json::to_string_pretty(&view).map_err(Failure::failed)?;
        fs::write(&self.out, text + "\n").map_err(Failure::io("write", &self.out))?;
        let file = self.out.clone();
        let said = Checked { verified: true, file, proves: Some(view.proves), reason: None };
        output.show(&said, |said| format!("{}\nwritten     {}\n", said.text(), self.out.display()))
    }
}

/// Checks the receipt in a file by a charter, and prints what it proves or why it proves nothing.
pub fn verify(file: &Path, charter: &Path, output: Output) -> Result<()> {
    let text = fs::read_to_string(charter).map_err(Failure::io("read", charter))?;
    let charter = Charter::parse(&text).map_err(|error| Failure::failed(format!("{}: {error}", charter.display())))?;
    let text = fs::read_to_string(file).map_err(Failure::io("read", file))?;
    match check(&text, &charter) {
        Ok(proves) => {
            let checked = Checked { verified: true, file: file.to_owned(), proves: Some(proves), reason: None };
            output.show(&checked, Checked::text)
        }
        Err(reason) => {
            let checked = Checked { verified: false, file: file.to_owned(), proves: None, reason: Some(reason) };
            output.show(&checked, Checked::text)?;
            Err(Failure::told(Exit::Fault))
        }
    }
}

fn check(text: &str, charter: &Charter) -> std::result::Result<ProvedView, String> {
    let view: FinalityView = serde_json::from_str(text).map_err(|error| format!("not a receipt: {error}"))?;
    let bytes = view.bytes().ok_or("not a receipt: it is not hexadecimal")?;
    let receipt = FinalityReceipt::decode(&bytes).map_err(|error| error.to_string())?;
    let proved = receipt.check(charter).map_err(|error| error.to_string())?;
    let proves = ProvedView::new(charter, &proved);
    if proves != view.proves {
        return Err("the receipt is good, but proves other things than the file says in words".into());
    }
    Ok(proves)
}

impl Checked {
    fn text(&self) -> String {
        let Some(proves) = &self.proves else {
            let reason = self.reason.as_deref().unwrap_or_default();
            return format!("NOT PROVED  {}\nreason      {reason}\n", self.file.display());
        };
        let EventView::Order { id, status, debtor, order, .. } = &proves.order else { return String::new() };
        format!(
            "Proved      {}
order       {id}: {status}
from        {debtor} to {}
amount      {} {}
in          block {} of {}
final by    the certificate over block {}, {}
charter     {}
",
            self.file.display(),
            order.creditor,
            order.amount,
            order.currency,
            proves.height,
            proves.time,
            proves.certified_height,
            proves.certified_block,
            proves.charter_hash,
        )
    }
}
