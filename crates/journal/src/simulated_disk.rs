//! A disk in memory that crashes, tears and fails on command, the same way for the same seed.
//!
//! What it may do to bytes that were written and not synced when the power fails, sector by sector and in any order: keep them, lose them, keep a part of a
//! sector, turn what was to change into zeros or noise. The length may grow over bytes that were lost. Creations, renamings and removals survive in
//! order up to some point. A sync that fails makes some of the bytes durable and lets the system believe that all of them are.

use crate::disk::{Disk, DiskFile};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a disk writes or loses as one, in bytes.
const SECTOR_BYTES: u64 = 512;

/// A handle to a simulated disk; clones share it.
#[derive(Debug, Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
    /// The process that uses this handle.
    process: u64,
}

#[derive(Debug)]
struct State {
    random: ChaCha8Rng,
    files: Vec<Content>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    pending_names: Vec<NameChange>,
    locked: BTreeSet<String>,
    process: u64,
    operations: u64,
    crash_at: Option<u64>,
    fail_at: Option<u64>,
    crashed: bool,
    full: bool,
}

#[derive(Debug, Default)]
struct Content {
    durable: Vec<u8>,
    /// What a reader sees.
    visible: Vec<u8>,
    /// What may or may not survive, in order.
    pending: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write { offset: u64, bytes: Vec<u8> },
    Cut(u64),
}

#[derive(Debug)]
enum NameChange {
    Set(String, usize),
    Rename(String, String),
    Remove(String),
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Set(name, file) => {
                names.insert(name.clone(), *file);
            }
            Self::Rename(from, to) => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
            Self::Remove(name) => {
                names.remove(name);
            }
        }
    }
}

/// How an operation goes.
enum Fate {
    Succeeds,
    /// It is done in part, and reported as failed.
    Fails(io::Error),
}

impl SimulatedDisk {
    /// An empty disk.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let state = State {
            random: ChaCha8Rng::seed_from_u64(seed),
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            pending_names: Vec::new(),
            locked: BTreeSet::new(),
            process: 0,
            operations: 0,
            crash_at: None,
            fail_at: None,
            crashed: false,
            full: false,
        };
        Self { state: Arc::new(Mutex::new(state)), process: 0 }
    }

    /// The number of changing operations so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// In so many changing operations from now, the process dies in the middle of it: that one and all later ones fail.
    pub fn crash_in(&self, operations: u64) {
        let mut state = self.state();
        state.crash_at = Some(state.operations + operations);
    }

    /// The changing operation so many from now is done in part, and fails.
    pub fn fail_in(&self, operations: u64) {
        let mut state = self.state();
        state.fail_at = Some(state.operations + operations);
    }

    /// From now on there is no room for a new file, nor for a longer one, until the next process runs.
    pub fn fill(&self) {
        self.state().full = true;
    }

    /// There is room again, and what was to fail and has not yet does not.
    pub fn mend(&self) {
        let mut state = self.state();
        state.full = false;
        state.crash_at = None;
        state.fail_at = None;
    }

    /// Whether the crash that was asked for has come.
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.state().crashed
    }

    /// The disk as the next process finds it after the one before was killed: nothing is lost that it had handed to the system.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        let mut state = self.state();
        state.process += 1;
        state.crashed = false;
        state.crash_at = None;
        state.fail_at = None;
        state.full = false;
        state.locked.clear();
        Self { state: self.state.clone(), process: state.process }
    }

    /// The disk as the next process finds it after a power failure.
    #[must_use]
    pub fn after_power_failure(&self) -> Self {
        let next = self.after_kill();
        let mut guard = self.state();
        let state = &mut *guard;
        let survives = state.random.random_range(0..=state.pending_names.len());
        for change in state.pending_names.drain(..).take(survives) {
            change.apply(&mut state.durable_names);
        }
        state.names = state.durable_names.clone();
        for file in &mut state.files {
            file.settle(&mut state.random);
            file.visible = file.durable.clone();
        }
        drop(guard);
        next
    }

    /// What a file holds; `None` if there is no such file.
    #[must_use]
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        state.names.get(name).map(|file| state.files[*file].visible.clone())
    }

    /// Replaces what a file holds, durably, as decay or an enemy would; creates it if there is none.
    pub fn replace_content(&self, name: &str, content: Vec<u8>) {
        let mut state = self.state();
        let content = Content { durable: content.clone(), visible: content, pending: Vec::new() };
        if let Some(file) = state.names.get(name).copied() {
            state.files[file] = content;
            return;
        }
        state.files.push(content);
        let file = state.files.len() - 1;
        state.names.insert(name.to_owned(), file);
        state.durable_names.insert(name.to_owned(), file);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alive(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.state();
        if state.crashed || state.process != self.process {
            return Err(io::Error::other("the simulated process is dead"));
        }
        Ok(state)
    }

    /// Counts a changing operation, and says how it goes.
    fn begin(&self) -> io::Result<(MutexGuard<'_, State>, Fate)> {
        let mut state = self.alive()?;
        state.operations += 1;
        let fate = if state.crash_at.is_some_and(|at| state.operations >= at) {
            state.crashed = true;
            Fate::Fails(io::Error::other("the simulated process died"))
        } else if state.fail_at.is_some_and(|at| state.operations >= at) {
            state.fail_at = None;
            Fate::Fails(io::Error::other("simulated input/output error"))
        } else {
            Fate::Succeeds
        };
        Ok((state, fate))
    }

    fn room(&self) -> io::Result<()> {
        if self.alive()?.full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    /// A change of names is done whole or, if it fails, perhaps not at all.
    fn change_name(&self, change: NameChange) -> io::Result<()> {
        let (mut guard, fate) = self.begin()?;
        let state = &mut *guard;
        if matches!(fate, Fate::Succeeds) || state.random.random() {
            change.apply(&mut state.names);
            state.pending_names.push(change);
        }
        match fate {
            Fate::Succeeds => Ok(()),
            Fate::Fails(error) => Err(error),
        }
    }

    fn file(&self, index: usize) -> Box<dyn DiskFile> {
        Box::new(SimulatedFile { disk: self.clone(), index })
    }
}

impl Content {
    /// Makes everything that is pending durable, and nothing that an earlier, failed sync took for done.
    fn settle_all(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            match change {
                Change::Cut(length) => self.durable.resize(length as usize, 0),
                Change::Write { offset, bytes } => write_at(&mut self.durable, offset, &bytes),
            }
        }
    }

    /// Lets each sector of what is pending survive or not.
    fn settle(&mut self, random: &mut ChaCha8Rng) {
        // Extremes are as likely as mixtures: nothing survives, everything, or about so many of a hundred.
        let survivors_percent =
            *[0, 10, 50, 90, 99, 100].get(random.random_range(0..6_usize)).expect("within the list");
        for change in std::mem::take(&mut self.pending) {
            match change {
                Change::Cut(length) => {
                    if random.random_range(0..100) < survivors_percent {
                        self.durable.resize(length as usize, 0);
                    }
                }
                Change::Write { offset, bytes } => {
                    let mut start = 0;
                    while start < bytes.len() {
                        let sector_end = (offset + start as u64 + 1).next_multiple_of(SECTOR_BYTES);
                        let end = bytes.len().min((sector_end - offset) as usize);
                        self.settle_sector(random, survivors_percent, offset + start as u64, &bytes[start..end]);
                        start = end;
                    }
                }
            }
        }
    }

    fn settle_sector(&mut self, random: &mut ChaCha8Rng, survivors_percent: u32, offset: u64, new: &[u8]) {
        if random.random_range(0..100) < survivors_percent {
            return write_at(&mut self.durable, offset, new);
        }
        if random.random() {
            return;
        }
        // The length has grown, and the bytes have not all made it. Bytes that are written as they already were stay so.
        let begin = offset as usize;
        let length = self.durable.len().max(begin + new.len());
        self.durable.resize(length, 0);
        let old = &mut self.durable[begin..begin + new.len()];
        match random.random_range(0..4) {
            0 => {}
            1 => {
                let torn = random.random_range(0..new.len());
                old[..torn].copy_from_slice(&new[..torn]);
            }
            2 => {
                for (old, new) in old.iter_mut().zip(new).filter(|(old, new)| old != new) {
                    *old = if random.random() { random.random() } else { *new };
                }
            }
            _ => {
                let flipped = random.random_range(0..new.len());
                let differs = old[flipped] != new[flipped];
                old.copy_from_slice(new);
                if differs {
                    old[flipped] ^= 1 << random.random_range(0..8);
                }
            }
        }
    }
}

fn write_at(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let begin = offset as usize;
    let end = begin + bytes.len();
    content.resize(content.len().max(end), 0);
    content[begin..end].copy_from_slice(bytes);
}

impl Disk for SimulatedDisk {
    fn place(&self) -> String {
        "the simulated disk".to_owned()
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.alive()?.names.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let index = *self.alive()?.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(self.file(index))
    }

    fn open_for_writing(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        if let Some(index) = self.alive()?.names.get(name) {
            return Ok(self.file(*index));
        }
        self.room()?;
        let index = {
            let mut state = self.alive()?;
            state.files.push(Content::default());
            state.files.len() - 1
        };
        self.change_name(NameChange::Set(name.to_owned(), index))?;
        Ok(self.file(index))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change_name(NameChange::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.change_name(NameChange::Remove(name.to_owned()))
    }

    fn sync_names(&self) -> io::Result<()> {
        let (mut guard, fate) = self.begin()?;
        let state = &mut *guard;
        if let Fate::Fails(error) = fate {
            return Err(error);
        }
        for change in state.pending_names.drain(..) {
            change.apply(&mut state.durable_names);
        }
        Ok(())
    }

    fn lock(&self, name: &str) -> io::Result<Option<Box<dyn Debug + Send + Sync>>> {
        let taken = self.alive()?.locked.insert(name.to_owned());
        Ok(taken.then(|| Box::new(Lock { disk: self.clone(), name: name.to_owned() }) as Box<dyn Debug + Send + Sync>))
    }

    fn random(&self) -> io::Result<u32> {
        Ok(self.alive()?.random.random())
    }
}

#[derive(Debug)]
struct Lock {
    disk: SimulatedDisk,
    name: String,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        // The lock of a dead process is long gone.
        if state.process == self.disk.process {
            state.locked.remove(&self.name);
        }
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    index: usize,
}

impl DiskFile for SimulatedFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.alive()?.files[self.index].visible.len() as u64)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.disk.alive()?;
        let rest = state.files[self.index].visible.get(offset as usize..).unwrap_or_default();
        buffer.copy_from_slice(rest.get(..buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if offset + bytes.len() as u64 > self.length()? {
            self.disk.room()?;
        }
        let (mut guard, fate) = self.disk.begin()?;
        let state = &mut *guard;
        let written = match fate {
            Fate::Succeeds => bytes.len(),
            Fate::Fails(_) => state.random.random_range(0..=bytes.len()),
        };
        let file = &mut state.files[self.index];
        write_at(&mut file.visible, offset, &bytes[..written]);
        file.pending.push(Change::Write { offset, bytes: bytes[..written].to_vec() });
        match fate {
            Fate::Succeeds => Ok(()),
            Fate::Fails(error) => Err(error),
        }
    }

    fn cut(&self, length: u64) -> io::Result<()> {
        let (mut state, fate) = self.disk.begin()?;
        if let Fate::Fails(error) = fate {
            return Err(error);
        }
        let file = &mut state.files[self.index];
        // Cutting to the present length changes nothing that could be lost.
        if file.visible.len() as u64 != length {
            file.visible.resize(length as usize, 0);
            file.pending.push(Change::Cut(length));
        }
        Ok(())
    }

    fn reserve(&self, _offset: u64, _bytes: u64) -> io::Result<()> {
        self.disk.room()?;
        match self.disk.begin()?.1 {
            Fate::Succeeds => Ok(()),
            Fate::Fails(error) => Err(error),
        }
    }

    fn sync(&self) -> io::Result<()> {
        let (mut guard, fate) = self.disk.begin()?;
        let state = &mut *guard;
        let dead = state.crashed;
        let file = &mut state.files[self.index];
        match fate {
            Fate::Succeeds => {
                file.settle_all();
                Ok(())
            }
            // Dead in the middle of it: what is pending stays so, and may survive.
            Fate::Fails(error) if dead => Err(error),
            Fate::Fails(error) => {
                file.settle(&mut state.random);
                Err(error)
            }
        }
    }
}
