//! Golden files pin the JSON of an event, because published events must stay readable.

use crate::envelope::{Envelope, SPEC_VERSION};
use crate::{Event, EventId, producer};
use std::fmt::Debug;
use std::path::Path;
use time::macros::datetime;
use uuid::Uuid;

/// Checks that an event serialises to its golden file, byte for byte, and that the file deserialises to the event.
///
/// The file is `<wire type>.json` in `folder`. It contains the whole envelope, pretty-printed, with fixed ids and a
/// fixed time.
///
/// # Panics
/// When the file is missing (the message shows its expected content), when the event serialises differently, and when
/// the file does not deserialise to the event.
pub fn assert_golden<E: Event + Debug + PartialEq>(folder: impl AsRef<Path>, event: E) {
    let file = folder.as_ref().join(format!("{}.json", E::TYPE));
    let enveloped = enveloped(event);
    let written = serde_json::to_string_pretty(&enveloped).expect("an event is serialisable") + "\n";
    let golden = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{error}: {}; an event needs a golden file like\n{written}", file.display()));
    assert_eq!(
        written,
        golden,
        "the wire format of {} changed; an incompatible change requires a new version",
        E::TYPE
    );
    let read: Envelope<E> = serde_json::from_str(&golden).expect("the golden file is the event's envelope");
    assert_eq!(read, enveloped, "{} deserialises to another event", E::TYPE);
}

/// The event in an envelope with fixed ids and a fixed time.
fn enveloped<E: Event>(data: E) -> Envelope<E> {
    let id = |last: u128| EventId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + last));
    Envelope {
        specversion: SPEC_VERSION.into(),
        id: id(1),
        source: format!("/{}", producer(E::TYPE)),
        wire_type: E::TYPE.into(),
        subject: data.ordering_key(),
        time: datetime!(2026-11-21 10:00:00.123456 UTC),
        datacontenttype: "application/json".into(),
        sequence: "1".into(),
        partitionkey: data.ordering_key(),
        correlationid: id(2),
        causationid: Some(id(3)),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        data,
    }
}
