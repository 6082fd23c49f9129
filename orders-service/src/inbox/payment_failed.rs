//! `payments.PaymentFailed.v1`: the order failed.

use crate::live::hub::Hub;
use crate::store;
use chassis::clock;
use contracts::payments::PaymentFailed;
use messaging::{Handle, HandleError, Meta, Transaction};

use tracing::info;

pub(super) struct MarkFailed {
    pub(super) hub: Hub,
}

impl Handle<PaymentFailed> for MarkFailed {
    async fn handle(&self, tx: &mut Transaction, event: &PaymentFailed, _: &Meta) -> Result<(), HandleError> {
        let Some(order) = store::orders::lock(tx, event.order_id).await? else {
            return Err(HandleError::reject(format!("there is no order {}", event.order_id)));
        };
        let Some(failed) = order.refused(event.reason, clock::now()) else {
            return Ok(()); // a repeat, or late: the state already says more
        };
        store::orders::update(tx, &failed).await?;
        info!(order.id = %failed.id, reason = %event.reason, "order {} failed: {}", failed.id, event.reason);
        super::announce_after_commit(tx, &self.hub, failed);
        Ok(())
    }
}
