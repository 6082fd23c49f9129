//! A row of the outbox, in memory between being read and being settled.

use crate::lane;
use crate::outbox::TYPE_BYTES_MAX;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

/// The destination of an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Route {
    pub(crate) exchange: String,
    pub(crate) routing_key: String,
}

impl Route {
    /// Whether AMQP has no room for one of its names: a row of an earlier release, or of another program.
    pub(crate) fn is_too_long(&self) -> bool {
        self.exchange.len() > TYPE_BYTES_MAX || self.routing_key.len() > TYPE_BYTES_MAX
    }
}

/// A row of the outbox.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "columns of a table, each by itself")]
pub(crate) struct Row {
    /// Negative while it waits: see [`lane::shadow`].
    pub(crate) lane: i16,
    pub(crate) id: i64,
    pub(crate) event_id: Uuid,
    pub(crate) route: Arc<Route>,
    /// The AMQP type, if it is not the routing key.
    pub(crate) wire_type: Option<String>,
    pub(crate) ordering_key: String,
    pub(crate) sequence: i64,
    pub(crate) correlation_id: Uuid,
    pub(crate) traceparent: Option<String>,
    pub(crate) content_type: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) occurred_at: OffsetDateTime,
    /// Failed attempts so far.
    pub(crate) attempts: u16,
    pub(crate) hold_key: bool,
    pub(crate) allow_unrouted: bool,
    /// It has waited for the maximum time.
    pub(crate) gives_up: bool,
    /// Headers that its publisher set, and those of a replay.
    pub(crate) headers: Option<BTreeMap<String, String>>,
    /// A trial of a closed route.
    pub(crate) probe: bool,
}

/// The columns of a [`Row`], of the table or alias `o`.
macro_rules! columns {
    () => {
        "o.lane, o.id, o.event_id, o.exchange, o.routing_key, o.wire_type, o.ordering_key, o.sequence, \
         o.correlation_id, o.traceparent, o.content_type, o.payload, o.occurred_at, o.attempts, o.hold_key, \
         o.allow_unrouted, coalesce(o.gives_up_at <= clock_timestamp(), false), o.headers"
    };
}
pub(crate) use columns;

impl Row {
    /// The lane to which it belongs.
    pub(crate) fn home(&self) -> i16 {
        lane::home(self.lane)
    }

    /// The type of the event, for metrics and logs.
    pub(crate) fn event_type(&self) -> &str {
        self.wire_type.as_deref().unwrap_or(&self.route.routing_key)
    }
}

/// Decodes rows; equal routes share one allocation.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    routes: HashMap<String, HashMap<String, Arc<Route>>>,
}

/// Routes remembered. A service has a few dozen; one that generates routes must not fill the memory.
const ROUTES_MAX: usize = 4096;

impl Rows {
    pub(crate) fn read(&mut self, row: &PgRow) -> Result<Row, sqlx::Error> {
        Ok(Row {
            lane: row.try_get(0)?,
            id: row.try_get(1)?,
            event_id: row.try_get(2)?,
            route: self.route(row.try_get(3)?, row.try_get(4)?),
            wire_type: row.try_get(5)?,
            ordering_key: row.try_get(6)?,
            sequence: row.try_get(7)?,
            correlation_id: row.try_get(8)?,
            traceparent: row.try_get(9)?,
            content_type: row.try_get(10)?,
            payload: row.try_get(11)?,
            occurred_at: row.try_get(12)?,
            attempts: row.try_get::<i16, _>(13)?.unsigned_abs(),
            hold_key: row.try_get(14)?,
            allow_unrouted: row.try_get(15)?,
            gives_up: row.try_get(16)?,
            headers: row.try_get::<Option<Json<_>>, _>(17)?.map(|Json(headers)| headers),
            probe: false,
        })
    }

    pub(crate) fn route(&mut self, exchange: &str, routing_key: &str) -> Arc<Route> {
        if let Some(route) = self.routes.get(exchange).and_then(|keys| keys.get(routing_key)) {
            return Arc::clone(route);
        }
        let keys = self.routes.entry(exchange.to_owned()).or_default();
        if keys.len() >= ROUTES_MAX {
            keys.clear();
        }
        let route = Arc::new(Route { exchange: exchange.to_owned(), routing_key: routing_key.to_owned() });
        keys.insert(routing_key.to_owned(), Arc::clone(&route));
        route
    }
}
