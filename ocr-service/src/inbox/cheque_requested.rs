//! `router.ChequeRequested.v1`: a link was opened but its cheque has not arrived at router-service. Publishes it again.

use crate::store;
use contracts::router::ChequeRequested;
use process::clock;
use rabbit_outbox::{Handle, HandleError, Meta, Transaction};
use tracing::info;

pub(super) struct AnnounceAgain;

impl Handle<ChequeRequested> for AnnounceAgain {
    async fn handle(&self, tx: &mut Transaction, event: &ChequeRequested, _: &Meta) -> Result<(), HandleError> {
        let stored = store::cheques::lock(tx, &event.hash).await?;
        // The link may be invented or expired: then there is nothing to publish, and that is not an error.
        if let Some(recognized) = stored.and_then(|stored| stored.recognized(clock::now())) {
            tx.append(&recognized, 1)?;
            let cheque = event.hash.shortened();
            info!(%cheque, "cheque {cheque} is published again");
        }
        Ok(())
    }
}
