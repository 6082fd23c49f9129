//! The shared bill as JSON.

use crate::domain::split::Split;
use contracts::cheque::{Cheque, ChequeStatus, ChequeWarning, PagePhoto, PhotoSize, PossibleTotal, Product};
use contracts::day;
use contracts::money::BillMoney;
use serde::Serialize;
use time::Date;

/// The shared bill. Each line names the version at which it was last changed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Cheque)]
pub struct ChequeJson {
    /// The restaurant or shop, in 1 to 80 characters; read from the photo if it is certain, or named by the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant: Option<String>,
    /// The day of the purchase; read from the photo if it is certain, or named by the owner.
    #[serde(with = "day", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    purchased_on: Option<Date>,
    /// The printed total; `null` if it was not recognised. It is never computed from the lines.
    total_account: Option<BillMoney>,
    /// What the total may be, if that is not certain: the best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    totals: Vec<PossibleTotal>,
    /// The lines, in printed order.
    products: Vec<LineJson>,
    /// ISO 4217 code, if it is printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// Service charge, if it is printed as a separate line.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<BillMoney>,
    /// Discount, as a positive amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    discount: Option<BillMoney>,
    /// Tax that is added to the lines. Tax that the lines include is not listed here.
    #[serde(skip_serializing_if = "Option::is_none")]
    tax: Option<BillMoney>,
    /// Tip, if it is printed as part of the total.
    #[serde(skip_serializing_if = "Option::is_none")]
    tip: Option<BillMoney>,
    /// Rounding of the total; negative if it was rounded down.
    #[serde(skip_serializing_if = "Option::is_none")]
    rounding: Option<BillMoney>,
    /// Whether the cheque is balanced.
    status: ChequeStatus,
    /// `total_account` minus the sum of the parts, if both are known and differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<BillMoney>,
    /// Confidence of the recognition, from 0 to 1.
    confidence: f64,
    /// Problems that the owner should check.
    warnings: Vec<ChequeWarning>,
    /// Size of photo 1, if the bill has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    photo: Option<PhotoSize>,
    /// All photos, in the order of the bill, if it is not just photo 1. Their numbers are never used again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    photos: Vec<PagePhoto>,
}

/// A line with its version.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SharedLine)]
pub struct LineJson {
    #[serde(flatten)]
    product: Product,
    /// The version of the state at which the line was last changed: an edit of it names this version, or a later one.
    version: i64,
}

impl ChequeJson {
    /// Builds the JSON form of the bill.
    pub fn of(split: &Split) -> Self {
        let Cheque {
            merchant,
            purchased_on,
            total_account,
            totals,
            products,
            currency,
            service,
            discount,
            tax,
            tip,
            rounding,
            status,
            difference,
            confidence,
            warnings,
            photo,
            photos,
        } = split.cheque.clone();
        let line = |product: Product| LineJson { version: split.last_changes.of_line(product.id), product };
        let products = products.into_iter().map(line).collect();
        Self {
            merchant,
            purchased_on,
            total_account,
            totals,
            products,
            currency,
            service,
            discount,
            tax,
            tip,
            rounding,
            status,
            difference,
            confidence,
            warnings,
            photo,
            photos,
        }
    }
}
