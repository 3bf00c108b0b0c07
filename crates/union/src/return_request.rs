//! Asking for a settled order back: the member that paid asks, and the member that was paid gives it back by a return, or refuses.
//!
//! Nothing that settled is undone by a request. An order is asked for once: the request is kept in the row of the ended order, and
//! forgotten with it.

use crate::event::{Event, Field, Rejection};
use crate::order::{ClosedOrder, Found, OrderStatus};
use crate::reason::Reason;
use crate::state::Union;

/// How far a request for the return of a settled order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RequestStatus {
    /// It waits for an answer.
    Asked = 1,
    /// The member that was paid refused it.
    Refused = 2,
    /// The order was given back while it was asked for.
    Granted = 3,
}

impl RequestStatus {
    /// What a row of an ended order says; that a request was granted follows from the order's own status.
    pub(crate) fn from_row(number: u8) -> Option<Self> {
        [RequestStatus::Asked, RequestStatus::Refused].into_iter().find(|status| *status as u8 == number)
    }

    /// The status of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        use RequestStatus::*;
        [Asked, Refused, Granted].into_iter().find(|status| status.name() == name)
    }

    /// Its name, as in the API.
    pub fn name(self) -> &'static str {
        match self {
            RequestStatus::Asked => "asked",
            RequestStatus::Refused => "refused",
            RequestStatus::Granted => "granted",
        }
    }
}

/// A request for the return of a settled order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnRequest {
    /// The order.
    pub order: u128,
    /// The member that paid, and asks.
    pub debtor: u16,
    /// The member that was paid, and answers.
    pub creditor: u16,
    /// How far it has come.
    pub status: RequestStatus,
    /// Why it is asked for, or why it was refused.
    pub reason: Reason,
}

impl ReturnRequest {
    /// The request of an order that is forgotten: refused, since nobody answered.
    pub(crate) fn unanswered(self) -> Self {
        ReturnRequest { status: RequestStatus::Refused, reason: Reason::NOAS, ..self }
    }
}

impl Union {
    /// The member that paid asks for a settled order back.
    pub(crate) fn request_return(&mut self, sender: u16, id: u128, reason: Reason) -> Result<(), Rejection> {
        let at = self.find_settled(id)?;
        let order = self.orders.closed(at);
        if order.debtor != sender {
            return Err(Rejection::new(
                Reason::AG01,
                Field::Id,
                "only the member that paid can ask for the order back",
            ));
        }
        if order.return_pending == 1 {
            return Err(Rejection::new(Reason::ARDT, Field::Id, "a return of the order is under way"));
        }
        if let Some(request) = order.return_request() {
            let (reason, text) = match request.status {
                RequestStatus::Refused => {
                    (request.reason, "the member that was paid has refused to give the order back")
                }
                _ => (Reason::DUPL, "the order was asked for already, and waits for an answer"),
            };
            return Err(Rejection::new(reason, Field::Id, text));
        }
        self.set_return_request(at, RequestStatus::Asked, reason.or(Reason::CUST));
        Ok(())
    }

    /// The member that was paid refuses to give an order back.
    pub(crate) fn refuse_return(&mut self, sender: u16, id: u128, reason: Reason) -> Result<(), Rejection> {
        let at = self.find_settled(id)?;
        let order = self.orders.closed(at);
        if order.creditor != sender {
            let text = "only the member that was paid can refuse to give the order back";
            return Err(Rejection::new(Reason::AG01, Field::Id, text));
        }
        if order.return_pending == 1 {
            let text = "a return of the order is under way; cancel that before refusing it";
            return Err(Rejection::new(Reason::ARDT, Field::Id, text));
        }
        if order.return_request().is_none_or(|request| request.status != RequestStatus::Asked) {
            return Err(Rejection::new(Reason::AG01, Field::Id, "no return of the order is asked for"));
        }
        self.set_return_request(at, RequestStatus::Refused, reason.or(Reason::CUST));
        Ok(())
    }

    fn set_return_request(&mut self, at: u32, status: RequestStatus, reason: Reason) {
        let order = self.orders.closed_mut(at);
        let request = order.set_return_request(status, reason);
        self.events.push(Event::ReturnRequest(request));
    }

    /// The row of an order that is settled and not given back.
    fn find_settled(&self, id: u128) -> Result<u32, Rejection> {
        match self.orders.find(id) {
            None => Err(Rejection::new(Reason::NOOR, Field::Id, "no order has this identifier")),
            Some(Found::Open(_)) => Err(Rejection::new(Reason::AG01, Field::Id, "the order has not settled")),
            Some(Found::Closed(at)) => match self.orders.closed(at).status() {
                OrderStatus::Settled => Ok(at),
                OrderStatus::Returned => {
                    Err(Rejection::new(Reason::ARDT, Field::Id, "the order was given back already"))
                }
                _ => Err(Rejection::new(Reason::AG01, Field::Id, "the order ended without settling")),
            },
        }
    }
}

impl ClosedOrder {
    /// The request for its return, if there is one.
    pub fn return_request(&self) -> Option<ReturnRequest> {
        let ClosedOrder { id: order, debtor, creditor, .. } = *self;
        let status = match RequestStatus::from_row(self.request_status)? {
            RequestStatus::Asked if self.status() == OrderStatus::Returned => RequestStatus::Granted,
            status => status,
        };
        Some(ReturnRequest { order, debtor, creditor, status, reason: self.why })
    }

    fn set_return_request(&mut self, status: RequestStatus, reason: Reason) -> ReturnRequest {
        (self.request_status, self.why) = (status as u8, reason);
        self.return_request().expect("it was set")
    }
}
