//! What everybody owes, part by part, as clients see it.

use super::split_json::{SettlementJson, settlement};
use crate::domain::split::Split;
use contracts::money::Money;
use serde::Serialize;

/// What everybody owes. All dues and `unclaimed` make `total`.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Dues)]
pub struct DuesJson {
    /// The version of the state.
    pub version: i64,
    /// What all together pay, the tip included.
    pub total: Money,
    /// What nobody has taken.
    pub unclaimed: Money,
    /// By participant.
    pub dues: Vec<DueJson>,
}

/// What somebody owes: `items + service - discount + tax + tip + rounding + difference = due`.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Due)]
pub struct DueJson {
    /// The participant.
    pub participant: u32,
    /// Their name.
    pub name: Option<String>,
    /// Lines.
    pub items: Money,
    /// Service.
    pub service: Money,
    /// Taken off; a positive number.
    pub discount: Money,
    /// Tax that is added to the lines.
    pub tax: Money,
    /// The tip: the printed one and the agreed one.
    pub tip: Money,
    /// Rounding of the total.
    pub rounding: Money,
    /// The part of what the printed total has more than its parts, on a cheque that does not add up.
    pub difference: Money,
    /// What is to be paid.
    pub due: Money,
    /// How far they are with paying.
    pub settlement: SettlementJson,
}

impl DuesJson {
    /// Tells what everybody owes.
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
                settlement: settlement(participant),
            }
        };
        Self {
            version: split.version,
            total: dues.total,
            unclaimed: dues.unclaimed,
            dues: split.participants.iter().map(of_one).collect(),
        }
    }
}
