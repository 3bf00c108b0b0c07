//! What HiGHS found, kept in a file, since it takes long.

use crate::exact::Exact;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Results by queue.
pub struct Kept {
    path: Option<PathBuf>,
    results: BTreeMap<String, Exact>,
}

impl Kept {
    /// Reads what there is.
    pub fn read(path: Option<PathBuf>) -> Result<Self> {
        let mut results = BTreeMap::new();
        if let Some(path) = path.as_ref().filter(|path| path.exists()) {
            for (at, line) in fs::read_to_string(path)?.lines().enumerate() {
                let wrong =
                    || format!("{}, line {}: not what this program writes; delete the file", path.display(), at + 1);
                let fields: Vec<&str> = line.split(' ').collect();
                let [key, value, bound, proved, seconds] = fields[..] else { bail!(wrong()) };
                let exact = Exact {
                    value: value.parse().with_context(wrong)?,
                    bound: bound.parse().with_context(wrong)?,
                    proved: proved.parse().with_context(wrong)?,
                    seconds: seconds.parse().with_context(wrong)?,
                };
                results.insert(key.to_owned(), exact);
            }
        }
        Ok(Kept { path, results })
    }

    /// The result kept under this key, or a new one.
    pub fn get_or(&mut self, key: String, solve: impl FnOnce() -> Exact) -> Exact {
        *self.results.entry(key).or_insert_with(solve)
    }

    /// Writes all results.
    pub fn write(&self) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let line = |(key, e): (&String, &Exact)| format!("{key} {} {} {} {}\n", e.value, e.bound, e.proved, e.seconds);
        fs::write(path, self.results.iter().map(line).collect::<String>())?;
        Ok(())
    }
}
