//! `router.ChequeRequested.v1`: a link was opened but its cheque has not arrived at router-service. Publishes it again.

use crate::store;
use contracts::router::ChequeRequested;
use process::clock;
use rabbit_outbox::{Handle, HandleError, HandleSome, Meta, Transaction};
use tracing::info;

pub(super) struct AnnounceAgain;

impl Handle<ChequeRequested> for AnnounceAgain {
    async fn handle(&self, tx: &mut Transaction, event: &ChequeRequested, _: &Meta) -> Result<(), HandleError> {
        let stored = store::cheques::lock(tx, &event.hash).await?;
        // The link may have expired: then there is nothing to publish, and that is not an error.
        if let Some(recognized) = stored.and_then(|stored| stored.recognized(clock::now())) {
            tx.append(&recognized, 1)?;
            let cheque = event.hash.shortened();
            info!(%cheque, "cheque {cheque} is published again");
        }
        Ok(())
    }
}

/// Strangers can invent as many links as they like: those leave no inbox row.
impl HandleSome<ChequeRequested> for AnnounceAgain {
    async fn takes(&self, tx: &mut Transaction, event: &ChequeRequested, _: &Meta) -> Result<bool, HandleError> {
        Ok(store::cheques::exists(tx, &event.hash).await?)
    }
}
