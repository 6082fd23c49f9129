//! Amounts of a bill are whole numbers of the smallest unit of its currency. Amounts that were read from a photo, and those
//! of bills that were entered in earlier releases, may have more decimals until the owner corrects them.

use super::correct::{AmountAt, Change, CorrectRefusal, Correction};
use super::currency::NotWhole;
use super::edit_lines::LineEdits;
use super::split::Split;
use contracts::currency::{fits, smallest_unit};
use contracts::money::BillMoney;

impl Split {
    /// The largest step, in thousandths, of which all these amounts are whole numbers: the smallest unit of the currency
    /// or, if something on the bill has more decimals, a hundredth or a thousandth.
    pub(super) fn step_of(&self, amounts: &[i64]) -> i64 {
        let unit = smallest_unit(self.cheque.currency.as_deref());
        let mut steps = [unit, 10.min(unit)].into_iter();
        steps.find(|step| amounts.iter().all(|amount| amount % step == 0)).unwrap_or(1)
    }

    /// Checks an amount that is agreed for the bill. A bill that has more decimals itself can only be divided with more.
    ///
    /// # Errors
    /// [`NotWhole`].
    pub(super) fn require_whole(&self, amount: BillMoney) -> Result<(), NotWhole> {
        let checked = NotWhole::check(amount, self.cheque.currency.as_deref());
        if self.cheque.fits_currency() { checked } else { Ok(()) }
    }

    /// The currency that the bill has after a correction.
    pub(super) fn currency_after<'a>(&'a self, correction: &'a Correction) -> Option<&'a str> {
        match &correction.currency {
            Change::Keep => self.cheque.currency.as_deref(),
            Change::Clear => None,
            Change::Set(currency) => Some(currency.as_str()),
        }
    }

    /// Checks the amounts that a correction gives, in the currency that the bill has after it.
    pub(super) fn require_whole_amounts(&self, correction: &Correction) -> Result<(), CorrectRefusal> {
        let currency = self.currency_after(correction);
        let refused = |(at, amount)| NotWhole::check(amount, currency).err().map(|refused| (at, refused));
        let refused: Vec<(AmountAt, NotWhole)> = self.given(correction).into_iter().filter_map(refused).collect();
        if refused.is_empty() { Ok(()) } else { Err(CorrectRefusal::NotWhole(refused)) }
    }

    /// The amounts that a correction gives. A price that was read is only kept.
    fn given(&self, correction: &Correction) -> Vec<(AmountAt, BillMoney)> {
        let Correction { total_account, service, discount, tax, tip, rounding, .. } = correction;
        let extras = [
            (AmountAt::Total, total_account),
            (AmountAt::Service, service),
            (AmountAt::Discount, discount),
            (AmountAt::Tax, tax),
            (AmountAt::Tip, tip),
            (AmountAt::Rounding, rounding),
        ];
        let extras = extras.into_iter().filter_map(|(field, change)| match change {
            Change::Set(amount) => Some((field, *amount)),
            Change::Keep | Change::Clear => None,
        });
        let lines = correction.products.iter().flatten().enumerate().flat_map(|(at, line)| {
            let price = line.price.filter(|price| line.id.is_none_or(|id| !self.has_price(id, *price)));
            [
                line.total.map(|total| (AmountAt::LineTotal(at), total)),
                price.map(|price| (AmountAt::LinePrice(at), price)),
            ]
        });
        extras.chain(lines.flatten()).chain(correction.lines.iter().flat_map(|edits| self.given_by(edits))).collect()
    }

    /// The amounts that edits of lines give.
    fn given_by(&self, edits: &LineEdits) -> Vec<(AmountAt, BillMoney)> {
        let set = edits.set.iter().enumerate().flat_map(|(at, edit)| {
            let price = edit.price.filter(|price| !self.has_price(edit.seen.id, *price));
            let total = match edit.total {
                Change::Set(total) => Some(total),
                Change::Keep | Change::Clear => None,
            };
            [
                total.map(|total| (AmountAt::EditedTotal(at), total)),
                price.map(|price| (AmountAt::EditedPrice(at), price)),
            ]
        });
        let add = edits.add.iter().enumerate().flat_map(|(at, line)| {
            let (total, price) = (line.total, line.price);
            [total.map(|total| (AmountAt::AddedTotal(at), total)), price.map(|price| (AmountAt::AddedPrice(at), price))]
        });
        set.chain(add).flatten().collect()
    }

    fn has_price(&self, id: u32, price: BillMoney) -> bool {
        self.line(id).is_some_and(|known| known.price == Some(price))
    }

    /// Checks what a correction keeps: it fits another currency, and what the owner confirms can be paid.
    pub(super) fn require_fitting(&self, before: &Self, confirms: bool) -> Result<(), CorrectRefusal> {
        let has_other_currency = self.cheque.currency != before.cheque.currency;
        match self.first_unfitting() {
            Some(amount) if has_other_currency => Err(CorrectRefusal::OtherDecimals { amount }),
            Some(amount) if confirms => Err(CorrectRefusal::Unpayable { amount }),
            Some(_) | None => Ok(()),
        }
    }

    fn first_unfitting(&self) -> Option<BillMoney> {
        self.cheque.paid_amounts().find(|amount| !fits(*amount, self.cheque.currency.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::correct::Line;
    use crate::domain::fixtures::split_in;
    use crate::domain::method::Method;
    use contracts::quantity::Quantity;

    /// A bill of one line, of so many units of this currency, that three people share equally.
    fn bill(currency: &str, units: i64) -> Split {
        let mut bill = split_in(smallest_unit(Some(currency)), &[units]).with_user(7).with_user(8);
        bill.cheque.currency = Some(currency.into());
        bill.set_method(Method::Equal, None).unwrap().unwrap()
    }

    fn dues(bill: &Split) -> Vec<String> {
        let mut dues: Vec<String> = bill.dues().of.values().map(|due| due.due().to_string()).collect();
        dues.sort();
        dues
    }

    #[test]
    fn a_bill_is_divided_in_the_smallest_unit_of_its_currency() {
        assert_eq!(dues(&bill("KWD", 1_000)), ["0.333", "0.333", "0.334"]);
        assert_eq!(dues(&bill("EUR", 100)), ["0.33", "0.33", "0.34"]);
        assert_eq!(dues(&bill("JPY", 1_000)), ["333", "333", "334"]);
        let mut of_an_earlier_release = bill("JPY", 1_000);
        of_an_earlier_release.cheque.products[0].total = Some(BillMoney::from_hundredths(100_050));
        of_an_earlier_release.cheque.total_account = Some(BillMoney::from_hundredths(100_050));
        assert_eq!(dues(&of_an_earlier_release), ["333.50", "333.50", "333.50"], "in hundredths, as before");
    }

    #[test]
    fn a_computed_price_is_whole_and_a_read_one_is_kept() {
        let mut bill = bill("JPY", 1_000);
        bill.cheque.products[0].price = Some(BillMoney::from_thousandths(333_300));
        let line = |name: &str, id, price| Line {
            id,
            name: name.into(),
            number_servings: Quantity::from_json_number("3").unwrap(),
            price,
            total: Some(BillMoney::from_thousandths(1_000_000)),
            modifiers: None,
        };
        let correct = |lines| bill.correct(Correction { products: Some(lines), ..Correction::default() });
        let read = bill.cheque.products[0].price;
        let kept = correct(vec![line("Ramen", Some(1), read), line("Tea", None, None)]).unwrap().unwrap();
        let prices: Vec<String> = kept.cheque.products.iter().map(|line| line.price.unwrap().to_string()).collect();
        assert_eq!(prices, ["333.30", "333"]);
        let other = correct(vec![line("Ramen", Some(1), Some(BillMoney::from_thousandths(333_400)))]);
        let at = AmountAt::LinePrice(0);
        assert!(matches!(&other, Err(CorrectRefusal::NotWhole(refused)) if refused[0].0 == at), "{other:?}");
    }
}
