//! Stores another photo of a cheque, and publishes what was read on it.

use super::cheque_json::ChequeJson;
use super::find_cheque::no_such_cheque;
use super::store_cheque::{Stored, response};
use super::store_photos::{discard, put};
use super::target::{Page, check};
use crate::state::State;
use crate::store;
use crate::workers::pool::Reading;
use contracts::ids::UserId;
use contracts::ocr::ChequePageRead;
use http::StatusCode;
use http_api::problem::Problem;
use postgres::During;
use postgres::idempotency::{self, Claim, Scope};
use process::clock;

/// Largest number of photos of a cheque, those that were taken again included.
const PHOTOS_MAX: u32 = 20;

/// Stores the photos, then their rows with the event. router-service decides whether the lines still fit.
pub(super) async fn store_page(
    state: &State,
    owner_id: UserId,
    page: &Page,
    reading: Reading,
    scope: Option<&Scope>,
) -> Result<Stored, Problem> {
    let (hash, short, now) = (&page.hash, page.hash.shortened(), clock::now());
    let count = u32::try_from(reading.photos.len()).unwrap_or(u32::MAX);
    let photos = put(state, hash, reading.photos.into_iter()).await?;
    let mut tx = state.messaging.begin().await.during(format_args!("begin to add a photo to cheque {short}"))?;
    if let Claim::Respond(earlier) = idempotency::claim(&mut tx, scope).await? {
        tx.rollback().await.during(format_args!("roll back a repeated photo of cheque {short}"))?;
        discard(state, photos.iter()).await?;
        return Ok(Stored::Before(earlier));
    }
    let stored = store::cheques::lock(&mut tx, hash).await?.ok_or_else(no_such_cheque)?;
    // It may have been deleted while the picture was read.
    check(&stored, owner_id)?;
    let first = store::pages::next_number(&mut tx, hash).await?;
    if first - 1 + count > PHOTOS_MAX {
        tx.rollback().await.during(format_args!("roll back a photo too many of cheque {short}"))?;
        discard(state, photos.iter()).await?;
        return Err(too_many());
    }
    store::pages::insert(&mut tx, hash, first, &photos, now).await?;
    let cheque = reading.cheque.numbered_from(first);
    let read = ChequePageRead { hash: hash.clone(), owner_id, page: first, again: page.again, cheque: cheque.clone() };
    tx.append(&read, i64::from(first)).map_err(|error| Problem::internal(&error))?;
    let response = response(&ChequeJson::new(&stored, cheque, &state.share_base_url))?;
    idempotency::store(&mut tx, scope, &response).await?;
    tx.commit().await.during(format_args!("commit photo {first} of cheque {short}"))?;
    Ok(Stored::Now(response))
}

fn too_many() -> Problem {
    let detail = format!("a cheque has at most {PHOTOS_MAX} photos");
    Problem::new(StatusCode::CONFLICT, "too_many_photos", detail)
}
