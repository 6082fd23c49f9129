//! `ocr.ChequePageRead.v1`: a further photo of a cheque was read, or a photo was taken again.

use crate::domain::participant::ParticipantId;
use crate::live::hub::Hub;
use crate::store::cheques::{self, Found};
use contracts::ocr::ChequePageRead;
use process::clock;
use rabbit_outbox::{Handle, HandleError, Meta, Transaction};
use tracing::warn;

pub(super) struct AddPage {
    pub(super) hub: Hub,
}

impl Handle<ChequePageRead> for AddPage {
    async fn handle(&self, tx: &mut Transaction, event: &ChequePageRead, _: &Meta) -> Result<(), HandleError> {
        let short = event.hash.shortened();
        let before = match cheques::lock(tx, &event.hash).await? {
            None => return Err(HandleError::reject(format!("there is no cheque {short}"))),
            Some(Found::Deleted) => return Ok(()),
            Some(Found::Split(before)) => before,
        };
        let after = match before.add_page(event.clone()) {
            Ok(Some(after)) => after,
            Ok(None) => return Ok(()),
            // Time has passed since the owner sent the photo. It is no error, and nothing changes.
            Err(refusal) => {
                metrics::counter!("router_pages_refused_total", "reason" => refusal.reason()).increment(1);
                warn!(cheque = %short, page = event.page, %refusal, "photo {} of cheque {short} is left out", event.page);
                return Ok(());
            }
        };
        cheques::save(tx, &before, &after, Some(ParticipantId::OWNER), clock::now()).await?;
        let (hub, context) = (self.hub.clone(), trace::current());
        tx.after_commit(move || hub.announce(&after, context));
        Ok(())
    }
}
