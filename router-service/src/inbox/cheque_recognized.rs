//! `ocr.ChequeRecognized.v1`: a cheque can be shared.

use crate::arrival::fetcher::ChequeFetcher;
use crate::arrival::materialise::{MaterialiseError, materialise};
use crate::live::hub::Hub;
use contracts::ocr::ChequeRecognized;
use process::clock;
use rabbit_outbox::{Handle, HandleError, Meta, Transaction};

pub(super) struct OpenCheque {
    pub(super) hub: Hub,
    pub(super) fetcher: ChequeFetcher,
}

impl Handle<ChequeRecognized> for OpenCheque {
    async fn handle(&self, tx: &mut Transaction, event: &ChequeRecognized, _: &Meta) -> Result<(), HandleError> {
        let hash = event.hash.clone();
        let new = materialise(tx, event.clone(), clock::now()).await.map_err(|failure| match failure {
            MaterialiseError::Refused(refusal) => HandleError::reject(refusal),
            MaterialiseError::Store(failure) => failure.into(),
        })?;
        // Also for a repeat, whose cheque exists or was deleted: wake the waiting requests, which then check the
        // database.
        let (hub, fetcher) = (self.hub.clone(), self.fetcher.clone());
        tx.after_commit(move || {
            fetcher.announce(&hash);
            if new {
                hub.announce_arrival(&hash);
            }
        });
        Ok(())
    }
}
