//! A node as the command line sees it, and a member's signature on what is sent there.

use crate::exit::{Exit, Failure, Result};
use crate::key_place::KeyPlace;
use crate::output::{Output, hex};
use crate::passphrase::PassphraseArguments;
use crate::statement::no_member;
use api::client::{Client, ClientError, query};
use api::sign::{BatchSigner, Record, SignedBatch};
use api::text::{CommandText, parse_command};
use api::view::{MemberSummary, MemberView, OrderView, OutcomeView, ReceiptView, UnionView};
use api::{OrdersView, ProposalsView, TlsError, Trusted};
use clap::Args;
use keys::MemberKey;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::sync::Arc;
use union::{Charter, Command};
use zeroize::Zeroizing;

/// How often a batch is signed anew because somebody else was faster with the sequence.
const ATTEMPTS: u32 = 5;

/// Which node to ask.
#[derive(Args, Clone, Debug)]
pub struct NodeArgument {
    /// The node to ask [default: what COMITY_NODE says, or http://127.0.0.1:7400]
    #[arg(long, value_name = "URL", value_parser = address)]
    node: Option<String>,
    /// Where the node is reached by https://, trust the certificates in this PEM file, and no others [default: the file that
    /// COMITY_CA names, or what this machine trusts]
    #[arg(long, value_name = "FILE", value_parser = trusted)]
    ca: Option<Trusted>,
}

fn trusted(path: &str) -> std::result::Result<Trusted, TlsError> {
    Trusted::read(path.as_ref())
}

fn address(url: &str) -> std::result::Result<String, &'static str> {
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let host = host.ok_or("a node is reached by http:// or https://")?;
    if host.trim_end_matches('/').is_empty() { Err("the host is missing") } else { Ok(url.to_owned()) }
}

/// What a variable of the environment says, if it is there and not empty.
fn said<T>(variable: &str, read: impl Fn(&str) -> std::result::Result<T, String>) -> Result<Option<T>> {
    let value = std::env::var(variable).ok().filter(|value| !value.is_empty());
    let read = |value: String| read(&value).map_err(|error| Failure::new(Exit::Usage, format!("{variable}: {error}")));
    value.map(read).transpose()
}

/// In whose name something is ordered.
#[derive(Args, Clone, Debug)]
pub struct SignerArguments {
    /// The member that orders, by code.
    #[arg(long, value_name = "CODE")]
    member: String,
    /// The member's key file, or the pkcs11: address of its key in a token; it is used here and not sent.
    #[arg(long, value_name = "KEY")]
    key: Option<KeyPlace>,
    #[command(flatten)]
    passphrase: PassphraseArguments,
    /// The charter that the union was founded on, as the member knows it: nothing is signed for another union [default: the
    /// node's own]
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
    #[command(flatten)]
    node: NodeArgument,
}

/// A node.
pub struct Remote {
    client: Client,
}

/// Why the records of a batch were not taken, as far as is known.
#[derive(Debug)]
pub struct NotSent {
    /// Why.
    pub failure: Failure,
    /// Records of a batch that was handed over without an answer: it may or may not have been taken. 0 where nothing
    /// of it can have been.
    pub not_known: usize,
}

impl From<NotSent> for Failure {
    fn from(not_sent: NotSent) -> Self {
        not_sent.failure
    }
}

/// A member's key, and the node that takes what it signs.
pub struct Signer {
    remote: Remote,
    /// The charter in force of the union that is signed for, with the keys that members have now.
    pub charter: Charter,
    /// The member's number.
    pub member: u16,
    key: Arc<MemberKey>,
    /// The member's signing keys, in this epoch and later.
    known: Vec<[u8; 32]>,
    /// Hash of the charter's text and the members with their keys, when the node was last asked.
    seen: (String, Vec<MemberSummary>),
}

impl NodeArgument {
    /// The node, which is not asked yet.
    pub fn connect(&self) -> Result<Remote> {
        let url = match &self.node {
            Some(url) => url.clone(),
            None => said("COMITY_NODE", |value| address(value).map_err(str::to_owned))?
                .unwrap_or_else(|| "http://127.0.0.1:7400".to_owned()),
        };
        let ca = match &self.ca {
            Some(trusted) => Some(trusted.clone()),
            None => said("COMITY_CA", |value| trusted(value).map_err(|error| error.to_string()))?,
        };
        let client = match &ca {
            None => Client::new(&url),
            Some(trusted) => Client::trusting(&url, trusted),
        };
        Ok(Remote { client })
    }
}

impl Remote {
    /// Asks the node for something.
    pub fn get<T: DeserializeOwned>(&self, path: &str, parameters: &[(&str, &str)]) -> Result<T> {
        self.client.get(&query(path, parameters)).map_err(nothing_done)
    }

    /// A member, by code.
    pub fn member(&self, code: &str) -> Result<MemberView> {
        self.client.member(code).map_err(nothing_done)
    }

    /// A page of orders.
    pub fn orders(&self, parameters: &[(&str, &str)]) -> Result<OrdersView> {
        self.client.orders(parameters).map_err(nothing_done)
    }

    /// An order, by UUID; `None` where the node knows none.
    pub fn order(&self, id: &str) -> Result<Option<OrderView>> {
        match self.client.get(&format!("/v1/orders/{id}")) {
            Ok(order) => Ok(Some(order)),
            Err(ClientError::Problem(problem)) if problem.status == 404 => Ok(None),
            Err(error) => Err(nothing_done(error)),
        }
    }

    /// A page of proposals, the newest first; parameters as in the API.
    pub fn proposals(&self, parameters: &[(&str, &str)]) -> Result<ProposalsView> {
        self.get("/v1/proposals", parameters)
    }

    /// A text.
    pub fn text(&self, path: &str) -> Result<String> {
        let bytes = self.client.get_bytes(path).map_err(nothing_done)?;
        String::from_utf8(bytes).map_err(|error| Failure::failed(format!("{}{path}: {error}", self.client.url())))
    }

    /// The charter in force, with the keys that members have now; `founding` is the one that the union is to have been founded on.
    fn charter_in_force(&self, founding: Option<Charter>) -> Result<(Charter, UnionView)> {
        let at =
            |error: &dyn std::fmt::Display| Failure::failed(format!("the charter of {}: {error}", self.client.url()));
        let founding = match founding {
            Some(founding) => founding,
            None => {
                let text = self.client.founding_charter().map_err(nothing_done)?;
                Charter::parse(&text).map_err(|error| at(&error))?
            }
        };
        let union: UnionView = self.get("/v1/union", &[])?;
        if union.hash != hex(&founding.hash()) {
            let text = format!(
                "the node at {} is of another union, {}, with the identity {}; nothing was signed",
                self.client.url(),
                union.name,
                union.hash
            );
            return Err(Failure::new(Exit::Refused, text));
        }
        let text = self.client.charter().map_err(nothing_done)?;
        let mut charter = founding.followed_by(&text).map_err(|error| at(&error))?;
        for (member, now) in charter.members.iter_mut().zip(&union.members) {
            let sealing_key = key_bytes(&now.sealing_key).ok_or_else(|| at(&"a key of another form"))?;
            member.sealing_key = sealing_key;
            if let Some(signing_key) = &now.signing_key {
                member.signing_key = key_bytes(signing_key).ok_or_else(|| at(&"a key of another form"))?;
            }
        }
        Ok((charter, union))
    }
}

/// A key out of hexadecimal digits.
pub fn key_bytes(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let length = base16ct::lower::decode(text, &mut key).ok()?.len();
    (length == key.len()).then_some(key)
}

/// What a failed question means: whatever happened, nothing was to be done by it.
fn nothing_done(error: ClientError) -> Failure {
    let failure = failure(error);
    let exit = if failure.exit == Exit::Unknown { Exit::Unreachable } else { failure.exit };
    Failure { exit, ..failure }
}

/// What a failed request means for whoever ran the command.
fn failure(error: ClientError) -> Failure {
    let exit = match &error {
        error if error.is_unknown_outcome() => Exit::Unknown,
        error if error.is_busy() => Exit::Unreachable,
        ClientError::Connect { .. } => Exit::Unreachable,
        ClientError::Problem(_) => Exit::Refused,
        _ => Exit::Failed,
    };
    Failure::new(exit, error)
}

impl SignerArguments {
    /// The charter that was given, if one was.
    fn given_charter(&self) -> Result<Option<Charter>> {
        let Some(path) = &self.charter else { return Ok(None) };
        let text = std::fs::read_to_string(path).map_err(Failure::io("read", path))?;
        Charter::parse(&text).map(Some).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
    }

    /// The charter that orders are checked against, and the member's number in it: the one that was given, without asking a node,
    /// or the one in force.
    pub fn charter_and_member(&self) -> Result<(Charter, u16)> {
        let charter = match self.given_charter()? {
            Some(charter) => charter,
            None => self.node.connect()?.charter_in_force(None)?.0,
        };
        let member = charter.member(&self.member).ok_or_else(|| no_member(&charter, &self.member))?;
        Ok((charter, member))
    }

    /// Reads the key and checks that it is the member's.
    pub fn open(&self) -> Result<Signer> {
        let founding = self.given_charter()?;
        let place = self.key.as_ref().ok_or_else(|| Failure::usage("--key is missing; name the member's key file"))?;
        let key = place.open(&self.passphrase()?)?;
        let remote = self.node.connect()?;
        let (charter, union) = remote.charter_in_force(founding)?;
        let member = charter.member(&self.member).ok_or_else(|| no_member(&charter, &self.member))?;
        let known = known_keys(&charter, &union, member, &key)?;
        Ok(Signer { remote, charter, member, key: Arc::new(key), known, seen: (union.charter, union.members) })
    }

    /// The passphrase of the key file.
    pub fn passphrase(&self) -> Result<Zeroizing<String>> {
        let of_what = self.key.as_ref().map_or("the key file".to_owned(), |place| place.file().display().to_string());
        self.passphrase.known(&of_what)
    }

    /// Signs one command, sends it, and says what became of it.
    pub fn order(&self, command: &CommandText, output: Output) -> Result<()> {
        let receipt = self.open()?.order(command)?;
        output.show(&receipt, receipt_text)?;
        taken(&receipt)
    }
}

/// A member's signing keys, one of which this key is.
fn known_keys(charter: &Charter, union: &UnionView, member: u16, key: &MemberKey) -> Result<Vec<[u8; 32]>> {
    let known = signing_keys(union.members.get(usize::from(member)));
    BatchSigner::with_one_of(charter, member, key, &known).map_err(Failure::failed)?;
    Ok(known)
}

/// A member's signing keys, in this epoch and later.
fn signing_keys(member: Option<&MemberSummary>) -> Vec<[u8; 32]> {
    let Some(member) = member else { return vec![] };
    let to_come = member.keys_to_come.iter().filter(|key| key.kind == "signing").filter_map(|key| key.key.as_ref());
    member.signing_key.iter().chain(to_come).filter_map(|key| key_bytes(key)).collect()
}

/// Fails if a command of a batch was rejected.
pub fn taken(receipt: &ReceiptView) -> Result<()> {
    match receipt.outcomes.iter().find(|outcome| outcome.is_rejected()) {
        Some(outcome) => Err(Failure::new(Exit::Refused, outcome_text(outcome))),
        None => Ok(()),
    }
}

/// What became of the only command of a batch, and when; nothing where it was not [`taken`].
pub fn receipt_text(receipt: &ReceiptView) -> String {
    if taken(receipt).is_err() {
        return String::new();
    }
    let outcome = receipt.outcomes.first().map(outcome_text).unwrap_or_default();
    format!("{outcome}, by block {} of {}\n", receipt.height, receipt.time)
}

/// What became of a command, in words.
pub fn outcome_text(outcome: &OutcomeView) -> String {
    let mut text = outcome.outcome.clone();
    if outcome.already_done {
        text.push_str(" (taken before)");
    }
    let why = [&outcome.reason, &outcome.field, &outcome.text].into_iter().flatten();
    let why: Vec<&str> = why.map(String::as_str).collect();
    if !why.is_empty() {
        text.push_str(&format!(": {}", why.join(": ")));
    }
    text
}

impl Signer {
    /// Takes over what the union has decided since, and keys that members have replaced. Whether there was anything.
    pub fn follow(&mut self, union: &UnionView) -> Result<bool> {
        let has_changed = (&self.seen.0, &self.seen.1) != (&union.charter, &union.members);
        if has_changed {
            let (charter, union) = self.remote.charter_in_force(Some(self.charter.clone()))?;
            let known = known_keys(&charter, &union, self.member, &self.key)?;
            (self.charter, self.known, self.seen) = (charter, known, (union.charter, union.members));
        }
        Ok(has_changed)
    }

    /// What signs in the member's name.
    pub fn batches(&self) -> BatchSigner<'_> {
        let signer = BatchSigner::with_one_of(&self.charter, self.member, &self.key, &self.known);
        signer.expect("the key was compared when it was read")
    }

    /// The member's code.
    pub fn code(&self) -> &str {
        &self.charter.members[usize::from(self.member)].code
    }

    /// The member's key.
    pub fn key(&self) -> &Arc<MemberKey> {
        &self.key
    }

    /// The node that takes what is signed.
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Signs one command and sends it; whether it was [`taken`] is for the caller to ask.
    pub fn order(&self, command: &CommandText) -> Result<ReceiptView> {
        let command = self.read(command)?;
        let (receipt, _) = self.send_first(&mut vec![BatchSigner::command(1, &command)])?;
        Ok(receipt)
    }

    /// A command out of its text.
    pub fn read(&self, command: &CommandText) -> Result<Command> {
        let json = serde_json::to_string(command).map_err(Failure::failed)?;
        parse_command(&self.charter, &json).map_err(Failure::usage)
    }

    /// Signs and sends as many records as one batch holds, takes them out of `records`, and returns what became of
    /// them with the lines that they came from.
    ///
    /// Whoever else signs for the member may be faster with a sequence: then nothing of the batch was applied, and it
    /// is signed anew. Where the answer is lost, the very same batch is sent once more, which cannot be done twice.
    pub fn send_first(&self, records: &mut Vec<Record>) -> std::result::Result<(ReceiptView, Vec<u64>), NotSent> {
        // Once an answer was lost, no later failure says that nothing was done.
        let mut not_known = 0;
        let not_sent = |failure: Failure, not_known: usize| {
            let exit = if not_known > 0 { Exit::Unknown } else { failure.exit };
            NotSent { failure: Failure { exit, ..failure }, not_known }
        };
        for _ in 0..ATTEMPTS {
            let batch = self.sign_first(records).map_err(|failure| not_sent(failure, not_known))?;
            let sent = match self.post(&batch) {
                Err(error) if error.is_unknown_outcome() => {
                    not_known = batch.lines.len();
                    self.post(&batch)
                }
                sent => sent,
            };
            match sent {
                Ok(receipt) => {
                    records.drain(..batch.lines.len());
                    return Ok((receipt, batch.lines));
                }
                Err(ClientError::Problem(problem)) if problem.field.as_deref() == Some("sequence") => {}
                Err(error) => return Err(not_sent(failure(error), not_known)),
            }
        }
        let code = &self.charter.members[usize::from(self.member)].code;
        let text = format!("others keep signing for {code} and were faster {ATTEMPTS} times; try again");
        Err(not_sent(Failure::new(Exit::Unreachable, text), not_known))
    }

    fn sign_first(&self, records: &[Record]) -> Result<SignedBatch> {
        let code = &self.charter.members[usize::from(self.member)].code;
        let known = self.remote.member(code)?;
        let signed = self.batches().sign(records.to_vec(), known.next_sequence).map_err(Failure::failed)?;
        Ok(signed.into_iter().next().expect("there is a record to sign"))
    }

    fn post(&self, batch: &SignedBatch) -> std::result::Result<ReceiptView, ClientError> {
        self.remote.client.submit_batch(&batch.bytes)
    }
}
