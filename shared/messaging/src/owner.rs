//! The owner of a schema: services that shared one would treat each other's events as duplicates.

use sqlx::PgConnection;

/// Claims the schema for the service, if it has no owner yet; returns the owner if it is another service.
pub(crate) async fn claim(connection: &mut PgConnection, service: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query("insert into messaging_owner (service) values ($1) on conflict do nothing")
        .bind(service)
        .execute(&mut *connection)
        .await?;
    // A separate statement, so that it sees an owner that another session has just committed.
    let owner: String = sqlx::query_scalar("select service from messaging_owner").fetch_one(connection).await?;
    Ok((owner != service).then_some(owner))
}
