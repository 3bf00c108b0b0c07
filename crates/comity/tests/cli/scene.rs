//! A union in a temporary directory, and the binary run against it.

use keys::{MemberKey, key_file};
use network::{BatchReceipt, Clock, Node, Options};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use union::{Batch, Charter, Day, Payment};

pub const PASSPHRASE: &str = "correct horse";

/// A Monday.
pub const TODAY: &str = "2026-11-23";

/// What a run of the binary came to.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    /// The result as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {}\n{}", self.out, self.err))
    }

    /// Asserts the exit code, showing what was said otherwise.
    #[track_caller]
    pub fn expect(self, code: i32) -> Run {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Asserts that standard error names these things.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Run {
        for word in words {
            assert!(self.err.contains(word), "standard error does not say {word:?}:\n{}", self.err);
        }
        self
    }
}

/// The binary with a passphrase in its environment.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
    command.args(arguments).env("COMITY_PASSPHRASE", PASSPHRASE).stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub fn run(arguments: &[&str]) -> Run {
    finish(&mut command(arguments))
}

/// Runs a prepared command to its end.
pub fn finish(command: &mut Command) -> Run {
    let output = command.output().expect("the binary was built");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the binary prints UTF-8");
    Run { code: output.status.code().expect("no signal ended it"), out: text(output.stdout), err: text(output.stderr) }
}

/// A union of three members that was founded by `comity init`.
pub struct Scene {
    pub directory: TempDir,
}

impl Scene {
    pub fn new() -> Scene {
        Scene::with(&[])
    }

    /// The same with further arguments of `init`.
    pub fn with(more: &[&str]) -> Scene {
        let directory = tempfile::tempdir().unwrap();
        let union = directory.path().join("union");
        let init = [
            "init",
            union.to_str().unwrap(),
            "--name=Three",
            "--member=ARG:Banco de Argentina:ARS",
            "--member=BRA:Banco do Brasil:BRL",
            "--member=CHL:Banco de Chile:CLP",
            "--first-day=2026-11-01",
            "--cycle-months=1",
            "--work-factor=4",
            "--four-eyes-from=1000",
        ];
        run(&[&init, more].concat()).expect(0);
        Scene { directory }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A path under the scene's directory, as an argument.
    pub fn arg(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub fn charter(&self) -> Charter {
        Charter::parse(&std::fs::read_to_string(self.path("union/charter.toml")).unwrap()).unwrap()
    }

    pub fn key(&self, code: &str) -> MemberKey {
        key_file::read(&self.path(&format!("union/keys/{code}.key")), PASSPHRASE).unwrap()
    }

    /// The journal's segments with their content.
    pub fn segments(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files: Vec<_> =
            std::fs::read_dir(self.path("union/data")).unwrap().map(|e| e.unwrap().path()).collect();
        files.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with("blocks-"));
        files.sort();
        files.into_iter().map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
    }

    /// Days of trade through a node in this process: each of `days` has a block with a payment from every member to the
    /// next, in dollars, of 10.00 times its number plus the day's.
    pub fn trade(&self, days: u32) -> Vec<BatchReceipt> {
        let charter = self.charter();
        let monday = Day::parse(TODAY).unwrap();
        let noon = |day: Day| charter.calendar.time_ms(day, 12 * 3_600);
        let clock = Arc::new(Clock::standing_at(noon(monday)));
        let (node, _) = Node::open(&self.path("union/data"), clock, Options::default()).unwrap();
        let keys = ["ARG", "BRA", "CHL"].map(|code| self.key(code));
        let mut receipts = Vec::new();
        for day in 0..days {
            let date = Day(monday.0 + day / 5 * 7 + day % 5);
            node.clock().set(noon(date));
            for (member, key) in keys.iter().enumerate() {
                let member = member as u16;
                let id = (u128::from(day) << 16) | u128::from(member) | (8 << 76) | (2 << 62) | (1 << 127);
                let amount = 1_000 * (u64::from(member) + 1) + u64::from(day);
                let mut payment = Payment::new(id, member, (member + 1) % 3, 840, amount, date.0);
                payment.purpose = *b"GDDS";
                let record = union::Command::Pay(payment).encode();
                let signing = key.public().signing;
                let batch =
                    Batch::build(charter.hash(), member, signing, u64::from(day) + 1, &[record], &[], |message| {
                        key.sign(message).unwrap()
                    });
                receipts.push(node.submit(batch.unwrap().into()).unwrap().wait().unwrap());
            }
        }
        node.close().unwrap();
        receipts
    }
}

/// Files of a directory by name, without its own directories.
pub fn file_names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
