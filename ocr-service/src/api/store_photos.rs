//! Puts photos into the photo store, before their rows are written.

use crate::state::State;
use crate::store::pages::StoredPhoto;
use crate::store::photos::{Photos, PhotosError};
use contracts::ids::ChequeHash;
use http_api::problem::Problem;

/// The photo of a new cheque, under the key that is derived from the cheque's.
pub(super) async fn put_first(state: &State, hash: &ChequeHash, photo: Vec<u8>) -> Result<StoredPhoto, Problem> {
    put_at(state, Photos::key(hash), photo).await
}

/// Further photos, each under a key of its own.
pub(super) async fn put(
    state: &State,
    hash: &ChequeHash,
    photos: impl Iterator<Item = Vec<u8>>,
) -> Result<Vec<StoredPhoto>, Problem> {
    let mut stored = vec![];
    for photo in photos {
        stored.push(put_at(state, Photos::page_key(hash), photo).await?);
    }
    Ok(stored)
}

/// Deletes photos whose rows were not written. What is left after a failure is deleted by the janitor.
pub(super) async fn discard(state: &State, photos: impl Iterator<Item = &StoredPhoto>) -> Result<(), Problem> {
    for photo in photos {
        state.photos.delete(&photo.key).await.map_err(internal)?;
    }
    Ok(())
}

async fn put_at(state: &State, key: String, photo: Vec<u8>) -> Result<StoredPhoto, Problem> {
    let bytes = i64::try_from(photo.len()).unwrap_or(i64::MAX);
    state.photos.put(&key, photo).await.map_err(internal)?;
    Ok(StoredPhoto { key, bytes })
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn internal(failure: PhotosError) -> Problem {
    Problem::internal(&failure)
}
