//! The audit log: what operators did, as JSON lines that are only ever appended.
//!
//! An act has two lines with the same `act`: what is about to be done, durable before it is done, and what it came to.
//! An act without a second line was interrupted; the orders named in it say how far it came. No secret and no customer
//! detail is written.

use crate::operator::Operator;
use crate::session::Session;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The log file.
#[derive(Debug)]
pub(crate) struct Audit(Mutex<File>);

/// An act that has been written down.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    number: String,
}

impl Audit {
    /// Opens the log, or begins it. A line that a crash cut off is ended, so that it does not spoil the next.
    pub fn open(path: &Path) -> io::Result<Audit> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        if file.seek(SeekFrom::End(0))? > 0 {
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            if last != [b'\n'] {
                file.write_all(b"\n")?;
            }
        }
        Ok(Audit(Mutex::new(file)))
    }

    /// Writes down what an operator is about to do. It is durable when this returns.
    pub fn begin(&self, time_ms: u64, session: &Session, what: &str, of: &Value) -> io::Result<Act> {
        let mut number = [0; 8];
        getrandom::fill(&mut number).map_err(io::Error::other)?;
        let act = Act { number: crate::view::hex(&number) };
        let time = crate::text::time_text(time_ms);
        let Operator { name, member, .. } = &*session.operator;
        let mut line =
            json!({"act": act.number, "time": time, "operator": name, "member": member, "what": what, "of": of});
        if let Some(why) = &session.why {
            line["why"] = (**why).into();
        }
        self.append(&line)?;
        Ok(act)
    }

    /// Writes down what an act came to.
    pub fn end(&self, time_ms: u64, act: &Act, outcome: &Value) -> io::Result<()> {
        self.append(&json!({"act": act.number, "time": crate::text::time_text(time_ms), "outcome": outcome}))
    }

    fn append(&self, line: &Value) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&bytes)?;
        file.sync_data()
    }
}
