//! What a node has on its own disk.

use super::Findings;
use crate::key_place::KeyPlace;
use crate::membership::{self, Warned};
use crate::node_file::{NodeFile, Place, RENEW_BEFORE, system_ms};
use crate::output::{hex, instant};
use crate::passphrase::{PassphraseArguments, pin_without_asking};
use api::sign::{BatchSigner, signing_keys};
use keys::key_file;
use network::NodeError;
use rustix::fs::{Access, access, statvfs};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use union::{Charter, Union};
use zeroize::Zeroizing;

/// A node should not run with less free space than this, in bytes.
const SPACE_MIN: u64 = 1 << 30;

const CLOSE_IT: &str = "run: chmod 600 on the file; if others may have read it, make a new key";

/// What a journal says.
pub struct Known {
    /// The charter that it begins with.
    pub founding: Charter,
    /// The union at its end, if it can be read to there.
    pub union: Option<Union>,
}

/// The journal can be read, and how far it goes; returns what it says.
pub fn journal(findings: &mut Findings, file: &NodeFile) -> Option<Known> {
    let place = file.data.display();
    let founding = match network::founding(&file.data) {
        Ok(founding) => founding.charter().clone(),
        Err(error) => {
            let advice = "check `data` in the configuration; a new node is founded by `comity init`, a damaged journal is \
                          restored from a copy";
            findings.wrong("journal", format!("{place}: {error}"), advice);
            return None;
        }
    };
    let union = match recovered(&file.data) {
        Ok(union) => {
            findings
                .ok("journal", format!("{place}: {}, readable up to block {}", union.charter().name, union.height()));
            Some(union)
        }
        Err(error) => {
            let advice = "`comity verify` names the place; restore the file from a copy, or fetch the blocks from another member";
            findings.wrong("journal", format!("{place}: {error}"), advice);
            None
        }
    };
    Some(Known { founding, union })
}

/// The union at the journal's end, from the latest snapshot on.
fn recovered(data: &Path) -> Result<Union, NodeError> {
    let reader = journal::Reader::open(data)?;
    Ok(network::recover(&reader, data, 0)?.0)
}

/// Directories can be written to, and there is room.
pub fn directories(findings: &mut Findings, file: &NodeFile) {
    for (check, directory) in [("data directory", &file.data), ("records directory", &file.records)] {
        // The records' directory is made when it is needed.
        let existing = directory.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
        let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
        match access(existing, Access::WRITE_OK | Access::EXEC_OK) {
            Ok(()) => findings.ok(check, format!("{} can be written to", directory.display())),
            Err(error) => {
                let advice = "give the user that the node runs as the directory (chown), or run this as that user";
                findings.wrong(check, format!("{}: {error}", existing.display()), advice);
            }
        }
    }
    match statvfs(&file.data) {
        Err(error) => {
            findings.skipped("disk space", format!("cannot be told: {error}"), "check `data` in the configuration")
        }
        Ok(space) => {
            let bytes = space.f_bavail.saturating_mul(space.f_frsize);
            let text = format!("{} MiB are free for {}", bytes >> 20, file.data.display());
            match bytes < SPACE_MIN {
                false => findings.ok("disk space", text),
                true => {
                    findings.wrong("disk space", text, "a node that cannot write stops: make room for 1 GiB at least")
                }
            }
        }
    }
}

/// Where the passphrase comes from; nobody is asked for it.
pub fn passphrase(findings: &mut Findings, arguments: &PassphraseArguments) -> Option<Zeroizing<String>> {
    if let Some(path) = &arguments.passphrase_file
        && let Some(mode) = open_to_others(path)
    {
        findings.wrong(
            "passphrase",
            format!("{} has permissions {mode:03o}, so others can reach it", path.display()),
            CLOSE_IT,
        );
    }
    match arguments.without_asking() {
        Ok(Some(passphrase)) => return Some(passphrase),
        Ok(None) => {
            let advice = "give --passphrase-file, or set COMITY_PASSPHRASE, to have key files opened";
            findings.skipped("passphrase", "none was given: key files are looked at from the outside only", advice);
        }
        Err(failure) => findings.wrong("passphrase", failure.text, "name a file that can be read"),
    }
    None
}

/// The permissions of a file, if they are open to others than its owner.
fn open_to_others(path: &Path) -> Option<u32> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

/// The members' keys open, and are those that the union knows.
pub fn keys(findings: &mut Findings, file: &NodeFile, union: &Union, passphrase: Option<&str>) {
    let charter = union.charter();
    for member in &file.members {
        let check = format!("key of {}", member.code);
        let Some(number) = charter.member(&member.code) else {
            let codes: Vec<&str> = charter.members.iter().map(|member| member.code.as_str()).collect();
            let text = format!("the charter has no member {}; it has {}", member.code, codes.join(", "));
            findings.wrong(check, text, "correct `code` under [[members]]");
            continue;
        };
        if !outside(findings, &check, member.key.file()) {
            continue;
        }
        let Some(passphrase) = passphrase else { continue };
        if let KeyPlace::Token(address) = &member.key
            && let Ok(None) = pin_without_asking(address)
        {
            let advice = "name a file by pin-source in the address, or set COMITY_PIN, to have the token opened";
            findings.skipped(check, "no PIN was given: the token is not looked at", advice);
            continue;
        }
        let fits = member.key.open(passphrase).map_err(|failure| failure.text);
        let known = signing_keys(union, number);
        let fits = fits.and_then(|key| {
            let signer = BatchSigner::with_one_of(charter, number, &key, &known);
            signer.map(|_| key.public().signing).map_err(|error| error.to_string())
        });
        match fits {
            Ok(key) if known.first() == Some(&key) => {
                findings.ok(check, "opens, and is the one that the charter names")
            }
            Ok(_) => {
                let advice =
                    "orders that this node signs are refused until then: give it the old key file back, or wait";
                findings.warning(check, "opens, and takes the place of the member's key that counts now", advice);
            }
            Err(text) => findings.wrong(check, text, "take the member's own key, and its passphrase or PIN"),
        }
    }
}

/// Whether a key file is there and closed to others, as far as is seen without opening it.
fn outside(findings: &mut Findings, check: &str, path: &Path) -> bool {
    if let Err(error) = std::fs::File::open(path) {
        findings.wrong(check, format!("cannot read {}: {error}", path.display()), "correct `key`, or restore the file");
        return false;
    }
    if let Some(mode) = open_to_others(path) {
        findings.wrong(
            check,
            format!("{} has permissions {mode:03o}, so others can reach it", path.display()),
            CLOSE_IT,
        );
        return false;
    }
    true
}

/// The certificate that HTTP is served with, and its key, can be used for a while.
pub fn certificate(findings: &mut Findings, file: &NodeFile, config: &Path) {
    let check = "certificate";
    match file.tls(config) {
        Ok(None) => {}
        Err(failure) => findings.wrong(check, failure.text, "correct [tls] in the configuration, or the file"),
        Ok(Some(tls)) => {
            let (left, expires) = (tls.left(system_ms()), instant(tls.expires_ms()));
            let advice = "renew it, and send the running node SIGHUP (systemctl reload comity)";
            match left {
                Duration::ZERO => findings.wrong(check, format!("has expired on {expires}"), advice),
                left if left < RENEW_BEFORE => findings.warning(check, format!("expires on {expires}"), advice),
                _ => findings.ok(check, format!("with its key; expires on {expires}")),
            }
        }
    }
}

/// Operators' entries can be used.
pub fn operators(findings: &mut Findings, file: &NodeFile, config: &Path, charter: &Charter) {
    if file.operators.is_empty() {
        return;
    }
    let not_held = file.operators.iter().find(|operator| !file.members.iter().any(|held| held.code == operator.member));
    let operators = file.passkey_origin(config).and_then(|_| file.operators(config));
    match (operators, not_held) {
        (Err(failure), _) => {
            let advice = "take the entry that `comity keys operator` printed, or that the console shows";
            findings.wrong("operators", failure.text, advice)
        }
        (Ok(_), Some(operator)) => {
            let text = format!("{} acts for {}, whose key this node does not hold", operator.name, operator.member);
            findings.wrong("operators", text, "add the member under [[members]], or remove the operator");
        }
        (Ok(operators), None) => {
            findings.ok("operators", format!("{} of members of {}", operators.len(), charter.name))
        }
    }
}

/// The node's place fits the charter that the union was founded on, and its key is no other member's; returns it too, if it could
/// be opened.
pub fn place<'a>(
    findings: &mut Findings,
    file: &'a NodeFile,
    founding: &Charter,
    passphrase: Option<&str>,
) -> Option<(&'a Place, Option<[u8; 32]>)> {
    let place = match membership::place(file.node.as_ref(), founding) {
        Ok(Warned { value, warnings }) => {
            let advice = "correct [node] in the configuration, unless it is meant so";
            warnings.into_iter().for_each(|text| findings.warning("node", text, advice));
            value?
        }
        Err(text) => {
            findings.wrong("node", text, "correct [node] in the configuration");
            return None;
        }
    };
    findings.ok("node", format!("that of {}, one of {}", place.member, place.peers.len() + 1));
    let check = "node key";
    let mut public = None;
    if outside(findings, check, &place.key)
        && let Some(passphrase) = passphrase
    {
        let read = key_file::read_node(&place.key, passphrase).map_err(|error| error.to_string());
        let fits =
            read.and_then(|key| membership::check_key(founding, place, &key).map(|unknown| (key.public(), unknown)));
        match fits {
            Ok((key, unknown)) => {
                public = Some(key);
                let text = unknown.map_or("opens, and is the one that the charter names".to_owned(), |_| {
                    format!("opens; the charter that the union was founded on does not name it: {}", hex(&key))
                });
                findings.ok(check, text);
            }
            Err(text) => findings.wrong(check, text, "take the key file that `comity keys node` made for this node"),
        }
    }
    Some((place, public))
}
