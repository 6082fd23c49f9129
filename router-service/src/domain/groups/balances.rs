//! What each member has to pay, and who pays whom.

use super::currency::Currency;
use super::group::{CountedCheque, Group};
use super::member::MemberId;
use crate::domain::fewest_transfers::{Transfer, fewest_transfers};
use crate::domain::open_pairs::open_pairs;
use crate::domain::rate::Rate;
use contracts::money::{Amount, Money};
use std::collections::BTreeMap;

/// By currency and member: what they still have to pay; negative if they are owed it. Each currency adds up to zero.
pub type Balances = BTreeMap<Currency, BTreeMap<MemberId, Money>>;

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
    pub amount: Money,
}

impl CountedCheque {
    /// What is open between members. A bill in another currency counts in that of the accounts, if its owner has named a
    /// rate. Who pays on the bill, because they are no member, is not part of it.
    pub fn debts(&self, accounts: Currency) -> Vec<Debt> {
        let currency = Group::currency_of(&self.split, accounts);
        let debt = |(from, to, amount): (_, _, Money)| {
            let (from, to) = (*self.members.get(&from)?, *self.members.get(&to)?);
            (from != to).then_some(Debt { from, to, currency, amount })
        };
        let open: Vec<Debt> = open_pairs(&self.split).into_iter().filter_map(debt).collect();
        let at_rate = |rate: Rate| {
            let converted = |debt: &Debt| {
                let amount = rate.convert(debt.amount)?;
                let is_bounded = amount.minor().unsigned_abs() <= Amount::MAX.minor().unsigned_abs();
                is_bounded.then_some(Debt { currency: accounts, amount, ..*debt })
            };
            // All of them or none: a bill counts in one currency.
            open.iter().map(converted).collect()
        };
        self.split.rate_to(accounts.as_str()).and_then(at_rate).unwrap_or(open)
    }
}

impl Group {
    /// The balances: open dues of bills, plus expenses, less settlements. Members with 0 in all currencies are not listed.
    pub fn balances(&self, accounts: Currency) -> Balances {
        let mut balances = Balances::new();
        let mut add = |currency, member, minor: i64| {
            let balance = balances.entry(currency).or_default().entry(member).or_insert(Money::ZERO);
            *balance = Money::from_minor(balance.minor() + minor);
        };
        for debt in self.cheques.iter().flat_map(|cheque| cheque.debts(accounts)) {
            add(debt.currency, debt.from, debt.amount.minor());
            add(debt.currency, debt.to, -debt.amount.minor());
        }
        for expense in &self.expenses {
            let currency = expense.entry.currency;
            for (member, part) in expense.entry.parts(self.seed_of(expense.id)) {
                add(currency, member, part.minor());
            }
            for (member, paid) in &expense.entry.paid_by {
                add(currency, *member, -paid.minor());
            }
        }
        for settlement in self.settlements.iter().filter(|settlement| settlement.counts()) {
            let minor = settlement.amount.money().minor();
            add(settlement.currency, settlement.from, -minor);
            add(settlement.currency, settlement.to, minor);
        }
        for of_currency in balances.values_mut() {
            of_currency.retain(|_, balance| *balance != Money::ZERO);
        }
        balances.retain(|_, of_currency| !of_currency.is_empty());
        balances
    }

    /// Who pays whom, in the fewest transfers.
    pub fn transfers(balances: &Balances) -> Vec<(Currency, Transfer<MemberId>)> {
        let of_one = |(currency, of_currency): (&Currency, &BTreeMap<MemberId, Money>)| {
            let currency = *currency;
            fewest_transfers(of_currency).into_iter().map(move |transfer| (currency, transfer))
        };
        balances.iter().flat_map(of_one).collect()
    }
}
