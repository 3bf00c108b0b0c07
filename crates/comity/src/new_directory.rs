//! Directories that results go into: nothing that is there already is ever overwritten.

use crate::exit::{Failure, Result};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Fails unless the directory does not exist or has nothing in it.
pub fn ensure_room(directory: &Path) -> Result<()> {
    let is_empty = match fs::read_dir(directory) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == ErrorKind::NotFound => true,
        Err(error) => return Err(Failure::io("look into", directory)(error)),
    };
    if is_empty {
        return Ok(());
    }
    let text = format!("{} is not empty and is left as it was; name a new directory", directory.display());
    Err(Failure::failed(text))
}
