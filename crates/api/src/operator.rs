//! Who may act for the members whose keys this node holds.

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
    pub key: [u8; 32],
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
