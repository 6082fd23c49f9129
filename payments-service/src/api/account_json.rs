//! An account in JSON.

use contracts::ids::{TransactionId, UserId};
use contracts::money::Money;
use serde::Serialize;

/// An account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Account)]
pub(super) struct AccountJson {
    pub(super) user_id: UserId,
    pub(super) balance: Money,
}

/// An account after a top-up.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ToppedUp)]
pub(super) struct ToppedUpJson {
    pub(super) user_id: UserId,
    pub(super) balance: Money,
    pub(super) transaction_id: TransactionId,
}
