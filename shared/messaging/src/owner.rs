//! Whose schema it is: services that shared one would take each other's events for repeats.

use sqlx::PgConnection;

/// Makes the schema the service's, if it is nobody's yet; returns the owner when it is another's.
pub(crate) async fn claim(connection: &mut PgConnection, service: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query("insert into messaging_owner (service) values ($1) on conflict do nothing")
        .bind(service)
        .execute(&mut *connection)
        .await?;
    // In a statement of its own, which sees what another session has claimed meanwhile.
    let owner: String = sqlx::query_scalar("select service from messaging_owner").fetch_one(connection).await?;
    Ok((owner != service).then_some(owner))
}
