//! The relay's database address, looked up for each connection so that rotated credentials are not used again.

use crate::broker::BoxError;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::sync::Arc;

/// Provides connection options for each connection: for passwords that are rotated, for roles that change, and for an
/// address that bypasses a transaction pooler.
#[derive(Clone)]
pub struct DatabaseProvider(Arc<dyn Fn() -> BoxFuture<'static, Result<PgConnectOptions, BoxError>> + Send + Sync>);

impl DatabaseProvider {
    /// Calls `provide` before each connection. While it runs, nothing is published.
    pub fn provided_by<F>(provide: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<PgConnectOptions, BoxError>> + Send + 'static,
    {
        Self(Arc::new(move || provide().boxed()))
    }

    /// The options of the pool: the latest ones of [`PgPool::set_connect_options`].
    pub fn of_pool(pool: PgPool) -> Self {
        Self::provided_by(move || std::future::ready(Ok(pool.connect_options().as_ref().clone())))
    }

    pub(super) async fn options(&self) -> Result<PgConnectOptions, BoxError> {
        // sqlx sets it as a startup parameter, which PgBouncer refuses; no number that is read here needs it.
        Ok((self.0)().await?.extra_float_digits(None))
    }
}

/// Not the options: they may contain a password.
impl fmt::Debug for DatabaseProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseProvider")
    }
}
