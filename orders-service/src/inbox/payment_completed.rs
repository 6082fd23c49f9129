//! `payments.PaymentCompleted.v1`: the order is paid.

use crate::live::hub::Hub;
use contracts::payments::PaymentCompleted;
use process::clock;
use rabbit_outbox::{HandleBatch, HandleError, Received, Transaction};

pub(super) struct MarkPaid {
    pub(super) hub: Hub,
}

impl HandleBatch<PaymentCompleted> for MarkPaid {
    async fn handle(&self, tx: &mut Transaction, events: &[Received<PaymentCompleted>]) -> Result<(), HandleError> {
        let now = clock::now();
        super::decisions::apply(tx, &self.hub, events, |event| event.order_id, |order, _| order.paid(now)).await
    }
}
