//! The pending confirm of one message.

use lapin::{Confirmation, PublisherConfirm};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use uuid::Uuid;

/// The number of a message, its id, and the broker's confirm.
pub(super) type Arrived = (u64, Uuid, lapin::Result<Confirmation>);

/// The pending confirm of one message.
pub(super) struct Confirming {
    pub(super) number: u64,
    pub(super) message_id: Uuid,
    pub(super) confirm: PublisherConfirm,
}

impl Future for Confirming {
    type Output = Arrived;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let confirmation = ready!(Pin::new(&mut self.confirm).poll(context));
        Poll::Ready((self.number, self.message_id, confirmation))
    }
}
