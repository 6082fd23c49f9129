//! `payments.PaymentFailed.v1`: the order failed.

use crate::live::hub::Hub;
use contracts::payments::PaymentFailed;
use process::clock;
use rabbit_outbox::{HandleBatch, HandleError, Received, Transaction};

pub(super) struct MarkFailed {
    pub(super) hub: Hub,
}

impl HandleBatch<PaymentFailed> for MarkFailed {
    async fn handle(&self, tx: &mut Transaction, events: &[Received<PaymentFailed>]) -> Result<(), HandleError> {
        let now = clock::now();
        super::decisions::apply(
            tx,
            &self.hub,
            events,
            |event| event.order_id,
            |order, event| order.refused(event.reason, now),
        )
        .await
    }
}
