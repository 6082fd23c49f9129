//! `router.ChequeEntered.v1`: a user entered a bill by hand. Its owner may add photos.

use crate::domain::stored_cheque::StoredCheque;
use crate::store;
use contracts::cheque::Cheque;
use contracts::router::ChequeEntered;
use process::clock;
use rabbit_outbox::{Handle, HandleError, Meta, Transaction};

pub(super) struct ExpectPhotos;

impl Handle<ChequeEntered> for ExpectPhotos {
    async fn handle(&self, tx: &mut Transaction, event: &ChequeEntered, _: &Meta) -> Result<(), HandleError> {
        let entered = StoredCheque {
            hash: event.hash.clone(),
            owner_id: event.owner_id,
            cheque: Some(Cheque::blank()),
            created_at: clock::now().min(event.expires_at - SHORTEST),
            expires_at: event.expires_at,
        };
        Ok(store::cheques::insert(tx, &entered, None, 0).await?)
    }
}

/// An event that comes after the end of its link is stored too, and then deleted as expired.
const SHORTEST: time::Duration = time::Duration::SECOND;
