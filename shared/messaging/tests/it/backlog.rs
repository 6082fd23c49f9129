//! Backlogs that the database generates, instead of single appends.

use sqlx::PgPool;

/// The common values of the rows.
pub(crate) struct Rows {
    /// An SQL expression over the number `n`.
    pub(crate) routing_key: &'static str,
    /// The exchange of all rows.
    pub(crate) exchange: &'static str,
    /// Size of a payload in bytes.
    pub(crate) bytes: i32,
}

impl Default for Rows {
    fn default() -> Self {
        Self { routing_key: "'alpha.Ping.v1'", exchange: "alpha", bytes: 600 }
    }
}

impl Rows {
    /// Inserts rows `from..to` over all lanes; the sequence of each is its number.
    pub(crate) async fn insert(&self, pool: &PgPool, from: i64, to: i64) {
        let statement = format!(
            "insert into outbox (lane, event_id, exchange, routing_key, ordering_key, sequence, correlation_id, \
             content_type, payload, occurred_at) \
             select n % 8, gen_random_uuid(), '{}', {}, 'key ' || n % 8, n, gen_random_uuid(), 'text/plain', \
             convert_to(repeat('x', {}), 'utf8'), clock_timestamp() from generate_series($1::bigint, $2::bigint) as n",
            self.exchange, self.routing_key, self.bytes
        );
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(from).bind(to - 1).execute(pool).await.unwrap();
    }
}

/// Whether any row up to `id` is still in a lane; cheap for any number of rows.
pub(crate) async fn any_up_to(pool: &PgPool, id: i64) -> bool {
    sqlx::query_scalar(
        "select exists (select from generate_series(0, 7) as l (lane) cross join lateral \
         (select id from outbox where outbox.lane = l.lane order by id limit 1) as o where o.id <= $1)",
    )
    .bind(id)
    .fetch_one(pool)
    .await
    .unwrap()
}
