//! Who pays whom, as JSON.

use crate::domain::dues::Dues;
use crate::domain::split::Split;
use contracts::money::BillMoney;
use serde::Serialize;
use std::collections::BTreeSet;

/// A payment after which, with the others of the plan, every due is paid.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PlannedPayment)]
pub struct PaymentJson {
    /// The participant who pays.
    pub from: u32,
    /// The participant who receives it.
    pub to: u32,
    /// The amount in the currency of the bill.
    pub amount: BillMoney,
    /// The amount in the currency of the accounts, at the rate that the owner named.
    pub to_transfer: BillMoney,
    /// Whether both have an account; otherwise it is paid outside the app, and recorded.
    pub transferable: bool,
}

/// What one participant has paid another, less what came back.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PaidBetween)]
pub struct PaidJson {
    /// The participant who has paid.
    pub from: u32,
    /// The participant who has received it.
    pub to: u32,
    /// The amount in the currency of the bill.
    pub amount: BillMoney,
}

/// What participants have paid each other, if several have paid the restaurant: what each can give back.
pub fn paid(split: &Split) -> Vec<PaidJson> {
    let pairs = split.between.keys().flat_map(|(from, to)| [(*from, *to), (*to, *from)]).collect::<BTreeSet<_>>();
    let paid = pairs.into_iter().map(|(from, to)| (from, to, split.paid_between(from, to)));
    let paid = paid.filter(|(_, _, amount)| *amount > BillMoney::ZERO);
    paid.map(|(from, to, amount)| PaidJson { from: from.0, to: to.0, amount }).collect()
}

/// What a transfer of an amount of the bill moves, in the currency of the accounts, if the owner has named a rate.
pub(super) fn to_transfer(split: &Split, amount: BillMoney) -> BillMoney {
    split.rate.and_then(|rate| rate.convert(amount)).map_or(amount, BillMoney::from)
}

/// The payments that are still to be made.
pub fn plan(split: &Split, dues: &Dues) -> Vec<PaymentJson> {
    let is_user = |id| split.participant(id).is_some_and(|one| one.user_id.is_some());
    let payments = split.plan(dues).into_iter().map(|payment| PaymentJson {
        from: payment.from.0,
        to: payment.to.0,
        amount: payment.amount,
        to_transfer: to_transfer(split, payment.amount),
        transferable: is_user(payment.from) && is_user(payment.to),
    });
    payments.collect()
}
