//! The final check: acknowledged orders exist, and the invariants hold.

use e2e::invariants::{is_at_rest, violations};
use sqlx::PgPool;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Time limit for the system to become idle.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Number of ids per statement.
const CHUNK: usize = 10_000;

/// The violated rules.
pub(super) async fn check(pool: &PgPool, placed: &[Uuid]) -> Result<Vec<String>, sqlx::Error> {
    let began = Instant::now();
    while !is_at_rest(pool).await? && began.elapsed() < TIMEOUT {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let mut broken = violations(pool).await?;
    for some in placed.chunks(CHUNK) {
        let there: i64 =
            sqlx::query_scalar("select count(*) from orders.orders where id = any($1) and status = 'PAID'")
                .bind(some)
                .fetch_one(pool)
                .await?;
        let missing = i64::try_from(some.len()).unwrap_or(i64::MAX) - there;
        if missing != 0 {
            broken.push(format!("every acknowledged order exists and is PAID: {missing} are not"));
        }
    }
    Ok(broken)
}
