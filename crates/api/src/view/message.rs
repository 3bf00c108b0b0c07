//! ISO 20022 messages about an order.

use super::code;
use crate::iso::OrderMessage;
use crate::text::{id_text, time_text};
use serde::{Deserialize, Serialize};
use union::Charter;
use utoipa::ToSchema;

/// The ISO 20022 messages that told a member of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderMessagesView {
    /// UUID of the order.
    pub order: String,
    /// The member, by code.
    pub member: String,
    /// In the order of what happened; the first 100.
    pub messages: Vec<MessageView>,
    /// Whether there are more.
    pub more: bool,
}

/// An ISO 20022 message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageView {
    /// Its identifier (`BizMsgIdr`), which also names its file in a watched folder.
    pub id: String,
    /// Which message it is: `pacs.002`, `camt.054`, `camt.056` or `camt.029`.
    pub kind: String,
    /// The block that it tells of.
    pub height: u64,
    /// Time of that block.
    pub time: String,
    /// The message, XML.
    pub text: String,
}

impl OrderMessagesView {
    /// Messages to a member about an order.
    pub fn new(charter: &Charter, order: u128, member: u16, messages: Vec<OrderMessage>, more: bool) -> Self {
        let message = |OrderMessage { message, height, time_ms }| MessageView {
            id: message.id,
            kind: message.kind.name().to_owned(),
            height,
            time: time_text(time_ms),
            text: message.text,
        };
        let messages = messages.into_iter().map(message).collect();
        OrderMessagesView { order: id_text(order), member: code(charter, member), messages, more }
    }
}
