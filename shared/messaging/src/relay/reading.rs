//! Reads rows on the session that holds the locks of their lanes: a relay that lost the locks can't read.

use super::error::{RelayError, doing};
use super::row::{Route, Row, columns};
use super::session::Session;
use crate::lane;
use futures_util::TryStreamExt;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Waiting rows read at a time: of a route, or of each lane those that are due.
pub(crate) const WAITING_ROWS: i64 = 256;

/// One primary-key range scan per lane. `floor` skips the dead rows of published events; $5 contains the ids in flight.
/// $4 is not used here: both queries have the same parameters.
const READ_ROWS: &str = concat!(
    "select ",
    columns!(),
    " from unnest($1::smallint[], $2::bigint[]) as l (lane, floor) cross join lateral (select * from outbox \
     where outbox.lane = l.lane and outbox.id > l.floor and outbox.id <> all ($5::bigint[]) and $4::bigint is not null \
     order by outbox.id limit $3) as o"
);

/// Same, with at most $4 bytes and one row per lane. The running sum follows the index, and the length of a large
/// payload is known without reading it. It costs twice as much processor time as [`READ_ROWS`].
const READ_BYTES: &str = concat!(
    "select ",
    columns!(),
    " from unnest($1::smallint[], $2::bigint[]) as l (lane, floor) cross join lateral (select * from (select outbox.*, \
     sum(octet_length(outbox.payload)) over (order by outbox.id rows unbounded preceding) \
     - octet_length(outbox.payload) as bytes_before from outbox where outbox.lane = l.lane and outbox.id > l.floor \
     and outbox.id <> all ($5::bigint[]) order by outbox.id limit $3) as ahead where ahead.bytes_before < $4) as o"
);

/// Maximum size of a read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    /// Rows of each lane.
    pub(crate) rows: i64,
    /// Bytes of all lanes together, plus one row of each lane: so a row that is larger by itself is published, too.
    pub(crate) bytes: usize,
}

impl Most {
    /// The share of each lane, for so many lanes.
    fn bytes_of_each(self, lanes: usize) -> i64 {
        i64::try_from(self.bytes / lanes.max(1)).unwrap_or(i64::MAX).max(1)
    }
}

impl Session {
    /// Reads rows of each lane in the order of their ids; returns whether a lane may have more.
    ///
    /// Either above the floor, which is cheap, or from the beginning: a transaction that took an early id may have
    /// committed late, below the floor.
    pub(crate) async fn read(
        &mut self,
        lanes: &[i16],
        from_the_beginning: bool,
        most: Most,
    ) -> Result<(Vec<Row>, bool), RelayError> {
        let bytes_max = most.bytes_of_each(lanes.len());
        let floor = |lane: &i16| self.owned.get(lane).filter(|_| !from_the_beginning).map_or(0, |owned| owned.floor);
        let floors: Vec<i64> = lanes.iter().map(floor).collect();
        let statement = if self.expects_large { READ_BYTES } else { READ_ROWS };
        let query = sqlx::query(statement).bind(lanes.to_vec()).bind(floors).bind(most.rows).bind(bytes_max);
        let mut rows = self.fetch(query, bytes_max, "read events").await?;
        if let Some(largest) = rows.iter().map(|row| row.payload.len()).max() {
            self.expects_large = i64::try_from(largest).unwrap_or(i64::MAX).saturating_mul(most.rows) > bytes_max;
        }
        rows.sort_unstable_by_key(|row| row.id);
        let more = self.raise_floors(&rows, from_the_beginning, most.rows, bytes_max);
        Ok((rows, more))
    }

    /// Continues above the rows read, for lanes that were read from the beginning and have more. Returns whether there
    /// is one.
    fn raise_floors(&mut self, rows: &[Row], from_the_beginning: bool, rows_max: i64, bytes_max: i64) -> bool {
        #[derive(Default)]
        struct Read {
            rows: i64,
            bytes: i64,
            greatest: i64,
        }
        let mut read: HashMap<i16, Read> = HashMap::new();
        for row in rows {
            let lane = read.entry(row.lane).or_default();
            lane.rows += 1;
            lane.bytes += i64::try_from(row.payload.len()).unwrap_or(i64::MAX);
            lane.greatest = row.id.max(lane.greatest);
        }
        let mut any_more = false;
        for (lane, Read { rows, bytes, greatest }) in read {
            let more = rows >= rows_max || bytes >= bytes_max;
            any_more |= more;
            if let Some(owned) = self.owned.get_mut(&lane) {
                owned.floor = if from_the_beginning && more { greatest } else { owned.floor.max(greatest) };
            }
        }
        any_more
    }

    /// Reads waiting rows that are due.
    pub(crate) async fn read_due(&mut self, bytes: usize) -> Result<Vec<Row>, RelayError> {
        const STATEMENT: &str = concat!(
            "select ",
            columns!(),
            " from unnest($1::smallint[]) as l (lane) cross join lateral (select * from (select w.*, \
             sum(octet_length(w.payload)) over (order by w.not_before rows unbounded preceding) \
             - octet_length(w.payload) as bytes_before from outbox w where w.lane = l.lane \
             and w.lane < 0 and w.not_before <= clock_timestamp() and w.id <> all ($4) order by w.not_before limit $2) \
             as w where w.bytes_before < $3) as o"
        );
        let shadows = self.shadows();
        let bytes_max = Most { rows: WAITING_ROWS, bytes }.bytes_of_each(shadows.len());
        let query = sqlx::query(STATEMENT).bind(shadows).bind(WAITING_ROWS).bind(bytes_max);
        self.fetch(query, i64::MAX, "read events that waited").await
    }

    /// Reads the oldest waiting rows of a route, due or not.
    pub(crate) async fn read_route(&mut self, route: &Route, most: Most) -> Result<Vec<Row>, RelayError> {
        const STATEMENT: &str = concat!(
            "select ",
            columns!(),
            " from unnest($4::smallint[]) as l (lane) cross join lateral (select * from (select w.*, \
             sum(octet_length(w.payload)) over (order by w.id rows unbounded preceding) \
             - octet_length(w.payload) as bytes_before from outbox w \
             where w.exchange = $1 and w.routing_key = $2 and w.lane = l.lane and w.lane < 0 \
             and w.not_before < 'infinity' and w.id <> all ($6) order by w.id limit $3) \
             as w where w.bytes_before < $5) as o limit $3"
        );
        let shadows = self.shadows();
        let bytes_max = most.bytes_of_each(shadows.len());
        let query = sqlx::query(STATEMENT).bind(route.exchange.clone()).bind(route.routing_key.clone()).bind(most.rows);
        self.fetch(query.bind(shadows).bind(bytes_max), i64::MAX, "read events of a route").await
    }

    /// Whether rows wait in the shadow of one of our lanes, not counting held ones.
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

    /// Our lanes, without those being released.
    pub(crate) fn staying_lanes(&self) -> Vec<i16> {
        self.owned.iter().filter(|(_, owned)| !owned.leaving).map(|(lane, _)| *lane).collect()
    }

    /// The shadows of our lanes, without those of lanes being released.
    fn shadows(&self) -> Vec<i16> {
        self.staying_lanes().into_iter().map(lane::shadow).collect()
    }

    /// Runs a query whose last parameter are the ids in flight. Returns at most `bytes_max` bytes and one row per lane,
    /// and skips the rest.
    async fn fetch(
        &mut self,
        query: Query<'_, Postgres, PgArguments>,
        bytes_max: i64,
        what: &'static str,
    ) -> Result<Vec<Row>, RelayError> {
        let sent = Instant::now();
        let query = query.bind(self.shared.ids_in_flight());
        let mut answer = query.fetch(&mut self.connection);
        let mut rows = vec![];
        let mut bytes: HashMap<i16, i64> = HashMap::new();
        // Row by row: until a row is decoded, its payload is in memory twice.
        while let Some(row) = answer.try_next().await.map_err(doing(what))? {
            let row = self.rows.read(&row).map_err(doing(what))?;
            let so_far = bytes.entry(row.lane).or_default();
            if *so_far < bytes_max {
                *so_far = so_far.saturating_add(i64::try_from(row.payload.len()).unwrap_or(i64::MAX));
                rows.push(row);
            }
        }
        drop(answer);
        self.shared.lease.renew(sent);
        Ok(rows)
    }
}
