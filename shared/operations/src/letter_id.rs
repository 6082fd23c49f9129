//! The dead letter that a path identifies.

use crate::errors::no_such_dead_letter;
use crate::problem::Problem;
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use rabbit_outbox::dead_letters::Direction;
use uuid::Uuid;

/// `{direction}/{event_id}`. An invalid direction or id counts as an unknown letter.
pub(crate) struct LetterId {
    pub(crate) direction: Direction,
    pub(crate) event_id: Uuid,
}

impl<S: Send + Sync> FromRequestParts<S> for LetterId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((direction, event_id)) = path.map_err(|_| no_such_dead_letter())?;
        let direction = direction.parse().map_err(|_| no_such_dead_letter())?;
        let event_id = event_id.parse().map_err(|_| no_such_dead_letter())?;
        Ok(Self { direction, event_id })
    }
}
