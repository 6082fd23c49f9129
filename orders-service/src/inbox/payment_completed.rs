//! `payments.PaymentCompleted.v1`: the order is paid.

use crate::live::hub::Hub;
use crate::store;
use chassis::clock;
use contracts::payments::PaymentCompleted;
use messaging::{Handle, HandleError, Meta, Transaction};

use tracing::info;

pub(super) struct MarkPaid {
    pub(super) hub: Hub,
}

impl Handle<PaymentCompleted> for MarkPaid {
    async fn handle(&self, tx: &mut Transaction, event: &PaymentCompleted, _: &Meta) -> Result<(), HandleError> {
        let Some(order) = store::orders::lock(tx, event.order_id).await? else {
            return Err(HandleError::reject(format!("there is no order {}", event.order_id)));
        };
        let Some(paid) = order.paid(clock::now()) else {
            return Ok(()); // a repeat, or late: the state already says more
        };
        store::orders::update(tx, &paid).await?;
        info!(order.id = %paid.id, "order {} is paid", paid.id);
        super::announce_after_commit(tx, &self.hub, paid);
        Ok(())
    }
}
