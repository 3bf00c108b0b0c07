//! What waits for a second person: one file each, written whole or not at all.
//!
//! An order that waits is already sealed and has its identifier. So it can be approved after a restart, and approving it
//! twice, even with a crash in between, cannot pay twice: the union knows it by its identifier.

use crate::problem::{Kind, Problem};
use crate::session::Session;
use crate::sign::Record;
use crate::signatory::describe;
use crate::view::{OrderView, ProposalView, order_of, proposal_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use union::{Command, Day, Union};
use utoipa::ToSchema;

/// How many approvals of one member wait at once.
const WAITING_PER_MEMBER_MAX: usize = 1_000;

/// So many of them may have the text of a charter: a member makes as many proposals in a day at most.
const TEXTS_PER_MEMBER_MAX: usize = 8;

/// How many days a command waits; an order waits until its value date is over.
const COMMAND_DAYS: u32 = 7;

/// Something that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalView {
    /// Its identifier; for an order, the order's own.
    pub id: String,
    /// Code of the member that it would be signed for.
    pub member: String,
    /// Name of the operator who prepared it, and who therefore cannot approve it.
    pub prepared_by: String,
    /// When.
    pub prepared_at: String,
    /// The last day on the union's clock on which it can be approved.
    pub until: String,
    /// Why, as that operator said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The order (`"command": "pay"`) or command.
    #[schema(value_type = Object)]
    pub what: serde_json::Value,
    /// Customer detail of an order, as it was sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub detail: Option<keys::Detail>,
    /// The text of the charter that a proposal comes with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The order that the command is about, as it stands now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderView>,
    /// The proposal that the command is about, as it stands now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalView>,
}

/// What is kept of it. The record is what will be signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    pub id: String,
    pub member: u16,
    pub prepared_by: String,
    pub prepared_at_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    pub until_day: u32,
    record: String,
    /// What goes beside it, see [`Record::detail`].
    #[serde(default, alias = "sealed", skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The text of the charter that a proposal comes with; its parts are signed under the number that the proposal gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Approval {
    /// What waits if an operator prepares this record now.
    pub fn new(id: u128, session: &Session, now_ms: u64, today: Day, record: &Record) -> Self {
        let until_day = match Command::decode(&record.bytes) {
            Ok(Command::Pay(payment)) => payment.value_date,
            _ => today.after_days(COMMAND_DAYS).0,
        };
        Approval {
            id: crate::text::id_text(id),
            member: session.member,
            prepared_by: session.operator.name.clone(),
            prepared_at_ms: now_ms,
            why: session.why.as_deref().map(str::to_owned),
            until_day,
            record: crate::view::hex(&record.bytes),
            detail: record.detail.as_deref().map(crate::view::hex),
            text: None,
        }
    }

    /// The same with the text of a charter.
    pub fn with_text(self, text: Option<String>) -> Self {
        Approval { text, ..self }
    }

    /// What is to be signed.
    pub fn record(&self) -> Option<Record> {
        let mut bytes = [0; union::RECORD_BYTES];
        let length = base16ct::lower::decode(&self.record, &mut bytes).ok()?.len();
        let detail = self.detail.as_ref().map(base16ct::lower::decode_vec).transpose().ok()?;
        (length == bytes.len() && Command::decode(&bytes).is_ok()).then_some(Record { line: 1, bytes, detail })
    }

    /// As it is shown to the member's operators.
    pub fn view(&self, union: &Union, open: impl FnOnce(&Record) -> Option<keys::Detail>) -> ApprovalView {
        let (record, charter) = (self.record().expect("it was read when it was taken in"), union.charter());
        let command = Command::decode(&record.bytes).ok();
        let number = command.as_ref().and_then(proposal_of);
        let proposal = number.and_then(|number| union.proposals().get(number.checked_sub(1)? as usize));
        ApprovalView {
            id: self.id.clone(),
            member: crate::view::code(charter, self.member),
            prepared_by: self.prepared_by.clone(),
            prepared_at: crate::text::time_text(self.prepared_at_ms),
            why: self.why.clone(),
            until: crate::view::day_text(self.until_day),
            what: describe(charter, &record),
            detail: open(&record),
            text: self.text.clone(),
            order: command.as_ref().and_then(order_of).and_then(|order| OrderView::of(union, order)),
            proposal: proposal.map(|proposal| ProposalView::new(union, proposal)),
        }
    }
}

#[derive(Debug)]
struct Waiting {
    approval: Approval,
    /// Somebody decides about it right now.
    in_hand: bool,
}

/// All approvals that wait.
#[derive(Debug)]
pub(crate) struct Approvals {
    directory: PathBuf,
    waiting: Mutex<BTreeMap<String, Waiting>>,
}

impl Approvals {
    /// Reads what waits from a directory, and makes the directory if there is none.
    pub fn open(directory: PathBuf) -> io::Result<Approvals> {
        fs::create_dir_all(&directory)?;
        let mut waiting = BTreeMap::new();
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            let bad = |problem: &str| {
                io::Error::other(format!("{}: {problem}; move it away to start without it", path.display()))
            };
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("json") => {}
                // Left behind by a crash while it was being written: nobody was told of it.
                Some("new") => {
                    fs::remove_file(&path)?;
                    continue;
                }
                _ => return Err(bad("is not an approval")),
            }
            let approval: Approval =
                serde_json::from_slice(&fs::read(&path)?).map_err(|error| bad(&error.to_string()))?;
            if approval.record().is_none() || path.file_stem().and_then(|stem| stem.to_str()) != Some(&approval.id) {
                return Err(bad("does not hold the approval that its name says"));
            }
            waiting.insert(approval.id.clone(), Waiting { approval, in_hand: false });
        }
        Ok(Approvals { directory, waiting: Mutex::new(waiting) })
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, id: &str) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }

    /// Lets something wait. It is durable when this returns. The very same again changes nothing.
    pub fn add(&self, approval: Approval) -> Result<(), Problem> {
        let mut waiting = self.waiting();
        if let Some(there) = waiting.get(&approval.id) {
            // The record of a proposal names the hash of its text.
            let same = there.approval.record == approval.record && there.approval.member == approval.member;
            let text = "the identifier was used for something else that waits for a second person";
            return if same {
                Ok(())
            } else {
                Err(Problem::new(Kind::Rejected, text).at("id").because("DUPL").of_order(Some(approval.id)))
            };
        }
        let of_member = waiting.values().map(|other| &other.approval).filter(|other| other.member == approval.member);
        let (all, texts) =
            of_member.fold((0, 0), |(all, texts), other| (all + 1, texts + usize::from(other.text.is_some())));
        if all >= WAITING_PER_MEMBER_MAX {
            let text = format!("{WAITING_PER_MEMBER_MAX} approvals wait already; have some decided first");
            return Err(Problem::busy(text).of_order(Some(approval.id)));
        }
        if approval.text.is_some() && texts >= TEXTS_PER_MEMBER_MAX {
            let text = format!("{TEXTS_PER_MEMBER_MAX} proposals with a text wait already; have some decided first");
            return Err(Problem::busy(text));
        }
        let bytes = serde_json::to_vec(&approval).expect("an approval has a JSON form");
        write_whole(&self.path(&approval.id), &bytes)
            .map_err(|error| Problem::internal("writing an approval down", &error))?;
        waiting.insert(approval.id.clone(), Waiting { approval, in_hand: false });
        Ok(())
    }

    /// A member's approvals, the oldest first; those whose last day is over are dropped.
    pub fn list(&self, member: u16, today: Day) -> Vec<Approval> {
        let mut waiting = self.waiting();
        let over: Vec<_> = waiting
            .values()
            .filter(|other| !other.in_hand && Day(other.approval.until_day) < today)
            .map(|other| other.approval.id.clone())
            .collect();
        for id in over {
            if self.forget(&id) {
                waiting.remove(&id);
            }
        }
        let mut list: Vec<_> =
            waiting.values().map(|other| &other.approval).filter(|a| a.member == member).cloned().collect();
        list.sort_by(|a, b| (a.prepared_at_ms, &a.id).cmp(&(b.prepared_at_ms, &b.id)));
        list
    }

    /// Takes an approval in hand, so that nobody else decides about it; to be followed by [`done`](Self::done) or
    /// [`put_back`](Self::put_back).
    pub fn take_in_hand(&self, id: &str, member: u16, today: Day) -> Result<Approval, Problem> {
        let mut waiting = self.waiting();
        let found = waiting.get_mut(id).filter(|found| found.approval.member == member);
        let found = found.ok_or_else(|| Problem::not_found(format!("no approval {id} waits at this member")))?;
        if Day(found.approval.until_day) < today && !found.in_hand {
            if self.forget(id) {
                waiting.remove(id);
            }
            return Err(Problem::new(Kind::Gone, "its last day is over; prepare it again"));
        }
        if found.in_hand {
            return Err(Problem::new(Kind::Conflict, "somebody is deciding about it right now"));
        }
        found.in_hand = true;
        Ok(found.approval.clone())
    }

    /// Nothing was decided.
    pub fn put_back(&self, id: &str) {
        if let Some(found) = self.waiting().get_mut(id) {
            found.in_hand = false;
        }
    }

    /// It was decided, and waits no more.
    pub fn done(&self, id: &str) {
        let mut waiting = self.waiting();
        if self.forget(id) {
            waiting.remove(id);
        } else if let Some(found) = waiting.get_mut(id) {
            // Decided again, the union says that it is done already.
            found.in_hand = false;
        }
    }

    pub fn count(&self) -> usize {
        self.waiting().len()
    }

    fn forget(&self, id: &str) -> bool {
        let removed = fs::remove_file(self.path(id)).and_then(|()| File::open(&self.directory)?.sync_all());
        if let Err(error) = &removed {
            tracing::error!(%error, id, "an approval that is decided cannot be removed");
        }
        removed.is_ok()
    }
}

/// Writes a file so that after a crash it is there with all its bytes, or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
