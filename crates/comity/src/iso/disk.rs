//! What a watched folder does to files, step by step: a crash lies between two of them, or within one.

use crate::exit::{Failure, Result};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// The steps.
pub trait Disk {
    /// Makes a directory, and those around it, unless they are there.
    fn make(&self, directory: &Path) -> Result<()>;
    /// Writes a file that survives a crash once this returns.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()>;
    /// Gives a file or a directory another name, whole or not at all.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;
    /// Has the names in a directory survive a crash.
    fn sync(&self, directory: &Path) -> Result<()>;
    /// Removes a directory with all that is in it, in any order.
    fn remove(&self, directory: &Path) -> Result<()>;
}

/// The machine's own.
#[derive(Debug, Default)]
pub struct OwnDisk;

impl Disk for OwnDisk {
    fn make(&self, directory: &Path) -> Result<()> {
        fs::create_dir_all(directory).map_err(Failure::io("make", directory))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let mut file = File::create(path).map_err(Failure::io("write", path))?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Failure::io("write", path))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        fs::rename(from, to).map_err(Failure::io("move", from))
    }

    fn sync(&self, directory: &Path) -> Result<()> {
        File::open(directory).and_then(|file| file.sync_all()).map_err(Failure::io("sync", directory))
    }

    fn remove(&self, directory: &Path) -> Result<()> {
        fs::remove_dir_all(directory).map_err(Failure::io("remove", directory))
    }
}
