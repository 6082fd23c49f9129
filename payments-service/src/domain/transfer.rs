//! The decision about a transfer between users. It is made once and stored permanently; a repeated request gets the
//! same decision.

use super::decision::Verdict;
use super::ledger::BALANCE_MAX;
use contracts::ids::{TransferId, UserId};
use contracts::money::{Amount, Money};
use contracts::payments::{RefusalReason, TransferCompleted, TransferFailed};

/// The decision about one requested transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The id of the request.
    pub id: TransferId,
    /// The user who pays.
    pub from: UserId,
    /// The user who receives.
    pub to: UserId,
    /// The amount.
    pub amount: Amount,
    /// The result.
    pub verdict: Verdict,
}

/// The event that announces the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// The money was moved.
    Completed(TransferCompleted),
    /// The transfer was refused.
    Failed(TransferFailed),
}

/// A repeated request differs from the one that was decided, so one of them is wrong.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("transfer {id} was decided from user {from} to user {to}; a user or the amount differs")]
pub struct Mismatch {
    id: TransferId,
    from: UserId,
    to: UserId,
    amount: Amount,
}

/// Payer and receiver are the same user.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("transfer {id} goes from user {user} to the same user")]
pub struct TransferToSelf {
    /// The id of the request.
    pub id: TransferId,
    /// The user.
    pub user: UserId,
}

/// Why a transfer between these balances is refused, or `None`. A receiver without an account gets one.
pub fn refusal(sender: Option<Money>, receiver: Option<Money>, amount: Amount) -> Option<RefusalReason> {
    let credited = receiver.unwrap_or(Money::ZERO).checked_add(amount.money());
    match sender {
        None => Some(RefusalReason::NoAccount),
        Some(balance) if balance < amount.money() => Some(RefusalReason::InsufficientFunds),
        Some(_) if credited.is_none_or(|balance| balance > BALANCE_MAX) => Some(RefusalReason::BalanceTooLarge),
        Some(_) => None,
    }
}

impl Transfer {
    /// The event to publish, for the first request and for each repetition.
    pub fn announcement(&self) -> Announcement {
        let transfer_id = self.id;
        match self.verdict {
            Verdict::Completed(_) => Announcement::Completed(TransferCompleted { transfer_id }),
            Verdict::Failed(reason) => Announcement::Failed(TransferFailed { transfer_id, reason }),
        }
    }

    /// Checks that a repeated request is the same as the one that was decided.
    ///
    /// # Errors
    /// [`Mismatch`] when a user or the amount differs.
    pub fn check_same_request(&self, from: UserId, to: UserId, amount: Amount) -> Result<(), Mismatch> {
        if (self.from, self.to, self.amount) == (from, to, amount) {
            Ok(())
        } else {
            Err(Mismatch { id: self.id, from: self.from, to: self.to, amount: self.amount })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user(id: i64) -> UserId {
        UserId::try_from(id).unwrap()
    }

    #[test]
    fn a_transfer_is_refused_for_what_either_balance_does_not_allow() {
        let amount = Amount::from_json_number("10").unwrap();
        let money = Money::from_minor;
        let full = BALANCE_MAX.minor();
        assert_eq!(refusal(None, None, amount), Some(RefusalReason::NoAccount));
        assert_eq!(refusal(Some(money(999)), None, amount), Some(RefusalReason::InsufficientFunds));
        assert_eq!(refusal(Some(money(1_000)), None, amount), None);
        assert_eq!(refusal(Some(money(1_000)), Some(money(full - 1_000)), amount), None);
        assert_eq!(refusal(Some(money(1_000)), Some(money(full - 999)), amount), Some(RefusalReason::BalanceTooLarge));
        assert_eq!(refusal(Some(money(999)), Some(money(full)), amount), Some(RefusalReason::InsufficientFunds));
    }

    #[test]
    fn a_repeated_request_must_be_the_same_request() {
        let amount = Amount::from_json_number("10").unwrap();
        let verdict = Verdict::Failed(RefusalReason::InsufficientFunds);
        let decided = Transfer { id: TransferId(Uuid::from_u128(5)), from: user(2), to: user(1), amount, verdict };
        assert_eq!(decided.check_same_request(user(2), user(1), amount), Ok(()));
        assert!(decided.check_same_request(user(3), user(1), amount).is_err());
        assert!(decided.check_same_request(user(2), user(3), amount).is_err());
        assert!(decided.check_same_request(user(2), user(1), Amount::from_json_number("11").unwrap()).is_err());
        let expected = TransferFailed { transfer_id: decided.id, reason: RefusalReason::InsufficientFunds };
        assert_eq!(decided.announcement(), Announcement::Failed(expected));
    }
}
