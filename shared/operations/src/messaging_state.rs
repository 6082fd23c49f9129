//! `GET /operations/messaging`: the state of the service's messaging.

#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use crate::problem::{During, Problem};
use axum::{Json, extract};
use rabbit_outbox::Messaging;
use rabbit_outbox::dead_letters::Direction;
use rabbit_outbox::report::{Breaker, Report};
use serde::Serialize;

/// The state of a service's messaging. Counts of rows are limited to 10,000.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Messaging))]
pub(crate) struct MessagingJson {
    /// The lanes of the outbox.
    lanes: Vec<LaneJson>,
    /// Events scheduled for later.
    scheduled: i64,
    /// Events that could not be delivered and wait for a decision: outgoing dead letters.
    parked: i64,
    /// Open dead letters by direction and type.
    dead_letters: Vec<CountJson>,
    /// `closed`: events are consumed; `open`: they stay in the broker; `half_open`: one is attempted.
    breaker: &'static str,
    /// Why the breaker is open.
    breaker_reason: Option<String>,
    /// Lanes owned by a relay of any replica. If it is fewer than all lanes, events wait.
    lanes_owned: usize,
    /// Days stored in the inbox.
    inbox_partitions: i64,
}

/// One lane of the outbox.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Lane))]
pub(crate) struct LaneJson {
    lane: i16,
    /// Events to be sent next.
    unsent: i64,
    /// Events whose delivery failed and will be retried later.
    waiting: i64,
    /// Age of the oldest event to be sent next, in seconds.
    oldest_age_secs: Option<f64>,
}

/// The number of open letters of one type and direction.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DeadLetterCount))]
pub(crate) struct CountJson {
    event_type: String,
    direction: &'static str,
    open: i64,
}

/// The state of the service's messaging.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/operations/messaging", tag = "operations", operation_id = "messagingState",
    responses(
        (status = 200, description = "The state of the messaging", body = MessagingJson),
        (status = 503, description = "The database is unavailable", body = ProblemDocument),
    )
))]
pub(crate) async fn handler(
    extract::State(messaging): extract::State<Messaging>,
) -> Result<Json<MessagingJson>, Problem> {
    Ok(Json(messaging.report().await.during("report the state of messaging")?.into()))
}

impl From<Report> for MessagingJson {
    fn from(report: Report) -> Self {
        let outgoing = report.dead_letters.iter().filter(|count| count.direction == Direction::Outgoing);
        let parked = outgoing.map(|count| count.open).sum();
        let lanes_owned = report.lanes.iter().filter(|lane| lane.owned).count();
        let (breaker, breaker_reason) = match report.breaker {
            Breaker::Closed => ("closed", None),
            Breaker::Open(why) => ("open", Some(why)),
            Breaker::HalfOpen => ("half_open", None),
        };
        let lanes = report.lanes.into_iter().map(|lane| LaneJson {
            lane: lane.lane,
            unsent: lane.unsent,
            waiting: lane.waiting,
            oldest_age_secs: lane.oldest_age_secs,
        });
        let counts = report.dead_letters.into_iter().map(|count| CountJson {
            event_type: count.event_type,
            direction: count.direction.word(),
            open: count.open,
        });
        Self {
            lanes: lanes.collect(),
            scheduled: report.scheduled,
            parked,
            dead_letters: counts.collect(),
            breaker,
            breaker_reason,
            lanes_owned,
            inbox_partitions: report.inbox_partitions,
        }
    }
}
