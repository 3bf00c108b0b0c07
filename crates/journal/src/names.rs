//! What the files of a journal are called.

use crate::disk::Disk;
use crate::error::Error;

pub(crate) const LOCK: &str = "lock";
pub(crate) const HEAD: &str = "head";
/// Ends the name of a file that is not whole yet.
pub(crate) const UNFINISHED: &str = ".new";

const DIGITS: usize = 20;

pub(crate) fn segment(first_height: u64) -> String {
    format!("blocks-{first_height:0DIGITS$}")
}

pub(crate) fn snapshot(height: u64) -> String {
    format!("snapshot-{height:0DIGITS$}")
}

fn height(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?;
    (digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

fn heights(disk: &dyn Disk, prefix: &str) -> Result<Vec<u64>, Error> {
    let names = disk.names().map_err(Error::io("list", disk.place()))?;
    let mut heights: Vec<u64> = names.iter().filter_map(|name| height(name, prefix)).collect();
    heights.sort_unstable();
    Ok(heights)
}

/// The first heights of all segments, ascending.
pub(crate) fn segments(disk: &dyn Disk) -> Result<Vec<u64>, Error> {
    heights(disk, "blocks-")
}

/// The heights of all snapshots, ascending.
pub(crate) fn snapshots(disk: &dyn Disk) -> Result<Vec<u64>, Error> {
    heights(disk, "snapshot-")
}

/// Removes what an interrupted writer left unfinished.
pub(crate) fn remove_unfinished(disk: &dyn Disk) -> Result<(), Error> {
    for name in disk.names().map_err(Error::io("list", disk.place()))? {
        let whole = name.strip_suffix(UNFINISHED);
        if whole.is_some_and(|name| height(name, "blocks-").or(height(name, "snapshot-")).is_some()) {
            disk.remove(&name).map_err(Error::io("remove", name))?;
        }
    }
    Ok(())
}
