//! How often the services read whole tables: a plan that was made for a small table and kept reads all of it for ever.

use sqlx::PgPool;

/// Counters of all tables of the services, since the database began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scans {
    tables: i64,
    rows: i64,
    index_rows: i64,
}

impl Scans {
    pub(super) async fn of(pool: &PgPool) -> Result<Self, sqlx::Error> {
        // Sessions hand in their counters when they are idle for a second.
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        let (tables, rows, index_rows) = sqlx::query_as(
            "select coalesce(sum(seq_scan), 0)::bigint, coalesce(sum(seq_tup_read), 0)::bigint, \
             (select coalesce(sum(idx_tup_read), 0)::bigint from pg_stat_user_indexes) from pg_stat_user_tables",
        )
        .fetch_one(pool)
        .await?;
        Ok(Self { tables, rows, index_rows })
    }

    pub(super) fn since(self, before: Self) -> Self {
        Self {
            tables: self.tables - before.tables,
            rows: self.rows - before.rows,
            index_rows: self.index_rows - before.index_rows,
        }
    }

    /// Sequential scans of each order, the rows that they read, and the entries that were read in indexes.
    #[expect(clippy::cast_precision_loss, reason = "counters of one run")]
    pub(super) fn per_order(self, orders: usize) -> (f64, f64, f64) {
        let each = |count: i64| count as f64 / orders.max(1) as f64;
        (each(self.tables), each(self.rows), each(self.index_rows))
    }
}
