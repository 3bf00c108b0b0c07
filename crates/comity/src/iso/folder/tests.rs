//! A crash at every step, twice in a row, with a hub that takes messages away meanwhile: each goes out once, whole.

use super::*;
use std::cell::Cell;
use std::collections::BTreeMap;

/// A disk on which everything ends after some steps; a file that is being written then is there in part.
struct Crashing {
    steps_left: Cell<u32>,
}

impl Crashing {
    fn step(&self) -> Result<()> {
        match self.steps_left.get().checked_sub(1) {
            Some(left) => {
                self.steps_left.set(left);
                Ok(())
            }
            None => Err(Failure::failed("crashed")),
        }
    }
}

impl Disk for Crashing {
    fn make(&self, directory: &Path) -> Result<()> {
        self.step()?;
        OwnDisk.make(directory)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        if self.step().is_err() {
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
            return Err(Failure::failed("crashed while writing"));
        }
        fs::write(path, bytes).map_err(Failure::io("write", path))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.step()?;
        OwnDisk.rename(from, to)
    }

    fn sync(&self, _: &Path) -> Result<()> {
        self.step()
    }

    fn remove(&self, directory: &Path) -> Result<()> {
        if self.step().is_err() {
            let entry = fs::read_dir(directory).unwrap().filter_map(|entry| entry.ok()).find(|e| e.path().is_file());
            entry.map_or(Ok(()), |entry| fs::remove_file(entry.path())).unwrap();
            return Err(Failure::failed("crashed while removing"));
        }
        OwnDisk.remove(directory)
    }
}

fn outgoing(id: &str) -> Outgoing {
    Outgoing { kind: iso20022::Kind::Pacs002, id: id.to_owned(), text: format!("the text of {id}") }
}

/// What a watcher does: every file, then every block up to the second.
fn watch(root: &Path, steps: u32) -> Result<()> {
    let folder = Folder::open(root, Crashing { steps_left: Cell::new(steps) })?;
    for (name, _) in folder.waiting()? {
        folder.claim(&name)?;
        let fate = if name.starts_with("bad") { Fate::Rejected("no message\n".to_owned()) } else { Fate::Archived };
        folder.finish_file(&name, &[outgoing(&format!("{name}-1")), outgoing(&format!("{name}-2"))], &fate)?;
    }
    for height in folder.cursor()? + 1..=2 {
        folder.finish_block(height, &[outgoing(&format!("block-{height}"))])?;
    }
    Ok(())
}

/// The hub takes what is there, and may see nothing that is not whole.
fn take(root: &Path, taken: &mut BTreeMap<String, u32>) {
    for entry in fs::read_dir(root.join("outbox")).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let id = name.strip_suffix(".pacs.002.xml").unwrap();
        assert_eq!(fs::read_to_string(entry.path()).unwrap(), format!("the text of {id}"), "it is whole");
        fs::remove_file(entry.path()).unwrap();
        *taken.entry(id.to_owned()).or_default() += 1;
    }
}

fn names(root: &Path, place: &str) -> Vec<String> {
    let entries = fs::read_dir(root.join(place)).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Crashes after so many steps, one run after the other, then runs to the end. Whether the last one crashed.
fn crash_and_go_on(crashes: &[u32]) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir(root.join("inbox")).unwrap();
    for name in ["a.xml", "a.xml.sig", "bad.xml"] {
        fs::write(root.join("inbox").join(name), name).unwrap();
    }
    let mut taken = BTreeMap::new();
    let mut has_crashed = false;
    for steps in crashes {
        has_crashed = watch(root, *steps).is_err();
        take(root, &mut taken);
    }
    watch(root, u32::MAX).unwrap();
    take(root, &mut taken);
    let expected = ["a.xml-1", "a.xml-2", "bad.xml-1", "bad.xml-2", "block-1", "block-2"];
    let expected = expected.into_iter().map(|id| (id.to_owned(), 1)).collect::<BTreeMap<_, _>>();
    assert_eq!(taken, expected, "after crashes at {crashes:?}");
    assert_eq!(names(root, "inbox"), [""; 0]);
    assert_eq!(names(root, "archive"), ["a.xml", "a.xml.sig"]);
    assert_eq!(names(root, "rejected"), ["bad.xml", "bad.xml.reason.txt"]);
    assert_eq!(names(root, "work"), ["claimed", "cursor", "lock"]);
    assert_eq!(names(root, "work/claimed"), [""; 0]);
    has_crashed
}

#[test]
fn every_message_goes_out_once_wherever_it_crashes() {
    let steps = (0..).find(|steps| !crash_and_go_on(&[*steps])).unwrap();
    assert!(steps > 60, "{steps} steps are those of two files and two blocks");
    for first in 0..steps {
        crash_and_go_on(&[first, (first * 7) % steps]);
        crash_and_go_on(&[first, first % 9]);
    }
}
