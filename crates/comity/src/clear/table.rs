//! Rows of text from a file with named columns, CSV or Parquet, one at a time.

mod csv;
mod parquet;

use crate::exit::{Failure, Result};
use crate::progress;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

/// The most columns that are read at once.
const COLUMNS_MAX: usize = 8;

/// Where a row stands in its file.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    file: &'a Path,
    /// `line` or `row`.
    unit: &'static str,
    number: u64,
}

impl Place<'_> {
    /// Something is wrong with a field of this row.
    pub fn failure(&self, column: &str, problem: impl fmt::Display) -> Failure {
        Failure::failed(format!("{self}, {column}: {problem}"))
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} {}", self.file.display(), self.unit, self.number)
    }
}

/// Reads a file to its end: for each row its place and the text in each of `columns`, in their order. Other columns are
/// passed over. A file that begins as Parquet files do is one; any other is CSV.
pub fn read(path: &Path, columns: &[&str], each: impl FnMut(Place<'_>, &[&str]) -> Result<()>) -> Result<()> {
    let mut file = open(path)?;
    let mut magic = Vec::new();
    file.by_ref().take(4).read_to_end(&mut magic).map_err(Failure::io("read", path))?;
    file.rewind().map_err(Failure::io("read", path))?;
    let length = file.metadata().map_err(Failure::io("read", path))?.len();
    if magic == b"PAR1" {
        let bar = progress::bar(0, "rows");
        let result = parquet::read(path, file, columns, &bar, each);
        bar.finish_and_clear();
        result
    } else {
        let bar = progress::bytes(length);
        let result = csv::read(path, bar.wrap_read(file), columns, each);
        bar.finish_and_clear();
        result
    }
}

/// Opens a regular file: it is read more than once.
pub fn open(path: &Path) -> Result<File> {
    let file = File::open(path).map_err(Failure::io("read", path))?;
    let is_file = file.metadata().map_err(Failure::io("read", path))?.is_file();
    if is_file { Ok(file) } else { Err(Failure::failed(format!("{} is not a regular file", path.display()))) }
}

/// The places of `wanted` among the names of a file's columns.
fn places(path: &Path, wanted: &[&str], names: &[&str]) -> Result<Vec<usize>> {
    let file = path.display();
    let find = |column: &&str| {
        let mut places = names.iter().enumerate().filter(|(_, name)| *name == column).map(|(at, _)| at);
        match (places.next(), places.next()) {
            (Some(at), None) => Ok(at),
            (Some(_), Some(_)) => Err(Failure::failed(format!("{file}: the column {column} is there twice"))),
            (None, _) => {
                let text = format!(
                    "{file}: there is no column {column}; needed are {}, found were {}",
                    wanted.join(","),
                    shortened(&names.join(","))
                );
                Err(Failure::failed(text))
            }
        }
    };
    wanted.iter().map(find).collect()
}

/// A text as it can be quoted in a message.
pub fn shortened(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    let end = text.char_indices().nth(CHARACTERS_MAX).map(|(at, _)| at);
    match end {
        Some(end) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}
