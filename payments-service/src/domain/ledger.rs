//! Movements of money between two accounts.
//!
//! Balance of an account = its credits - its debits. A user's balance is kept beside the ledger and never below zero;
//! those of the system accounts are derived, so that no hot row makes payments queue.

use contracts::ids::{OrderId, TransactionId, TransferId, UserId};
use contracts::money::{Amount, Money};

/// The most that a user's account holds; the table's constraint `accounts_balance_bounded` says the same.
pub const BALANCE_MAX: Money = Money::from_minor(100_000_000_000_000_000);

/// Who holds money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// A user.
    User(UserId),
    /// Outside: where top-ups come from.
    World,
    /// Where payments of orders go.
    Merchant,
}

impl Account {
    /// The number in the ledger: users are positive.
    pub fn number(self) -> i64 {
        match self {
            Self::User(id) => id.get(),
            Self::World => 0,
            Self::Merchant => -1,
        }
    }
}

/// What a movement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Money from outside.
    Topup,
    /// An order is paid.
    Payment,
    /// One user pays another.
    Transfer,
}

impl Kind {
    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Topup => "topup",
            Self::Payment => "payment",
            Self::Transfer => "transfer",
        }
    }
}

/// One row of the ledger: `amount` leaves `debit` and arrives at `credit`.
///
/// `kind` and `reference` together are unique for ever: what they name happens once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Its id.
    pub id: TransactionId,
    /// What it is.
    pub kind: Kind,
    /// What it is for.
    pub reference: String,
    /// Where the money leaves.
    pub debit: Account,
    /// Where it arrives.
    pub credit: Account,
    /// How much.
    pub amount: Amount,
}

impl Movement {
    /// Money from outside for `user`. With the client's own `key` the same top-up can't happen twice, ever.
    pub fn topup(id: TransactionId, user: UserId, amount: Amount, key: Option<&str>) -> Self {
        let reference = key.map_or_else(|| id.to_string(), |key| format!("{user}:{key}"));
        Self { id, kind: Kind::Topup, reference, debit: Account::World, credit: Account::User(user), amount }
    }

    /// `user` pays an order.
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

    /// `from` pays `to`.
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
