//! `payments.TransferCompleted.v1`: a transfer has paid a due.

use crate::live::hub::Hub;
use contracts::payments::TransferCompleted;
use rabbit_outbox::{Handle, HandleError, Meta, Transaction};
use tracing::info;

pub(super) struct MarkPaid {
    pub(super) hub: Hub,
}

impl Handle<TransferCompleted> for MarkPaid {
    async fn handle(&self, tx: &mut Transaction, event: &TransferCompleted, _: &Meta) -> Result<(), HandleError> {
        let id = event.transfer_id;
        super::transfer_answer::answer(tx, &self.hub, id, None, |split| {
            let paid = split.transfer_completed(id)?;
            info!(transfer.id = %id, "transfer {id} is paid");
            Some(paid)
        })
        .await
    }
}
