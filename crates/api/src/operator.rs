//! Who may act for the members whose keys this node holds.

use crate::passkey::Passkey;
use keys::MemberKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an operator may do; each role may also do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks, at customer detail of the member's own orders too.
    Viewer,
    /// Prepares orders and commands, and gives those that need no second person.
    Maker,
    /// Approves or rejects what somebody else prepared.
    Checker,
}

/// A person who acts for a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Name, unique at the node.
    pub name: String,
    /// Code of the member.
    pub member: String,
    /// What the operator may do.
    pub role: Role,
    /// Ed25519 public key that logins are signed with.
    pub key: Option<[u8; 32]>,
    /// Passkeys that logins are signed with.
    pub passkeys: Vec<Passkey>,
}

impl Operator {
    /// The operator's passkey with this identifier.
    pub(crate) fn passkey(&self, id: &[u8]) -> Option<&Passkey> {
        self.passkeys.iter().find(|passkey| passkey.id == id)
    }

    /// Whether logins can be signed with this Ed25519 key.
    pub(crate) fn has_key(&self, key: &[u8; 32]) -> bool {
        self.key.as_ref() == Some(key) || self.passkeys.iter().any(|passkey| passkey.has_key(key))
    }

    /// Whether somebody could log in as both.
    pub(crate) fn shares_a_key_with(&self, other: &Operator) -> bool {
        self.key.is_some_and(|key| other.has_key(&key))
            || other.key.is_some_and(|key| self.has_key(&key))
            || self.passkeys.iter().any(|own| other.passkeys.iter().any(|passkey| own.is_that_of(passkey)))
    }
}

/// A member whose key the node holds, to sign what the member's operators order.
#[derive(Debug)]
pub struct HeldMember {
    /// The member's code.
    pub code: String,
    /// Its key.
    pub key: MemberKey,
    /// Orders of this much and more need a second person: major units of the unit of account, decimal text.
    pub four_eyes_from: String,
}
