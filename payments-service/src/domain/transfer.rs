//! The decision about a transfer between users: made once, kept for ever, announced again when asked again.

use super::decision::Verdict;
use super::ledger::BALANCE_MAX;
use contracts::ids::{TransferId, UserId};
use contracts::money::{Amount, Money};
use contracts::payments::{RefusalReason, TransferCompleted, TransferFailed};

/// The decision about one attempt to transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The attempt.
    pub id: TransferId,
    /// Who was to pay.
    pub from: UserId,
    /// Who was to be paid.
    pub to: UserId,
    /// How much.
    pub amount: Amount,
    /// What was decided.
    pub verdict: Verdict,
}

/// What the others are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// The money was moved.
    Completed(TransferCompleted),
    /// The transfer was refused.
    Failed(TransferFailed),
}

/// The question does not match what was decided about the same transfer: one of the two is wrong.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("transfer {id} was decided for {amount} from user {from} to user {to}")]
pub struct Mismatch {
    id: TransferId,
    from: UserId,
    to: UserId,
    amount: Amount,
}

/// Nobody transfers to themselves.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("transfer {id} goes from user {user} to the same user")]
pub struct ToThemselves {
    /// The attempt.
    pub id: TransferId,
    /// Both sides.
    pub user: UserId,
}

/// Why a transfer between these balances is refused, if it is; a receiver without an account gets one.
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
    /// What to announce, now and whenever somebody asks again.
    pub fn announcement(&self) -> Announcement {
        let transfer_id = self.id;
        match self.verdict {
            Verdict::Completed(_) => Announcement::Completed(TransferCompleted { transfer_id }),
            Verdict::Failed(reason) => Announcement::Failed(TransferFailed { transfer_id, reason }),
        }
    }

    /// Makes sure that a repeated question is the same question.
    ///
    /// # Errors
    /// [`Mismatch`] when a side or the amount differs.
    pub fn answers(&self, from: UserId, to: UserId, amount: Amount) -> Result<(), Mismatch> {
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
    fn a_repeated_question_must_be_the_same_question() {
        let amount = Amount::from_json_number("10").unwrap();
        let verdict = Verdict::Failed(RefusalReason::InsufficientFunds);
        let decided = Transfer { id: TransferId(Uuid::from_u128(5)), from: user(2), to: user(1), amount, verdict };
        assert_eq!(decided.answers(user(2), user(1), amount), Ok(()));
        assert!(decided.answers(user(3), user(1), amount).is_err());
        assert!(decided.answers(user(2), user(3), amount).is_err());
        assert!(decided.answers(user(2), user(1), Amount::from_json_number("11").unwrap()).is_err());
        let expected = TransferFailed { transfer_id: decided.id, reason: RefusalReason::InsufficientFunds };
        assert_eq!(decided.announcement(), Announcement::Failed(expected));
    }
}
