//! A payment between two members.

use super::member::MemberId;
use crate::domain::currency::Currency;
use contracts::ids::{TransferId, UserId};
use contracts::money::BillAmount;
use contracts::payments::RefusalReason;
use time::OffsetDateTime;

/// A payment between two members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Its id; also that of the transfer, if there is one.
    pub id: TransferId,
    /// Who pays.
    pub from: MemberId,
    /// Who gets it.
    pub to: MemberId,
    /// The currency.
    pub currency: Currency,
    /// The amount.
    pub amount: BillAmount,
    /// The accounts between which it is transferred; `None` for cash.
    pub users: Option<(UserId, UserId)>,
    /// Who has requested or recorded it.
    pub recorded_by: MemberId,
    /// When.
    pub created_at: OffsetDateTime,
    /// What is known about it.
    pub state: SettlementState,
}

/// What is known about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettlementState {
    /// Payments has not answered.
    Pending,
    /// The money has moved.
    Paid,
    /// Refused; nothing has moved.
    Failed(RefusalReason),
    /// Cash that was recorded by mistake.
    Withdrawn,
}

impl Settlement {
    /// Whether it counts in the balances: a pending one counts as paid.
    pub fn counts(&self) -> bool {
        match self.state {
            SettlementState::Pending | SettlementState::Paid => true,
            SettlementState::Failed(_) | SettlementState::Withdrawn => false,
        }
    }
}
