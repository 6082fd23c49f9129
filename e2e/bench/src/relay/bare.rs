//! Upper bound set by the broker and the client library: publishing with confirms, without an outbox.

use super::figures::per_s;
use super::handlers::{Parcel, parcel};
use super::stage::{SERVICE, Stage};
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Confirmation};
use rabbit_outbox::Event;
use std::error::Error;
use std::time::Instant;
use uuid::Uuid;

/// Maximum number of unconfirmed messages. The window slides, so no message waits for earlier ones.
const WINDOW: usize = 128;
/// The envelope that the relay adds to an event.
const ENVELOPE: &str = r#"{"specversion":"1.0","id":"0190d3a2-0000-7000-8000-000000000001","source":"/bench","type":"bench.ParcelSent.v1","subject":"1","time":"2026-11-21T10:00:00.123456Z","datacontenttype":"application/json","sequence":"1","partitionkey":"1","correlationid":"0190d3a2-0000-7000-8000-000000000001","data":"#;

/// Publishes `events` messages like the relay's; returns events per second until the last confirm.
pub(super) async fn publish(stage: &Stage, events: usize) -> Result<f64, Box<dyn Error>> {
    let channel = &stage.channel;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let bodies: Vec<Vec<u8>> = (0..events).map(body).collect::<Result<_, _>>()?;
    let began = Instant::now();
    let mut unconfirmed = FuturesOrdered::new();
    for body in &bodies {
        if unconfirmed.len() >= WINDOW {
            confirmed(unconfirmed.next().await)?;
        }
        let properties = BasicProperties::default()
            .with_message_id(Uuid::now_v7().to_string().into())
            .with_type(Parcel::TYPE.into())
            .with_content_type("application/cloudevents+json".into())
            .with_delivery_mode(2);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let sent = channel.basic_publish(SERVICE.into(), Parcel::TYPE.into(), options, body, properties).await?;
        unconfirmed.push_back(sent);
    }
    while let Some(confirmation) = unconfirmed.next().await {
        confirmed(Some(confirmation))?;
    }
    let per_s = per_s(events, began.elapsed());
    stage.purge().await?;
    Ok(per_s)
}

fn body(number: usize) -> Result<Vec<u8>, serde_json::Error> {
    Ok(format!("{ENVELOPE}{}}}", serde_json::to_string(&parcel(number))?).into_bytes())
}

fn confirmed(confirmation: Option<Result<Confirmation, lapin::Error>>) -> Result<(), Box<dyn Error>> {
    match confirmation {
        Some(Ok(Confirmation::Ack(None))) | None => Ok(()),
        Some(Ok(other)) => Err(format!("a message was not confirmed: {other:?}").into()),
        Some(Err(failure)) => Err(failure.into()),
    }
}
