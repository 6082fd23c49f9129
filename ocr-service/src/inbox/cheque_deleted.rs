//! `router.ChequeDeleted.v1`: the owner deleted the cheque. Its content is deleted now, its photo soon after.

use crate::store;
use contracts::router::ChequeDeleted;
use process::clock;
use rabbit_outbox::{Handle, HandleError, Meta, Transaction};
use std::sync::Arc;
use tokio::sync::Notify;
use tracing::info;

pub(super) struct Empty {
    pub(super) janitor: Arc<Notify>,
}

impl Handle<ChequeDeleted> for Empty {
    async fn handle(&self, tx: &mut Transaction, event: &ChequeDeleted, _: &Meta) -> Result<(), HandleError> {
        if store::cheques::clear_content(tx, &event.hash, clock::now()).await? {
            let cheque = event.hash.shortened();
            info!(%cheque, "cheque {cheque} was deleted by its owner");
            // The row records that the photo must be deleted; waking the janitor only makes it happen sooner.
            let janitor = Arc::clone(&self.janitor);
            tx.after_commit(move || janitor.notify_one());
        }
        Ok(())
    }
}
