//! The decision about an order's money: made once, kept for ever, announced again when asked again.
//!
//! Payments is the single arbiter. Without a record of refusals too, a delayed refusal, a top-up and a repeated question
//! would charge an order that has failed.

use contracts::ids::{OrderId, TransactionId, UserId};
use contracts::money::Amount;
use contracts::payments::{PaymentCompleted, PaymentFailed, RefusalReason};

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Charged, by this row of the ledger.
    Completed(TransactionId),
    /// Refused.
    Failed(RefusalReason),
}

/// The decision about one order. `version` grows by one with each change of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The order.
    pub order_id: OrderId,
    /// Who was to pay.
    pub user_id: UserId,
    /// How much.
    pub amount: Amount,
    /// What was decided.
    pub verdict: Verdict,
    /// 1 for the first decision.
    pub version: i64,
}

/// What the others are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// The order was charged.
    Completed(PaymentCompleted),
    /// The order was refused.
    Failed(PaymentFailed),
}

/// The question does not match what was decided about the same order: one of the two is wrong.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("order {order_id} was decided for user {user_id} and amount {amount}")]
pub struct Mismatch {
    order_id: OrderId,
    user_id: UserId,
    amount: Amount,
}

impl Decision {
    /// What to announce, now and whenever somebody asks again.
    pub fn announcement(&self) -> Announcement {
        let order_id = self.order_id;
        match &self.verdict {
            Verdict::Completed(id) => Announcement::Completed(PaymentCompleted { order_id, transaction_id: *id }),
            Verdict::Failed(reason) => Announcement::Failed(PaymentFailed { order_id, reason: *reason }),
        }
    }

    /// Makes sure that a repeated question is the same question.
    ///
    /// # Errors
    /// [`Mismatch`] when user or amount differ.
    pub fn answers(&self, user_id: UserId, amount: Amount) -> Result<(), Mismatch> {
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
    fn a_decision_is_announced_the_same_way_every_time() {
        let id = TransactionId(Uuid::from_u128(1));
        let completed = decision(Verdict::Completed(id));
        let expected = PaymentCompleted { order_id: completed.order_id, transaction_id: id };
        assert_eq!(completed.announcement(), Announcement::Completed(expected));
        let failed = decision(Verdict::Failed(RefusalReason::NoAccount));
        let expected = PaymentFailed { order_id: failed.order_id, reason: RefusalReason::NoAccount };
        assert_eq!(failed.announcement(), Announcement::Failed(expected));
    }

    #[test]
    fn a_question_about_another_sum_is_no_repeat() {
        let decided = decision(Verdict::Failed(RefusalReason::InsufficientFunds));
        assert_eq!(decided.answers(decided.user_id, decided.amount), Ok(()));
        assert!(decided.answers(decided.user_id, Amount::from_json_number("11").unwrap()).is_err());
        assert!(decided.answers(UserId::try_from(8).unwrap(), decided.amount).is_err());
    }
}
