//! Fuzzes the parser of deliveries: a service either accepts a body or returns a reason, and never panics.

#![no_main]

use contracts::{ocr, orders, payments, router, users};
use libfuzzer_sys::fuzz_target;
use rabbit_outbox::fuzzing::read_delivery;
use rabbit_outbox::{Event, Handle, HandleError, Meta, Subscriptions, Transaction};
use std::sync::LazyLock;

/// A handler that does nothing.
struct Nothing;

impl<E: Event> Handle<E> for Nothing {
    async fn handle(&self, _: &mut Transaction, _: &E, _: &Meta) -> Result<(), HandleError> {
        Ok(())
    }
}

/// All events of Chipin.
static SUBSCRIPTIONS: LazyLock<Subscriptions> = LazyLock::new(|| {
    Subscriptions::new()
        .on::<users::UserRegistered>(Nothing)
        .on::<orders::OrderCreated>(Nothing)
        .on::<payments::PaymentCompleted>(Nothing)
        .on::<payments::PaymentFailed>(Nothing)
        .on::<payments::TransferCompleted>(Nothing)
        .on::<payments::TransferFailed>(Nothing)
        .on::<ocr::ChequeRecognized>(Nothing)
        .on::<ocr::ChequePageRead>(Nothing)
        .on::<router::ChequeEntered>(Nothing)
        .on::<router::ChequeRequested>(Nothing)
        .on::<router::TransferRequested>(Nothing)
        .on::<router::ChequeDeleted>(Nothing)
});

fuzz_target!(|body: &[u8]| {
    match read_delivery(body, &SUBSCRIPTIONS) {
        Ok(wire_type) => assert!(SUBSCRIPTIONS.wire_types().contains(&wire_type.as_str()), "{wire_type}"),
        Err(why) => assert!(!why.is_empty()),
    }
});
