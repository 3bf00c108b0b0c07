//! A file that has its name only once it is complete.

use crate::exit::{Failure, Result};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// A file that is being written under another name. Dropped, it is removed.
#[derive(Debug)]
pub struct Unfinished {
    /// What goes into it.
    pub writer: BufWriter<File>,
    path: PathBuf,
    temporary: PathBuf,
    is_finished: bool,
}

impl Unfinished {
    /// Begins a file that will replace what has this name.
    pub fn create(path: &Path) -> Result<Self> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.unfinished", std::process::id()));
        let temporary = path.with_file_name(name);
        let file = File::create_new(&temporary).map_err(Failure::io("write", &temporary))?;
        let writer = BufWriter::with_capacity(1 << 20, file);
        Ok(Unfinished { writer, path: path.to_owned(), temporary, is_finished: false })
    }

    /// Makes it durable and gives it its name.
    pub fn finish(mut self) -> Result<()> {
        use std::io::Write;
        self.writer.flush().map_err(Failure::io("write", &self.temporary))?;
        self.writer.get_ref().sync_all().map_err(Failure::io("write", &self.temporary))?;
        std::fs::rename(&self.temporary, &self.path).map_err(Failure::io("write", &self.path))?;
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            // What is in the way of cleaning up is told by the failure that led here.
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}
