//! Movements of money between two accounts.
//!
//! The balance of an account is the sum of its credits minus the sum of its debits. A user's balance is stored in
//! `accounts` and never negative. Balances of system accounts are computed from the ledger, so that payments do not
//! contend for one row.

use contracts::ids::{OrderId, TransactionId, TransferId, UserId};
use contracts::money::{Amount, Money};

/// Largest balance of a user's account; the constraint `accounts_balance_bounded` enforces the same limit.
pub const BALANCE_MAX: Money = Money::from_minor(100_000_000_000_000_000);

/// The owner of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// A user.
    User(UserId),
    /// The outside world, where top-ups come from.
    World,
    /// The recipient of order payments.
    Merchant,
}

impl Account {
    /// The account number in the ledger; users have positive numbers.
    pub fn number(self) -> i64 {
        match self {
            Self::User(id) => id.get(),
            Self::World => 0,
            Self::Merchant => -1,
        }
    }
}

/// The kind of a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Money from outside.
    Topup,
    /// Payment of an order.
    Payment,
    /// A payment from one user to another.
    Transfer,
}

impl Kind {
    /// The name on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Topup => "topup",
            Self::Payment => "payment",
            Self::Transfer => "transfer",
        }
    }
}

/// One row of the ledger: `amount` moves from account `debit` to account `credit`.
///
/// The pair of `kind` and `reference` is unique, so the same operation can't be recorded twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The id.
    pub id: TransactionId,
    /// The kind.
    pub kind: Kind,
    /// The operation that it belongs to.
    pub reference: String,
    /// The account that pays.
    pub debit: Account,
    /// The account that receives.
    pub credit: Account,
    /// The amount.
    pub amount: Amount,
}

impl Movement {
    /// A top-up of `user`. With a `key` of the client, the same top-up can't be recorded twice.
    pub fn topup(id: TransactionId, user: UserId, amount: Amount, key: Option<&str>) -> Self {
        let reference = key.map_or_else(|| id.to_string(), |key| format!("{user}:{key}"));
        Self { id, kind: Kind::Topup, reference, debit: Account::World, credit: Account::User(user), amount }
    }

    /// The payment of an order by `user`.
    pub fn payment(id: TransactionId, user: UserId, order_id: OrderId, amount: Amount) -> Self {
        Self {
            id,
            kind: Kind::Payment,
            reference: order_id.to_string(),
            debit: Account::User(user),
            credit: Account::Merchant,
            amount,
        }
    }

    /// A payment from `from` to `to`.
    pub fn transfer(id: TransactionId, from: UserId, to: UserId, transfer_id: TransferId, amount: Amount) -> Self {
        Self {
            id,
            kind: Kind::Transfer,
            reference: transfer_id.to_string(),
            debit: Account::User(from),
            credit: Account::User(to),
            amount,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user() -> UserId {
        UserId::try_from(7).unwrap()
    }

    #[test]
    fn a_payment_is_named_by_its_order_so_that_it_happens_once() {
        let order_id = OrderId(Uuid::from_u128(5));
        let amount = Amount::from_json_number("10").unwrap();
        let one = Movement::payment(TransactionId(Uuid::from_u128(1)), user(), order_id, amount);
        let other = Movement::payment(TransactionId(Uuid::from_u128(2)), user(), order_id, amount);
        assert_eq!((one.kind, one.reference), (other.kind, other.reference));
        assert_eq!((one.debit, one.credit), (Account::User(user()), Account::Merchant));
    }

    #[test]
    fn topups_are_named_by_the_clients_key_within_one_user() {
        let amount = Amount::from_json_number("10").unwrap();
        let id = TransactionId(Uuid::from_u128(1));
        assert_eq!(Movement::topup(id, user(), amount, Some("k")).reference, "7:k");
        assert_eq!(Movement::topup(id, user(), amount, None).reference, id.to_string());
    }

    #[test]
    fn no_user_has_the_number_of_a_system_account() {
        assert!(Account::World.number() <= 0 && Account::Merchant.number() <= 0);
        assert_ne!(Account::World.number(), Account::Merchant.number());
    }
}
