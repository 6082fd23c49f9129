//! `GET /readings/{reading}`: the progress of a reading.

use crate::state::State;
use crate::workers::pool::Stage;
use axum::{Json, extract};
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use serde::Serialize;

/// The progress of a reading.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
#[schema(as = Reading)]
pub(super) struct ReadingJson {
    /// `queued`, `reading`, `read` or `refused`.
    state: &'static str,
    /// While queued: the position in the queue, from 1; absent until the picture has been received.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u32>,
    /// While reading: the current step, from 1; absent until the first step begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u32>,
    /// While reading: the number of steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<u32>,
}

impl From<Stage> for ReadingJson {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Queued { position } => Self { state: "queued", position, ..Self::default() },
            Stage::Reading { steps: 0, .. } => Self { state: "reading", ..Self::default() },
            Stage::Reading { step, steps } => {
                Self { state: "reading", step: Some(step), steps: Some(steps), ..Self::default() }
            }
            Stage::Read => Self { state: "read", ..Self::default() },
            Stage::Refused => Self { state: "refused", ..Self::default() },
        }
    }
}

/// The progress of the reading that was started with `?reading=<id>`. The id is the only credential. It expires after
/// some minutes, and other replicas do not know it.
#[utoipa::path(
    get, path = "/readings/{reading}", tag = "cheques", operation_id = "getReading", security(),
    params(("reading" = uuid::Uuid, Path, description = "The id chosen by the client")),
    responses(
        (status = 200, description = "How far the recognition is", body = ReadingJson),
        (status = 404, description = "Unknown to this replica, or expired", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<ReadingJson>, Problem> {
    let found = id.parse().ok().and_then(|id| state.readings.stage(id));
    found
        .map(|stage| Json(stage.into()))
        .ok_or_else(|| Problem::not_found("reading_not_found", "the reading is unknown or has expired"))
}
