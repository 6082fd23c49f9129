//! An order and its state transitions.
//!
//! ```text
//! PENDING -> PAID | FAILED               by PaymentCompleted | PaymentFailed
//! PENDING | PAID -> CANCELLING           by the user, or by timeout
//! CANCELLING -> CANCELLED                by PaymentCancelled
//! FAILED, CANCELLED                      final
//! ```

use contracts::ids::{OrderId, UserId};
use contracts::money::Amount;
use contracts::orders::OrderCreated;
use contracts::payments::RefusalReason;
use std::fmt;
use std::str::FromStr;
use time::OffsetDateTime;

/// Longest description of an order, in characters.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 500;

/// The state of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Placed; payments has not decided yet.
    Pending,
    /// Charged.
    Paid,
    /// Payments refused to charge it; final.
    Failed,
    /// The cancellation is requested; payments has not answered.
    Cancelling,
    /// Cancelled, and refunded if it had been paid; final.
    Cancelled,
}

/// The text is not a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of PENDING, PAID, FAILED, CANCELLING, CANCELLED")]
pub struct UnknownStatus;

impl Status {
    /// The text used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Paid => "PAID",
            Self::Failed => "FAILED",
            Self::Cancelling => "CANCELLING",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "PENDING" => Ok(Self::Pending),
            "PAID" => Ok(Self::Paid),
            "FAILED" => Ok(Self::Failed),
            "CANCELLING" => Ok(Self::Cancelling),
            "CANCELLED" => Ok(Self::Cancelled),
            _ => Err(UnknownStatus),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An order. Each transition increments `version`; `reason` is set when the order failed or was cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Unique id. Ids grow with time (UUID v7).
    pub id: OrderId,
    /// The user who placed it.
    pub user_id: UserId,
    /// The amount to pay.
    pub amount: Amount,
    /// The user's description.
    pub description: Option<String>,
    /// The current state.
    pub status: Status,
    /// Why it failed or was cancelled.
    pub reason: Option<String>,
    /// Number of transitions so far, including the creation.
    pub version: i64,
    /// When it was placed.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
}

impl Order {
    /// Places an order.
    pub fn place(
        id: OrderId,
        user_id: UserId,
        amount: Amount,
        description: Option<String>,
        now: OffsetDateTime,
    ) -> (Self, OrderCreated) {
        let order = Self {
            id,
            user_id,
            amount,
            description,
            status: Status::Pending,
            reason: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        (order, OrderCreated { order_id: id, user_id, amount })
    }

    /// Marks the order as charged by payments. Returns `None` if that changes nothing: the event is a repeat, or the
    /// order is being cancelled and payments will refund it.
    pub fn paid(&self, now: OffsetDateTime) -> Option<Self> {
        match self.status {
            Status::Pending => Some(self.moved(Status::Paid, None, now)),
            Status::Paid | Status::Failed | Status::Cancelling | Status::Cancelled => None,
        }
    }

    /// Marks the order as refused by payments. Returns `None` if that changes nothing.
    pub fn refused(&self, reason: RefusalReason, now: OffsetDateTime) -> Option<Self> {
        match self.status {
            Status::Pending => Some(self.moved(Status::Failed, Some(reason.as_str().to_owned()), now)),
            Status::Paid | Status::Failed | Status::Cancelling | Status::Cancelled => None,
        }
    }

    fn moved(&self, status: Status, reason: Option<String>, now: OffsetDateTime) -> Self {
        Self { status, reason, version: self.version + 1, updated_at: now, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;
    use uuid::Uuid;

    const PLACED: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);
    const LATER: OffsetDateTime = datetime!(2026-11-21 10:01 UTC);

    fn order() -> Order {
        let amount = Amount::from_json_number("200").unwrap();
        Order::place(OrderId(Uuid::nil()), UserId::try_from(1).unwrap(), amount, None, PLACED).0
    }

    fn in_status(status: Status) -> Order {
        Order { status, ..order() }
    }

    #[test]
    fn placing_an_order_announces_it() {
        let amount = Amount::from_json_number("200").unwrap();
        let user_id = UserId::try_from(1).unwrap();
        let (order, created) = Order::place(OrderId(Uuid::nil()), user_id, amount, Some("tea".into()), PLACED);
        assert_eq!((order.status, order.version), (Status::Pending, 1));
        assert_eq!(created, OrderCreated { order_id: order.id, user_id, amount });
    }

    #[test]
    fn a_pending_order_is_paid_or_fails_with_the_reason() {
        let paid = order().paid(LATER).unwrap();
        assert_eq!((paid.status, paid.version, paid.reason, paid.updated_at), (Status::Paid, 2, None, LATER));
        let failed = order().refused(RefusalReason::NoAccount, LATER).unwrap();
        assert_eq!((failed.status, failed.version), (Status::Failed, 2));
        assert_eq!(failed.reason.as_deref(), Some("no_account"));
    }

    #[test]
    fn a_repeat_or_a_late_answer_changes_nothing() {
        for status in [Status::Paid, Status::Failed, Status::Cancelling, Status::Cancelled] {
            assert_eq!(in_status(status).paid(LATER), None, "{status}");
            assert_eq!(in_status(status).refused(RefusalReason::InsufficientFunds, LATER), None, "{status}");
        }
    }

    #[test]
    fn every_status_is_read_as_it_is_written() {
        for status in [Status::Pending, Status::Paid, Status::Failed, Status::Cancelling, Status::Cancelled] {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("paid".parse::<Status>(), Err(UnknownStatus));
    }
}
