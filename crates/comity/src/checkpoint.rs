//! `comity checkpoint`: a state that is proved, for a node that comes late.

use crate::exit::{Failure, Result};
use crate::output::{Output, hex};
use crate::verify::journal_directory;
use clap::Args;
use network::{Checkpoint, CheckpointError};
use serde::Serialize;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Write the latest state that the members' nodes have certified, for a node that comes late to begin with (`comity init --checkpoint`).
///
/// It is the state at the end of an epoch, and proves itself to whoever has the charter that the union was founded on. The journal is
/// replayed up to there; the node may run meanwhile.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Directory of a union (with data/ in it) or of a journal.
    directory: PathBuf,
    /// The file to write, which must not exist.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Serialize)]
struct Written {
    file: PathBuf,
    bytes: u64,
    height: u64,
    state_hash: String,
}

/// Writes the checkpoint.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let Arguments { directory, out } = arguments;
    let directory = journal_directory(directory);
    let reader = journal::Reader::open(&directory).map_err(network::NodeError::from)?;
    let found = Checkpoint::find(&reader, &directory)?;
    let checkpoint = found.ok_or_else(|| {
        Failure::failed(
            "no epoch is over whose end this journal proves: until then a newcomer takes the blocks from genesis",
        )
    })?;
    let bytes = checkpoint.encode();
    let mut file = OpenOptions::new().write(true).create_new(true).open(out).map_err(Failure::io("create", out))?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(Failure::io("write", out))?;
    let (height, state_hash) = (checkpoint.height(), hex(&checkpoint.state()));
    let written = Written { file: out.clone(), bytes: bytes.len() as u64, height, state_hash };
    output.show(&written, |written| {
        let Written { file, bytes, height, state_hash } = written;
        format!("written     {}, {bytes} bytes\nafter block {height}\nstate       {state_hash}\n", file.display())
    })
}

/// Reads a checkpoint from a file.
pub fn read(file: &Path) -> Result<Checkpoint> {
    let bytes = fs::read(file).map_err(Failure::io("read", file))?;
    Checkpoint::decode(&bytes).map_err(|error| failure(file, &error))
}

/// What to say of a checkpoint that does not hold.
pub fn failure(file: &Path, error: &CheckpointError) -> Failure {
    Failure::failed(format!(
        "{}: {error}; nothing was begun with it, get it anew or from another member",
        file.display()
    ))
}
