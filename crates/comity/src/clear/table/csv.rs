//! CSV with a header; a record is one line.

use super::{COLUMNS_MAX, Place, places};
use crate::exit::{Failure, Result};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The longest line, in bytes.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Reads all rows.
pub fn read(
    path: &Path,
    input: impl Read,
    columns: &[&str],
    mut each: impl FnMut(Place<'_>, &[&str]) -> Result<()>,
) -> Result<()> {
    let mut lines = Lines { path, input: BufReader::with_capacity(1 << 20, input), line: Vec::new(), number: 0 };
    let Some((place, header)) = lines.next()? else {
        let text = format!("{} is empty; its first line should be {}", path.display(), columns.join(","));
        return Err(Failure::failed(text));
    };
    let header = header.strip_prefix('\u{feff}').unwrap_or(header);
    let header = unquoted(header).map_err(|problem| place.failure("line", problem))?;
    let names: Vec<&str> = header.iter().collect();
    let places = places(path, columns, &names)?;

    while let Some((place, line)) = lines.next()? {
        if line.is_empty() {
            continue;
        }
        // Nearly all lines have no quotes.
        let record;
        let (fields, picked) = if line.contains('"') {
            record = unquoted(line).map_err(|problem| place.failure("line", problem))?;
            pick(record.iter(), &places)
        } else {
            pick(line.split(','), &places)
        };
        if fields != names.len() {
            let problem = format!("there are {fields} fields, but the header names {}", names.len());
            return Err(place.failure("line", problem));
        }
        each(place, &picked[..columns.len()])?;
    }
    Ok(())
}

/// How many fields there are, and those at `places`.
fn pick<'a>(fields: impl Iterator<Item = &'a str>, places: &[usize]) -> (usize, [&'a str; COLUMNS_MAX]) {
    let mut picked = [""; COLUMNS_MAX];
    let mut count = 0;
    for field in fields {
        for (slot, &place) in picked.iter_mut().zip(places) {
            if place == count {
                *slot = field;
            }
        }
        count += 1;
    }
    (count, picked)
}

/// The fields of a line that may have quotes.
fn unquoted(line: &str) -> std::result::Result<csv::StringRecord, String> {
    // With an end of its own, a line that ends inside quotes shows it in its last field.
    let text = line.as_bytes().chain(&b"\n"[..]);
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).terminator(csv::Terminator::Any(b'\n')).buffer_capacity(line.len() + 1);
    let mut record = csv::StringRecord::new();
    reader.from_reader(text).read_record(&mut record).map_err(|error| error.to_string())?;
    if record.iter().any(|field| field.contains('\n')) {
        return Err("a quote is not closed before the end of the line; a record is one line".to_owned());
    }
    Ok(record)
}

/// The lines of a file, one at a time in the same memory.
struct Lines<'p, R> {
    path: &'p Path,
    input: BufReader<R>,
    line: Vec<u8>,
    number: u64,
}

impl<'p, R: Read> Lines<'p, R> {
    /// The next line without its end.
    fn next(&mut self) -> Result<Option<(Place<'p>, &str)>> {
        self.line.clear();
        self.number += 1;
        let place = Place { file: self.path, unit: "line", number: self.number };
        let mut limited = self.input.by_ref().take(LINE_BYTES_MAX as u64 + 1);
        if limited.read_until(b'\n', &mut self.line).map_err(Failure::io("read", self.path))? == 0 {
            return Ok(None);
        }
        if self.line.len() > LINE_BYTES_MAX {
            return Err(place.failure("line", format!("it is longer than {LINE_BYTES_MAX} bytes")));
        }
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match std::str::from_utf8(line) {
            Ok(line) => Ok(Some((place, line))),
            Err(_) => Err(place.failure("line", "it is not UTF-8; save the file as UTF-8")),
        }
    }
}
