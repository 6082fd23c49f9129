//! What each member has to pay, and who pays whom.

use super::group::{CountedCheque, Group};
use super::member::MemberId;
use crate::domain::currency::Currency;
use crate::domain::fewest_transfers::{Transfer, fewest_transfers};
use crate::domain::open_pairs::open_pairs;
use crate::domain::rate::{Conversion, Rate};
use contracts::money::{BillAmount, BillMoney};
use std::collections::BTreeMap;

/// By currency and member: what they still have to pay; negative if they are owed it. Each currency adds up to zero.
pub type Balances = BTreeMap<Currency, BTreeMap<MemberId, BillMoney>>;

/// One reason why a balance changes: the first owes the second this amount more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debt {
    /// Who owes it.
    pub from: MemberId,
    /// To whom.
    pub to: MemberId,
    /// The currency in which it counts.
    pub currency: Currency,
    /// How much.
    pub amount: BillMoney,
}

impl CountedCheque {
    /// What is open between members. A bill in another currency counts in that of the accounts, if its owner has named a
    /// rate. Who pays on the bill, because they are no member, is not part of it.
    pub fn debts(&self, accounts: Currency) -> Vec<Debt> {
        let currency = Group::currency_of(&self.split, accounts);
        let debt = |(from, to, amount): (_, _, BillMoney)| {
            let (from, to) = (*self.members.get(&from)?, *self.members.get(&to)?);
            (from != to).then_some(Debt { from, to, currency, amount })
        };
        let open: Vec<Debt> = open_pairs(&self.split).into_iter().filter_map(debt).collect();
        let at_rate = |rate: Rate| -> Option<Vec<Debt>> {
            let converted = |debt: &Debt| {
                let amount: BillMoney = rate.convert(debt.amount)?.into();
                let is_bounded = amount.thousandths().unsigned_abs() <= BillAmount::MAX.thousandths().unsigned_abs();
                is_bounded.then_some(Debt { currency: accounts, amount, ..*debt })
            };
            // All of them or none: a bill counts in one currency.
            open.iter().map(converted).collect()
        };
        match self.split.conversion_to(accounts.as_str()) {
            Some(Conversion::At(rate)) => at_rate(rate).unwrap_or(open),
            Some(Conversion::Same) | None => open,
        }
    }
}

impl Group {
    /// The balances: open dues of bills, plus expenses, less settlements. Members with 0 in all currencies are not listed.
    pub fn balances(&self, accounts: Currency) -> Balances {
        let mut balances = Balances::new();
        let mut add = |currency, member, thousandths: i64| {
            let balance = balances.entry(currency).or_default().entry(member).or_insert(BillMoney::ZERO);
            *balance = BillMoney::from_thousandths(balance.thousandths() + thousandths);
        };
        for debt in self.cheques.iter().flat_map(|cheque| cheque.debts(accounts)) {
            add(debt.currency, debt.from, debt.amount.thousandths());
            add(debt.currency, debt.to, -debt.amount.thousandths());
        }
        for expense in &self.expenses {
            let currency = expense.entry.currency;
            for (member, part) in expense.entry.parts(self.seed_of(expense.id)) {
                add(currency, member, part.thousandths());
            }
            for (member, paid) in &expense.entry.paid_by {
                add(currency, *member, -paid.thousandths());
            }
        }
        for settlement in self.settlements.iter().filter(|settlement| settlement.counts()) {
            let paid = settlement.amount.money().thousandths();
            add(settlement.currency, settlement.from, -paid);
            add(settlement.currency, settlement.to, paid);
        }
        for of_currency in balances.values_mut() {
            of_currency.retain(|_, balance| *balance != BillMoney::ZERO);
        }
        balances.retain(|_, of_currency| !of_currency.is_empty());
        balances
    }

    /// Who pays whom, in the fewest transfers.
    pub fn transfers(balances: &Balances) -> Vec<(Currency, Transfer<MemberId>)> {
        let of_one = |(currency, of_currency): (&Currency, &BTreeMap<MemberId, BillMoney>)| {
            let currency = *currency;
            fewest_transfers(of_currency).into_iter().map(move |transfer| (currency, transfer))
        };
        balances.iter().flat_map(of_one).collect()
    }
}
