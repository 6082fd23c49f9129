//! Counts full table scans: a plan made for a small table and cached scans the whole table, however large it is later.

use sqlx::PgPool;

/// Scan counters summed over all tables, since the database was created.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scans {
    tables: i64,
    rows: i64,
    index_rows: i64,
}

impl Scans {
    pub(super) async fn of(pool: &PgPool) -> Result<Self, sqlx::Error> {
        // Sessions report their counters at most once per second.
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

    /// Per order: sequential scans, rows read by them, and index entries read.
    #[expect(clippy::cast_precision_loss, reason = "counters of one run")]
    pub(super) fn per_order(self, orders: usize) -> (f64, f64, f64) {
        let each = |count: i64| count as f64 / orders.max(1) as f64;
        (each(self.tables), each(self.rows), each(self.index_rows))
    }
}
