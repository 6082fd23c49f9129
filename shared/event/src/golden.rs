//! Golden files pin the JSON of an event: what is once on the wire must be readable for ever.

use crate::envelope::{Envelope, SPEC_VERSION};
use crate::{Event, EventId, producer};
use std::fmt::Debug;
use std::path::Path;
use time::macros::datetime;
use uuid::Uuid;

/// Checks that an event is written as its golden file says, byte for byte, and that the file is read as the event.
///
/// The file is `<wire type>.json` in `folder` and holds the whole envelope, pretty-printed, with ids and a time that
/// never change.
///
/// # Panics
/// When the file is missing (the message shows what it would hold), when the event is written differently, and when
/// the file is not read as the event.
pub fn assert_golden<E: Event + Debug + PartialEq>(folder: impl AsRef<Path>, event: E) {
    let file = folder.as_ref().join(format!("{}.json", E::TYPE));
    let enveloped = enveloped(event);
    let written = serde_json::to_string_pretty(&enveloped).expect("an event can be written as JSON") + "\n";
    let golden = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{error}: {}; an event needs a golden file like\n{written}", file.display()));
    assert_eq!(
        written,
        golden,
        "the wire format of {} changed; a change that readers notice is a new version",
        E::TYPE
    );
    let read: Envelope<E> = serde_json::from_str(&golden).expect("the golden file is the event's envelope");
    assert_eq!(read, enveloped, "{} is read as another event than was written", E::TYPE);
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
