//! What each participant owes, part by part, as JSON.

use super::plan_json::{PaymentJson, plan};
use super::split_json::{SettlementJson, settlement};
use crate::domain::split::Split;
use contracts::money::BillMoney;
use serde::Serialize;

/// What each participant owes. All dues plus `unclaimed` add up to `total`.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Dues)]
pub struct DuesJson {
    /// The version of the state.
    pub version: i64,
    /// The total to pay, including the tip.
    pub total: BillMoney,
    /// The amount that is not claimed.
    pub unclaimed: BillMoney,
    /// By participant.
    pub dues: Vec<DueJson>,
    /// Who still has to pay whom.
    pub plan: Vec<PaymentJson>,
}

/// A participant's part: `items + service - discount + tax + tip + rounding + difference = due`.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Due)]
pub struct DueJson {
    /// The participant.
    pub participant: u32,
    /// The participant's name.
    pub name: Option<String>,
    /// Lines.
    pub items: BillMoney,
    /// Service charge.
    pub service: BillMoney,
    /// Discount; a positive number.
    pub discount: BillMoney,
    /// Tax that is added to the lines.
    pub tax: BillMoney,
    /// The printed tip plus the tip set by the owner.
    pub tip: BillMoney,
    /// Rounding of the total.
    pub rounding: BillMoney,
    /// Share of the printed total minus the sum of its parts, on a cheque that does not add up.
    pub difference: BillMoney,
    /// Their part of the total, independent of payments.
    pub due: BillMoney,
    /// If several participants have paid the restaurant, what this one has paid to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advance: Option<BillMoney>,
    /// What they have paid others, less what was given back or received from others.
    pub paid: BillMoney,
    /// What they still have to pay: `due - advance - paid`; negative if they are owed something.
    pub to_pay: BillMoney,
    /// State of the payment.
    pub settlement: SettlementJson,
}

impl DuesJson {
    /// Builds the response for a shared cheque.
    pub fn of(split: &Split) -> Self {
        let dues = split.dues();
        let of_one = |participant: &crate::domain::participant::Participant| {
            let parts = dues.of(participant.id);
            DueJson {
                participant: participant.id.0,
                name: participant.name.clone(),
                items: parts.items,
                service: parts.service,
                discount: parts.discount,
                tax: parts.tax,
                tip: parts.tip,
                rounding: parts.rounding,
                difference: parts.difference,
                due: parts.due(),
                advance: split.has_several_payers().then(|| split.advance_of(participant.id, dues.total)),
                paid: participant.settlement.paid(),
                to_pay: split.to_pay(&dues, participant),
                settlement: settlement(participant),
            }
        };
        Self {
            version: split.version,
            total: dues.total,
            unclaimed: dues.unclaimed,
            dues: split.participants.iter().map(of_one).collect(),
            plan: plan(split, &dues),
        }
    }
}
