//! The `head` file: what was acknowledged last, as evidence against a journal that ends too early.

use crate::disk::{Disk, DiskFile};
use crate::error::Error;
use crate::format::{HEAD_SLOT_BYTES, HEAD_SLOT_OFFSETS, Head, decode_head, encode_head};
use crate::names;
use std::io;

#[derive(Debug)]
pub(crate) struct HeadFile {
    file: Box<dyn DiskFile>,
    /// The slot to write next: never the one with the last head.
    next_slot: usize,
}

/// The good slots of the file of that name.
fn slots(file: &dyn DiskFile) -> Result<[Option<Head>; 2], Error> {
    let mut slots = [None; 2];
    for (slot, offset) in slots.iter_mut().zip(HEAD_SLOT_OFFSETS) {
        let mut bytes = [0; HEAD_SLOT_BYTES];
        match file.read_exact_at(&mut bytes, offset) {
            Ok(()) => *slot = decode_head(&bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(Error::io("read", names::HEAD)(error)),
        }
    }
    Ok(slots)
}

fn newest(slots: [Option<Head>; 2]) -> Option<Head> {
    slots.into_iter().flatten().max_by_key(|head| head.height)
}

/// The last acknowledged head, as far as the file knows; `None` without file or good slot.
pub(crate) fn read(disk: &dyn Disk) -> Result<Option<Head>, Error> {
    match disk.open(names::HEAD) {
        Ok(file) => Ok(newest(slots(file.as_ref())?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("open", names::HEAD)(error)),
    }
}

impl HeadFile {
    pub(crate) fn open(disk: &dyn Disk) -> Result<Self, Error> {
        let file = disk.open_for_writing(names::HEAD).map_err(Error::io("open", names::HEAD))?;
        let slots = slots(file.as_ref())?;
        let newest_is_first = slots[0].is_some() && slots[0] == newest(slots);
        Ok(Self { file, next_slot: usize::from(newest_is_first) })
    }

    /// Records `head`, which must be durable, without a sync of its own.
    pub(crate) fn write(&mut self, head: Head) -> Result<(), Error> {
        self.file
            .write_all_at(&encode_head(head), HEAD_SLOT_OFFSETS[self.next_slot])
            .map_err(Error::io("write", names::HEAD))?;
        self.next_slot = 1 - self.next_slot;
        Ok(())
    }

    pub(crate) fn sync(&self) -> Result<(), Error> {
        self.file.sync().map_err(Error::io("sync", names::HEAD))
    }
}
