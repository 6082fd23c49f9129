//! `router.ChequeDeleted.v1`: the owner deleted the cheque; it is emptied, and its photo is to go.

use crate::store;
use chassis::clock;
use contracts::router::ChequeDeleted;
use rabbit_outbox::{Handle, HandleError, Meta, Transaction};
use std::sync::Arc;
use tokio::sync::Notify;
use tracing::info;

pub(super) struct Empty {
    pub(super) janitor: Arc<Notify>,
}

impl Handle<ChequeDeleted> for Empty {
    async fn handle(&self, tx: &mut Transaction, event: &ChequeDeleted, _: &Meta) -> Result<(), HandleError> {
        if store::cheques::empty(tx, &event.hash, clock::now()).await? {
            info!("a cheque was deleted by its owner");
            // The row remembers that there is a photo to delete; this only makes it soon.
            let janitor = Arc::clone(&self.janitor);
            tx.after_commit(move || janitor.notify_one());
        }
        Ok(())
    }
}
