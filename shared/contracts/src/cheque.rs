//! A cheque as it was read from a photo, or corrected by its owner.

use crate::money::Money;
use crate::quantity::Quantity;
use serde::{Deserialize, Serialize};

/// What stands on a cheque.
///
/// It adds up when the lines, service, tax, tip and rounding make, less the discount, `total_account`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Cheque {
    /// The total as printed; `null` when it was not read. It is never computed from the lines.
    pub total_account: Option<Money>,
    /// The lines, in the order in which they are printed.
    pub products: Vec<Product>,
    /// ISO 4217 code, when the cheque says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Added for service, when it is a line of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Money>,
    /// Taken off; a positive number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Money>,
    /// Tax that is added to the lines; tax that they include is not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Money>,
    /// A tip that is printed as part of the total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip: Option<Money>,
    /// Rounding of the total; negative when it was rounded down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<Money>,
    /// Whether it adds up.
    pub status: ChequeStatus,
    /// `total_account` less what the parts make; only when both are known and differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Money>,
    /// How sure the reading is, from 0 to 1.
    pub confidence: f64,
    /// What the owner should look at.
    pub warnings: Vec<ChequeWarning>,
    /// The size of the stored photo, to which the boxes of the lines refer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<PhotoSize>,
}

/// One line of a cheque.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Product {
    /// Number of the line within its cheque, from 1; it stays when lines are corrected, added or removed.
    pub id: u32,
    /// What was served.
    pub name: String,
    /// How many servings, litres or kilograms.
    #[serde(rename = "numberServings")]
    pub number_servings: Quantity,
    /// Price of one; `null` when it is neither printed nor can be computed.
    pub price: Option<Money>,
    /// Price of the line; `null` when it could not be read.
    pub total: Option<Money>,
    /// Whether `price` stands on the cheque; otherwise it is the total divided by the quantity.
    #[serde(default)]
    pub price_printed: bool,
    /// Sub-lines without a price of their own: sauces, toppings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modifiers: Vec<String>,
    /// How sure the reading of the line is, from 0 to 1.
    pub confidence: f64,
    /// The text of the line as it was read; empty when the owner added the line.
    pub raw: String,
    /// Where the line stands on the photo.
    #[serde(rename = "box", default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
    /// What the owner should look at.
    pub warnings: Vec<LineWarning>,
}

/// A rectangle on the photo, in its pixels, from its upper left corner.
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
}

/// Pixels of the stored photo, upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PhotoSize {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// Whether a cheque adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChequeStatus {
    /// The parts make the total.
    Balanced,
    /// They don't, or something is missing; its owner corrects or confirms it before anybody pays.
    NeedsReview,
    /// Neither a total nor a line could be read.
    Failed,
}

/// What is wrong with a cheque.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChequeWarning {
    /// There is no text on the photo.
    NoText,
    /// No total was read.
    NoTotal,
    /// No line was read.
    NoLines,
    /// The parts don't make the total.
    DoesNotAddUp,
    /// The photo is blurred, dark or small: another one may be read better.
    PoorPhoto,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LineWarning {
    /// Quantity times price is not the total of the line.
    DoesNotAddUp,
    /// A misread character was replaced, because only so it adds up.
    Repaired,
    /// The name was read with low confidence.
    UncertainName,
    /// An amount was read with low confidence, or differently by different passes.
    UncertainAmount,
    /// There is a name and no amount.
    NoAmount,
}

impl Cheque {
    /// What lines, service, tax, tip and rounding make, less the discount; `None` when a line has no total, or beyond
    /// 64 bits.
    pub fn sum_of_parts(&self) -> Option<Money> {
        let mut sum = Money::ZERO;
        for product in &self.products {
            sum = sum.checked_add(product.total?)?;
        }
        for part in [self.service, self.tax, self.tip, self.rounding, self.discount.map(Money::negated)] {
            sum = sum.checked_add(part.unwrap_or(Money::ZERO))?;
        }
        Some(sum)
    }

    /// Sets status, difference and the warnings that follow from the parts; the other warnings stay.
    pub fn judge(&mut self) {
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
            (Some(total), Some(sum)) if total == sum && !self.products.is_empty() => ChequeStatus::Balanced,
            (Some(total), sum) => {
                self.difference = sum.and_then(|sum| total.checked_add(sum.negated()));
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
            price: total.map(Money::from_minor),
            total: total.map(Money::from_minor),
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
            total_account: total.map(Money::from_minor),
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
        };
        cheque.judge();
        cheque
    }

    #[test]
    fn a_cheque_whose_parts_make_the_total_is_balanced() {
        let mut cheque = cheque(Some(900), &[Some(600), Some(400)]);
        assert_eq!((cheque.status, cheque.difference), (ChequeStatus::NeedsReview, Some(Money::from_minor(-100))));
        cheque.discount = Some(Money::from_minor(150));
        cheque.service = Some(Money::from_minor(50));
        cheque.judge();
        assert_eq!((cheque.status, cheque.difference), (ChequeStatus::Balanced, None));
        assert_eq!(cheque.warnings, []);
    }

    #[test]
    fn what_is_missing_is_said() {
        let without_total = cheque(None, &[Some(600)]);
        assert_eq!(without_total.status, ChequeStatus::NeedsReview);
        assert_eq!(without_total.warnings, [ChequeWarning::NoTotal]);
        let without_lines = cheque(Some(600), &[]);
        assert_eq!(without_lines.status, ChequeStatus::NeedsReview);
        assert_eq!(without_lines.difference, Some(Money::from_minor(600)));
        assert_eq!(cheque(None, &[]).status, ChequeStatus::Failed);
        let unread_line = cheque(Some(600), &[Some(600), None]);
        assert_eq!((unread_line.status, unread_line.difference), (ChequeStatus::NeedsReview, None));
    }
}
