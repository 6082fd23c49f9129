//! The owner names the rate for a bill in another currency.

use super::rate::{Conversion, Rate};
use super::split::Split;

/// Why the rate cannot change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateRefusal {
    /// A participant has settled or is settling.
    #[error("somebody has paid: the rate is fixed")]
    SettlementStarted,
}

impl Split {
    /// Sets the rate for a bill in another currency; without one its dues can only be paid in cash. `None` if nothing
    /// changes.
    ///
    /// # Errors
    /// [`RateRefusal`].
    pub fn set_rate(&self, rate: Option<Rate>) -> Result<Option<Self>, RateRefusal> {
        if self.is_frozen() {
            return Err(RateRefusal::SettlementStarted);
        }
        Ok((self.rate != rate).then(|| Self { rate, ..self.next() }))
    }

    /// How dues become transfers between accounts in the currency `accounts`. `None` if the owner has still to name a rate.
    /// A bill without a currency is in that of the accounts.
    pub fn conversion_to(&self, accounts: &str) -> Option<Conversion> {
        match self.cheque.currency.as_deref() {
            Some(currency) if currency != accounts => self.rate.map(Conversion::At),
            Some(_) | None => Some(Conversion::Same),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::correct::{Change, Correction};
    use crate::domain::fixtures::{split, transfer, user};
    use crate::domain::fraction::Fraction;
    use crate::domain::participant::ParticipantId;
    use crate::domain::settle::{Agreed, SettleRefusal};
    use contracts::money::{BillMoney, Money};

    #[test]
    fn another_currency_is_transferred_only_at_a_rate_that_the_owner_named() {
        let ann = ParticipantId(2);
        let mut euros = split(&[15_200]).with_user(7).claimed(ann, 1, Fraction::WHOLE);
        euros.cheque.currency = Some("EUR".into());
        let settle = |split: &Split, minor| {
            split.settle(user(7), None, Agreed::Amount(Money::from_minor(minor)), "RUB", transfer(1))
        };
        assert_eq!(settle(&euros, 15_200), Err(SettleRefusal::NoRate));
        assert!(euros.paid_cash(ann, Agreed::Amount(BillMoney::from_hundredths(15_200))).is_ok());
        let rate = Rate::from_json_number("98.50").unwrap();
        let rated = euros.set_rate(Some(rate)).unwrap().unwrap();
        let due = BillMoney::from_hundredths(1_497_200);
        assert_eq!(settle(&rated, 15_200), Err(SettleRefusal::NotAgreed { due }), "what leaves the account is agreed");
        let (paying, requested) = settle(&rated, 1_497_200).unwrap();
        assert_eq!(BillMoney::from(requested.amount.money()), due);
        assert_eq!(paying.set_rate(None), Err(RateRefusal::SettlementStarted));
        let paid = paying.transfer_completed(transfer(1)).unwrap();
        assert_eq!(paid.participant(ann).unwrap().settlement.paid(), BillMoney::from_hundredths(15_200));
        assert!(paid.is_settled(&paid.dues()));
        let other = Correction { currency: Change::Set("USD".into()), ..Correction::default() };
        assert_eq!(rated.correct(other).unwrap().unwrap().rate, None, "a rate is for one currency");
    }

    #[test]
    fn an_amount_that_no_payment_can_move_is_said_to_be_too_large_and_not_to_be_nothing() {
        let ann = ParticipantId(2);
        let mut euros = split(&[10_000_000_000]).with_user(7).claimed(ann, 1, Fraction::WHOLE);
        euros.cheque.currency = Some("EUR".into());
        let rated = euros.set_rate(Some(Rate::from_json_number("1000000").unwrap())).unwrap().unwrap();
        let agreed = Agreed::Version(rated.version);
        assert_eq!(rated.settle(user(7), None, agreed, "RUB", transfer(1)), Err(SettleRefusal::TooLarge));
        assert!(rated.paid_cash(ann, Agreed::Version(rated.version)).is_ok(), "in the currency of the bill it is not");
    }
}
