//! Decides about a batch of orders, on balances in memory.

use crate::domain::decision::{Decision, Verdict};
use crate::domain::ledger::Movement;
use contracts::ids::{OrderId, TransactionId, UserId};
use contracts::money::{Amount, Money};
use contracts::payments::RefusalReason;
use std::collections::BTreeMap;

/// An order to be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeRequest {
    /// The order.
    pub order_id: OrderId,
    /// The user who pays.
    pub user_id: UserId,
    /// The amount.
    pub amount: Amount,
    /// The id of the ledger row, if the order is charged.
    pub transaction_id: TransactionId,
}

/// A decision and its movement of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The decision.
    pub decision: Decision,
    /// The payment and the user's balance after it; `None` if the order was refused.
    pub payment: Option<(Movement, Money)>,
}

/// Balances of the existing accounts of the users in a batch.
///
/// Invariant: the caller's transaction has locked these accounts, and writes the changed balances before it releases
/// the locks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balances(BTreeMap<UserId, Money>);

impl FromIterator<(UserId, Money)> for Balances {
    fn from_iter<I: IntoIterator<Item = (UserId, Money)>>(accounts: I) -> Self {
        Self(accounts.into_iter().collect())
    }
}

impl Balances {
    /// Charges the order if the balance is sufficient; later orders see the reduced balance.
    pub fn decide(&mut self, request: &ChargeRequest) -> Charge {
        let &ChargeRequest { order_id, user_id, amount, transaction_id } = request;
        let decided = |verdict| Decision { order_id, user_id, amount, verdict, version: 1 };
        let refused = |reason| Charge { decision: decided(Verdict::Failed(reason)), payment: None };
        let Some(balance) = self.0.get_mut(&user_id) else {
            return refused(RefusalReason::NoAccount);
        };
        let Some(remaining) =
            balance.checked_add(amount.money().negated()).filter(|remaining| *remaining >= Money::ZERO)
        else {
            return refused(RefusalReason::InsufficientFunds);
        };
        *balance = remaining;
        let movement = Movement::payment(transaction_id, user_id, order_id, amount);
        Charge { decision: decided(Verdict::Completed(transaction_id)), payment: Some((movement, remaining)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user(id: i64) -> UserId {
        UserId::try_from(id).unwrap()
    }

    fn request(order: u128, user_id: i64, amount: &str) -> ChargeRequest {
        ChargeRequest {
            order_id: OrderId(Uuid::from_u128(order)),
            user_id: user(user_id),
            amount: Amount::from_json_number(amount).unwrap(),
            transaction_id: TransactionId(Uuid::from_u128(order + 1_000)),
        }
    }

    fn verdicts(balances: &mut Balances, requests: &[ChargeRequest]) -> Vec<Verdict> {
        requests.iter().map(|request| balances.decide(request).decision.verdict).collect()
    }

    fn completed(order: u128) -> Verdict {
        Verdict::Completed(TransactionId(Uuid::from_u128(order + 1_000)))
    }

    #[test]
    fn orders_of_a_batch_see_the_balance_left_by_earlier_ones() {
        let mut balances: Balances = [(user(1), Money::from_minor(1_000))].into_iter().collect();
        let requests = [request(1, 1, "6"), request(2, 1, "6"), request(3, 1, "4"), request(4, 1, "0.01")];
        let insufficient = Verdict::Failed(RefusalReason::InsufficientFunds);
        assert_eq!(
            verdicts(&mut balances, &requests),
            [completed(1), insufficient.clone(), completed(3), insufficient]
        );
        assert_eq!(balances, [(user(1), Money::ZERO)].into_iter().collect());
    }

    #[test]
    fn one_users_orders_do_not_touch_anothers_balance() {
        let mut balances: Balances =
            [(user(1), Money::from_minor(100)), (user(2), Money::from_minor(100))].into_iter().collect();
        assert_eq!(verdicts(&mut balances, &[request(1, 1, "1"), request(2, 2, "1")]), [completed(1), completed(2)]);
    }

    #[test]
    fn a_user_without_an_account_is_refused_and_gets_none() {
        let mut balances = Balances::default();
        let charge = balances.decide(&request(1, 7, "1"));
        assert_eq!(charge.decision.verdict, Verdict::Failed(RefusalReason::NoAccount));
        assert_eq!((charge.payment, balances), (None, Balances::default()));
    }

    #[test]
    fn a_charge_carries_its_movement_and_the_balance_after_it() {
        let mut balances: Balances = [(user(1), Money::from_minor(1_000))].into_iter().collect();
        let request = request(5, 1, "2.50");
        let charge = balances.decide(&request);
        let movement = Movement::payment(request.transaction_id, request.user_id, request.order_id, request.amount);
        assert_eq!(charge.payment, Some((movement, Money::from_minor(750))));
        assert_eq!(charge.decision.version, 1);
    }
}
