//! From orders that were read to signed batches.

use crate::text::{Draft, FieldError, LineError};
use keys::seal::{Context, seal};
use keys::{MemberKey, PublicKeys, TokenError};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use union::{BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, Batch, Charter, Command, RECORD_BYTES, TEXT_PART_BYTES, Union};
use zeroize::Zeroizing;

/// Bytes of a batch that are neither record nor detail: its header, and what comes before each detail is counted with it.
const HEADER_BYTES: usize = 256;
const DETAIL_HEAD_BYTES: usize = 4;

/// A command as a record, with what goes beside it in the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it came from, see [`Draft::line`].
    pub line: u64,
    /// The record.
    pub bytes: [u8; RECORD_BYTES],
    /// What goes beside the record: the sealed customer detail of an order, or a part of a proposed charter's text, which all read.
    pub detail: Option<Vec<u8>>,
}

/// A batch that is signed.
#[derive(Clone, Debug)]
pub struct SignedBatch {
    /// Its sequence.
    pub sequence: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where its commands came from, in order.
    pub lines: Vec<u64>,
}

/// Why nothing can be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key is not the member's, neither in this epoch nor in the next.
    #[error(
        "the key {key} is not the one that the charter names for {member}, as its keys are now; use the member's own key file"
    )]
    Key {
        /// The member's code.
        member: String,
        /// Fingerprint of the key.
        key: String,
    },
    /// No sequence is left.
    #[error("sequence {0} is the last there is: no batch can follow it")]
    Sequence(u64),
    /// The key is in a token that does not sign.
    #[error("{0}; nothing was signed")]
    Token(#[from] TokenError),
}

/// Builds and signs batches of one member.
#[derive(Debug)]
pub struct BatchSigner<'a> {
    charter: &'a Charter,
    member: u16,
    key: &'a MemberKey,
}

impl<'a> BatchSigner<'a> {
    /// A signer for a member with the key that the charter names.
    ///
    /// # Errors
    ///
    /// [`SignError::Key`] unless the key is the one.
    pub fn new(charter: &'a Charter, member: u16, key: &'a MemberKey) -> Result<Self, SignError> {
        let known = charter.members.get(usize::from(member)).map(|known| known.signing_key);
        BatchSigner::with_one_of(charter, member, key, known.as_slice())
    }

    /// A signer for a member that has these keys: where it replaces its own, the old one counts for a while and then the new one.
    ///
    /// # Errors
    ///
    /// [`SignError::Key`] unless the key is one of them.
    pub fn with_one_of(
        charter: &'a Charter,
        member: u16,
        key: &'a MemberKey,
        known: &[[u8; 32]],
    ) -> Result<Self, SignError> {
        if !known.contains(&key.public().signing) {
            let member = crate::view::code(charter, member);
            return Err(SignError::Key { member, key: key.public().fingerprint() });
        }
        Ok(BatchSigner { charter, member, key })
    }

    /// A signer with a key that was compared before; whether it still counts is for the union to say.
    pub(crate) fn with_compared(charter: &'a Charter, member: u16, key: &'a MemberKey) -> Self {
        BatchSigner { charter, member, key }
    }

    /// Turns an order into a record, its detail sealed to the two members.
    ///
    /// The same order always gives the same bytes: what the encryption needs of randomness comes from the member's key
    /// and the content. So an order that is sent again is known to the union as the same order.
    ///
    /// # Errors
    ///
    /// [`LineError`] if the order has no identifier, or its detail cannot be sealed.
    pub fn seal(&self, draft: &Draft) -> Result<Record, LineError> {
        if !draft.has_id() {
            return Err(draft.error(FieldError::new("id", union::Reason::FF01, "the order has no identifier")));
        }
        let mut payment = draft.payment;
        payment.debtor = self.member;
        let sealed = match &draft.detail {
            None => None,
            Some(detail) => {
                let fault = |problem: String| draft.error(FieldError::new("detail", union::Reason::FF01, problem));
                let context = Context {
                    union_id: self.charter.hash(),
                    order_id: payment.id,
                    debtor: payment.debtor,
                    creditor: payment.creditor,
                };
                let encoded = Zeroizing::new(detail.encode().map_err(|error| fault(error.to_string()))?);
                let mut rng = self.sealing_randomness(&context, &encoded);
                let creditor = self.charter.members.get(usize::from(payment.creditor));
                let creditor = creditor.ok_or_else(|| fault("the creditor is not a member".into()))?;
                let creditor = PublicKeys { signing: creditor.signing_key, sealing: creditor.sealing_key };
                let sealed = seal(detail, &context, &self.key.public(), &creditor, &mut rng)
                    .map_err(|error| fault(error.to_string()))?;
                payment.detail = keys::seal::hash(&sealed);
                Some(sealed)
            }
        };
        Ok(Record { line: draft.line, bytes: Command::Pay(payment).encode(), detail: sealed })
    }

    /// A generator that nobody without the member's key can foresee, and that differs for every context and content:
    /// the idea of RFC 6979.
    fn sealing_randomness(&self, context: &Context, encoded: &[u8]) -> ChaCha20Rng {
        let mut message = Zeroizing::new(b"comity sealing randomness v2\0".to_vec());
        message.extend_from_slice(&context.union_id);
        message.extend_from_slice(&context.order_id.to_le_bytes());
        message.extend_from_slice(&context.debtor.to_le_bytes());
        message.extend_from_slice(&context.creditor.to_le_bytes());
        message.extend_from_slice(encoded);
        ChaCha20Rng::from_seed(*self.key.randomness(&message))
    }

    /// A command without detail as a record.
    pub fn command(line: u64, command: &Command) -> Record {
        Record { line, bytes: command.encode(), detail: None }
    }

    /// Puts records into as few batches as hold them, in order, and signs them with ascending sequences from
    /// `next_sequence` on.
    ///
    /// # Errors
    ///
    /// [`SignError::Sequence`] after the last sequence, [`SignError::Token`].
    pub fn sign(&self, records: Vec<Record>, next_sequence: u64) -> Result<Vec<SignedBatch>, SignError> {
        let mut batches = Vec::new();
        let mut sequence = next_sequence;
        let mut rest = records.into_iter().peekable();
        while rest.peek().is_some() {
            let (mut lines, mut bytes, mut details) = (Vec::new(), Vec::new(), Vec::new());
            let mut length = HEADER_BYTES;
            while let Some(record) = rest.next_if(|record| {
                let more = record_bytes(record);
                bytes.len() < BATCH_COMMANDS_MAX && length + more <= BATCH_BYTES_MAX
            }) {
                length += record_bytes(&record);
                if let Some(detail) = record.detail {
                    // At most 8,190 records are in a batch.
                    details.push((bytes.len() as u16, detail));
                }
                lines.push(record.line);
                bytes.push(record.bytes);
            }
            let signing = self.key.public().signing;
            let mut failed = None;
            // A batch that was not signed goes no further.
            let sign = |message: &[u8]| {
                self.key.sign(message).unwrap_or_else(|error| {
                    failed = Some(error);
                    [0; 64]
                })
            };
            let bytes = Batch::build(self.charter.hash(), self.member, signing, sequence, &bytes, &details, sign)
                .expect("records and details were counted, and a detail is within its bound");
            if let Some(error) = failed {
                return Err(error.into());
            }
            batches.push(SignedBatch { sequence, bytes, lines });
            if rest.peek().is_some() {
                sequence = sequence.checked_add(1).ok_or(SignError::Sequence(sequence))?;
            }
        }
        Ok(batches)
    }
}

fn record_bytes(record: &Record) -> usize {
    RECORD_BYTES + record.detail.as_ref().map_or(0, |detail| detail.len() + DETAIL_HEAD_BYTES)
}

/// The signing keys with which a member's batches count in this epoch or the next, and the one that it has put in their place.
pub fn signing_keys(union: &Union, member: u16) -> Vec<[u8; 32]> {
    let (rosters, at) = (union.rosters(), usize::from(member));
    let seats = [rosters.current(), rosters.next()].map(|roster| roster.seats().get(at).map(|seat| seat.signing_key));
    let to_be = union.charter().members.get(at).map(|member| member.signing_key);
    let mut keys: Vec<_> = seats.into_iter().chain([to_be]).flatten().filter(|key| *key != [0; 32]).collect();
    keys.dedup();
    keys
}

/// The parts of a proposed charter's text from a byte on, each beside a record that says where it belongs.
pub fn text_parts(proposal: u32, text: &[u8], from_byte: usize) -> Vec<Record> {
    let rest = text.get(from_byte..).unwrap_or_default();
    let parts = rest.chunks(TEXT_PART_BYTES).enumerate();
    let record = |(at, part): (usize, &[u8])| {
        // A charter is at most CHARTER_BYTES_MAX long.
        let at_byte = (from_byte + at * TEXT_PART_BYTES) as u32;
        let bytes = Command::ProposalText { proposal, at_byte }.encode();
        Record { line: at as u64 + 2, bytes, detail: Some(part.to_vec()) }
    };
    parts.map(record).collect()
}
