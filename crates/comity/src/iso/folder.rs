//! A watched folder: what comes in is claimed, what goes out is moved there whole, and a crash at any point loses nothing and
//! does nothing twice.
//!
//! | directory | holds |
//! | --- | --- |
//! | `inbox` | files that are dropped in; names that begin with `.` or end with `.tmp`, `.part` or `.sig` are left alone |
//! | `outbox` | messages for the member, each moved in as a whole |
//! | `rejected` | files of which nothing was taken, each with its reasons beside it in `NAME.reason.txt` |
//! | `archive` | files that were taken |
//! | `work` | the folder's own: files being worked on, messages being moved, how far blocks were told |
//!
//! Everything that belongs together is written to `work/new-KEY`, made durable, and renamed to `work/ready-KEY`: from then on it
//! will happen. Then each file is moved to its place, and the directory gets a name that is thrown away. After a crash, what is not
//! ready is thrown away and made again, and what is ready is moved on.

use super::disk::{Disk, OwnDisk};
use super::import::file_name;
use crate::exit::{Failure, Result};
use api::iso::Outgoing;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const PLACES: [&str; 5] = ["inbox", "outbox", "rejected", "archive", "work"];
const CLAIMED: &str = "work/claimed";
const CURSOR: &str = "work/cursor";
const PLAN: &str = "plan.json";

/// A watched folder.
pub struct Folder<D = OwnDisk> {
    root: PathBuf,
    disk: D,
    /// Held as long as the folder is watched.
    _lock: File,
}

/// What happens, beside messages that go out, when something is finished.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Plan {
    /// The claimed file that is finished, and where it goes: `archive` or `rejected`.
    claimed: Option<(String, String)>,
    /// The block that is told.
    height: Option<u64>,
}

/// What becomes of a file.
#[derive(Debug)]
pub enum Fate {
    /// Something of it was taken.
    Archived,
    /// Nothing was, for these reasons.
    Rejected(String),
}

impl<D: Disk> Folder<D> {
    /// Opens a folder, makes what is missing of it, and finishes what a crash left.
    pub fn open(root: &Path, disk: D) -> Result<Folder<D>> {
        for place in PLACES.iter().chain(&[CLAIMED]) {
            disk.make(&root.join(place))?;
        }
        let lock = root.join("work/lock");
        let file = File::create(&lock).map_err(Failure::io("make", &lock))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| Failure::failed(format!("{} is watched already", root.display())))?;
        let folder = Folder { root: root.to_owned(), disk, _lock: file };
        for (name, path) in folder.entries("work")? {
            if name.starts_with("new-") {
                folder.disk.remove(&path)?;
            } else if name.starts_with("ready-") {
                folder.finish(&path)?;
            }
        }
        Ok(folder)
    }

    /// Names and paths in a directory, by name.
    fn entries(&self, place: &str) -> Result<Vec<(String, PathBuf)>> {
        let directory = self.root.join(place);
        let mut entries = Vec::new();
        for entry in fs::read_dir(&directory).map_err(Failure::io("look into", &directory))? {
            let entry = entry.map_err(Failure::io("look into", &directory))?;
            // Names that are not UTF-8 could not be told; they are left alone.
            if let Ok(name) = entry.file_name().into_string() {
                entries.push((name, entry.path()));
            }
        }
        entries.sort();
        Ok(entries)
    }

    /// Files that are there to be worked on: those claimed before a crash first, with `true`.
    pub fn waiting(&self) -> Result<Vec<(String, bool)>> {
        let is_message = |name: &String| {
            !name.starts_with('.') && ![".tmp", ".part", ".sig"].iter().any(|ending| name.ends_with(ending))
        };
        let claimed = self.entries(CLAIMED)?.into_iter().map(|(name, _)| (name, true));
        let arrived = self.entries("inbox")?.into_iter().filter(|(_, path)| path.is_file());
        let arrived = arrived.map(|(name, _)| (name, false));
        Ok(claimed.chain(arrived).filter(|(name, _)| is_message(name)).collect())
    }

    /// Takes a file out of the inbox; its place until it is finished.
    pub fn claim(&self, name: &str) -> Result<PathBuf> {
        let claimed = self.root.join(CLAIMED).join(name);
        if claimed.exists() {
            return Ok(claimed);
        }
        // The signature first: a file that is claimed has it.
        let signature = format!("{name}.sig");
        let inbox = self.root.join("inbox");
        if inbox.join(&signature).is_file() {
            self.disk.rename(&inbox.join(&signature), &self.root.join(CLAIMED).join(&signature))?;
        }
        self.disk.rename(&inbox.join(name), &claimed)?;
        self.disk.sync(&self.root.join(CLAIMED))?;
        Ok(claimed)
    }

    /// A claimed file is finished: messages go out, and it goes where it belongs.
    pub fn finish_file(&self, name: &str, messages: &[Outgoing], fate: &Fate) -> Result<()> {
        let (to, reasons) = match fate {
            Fate::Archived => ("archive", None),
            Fate::Rejected(reasons) => ("rejected", Some(reasons)),
        };
        let plan = Plan { claimed: Some((name.to_owned(), to.to_owned())), height: None };
        let reasons = reasons.map(|reasons| (format!("{name}.reason.txt"), reasons.as_str()));
        self.commit(&format!("file-{name}"), messages, reasons, &plan)
    }

    /// A block is told.
    pub fn finish_block(&self, height: u64, messages: &[Outgoing]) -> Result<()> {
        if messages.is_empty() {
            return self.set_cursor(height);
        }
        let plan = Plan { claimed: None, height: Some(height) };
        self.commit(&format!("block-{height}"), messages, None, &plan)
    }

    /// The last block that was told; 0 before the first.
    pub fn cursor(&self) -> Result<u64> {
        let path = self.root.join(CURSOR);
        match fs::read_to_string(&path) {
            Ok(text) => {
                text.trim().parse().map_err(|_| Failure::failed(format!("{}: is not a block's height", path.display())))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(Failure::io("read", &path)(error)),
        }
    }

    fn set_cursor(&self, height: u64) -> Result<()> {
        let path = self.root.join(CURSOR);
        let new = self.root.join("work/cursor-new");
        self.disk.write(&new, height.to_string().as_bytes())?;
        self.disk.rename(&new, &path)?;
        self.disk.sync(&self.root.join("work"))
    }

    fn commit(&self, key: &str, messages: &[Outgoing], reasons: Option<(String, &str)>, plan: &Plan) -> Result<()> {
        let work = self.root.join("work");
        let (new, ready) = (work.join(format!("new-{key}")), work.join(format!("ready-{key}")));
        for place in ["outbox", "rejected"] {
            self.disk.make(&new.join(place))?;
        }
        for message in messages {
            self.disk.write(&new.join("outbox").join(file_name(message)), message.text.as_bytes())?;
        }
        if let Some((name, reasons)) = reasons {
            self.disk.write(&new.join("rejected").join(name), reasons.as_bytes())?;
        }
        self.disk.write(&new.join(PLAN), &serde_json::to_vec(plan).map_err(Failure::failed)?)?;
        for directory in [&new.join("outbox"), &new.join("rejected"), &new] {
            self.disk.sync(directory)?;
        }
        self.disk.rename(&new, &ready)?;
        self.disk.sync(&work)?;
        self.finish(&ready)
    }

    /// Moves what is ready to its place. Begun again after a crash, it goes on where it ended.
    fn finish(&self, ready: &Path) -> Result<()> {
        let name = ready.strip_prefix(&self.root).unwrap_or(ready).to_string_lossy().into_owned();
        for place in ["outbox", "rejected"] {
            let to = self.root.join(place);
            for (file, path) in self.entries(&format!("{name}/{place}"))? {
                self.disk.rename(&path, &to.join(file))?;
            }
            self.disk.sync(&to)?;
        }
        let path = ready.join(PLAN);
        let plan = fs::read(&path).map_err(Failure::io("read", &path))?;
        let plan: Plan = serde_json::from_slice(&plan).map_err(Failure::failed)?;
        if let Some((file, to)) = &plan.claimed {
            for name in [file.clone(), format!("{file}.sig")] {
                let claimed = self.root.join(CLAIMED).join(&name);
                if claimed.exists() {
                    self.disk.rename(&claimed, &self.free_name(to, &name))?;
                }
            }
            self.disk.sync(&self.root.join(to))?;
            self.disk.sync(&self.root.join(CLAIMED))?;
        }
        if let Some(height) = plan.height {
            self.set_cursor(height)?;
        }
        // What is removed in part could not be finished again: first it gets a name that is thrown away.
        let done = self.root.join("work/new-done");
        self.disk.rename(ready, &done)?;
        self.disk.remove(&done)
    }

    /// A name that is not taken yet, where files of the same name came before.
    fn free_name(&self, place: &str, name: &str) -> PathBuf {
        let directory = self.root.join(place);
        let names = std::iter::once(name.to_owned()).chain((2..).map(|number| format!("{name}.{number}")));
        let mut free = names.map(|name| directory.join(name)).filter(|path| !path.exists());
        free.next().expect("there is always another number")
    }
}

#[cfg(test)]
mod tests;
