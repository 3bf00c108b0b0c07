//! Where results go: standard output, as text for people or as JSON alone for programs. Everything else that is said
//! (progress, hints, errors) goes to standard error.

use crate::exit::{Failure, Result};
use serde::Serialize;
use std::io::{ErrorKind, Write};

/// The form of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// Text for people.
    Text,
    /// JSON documents.
    Json,
}

/// The way out for results.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    form: Form,
}

impl Output {
    /// Results in this form.
    pub fn new(form: Form) -> Self {
        Output { form }
    }

    /// Whether results are JSON.
    pub fn is_json(&self) -> bool {
        self.form == Form::Json
    }

    /// Prints one result: `value` as JSON, or the text made from it.
    pub fn show<T: Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) -> Result<()> {
        match self.form {
            Form::Json => self.json(value),
            Form::Text => self.raw(&text(value)),
        }
    }

    /// Prints one result as JSON, whatever was asked for.
    pub fn json<T: Serialize>(&self, value: &T) -> Result<()> {
        let json = serde_json::to_string_pretty(value);
        self.raw(&json.map_err(|error| Failure::failed(format!("the result has no JSON form: {error}")))?)
    }

    /// Prints what has its final form already.
    pub fn raw(&self, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        match out.write_all(text.as_bytes()).and_then(|()| out.write_all(end.as_bytes())).and_then(|()| out.flush()) {
            // Whoever read the output has read enough (`| head`).
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            result => result.map_err(|error| Failure::failed(format!("cannot write the result: {error}"))),
        }
    }

    /// Says something that is not the result.
    pub fn note(&self, text: &str) {
        say(text);
    }
}

/// Says something beside the result.
pub fn note(text: &str) {
    say(text);
}

/// Says why a command failed.
pub fn complain(text: &str) {
    say(&format!("comity: {text}"));
}

fn say(text: &str) {
    // There is nowhere left to complain to if this fails.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Which way a column of a [`Table`] is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows in aligned columns.
#[derive(Debug)]
pub struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(columns: &[(&'static str, Align)]) -> Self {
        Table { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, one cell a column.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        debug_assert_eq!(N, self.columns.len());
        self.rows.push(cells.into());
    }

    /// The table as text; `if_empty` where there is no row.
    pub fn text(&self, if_empty: &str) -> String {
        if self.rows.is_empty() {
            return format!("{if_empty}\n");
        }
        let width = |at: usize, (heading, _): &(&str, Align)| {
            let cells = self.rows.iter().map(|row| row[at].chars().count());
            cells.chain([heading.len()]).max().unwrap_or_default()
        };
        let widths: Vec<usize> = self.columns.iter().enumerate().map(|(at, column)| width(at, column)).collect();
        let headings: Vec<String> = self.columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
        let mut text = String::new();
        for row in std::iter::once(&headings).chain(&self.rows) {
            let cells: Vec<String> = std::iter::zip(row, std::iter::zip(&self.columns, &widths))
                .map(|(cell, ((_, align), &width))| match align {
                    Align::Left => format!("{cell:width$}"),
                    Align::Right => format!("{cell:>width$}"),
                })
                .collect();
            text.push_str(cells.join("  ").trim_end());
            text.push('\n');
        }
        text
    }
}

/// A time in Unix milliseconds as RFC 3339 in UTC.
pub fn instant(time_ms: u64) -> String {
    let timestamp = i64::try_from(time_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    timestamp.map_or_else(|| format!("{time_ms} ms after 1970"), |timestamp| timestamp.to_string())
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}
