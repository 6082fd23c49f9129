//! What both answers about a transfer have in common.

use crate::domain::split::Split;
use crate::live::hub::Hub;
use crate::store::{cheques, transfers};
use contracts::ids::TransferId;
use process::clock;
use rabbit_outbox::{HandleError, Transaction};

/// Applies `transition` to the cheque of a transfer. If nothing changes, the event is a repeat or came late. Expired
/// links are handled too, because the money has moved.
pub(super) async fn answer(
    tx: &mut Transaction,
    hub: &Hub,
    transfer_id: TransferId,
    transition: impl FnOnce(&Split) -> Option<Split>,
) -> Result<(), HandleError> {
    let Some(hash) = transfers::cheque_of(tx, transfer_id).await? else {
        return Err(HandleError::reject(format!("there is no transfer {transfer_id}")));
    };
    let Some(cheques::Found::Split(before)) = cheques::lock(tx, &hash).await? else {
        return Ok(()); // deleted after an attempt that failed
    };
    let Some(after) = transition(&before) else {
        return Ok(());
    };
    cheques::save(tx, &before, &after, None, clock::now()).await?;
    let (hub, context) = (hub.clone(), trace::current());
    tx.after_commit(move || hub.announce(&after, context));
    Ok(())
}
