//! `comity leave`: a member gives notice. Nobody's consent is needed.

use crate::exit::{Failure, Result};
use crate::output::Output;
use crate::remote::{SignerArguments, receipt_text, taken};
use api::text::GiveNotice;
use api::view::ReceiptView;
use clap::Args;
use serde::Serialize;

/// Give notice: your member leaves the union
#[derive(Args, Debug)]
#[command(after_help = WHAT)]
pub struct Arguments {
    /// Leave indeed; without it nothing is done
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    signer: SignerArguments,
}

const WHAT: &str = "\
It takes effect at once and cannot be taken back:
- every open order that the member pays or is paid is cancelled, and no new one is taken;
- it votes no more; its node goes on voting on blocks while it leaves;
- its balance stays, and is settled with the next closes of cycles like everybody's;
- once its position is nought and no settlement leg of it is open, its books are closed: it has left. To come back, it is admitted
  anew, under another code.";

/// What became of it.
#[derive(Serialize)]
struct Left {
    #[serde(flatten)]
    receipt: ReceiptView,
    /// How the member stands now: `leaving`, or `left` where there was nothing to settle.
    standing: Option<String>,
}

/// Gives notice.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    if !arguments.yes {
        return Err(Failure::usage(format!("nothing was done; say --yes to leave.\n{WHAT}")));
    }
    let signer = arguments.signer.open()?;
    let receipt = signer.order(&GiveNotice {}.into())?;
    let result = taken(&receipt);
    let member = result.as_ref().ok().and_then(|()| signer.remote().member(signer.code()).ok());
    let standing = member.map(|member| member.member.standing);
    output.show(&Left { receipt, standing }, |left| {
        let standing = left.standing.as_ref().map(|standing| format!("{} is now {standing}\n", signer.code()));
        format!("{}{}", receipt_text(&left.receipt), standing.unwrap_or_default())
    })?;
    result
}
