//! Payments outside the app, as JSON.

use crate::domain::outside::Outside;
use crate::domain::participant::Report;
use contracts::money::BillMoney;
use serde::Serialize;

/// How a participant has paid outside the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PaidOutside)]
pub struct OutsideJson {
    /// `cash` or `other`.
    pub means: &'static str,
    /// What the receiver wrote about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl From<&Outside> for OutsideJson {
    fn from(outside: &Outside) -> Self {
        Self { means: outside.means.as_str(), note: outside.note.clone() }
    }
}

/// What a participant says they have paid; it counts as not paid until it is confirmed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ReportedPayment)]
pub struct ReportJson {
    /// The amount in the currency of the bill.
    pub amount: BillMoney,
    /// The participant who has received it.
    pub to: u32,
    /// What the participant wrote about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl From<&Report> for ReportJson {
    fn from(report: &Report) -> Self {
        Self { amount: report.amount, to: report.to.0, note: report.note.clone() }
    }
}
