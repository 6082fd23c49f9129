//! `payments.TransferFailed.v1`: a transfer was refused.

use crate::live::hub::Hub;
use contracts::payments::TransferFailed;
use rabbit_outbox::{Handle, HandleError, Meta, Transaction};
use tracing::info;

pub(super) struct MarkFailed {
    pub(super) hub: Hub,
}

impl Handle<TransferFailed> for MarkFailed {
    async fn handle(&self, tx: &mut Transaction, event: &TransferFailed, _: &Meta) -> Result<(), HandleError> {
        let (id, reason) = (event.transfer_id, event.reason);
        super::transfer_answer::answer(tx, &self.hub, id, Some(reason), |split| {
            let failed = split.transfer_failed(id, reason)?;
            info!(transfer.id = %id, %reason, "transfer {id} failed: {reason}");
            Some(failed)
        })
        .await
    }
}
