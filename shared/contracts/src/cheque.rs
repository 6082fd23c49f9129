//! A cheque, recognised on a photo or corrected by its owner.

use crate::currency::fits;
use crate::day;
use crate::money::BillMoney;
use crate::quantity::Quantity;
use crate::title::Title;
use serde::{Deserialize, Serialize};
use time::Date;

/// The contents of a cheque.
///
/// It is balanced if the sum of the lines, service, tax, tip and rounding, minus the discount, is `total_account`, and all
/// of them can be paid in its currency. Amounts are in that currency, with at most three decimals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Cheque {
    /// The restaurant or shop, in 1 to 80 characters; read from the photo if it is certain, or named by the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// The day of the purchase; read from the photo if it is certain, or named by the owner.
    #[serde(default, with = "day", skip_serializing_if = "Option::is_none")]
    pub purchased_on: Option<Date>,
    /// The printed total; `null` if it was not recognised. It is never computed from the lines.
    pub total_account: Option<BillMoney>,
    /// What the total may be, if that is not certain: the best first, at most [`TOTALS_MAX`]. The first one is the
    /// `total_account` that was read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub totals: Vec<PossibleTotal>,
    /// The lines, in printed order.
    pub products: Vec<Product>,
    /// ISO 4217 code, if it is printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Service charge, if it is printed as a separate line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<BillMoney>,
    /// Discount, as a positive amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<BillMoney>,
    /// Tax that is added to the lines. Tax that the lines include is not listed here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<BillMoney>,
    /// Tip, if it is printed as part of the total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip: Option<BillMoney>,
    /// Rounding of the total; negative if it was rounded down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<BillMoney>,
    /// Whether the cheque is balanced.
    pub status: ChequeStatus,
    /// `total_account` minus the sum of the parts, if both are known and differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<BillMoney>,
    /// Confidence of the recognition, from 0 to 1.
    pub confidence: f64,
    /// Problems that the owner should check.
    pub warnings: Vec<ChequeWarning>,
    /// Size of photo 1, if the bill has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<PhotoSize>,
    /// All photos, in the order of the bill, if it is not just photo 1. Their numbers are never used again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<PagePhoto>,
}

/// Largest number of [`Cheque::totals`].
pub const TOTALS_MAX: usize = 5;

/// An amount on the photo that may be the total.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PossibleTotal {
    /// The amount.
    pub amount: BillMoney,
    /// The words beside it, as they were recognised; empty if there are none.
    pub label: String,
    /// Position of the row on the photo.
    #[serde(rename = "box", default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
    /// How likely it is the total, from 0 to 1.
    pub confidence: f64,
}

/// One line of a cheque.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Product {
    /// Number of the line within its cheque, from 1; it does not change when lines are corrected, added or removed.
    pub id: u32,
    /// Name of the item.
    pub name: String,
    /// Quantity in servings, litres or kilograms.
    #[serde(rename = "numberServings")]
    pub number_servings: Quantity,
    /// Price of one unit; `null` if it is neither printed nor computable.
    pub price: Option<BillMoney>,
    /// Price of the line; `null` if it was not recognised.
    pub total: Option<BillMoney>,
    /// Whether `price` is printed; otherwise it is the total divided by the quantity.
    #[serde(default)]
    pub price_printed: bool,
    /// Sub-lines without their own price: sauces, toppings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modifiers: Vec<String>,
    /// Confidence of the recognition of the line, from 0 to 1.
    pub confidence: f64,
    /// The recognised text of the line; empty if the owner added the line.
    pub raw: String,
    /// Position of the line on the photo.
    #[serde(rename = "box", default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
    /// Problems that the owner should check.
    pub warnings: Vec<LineWarning>,
}

/// A rectangle on the photo, in pixels from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Bounds {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
    /// The number of the photo; 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
}

/// One photo of a bill that has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PagePhoto {
    /// Its number, from 1.
    pub page: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Size of the stored photo in pixels, after it was rotated upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PhotoSize {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// Whether a cheque is balanced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChequeStatus {
    /// The sum of the parts is the total, and all of them can be paid in the currency.
    Balanced,
    /// It is not, or something is missing. The owner corrects or confirms the cheque before participants pay.
    NeedsReview,
    /// Neither a total nor a line was recognised.
    Failed,
}

/// A problem of a cheque.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChequeWarning {
    /// There is no text on the photo.
    NoText,
    /// No total was recognised.
    NoTotal,
    /// No line was recognised.
    NoLines,
    /// The sum of the parts is not the total, or an amount has more decimals than the currency.
    DoesNotAddUp,
    /// The photo is blurred, dark or small: another photo may give a better result.
    PoorPhoto,
    /// Two bills are on the photo: each needs a photo of its own.
    TwoBills,
    /// The bill has more lines than are read: only the first ones are here.
    TooManyLines,
}

/// A problem of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LineWarning {
    /// Quantity times price is not the total of the line.
    DoesNotAddUp,
    /// A misread character was replaced, because otherwise the amounts do not add up.
    Repaired,
    /// The name was recognised with low confidence.
    UncertainName,
    /// An amount was recognised with low confidence, or differently by different passes.
    UncertainAmount,
    /// There is a name but no amount.
    NoAmount,
    /// The quantity does not make the amount with any price on the bill, so it may be misread.
    UncertainQuantity,
}

impl Cheque {
    /// A bill of which nothing is known yet, and nothing is uncertain.
    pub fn blank() -> Self {
        Self {
            total_account: None,
            totals: vec![],
            products: vec![],
            currency: None,
            service: None,
            discount: None,
            tax: None,
            tip: None,
            rounding: None,
            status: ChequeStatus::Failed,
            difference: None,
            confidence: 1.0,
            warnings: vec![],
            photo: None,
            photos: vec![],
            merchant: None,
            purchased_on: None,
        }
    }

    /// What the bill is called.
    pub fn title(&self) -> Title {
        Title { merchant: self.merchant.clone(), purchased_on: self.purchased_on }
    }

    /// The sum of the lines, service, tax, tip and rounding, minus the discount. `None` if a line has no total, or
    /// beyond 64 bits.
    pub fn sum_of_parts(&self) -> Option<BillMoney> {
        let mut sum = BillMoney::ZERO;
        for product in &self.products {
            sum = sum.checked_add(product.total?)?;
        }
        for part in [self.service, self.tax, self.tip, self.rounding, self.discount.map(BillMoney::negated)] {
            sum = sum.checked_add(part.unwrap_or(BillMoney::ZERO))?;
        }
        Some(sum)
    }

    /// The total, the extras and the totals of the lines, as far as they are known: what is paid. A price of one unit is
    /// not: fuel has prices of 1.599 EUR.
    pub fn paid_amounts(&self) -> impl Iterator<Item = BillMoney> {
        let extras = [self.total_account, self.service, self.discount, self.tax, self.tip, self.rounding];
        extras.into_iter().chain(self.products.iter().map(|line| line.total)).flatten()
    }

    /// Whether all amounts can be paid in the currency: they have no more decimals than it has.
    pub fn fits_currency(&self) -> bool {
        self.paid_amounts().all(|amount| fits(amount, self.currency.as_deref()))
    }

    /// Sets the status, the difference, and the warnings that depend on the parts; other warnings are not changed.
    pub fn recompute_status(&mut self) {
        use ChequeWarning::{DoesNotAddUp, NoLines, NoTotal};
        self.warnings.retain(|warning| ![DoesNotAddUp, NoLines, NoTotal].contains(warning));
        self.difference = None;
        let sum = self.sum_of_parts();
        if self.total_account.is_none() {
            self.warnings.push(NoTotal);
        }
        if self.products.is_empty() {
            self.warnings.push(NoLines);
        }
        self.status = match (self.total_account, sum) {
            (None, _) if self.products.is_empty() => ChequeStatus::Failed,
            (Some(total), Some(sum)) if total == sum && !self.products.is_empty() && self.fits_currency() => {
                ChequeStatus::Balanced
            }
            (Some(total), sum) => {
                let difference = sum.and_then(|sum| total.checked_add(sum.negated()));
                self.difference = difference.filter(|difference| *difference != BillMoney::ZERO);
                self.warnings.push(DoesNotAddUp);
                ChequeStatus::NeedsReview
            }
            (None, _) => ChequeStatus::NeedsReview,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(id: u32, total: Option<i64>) -> Product {
        Product {
            id,
            name: "Чай".into(),
            number_servings: Quantity::ONE,
            price: total.map(BillMoney::from_hundredths),
            total: total.map(BillMoney::from_hundredths),
            price_printed: true,
            modifiers: vec![],
            confidence: 0.9,
            raw: "Чай 1 150,00".into(),
            bounds: None,
            warnings: vec![],
        }
    }

    fn cheque(total: Option<i64>, lines: &[Option<i64>]) -> Cheque {
        let products = (1..).zip(lines).map(|(id, total)| product(id, *total)).collect();
        let mut cheque = Cheque {
            merchant: None,
            purchased_on: None,
            total_account: total.map(BillMoney::from_hundredths),
            totals: vec![],
            products,
            currency: None,
            service: None,
            discount: None,
            tax: None,
            tip: None,
            rounding: None,
            status: ChequeStatus::Failed,
            difference: None,
            confidence: 0.9,
            warnings: vec![],
            photo: None,
            photos: vec![],
        };
        cheque.recompute_status();
        cheque
    }

    #[test]
    fn a_cheque_whose_parts_make_the_total_is_balanced() {
        let mut cheque = cheque(Some(900), &[Some(600), Some(400)]);
        assert_eq!(
            (cheque.status, cheque.difference),
            (ChequeStatus::NeedsReview, Some(BillMoney::from_hundredths(-100)))
        );
        cheque.discount = Some(BillMoney::from_hundredths(150));
        cheque.service = Some(BillMoney::from_hundredths(50));
        cheque.recompute_status();
        assert_eq!((cheque.status, cheque.difference), (ChequeStatus::Balanced, None));
        assert_eq!(cheque.warnings, []);
    }

    #[test]
    fn missing_parts_are_reported() {
        let without_total = cheque(None, &[Some(600)]);
        assert_eq!(without_total.status, ChequeStatus::NeedsReview);
        assert_eq!(without_total.warnings, [ChequeWarning::NoTotal]);
        let without_lines = cheque(Some(600), &[]);
        assert_eq!(without_lines.status, ChequeStatus::NeedsReview);
        assert_eq!(without_lines.difference, Some(BillMoney::from_hundredths(600)));
        assert_eq!(cheque(None, &[]).status, ChequeStatus::Failed);
        let unread_line = cheque(Some(600), &[Some(600), None]);
        assert_eq!((unread_line.status, unread_line.difference), (ChequeStatus::NeedsReview, None));
    }

    #[test]
    fn a_cheque_of_an_old_event_has_no_possible_totals() {
        let mut read = cheque(Some(600), &[Some(600)]);
        let old = serde_json::to_string(&read).unwrap();
        assert!(!old.contains("totals"), "{old}");
        assert_eq!(serde_json::from_str::<Cheque>(&old).unwrap().totals, []);
        let amount = BillMoney::from_hundredths(600);
        read.totals.push(PossibleTotal { amount, label: "Total".to_owned(), bounds: None, confidence: 0.5 });
        let new = serde_json::to_string(&read).unwrap();
        assert!(new.contains(r#""totals":[{"amount":6,"label":"Total","confidence":0.5}]"#), "{new}");
        assert_eq!(serde_json::from_str::<Cheque>(&new).unwrap(), read);
    }

    #[test]
    fn an_amount_with_more_decimals_than_the_currency_has_to_be_reviewed() {
        let mut cheque = cheque(Some(100), &[Some(50), Some(50)]);
        for (currency, status) in [("EUR", ChequeStatus::Balanced), ("JPY", ChequeStatus::NeedsReview)] {
            cheque.currency = Some(currency.into());
            cheque.recompute_status();
            assert_eq!((cheque.status, cheque.difference), (status, None), "{currency}");
        }
        assert_eq!(cheque.warnings, [ChequeWarning::DoesNotAddUp]);
        cheque.currency = Some("EUR".into());
        cheque.products[0].price = Some(BillMoney::from_thousandths(499));
        cheque.recompute_status();
        assert_eq!(cheque.status, ChequeStatus::Balanced, "a price of one unit is not paid");
    }
}
