//! Rows of the inbox: which handler of this service has handled which event.

use crate::consumer::incoming::InboxKey;
use sqlx::PgConnection;
use std::collections::HashSet;
use uuid::Uuid;

/// A handler's name and the key of an event in the inbox.
pub(crate) type Entry = (&'static str, InboxKey);

/// Records events as handled and returns those that were not recorded before.
///
/// A concurrent delivery of the same event waits here until the first one commits or rolls back. Ids are inserted in
/// sorted order: otherwise two batches that share events would deadlock.
pub(crate) async fn record(
    connection: &mut PgConnection,
    entries: impl IntoIterator<Item = Entry>,
) -> Result<HashSet<Entry>, sqlx::Error> {
    let (mut events, mut keys) = (vec![], vec![]);
    for (handler, key) in entries {
        match key {
            InboxKey::Event(id) => events.push((id, handler)),
            InboxKey::Text(key) => keys.push((handler, key)),
        }
    }
    let mut fresh = HashSet::new();
    if !events.is_empty() {
        fresh.extend(record_events(connection, events).await?);
    }
    if !keys.is_empty() {
        fresh.extend(record_keys(connection, keys).await?);
    }
    Ok(fresh)
}

async fn record_events(
    connection: &mut PgConnection,
    mut events: Vec<(Uuid, &'static str)>,
) -> Result<Vec<Entry>, sqlx::Error> {
    events.sort_unstable();
    events.dedup();
    // Usually an event has one handler, the first of its type, whose name is the column's default.
    if events.iter().all(|(_, handler)| handler.is_empty()) {
        let ids: Vec<Uuid> = events.into_iter().map(|(id, _)| id).collect();
        let fresh: Vec<Uuid> = sqlx::query_scalar(
            "insert into inbox (event_id) select id from unnest($1::uuid[]) as id order by id \
             on conflict do nothing returning event_id",
        )
        .bind(ids)
        .fetch_all(connection)
        .await?;
        return Ok(fresh.into_iter().map(|id| ("", InboxKey::Event(id))).collect());
    }
    let (ids, handlers): (Vec<Uuid>, Vec<&str>) = events.iter().copied().unzip();
    let fresh: Vec<(Uuid, String)> = sqlx::query_as(
        "insert into inbox (event_id, handler) \
         select id, handler from unnest($1::uuid[], $2::text[]) as e (id, handler) order by id, handler \
         on conflict do nothing returning event_id, handler",
    )
    .bind(ids)
    .bind(handlers)
    .fetch_all(connection)
    .await?;
    let fresh: HashSet<(Uuid, String)> = fresh.into_iter().collect();
    let was_fresh = |(id, handler): &(Uuid, &'static str)| fresh.contains(&(*id, (*handler).to_owned()));
    Ok(events.into_iter().filter(was_fresh).map(|(id, handler)| (handler, InboxKey::Event(id))).collect())
}

async fn record_keys(
    connection: &mut PgConnection,
    mut keys: Vec<(&'static str, String)>,
) -> Result<Vec<Entry>, sqlx::Error> {
    keys.sort_unstable();
    keys.dedup();
    let (handlers, texts): (Vec<&str>, Vec<&str>) = keys.iter().map(|(handler, key)| (*handler, key.as_str())).unzip();
    let fresh: Vec<(String, String)> = sqlx::query_as(
        "insert into inbox_by_key (handler, key) \
         select handler, key from unnest($1::text[], $2::text[]) as e (handler, key) order by handler, key \
         on conflict do nothing returning handler, key",
    )
    .bind(handlers)
    .bind(texts)
    .fetch_all(connection)
    .await?;
    let fresh: HashSet<(String, String)> = fresh.into_iter().collect();
    let was_fresh = |(handler, key): &(&'static str, String)| fresh.contains(&((*handler).to_owned(), key.clone()));
    Ok(keys.into_iter().filter(was_fresh).map(|(handler, key)| (handler, InboxKey::Text(key))).collect())
}

/// Whether the event's day has no partition: it is too old, its producer's clock is days ahead, or the partition was
/// not created.
pub(crate) fn has_no_partition(failure: &sqlx::Error) -> bool {
    // check_violation without a constraint's name is "no partition of relation found for row".
    failure.as_database_error().is_some_and(|error| {
        error.code().as_deref() == Some("23514") && error.constraint().is_none() && error.table() == Some("inbox")
    })
}

/// Where an event's day lies relative to the inbox window, by the database's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Day {
    /// Its partition exists.
    Known,
    /// It is in the window, but its partition is missing.
    Missing,
    /// It is before the window.
    Past,
    /// It is after the window.
    Future,
}

/// Looks up the day of an event whose id is a UUID of version 7.
pub(crate) async fn day_of(
    connection: &mut PgConnection,
    event_id: Uuid,
    (days_kept, days_ahead): (i32, i32),
) -> Result<Day, sqlx::Error> {
    let (known, distance): (bool, i32) = sqlx::query_as(
        "select to_regclass('inbox_' || to_char(day, 'YYYYMMDD')) is not null, \
         day - (clock_timestamp() at time zone 'utc')::date \
         from (select (to_timestamp(('x' || substr(replace($1::uuid::text, '-', ''), 1, 12))::bit(48)::bigint / 1000) \
         at time zone 'utc')::date as day) as d",
    )
    .bind(event_id)
    .fetch_one(connection)
    .await?;
    Ok(match distance {
        _ if known => Day::Known,
        distance if distance < -days_kept => Day::Past,
        distance if distance > days_ahead => Day::Future,
        _ => Day::Missing,
    })
}
