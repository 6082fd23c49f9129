//! Everything that counts in a group, one row per item and member.

use super::balances::Debt;
use super::group::{CountedCheque, Group};
use super::member::MemberId;
use crate::domain::currency::Currency;
use crate::domain::participant::{Participant, ParticipantId};
use contracts::money::BillMoney;
use std::collections::BTreeMap;
use time::Date;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A shared bill.
    Bill,
    /// An expense that was entered by hand.
    Expense,
    /// A payment between two members.
    Payment,
}

/// The part of one member in one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// When it happened.
    pub date: Date,
    /// What it is.
    pub kind: Kind,
    /// The number of an expense, the id of a payment, or the beginning of the key of a bill: the key itself is a secret.
    pub item: String,
    /// What an expense was for, or the merchant of a bill.
    pub title: String,
    /// The member.
    pub member: MemberId,
    /// The currency of the item.
    pub currency: Currency,
    /// The whole amount.
    pub total: BillMoney,
    /// What the member has paid.
    pub paid: BillMoney,
    /// What the member bears, or has received.
    pub share: BillMoney,
    /// The change of the balance by currency: what the member has to pay because of this; negative if they are owed it.
    pub to_pay: (Currency, BillMoney),
}

impl Group {
    /// The rows. By member and currency, their `to_pay` adds up to the balance.
    pub fn statement(&self, accounts: Currency) -> Vec<Row> {
        let bills = self.cheques.iter().flat_map(|cheque| cheque.rows(accounts));
        let mut rows: Vec<Row> = bills.chain(self.expense_rows()).chain(self.payment_rows()).collect();
        // Stable: items of one day keep their order.
        rows.sort_by_key(|row| row.date);
        rows
    }

    fn expense_rows(&self) -> Vec<Row> {
        let of_one = |expense: &super::expense::Expense| {
            let entry = &expense.entry;
            let parts = entry.parts(self.seed_of(expense.id));
            let row = |member: MemberId| {
                let paid = entry.paid_by.get(&member).copied().unwrap_or_default();
                let share = parts.get(&member).copied().unwrap_or_default();
                Row {
                    date: entry.date,
                    kind: Kind::Expense,
                    item: expense.id.to_string(),
                    title: entry.title.clone(),
                    member,
                    currency: entry.currency,
                    total: entry.amount.money(),
                    paid,
                    share,
                    to_pay: (entry.currency, BillMoney::from_thousandths(share.thousandths() - paid.thousandths())),
                }
            };
            entry.members().into_iter().map(row).collect::<Vec<Row>>()
        };
        self.expenses.iter().flat_map(of_one).collect()
    }

    fn payment_rows(&self) -> Vec<Row> {
        let of_one = |payment: &super::settlement::Settlement| {
            let amount = payment.amount.money();
            let row = |member, paid, share: BillMoney| Row {
                date: payment.created_at.date(),
                kind: Kind::Payment,
                item: payment.id.to_string(),
                title: String::new(),
                member,
                currency: payment.currency,
                total: amount,
                paid,
                share,
                to_pay: (payment.currency, BillMoney::from_thousandths(share.thousandths() - paid.thousandths())),
            };
            [row(payment.from, amount, BillMoney::ZERO), row(payment.to, BillMoney::ZERO, amount)]
        };
        self.settlements.iter().filter(|payment| payment.counts()).flat_map(of_one).collect()
    }
}

impl CountedCheque {
    /// What each member has paid for this bill on the bill itself, what they bear, and what is open.
    pub fn rows(&self, accounts: Currency) -> Vec<Row> {
        let (split, dues) = (&self.split, self.split.dues());
        let own = Group::currency_of(split, accounts);
        let debts = self.debts(accounts);
        let counts_in = debts.first().map_or(own, |debt| debt.currency);
        let mut sums: BTreeMap<MemberId, (i64, i64)> = BTreeMap::new();
        for participant in &split.participants {
            let Some(member) = self.members.get(&participant.id) else { continue };
            let paid = if participant.id == ParticipantId::OWNER {
                let others = split.participants.iter().filter(|other| other.id != ParticipantId::OWNER);
                dues.total.thousandths() - others.map(paid_by).sum::<i64>()
            } else {
                paid_by(participant)
            };
            let sum = sums.entry(*member).or_default();
            *sum = (sum.0 + paid, sum.1 + dues.of(participant.id).due().thousandths());
        }
        let open = |member: MemberId| {
            let signed = |debt: &Debt| match debt {
                debt if debt.from == member => debt.amount.thousandths(),
                debt if debt.to == member => -debt.amount.thousandths(),
                _ => 0,
            };
            BillMoney::from_thousandths(debts.iter().map(signed).sum())
        };
        let row = |(member, (paid, share)): (MemberId, (i64, i64))| Row {
            date: split.cheque.purchased_on.unwrap_or_else(|| split.created_at.date()),
            kind: Kind::Bill,
            item: split.hash.shortened().to_string(),
            title: split.cheque.merchant.clone().unwrap_or_default(),
            member,
            currency: own,
            total: dues.total,
            paid: BillMoney::from_thousandths(paid),
            share: BillMoney::from_thousandths(share),
            to_pay: (counts_in, open(member)),
        };
        sums.into_iter().map(row).collect()
    }
}

/// What a participant other than the owner has paid: to the restaurant, and to others, less what they got.
fn paid_by(participant: &Participant) -> i64 {
    participant.advance.thousandths() + participant.settlement.expected().thousandths()
}
