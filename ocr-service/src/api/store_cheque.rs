//! Stores a new cheque with its photos.

use super::cheque_json::ChequeJson;
use super::store_photos::{discard, put, put_first};
use crate::domain::stored_cheque::StoredCheque;
use crate::state::State;
use crate::store;
use crate::workers::pool::Reading;
use contracts::ids::{ChequeHash, UserId};
use http::StatusCode;
use http_api::problem::Problem;
use postgres::During;
use postgres::idempotency::{self, Claim, Earlier, Scope, StoredResponse};
use process::clock;
use rand::Rng;

/// What became of a reading.
pub(super) enum Stored {
    /// It was stored.
    Now(StoredResponse),
    /// Nothing was stored: there was an earlier request with its key.
    Before(Earlier),
}

/// Stores the photos, then the cheque with its event, then hands the cheque to the cache.
///
/// The order matters: a row never refers to a missing photo, and nothing is published before the commit. A crash
/// between the first two steps leaves a photo without a row, which the janitor deletes later.
pub(super) async fn store_cheque(
    state: &State,
    owner_id: UserId,
    reading: Reading,
    scope: Option<&Scope>,
) -> Result<Stored, Problem> {
    let hash = ChequeHash::from_random(random_digits());
    let now = clock::now();
    let stored = StoredCheque::new(hash, owner_id, reading.cheque.clone(), now, state.cheque_ttl);
    let mut photos = reading.photos.into_iter();
    let first = put_first(state, &stored.hash, photos.next().unwrap_or_default()).await?;
    let others = put(state, &stored.hash, photos).await?;
    let short = stored.hash.shortened();
    let mut tx =
        state.messaging.begin().await.during(format_args!("begin to store cheque {short} of user {owner_id}"))?;
    if let Claim::Respond(earlier) = idempotency::claim(&mut tx, scope).await? {
        tx.rollback().await.during(format_args!("roll back a repeated upload of user {owner_id}"))?;
        discard(state, others.iter().chain([&first])).await?;
        return Ok(Stored::Before(earlier));
    }
    store::cheques::insert(&mut tx, &stored, Some(&first.key), first.bytes).await?;
    store::pages::insert(&mut tx, &stored.hash, 2, &others, now).await?;
    let recognized = stored.recognized(now);
    if let Some(recognized) = &recognized {
        tx.append(recognized, 1).map_err(|error| Problem::internal(&error))?;
    }
    let response = response(&ChequeJson::new(&stored, reading.cheque, &state.share_base_url))?;
    idempotency::store(&mut tx, scope, &response).await?;
    tx.commit().await.during(format_args!("commit cheque {short} of user {owner_id}"))?;
    if let Some(recognized) = &recognized {
        state.cache.put(recognized, now).await;
    }
    Ok(Stored::Now(response))
}

pub(super) fn response(read: &ChequeJson) -> Result<StoredResponse, Problem> {
    let body = serde_json::to_vec(read).map_err(|error| Problem::internal(&error))?;
    Ok(StoredResponse { status: StatusCode::CREATED, location: Some(read.url.clone()), body })
}

/// Uses a cryptographic generator that is seeded by the operating system: the key of a link is its only secret.
fn random_digits() -> [u8; ChequeHash::CHARACTERS] {
    let mut generator = rand::rng();
    std::array::from_fn(|_| generator.random_range(0..62))
}
