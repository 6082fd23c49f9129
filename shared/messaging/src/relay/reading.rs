//! Reading rows, on the session that holds their lanes' locks: a relay that lost them can't read.

use super::RelayError;
use super::row::{Route, Row, columns};
use super::session::{Session, doing};
use crate::lane;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Rows that wait, read at a time: of a route, or of each lane what is due.
pub(crate) const WAITING_ROWS: i64 = 256;

impl Session {
    /// Reads up to `rows_max` rows of each lane, in the order of their ids.
    ///
    /// Above the floor, which is cheap; or from the beginning: a transaction that took its id early may have committed
    /// late, below the floor.
    pub(crate) async fn read(
        &mut self,
        lanes: &[i16],
        from_the_beginning: bool,
        rows_max: i64,
    ) -> Result<Vec<Row>, RelayError> {
        let floor = |lane: &i16| self.owned.get(lane).filter(|_| !from_the_beginning).map_or(0, |owned| owned.floor);
        let floors: Vec<i64> = lanes.iter().map(floor).collect();
        let query = sqlx::query(include_str!("../sql/read.sql")).bind(lanes.to_vec()).bind(floors).bind(rows_max);
        let mut rows = self.fetch(query, "read events").await?;
        rows.sort_unstable_by_key(|row| row.id);
        self.raise_floors(&rows, from_the_beginning, rows_max);
        Ok(rows)
    }

    /// A lane that was read from the beginning and has more is read on from there.
    fn raise_floors(&mut self, rows: &[Row], from_the_beginning: bool, rows_max: i64) {
        let mut read: HashMap<i16, (i64, i64)> = HashMap::new();
        for row in rows {
            let (count, greatest) = read.entry(row.lane).or_default();
            *count += 1;
            *greatest = row.id.max(*greatest);
        }
        for (lane, (count, greatest)) in read {
            if let Some(owned) = self.owned.get_mut(&lane) {
                let more = from_the_beginning && count >= rows_max;
                owned.floor = if more { greatest } else { owned.floor.max(greatest) };
            }
        }
    }

    /// Reads waiting rows whose time has come.
    pub(crate) async fn read_due(&mut self) -> Result<Vec<Row>, RelayError> {
        const STATEMENT: &str = concat!(
            "select ",
            columns!(),
            " from unnest($1::smallint[]) as l (lane) cross join lateral (select * from outbox w where w.lane = l.lane \
             and w.lane < 0 and w.not_before <= clock_timestamp() and w.id <> all ($3) order by w.not_before limit $2) \
             as o"
        );
        let query = sqlx::query(STATEMENT).bind(self.shadows()).bind(WAITING_ROWS);
        self.fetch(query, "read events that waited").await
    }

    /// Reads the oldest waiting rows of a route, due or not.
    pub(crate) async fn read_route(&mut self, route: &Route, rows_max: i64) -> Result<Vec<Row>, RelayError> {
        const STATEMENT: &str = concat!(
            "select ",
            columns!(),
            " from unnest($4::smallint[]) as l (lane) cross join lateral (select * from outbox w \
             where w.exchange = $1 and w.routing_key = $2 and w.lane = l.lane and w.lane < 0 \
             and w.not_before < 'infinity' and w.id <> all ($5) order by w.id limit $3) as o limit $3"
        );
        let query = sqlx::query(STATEMENT).bind(route.exchange.clone()).bind(route.routing_key.clone()).bind(rows_max);
        let query = query.bind(self.shadows());
        self.fetch(query, "read events of a route").await
    }

    /// Whether rows wait in the shadow of a lane of ours, held ones not counted.
    pub(crate) async fn any_waiting(&mut self) -> Result<bool, RelayError> {
        sqlx::query_scalar("select exists (select from outbox where lane = any ($1) and not_before < 'infinity')")
            .bind(self.shadows())
            .fetch_one(&mut self.connection)
            .await
            .map_err(doing("look for events that wait"))
    }

    /// The routes of waiting rows of these lanes.
    pub(crate) async fn waiting_routes(&mut self, lanes: &[i16]) -> Result<Vec<Arc<Route>>, RelayError> {
        let shadows: Vec<i16> = lanes.iter().copied().map(lane::shadow).collect();
        let routes: Vec<(String, String)> = sqlx::query_as(
            "select distinct exchange, routing_key from outbox where lane = any ($1) and not_before < 'infinity'",
        )
        .bind(shadows)
        .fetch_all(&mut self.connection)
        .await
        .map_err(doing("read the routes of events that wait"))?;
        Ok(routes.iter().map(|(exchange, routing_key)| self.rows.route(exchange, routing_key)).collect())
    }

    /// Lanes of ours that stay.
    pub(crate) fn staying_lanes(&self) -> Vec<i16> {
        self.owned.iter().filter(|(_, owned)| !owned.leaving).map(|(lane, _)| *lane).collect()
    }

    /// Where rows of our lanes wait. Lanes that leave are left alone.
    fn shadows(&self) -> Vec<i16> {
        self.staying_lanes().into_iter().map(lane::shadow).collect()
    }

    /// Runs a query whose last parameter is left to the ids in flight.
    async fn fetch(
        &mut self,
        query: Query<'_, Postgres, PgArguments>,
        what: &'static str,
    ) -> Result<Vec<Row>, RelayError> {
        let sent = Instant::now();
        let answer =
            query.bind(self.shared.ids_in_flight()).fetch_all(&mut self.connection).await.map_err(doing(what))?;
        self.shared.lease.renew(sent);
        answer.iter().map(|row| self.rows.read(row)).collect::<Result<_, _>>().map_err(doing(what))
    }
}
