//! `router.ChequeRequested.v1`: a link was opened whose cheque has not arrived; it is announced again.

use crate::store;
use chassis::clock;
use contracts::router::ChequeRequested;
use rabbit_outbox::{Handle, HandleError, Meta, Transaction};
use tracing::info;

pub(super) struct AnnounceAgain;

impl Handle<ChequeRequested> for AnnounceAgain {
    async fn handle(&self, tx: &mut Transaction, event: &ChequeRequested, _: &Meta) -> Result<(), HandleError> {
        let kept = store::cheques::lock(tx, &event.hash).await?;
        // Anybody can open a link that never was, or is over: there is nothing to announce, and nothing is wrong.
        if let Some(recognized) = kept.and_then(|kept| kept.recognized(clock::now())) {
            tx.append(&recognized, 1)?;
            info!("a cheque is announced again");
        }
        Ok(())
    }
}
