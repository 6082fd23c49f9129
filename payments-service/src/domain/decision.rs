//! The decision about the payment of an order. It is made once and stored permanently; a repeated request gets the same
//! decision.
//!
//! Refusals are stored too: otherwise a delayed refusal, a top-up and a repeated request together could charge an order
//! that has already failed.

use contracts::ids::{OrderId, TransactionId, UserId};
use contracts::money::Amount;
use contracts::payments::{PaymentCompleted, PaymentFailed, RefusalReason};

/// The result of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Charged, with the id of the ledger row.
    Completed(TransactionId),
    /// Refused.
    Failed(RefusalReason),
}

/// The decision about one order. `version` increases by one with each change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The order.
    pub order_id: OrderId,
    /// The user who pays.
    pub user_id: UserId,
    /// The amount.
    pub amount: Amount,
    /// The result.
    pub verdict: Verdict,
    /// 1 for the first decision.
    pub version: i64,
}

/// The event that announces the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// The order was charged.
    Completed(PaymentCompleted),
    /// The order was refused.
    Failed(PaymentFailed),
}

/// A repeated request differs from the one that was decided, so one of them is wrong.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("order {order_id} was decided for user {user_id}; the user or the amount differs")]
pub struct Mismatch {
    order_id: OrderId,
    user_id: UserId,
    amount: Amount,
}

impl Decision {
    /// The event to publish, for the first request and for each repetition.
    pub fn announcement(&self) -> Announcement {
        let order_id = self.order_id;
        match &self.verdict {
            Verdict::Completed(id) => Announcement::Completed(PaymentCompleted { order_id, transaction_id: *id }),
            Verdict::Failed(reason) => Announcement::Failed(PaymentFailed { order_id, reason: *reason }),
        }
    }

    /// Checks that a repeated request is the same as the one that was decided.
    ///
    /// # Errors
    /// [`Mismatch`] when the user or the amount differs.
    pub fn check_same_request(&self, user_id: UserId, amount: Amount) -> Result<(), Mismatch> {
        if (self.user_id, self.amount) == (user_id, amount) {
            Ok(())
        } else {
            Err(Mismatch { order_id: self.order_id, user_id: self.user_id, amount: self.amount })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn decision(verdict: Verdict) -> Decision {
        Decision {
            order_id: OrderId(Uuid::from_u128(5)),
            user_id: UserId::try_from(7).unwrap(),
            amount: Amount::from_json_number("10").unwrap(),
            verdict,
            version: 1,
        }
    }

    #[test]
    fn a_repeated_announcement_is_the_same() {
        let id = TransactionId(Uuid::from_u128(1));
        let completed = decision(Verdict::Completed(id));
        let expected = PaymentCompleted { order_id: completed.order_id, transaction_id: id };
        assert_eq!(completed.announcement(), Announcement::Completed(expected));
        let failed = decision(Verdict::Failed(RefusalReason::NoAccount));
        let expected = PaymentFailed { order_id: failed.order_id, reason: RefusalReason::NoAccount };
        assert_eq!(failed.announcement(), Announcement::Failed(expected));
    }

    #[test]
    fn a_request_with_another_amount_is_not_a_repetition() {
        let decided = decision(Verdict::Failed(RefusalReason::InsufficientFunds));
        assert_eq!(decided.check_same_request(decided.user_id, decided.amount), Ok(()));
        assert!(decided.check_same_request(decided.user_id, Amount::from_json_number("11").unwrap()).is_err());
        assert!(decided.check_same_request(UserId::try_from(8).unwrap(), decided.amount).is_err());
    }
}
