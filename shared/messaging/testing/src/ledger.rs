//! A ledger of appended and handled events. Triggers in the database write it, so it commits with the events.

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// Created once in every test's database.
pub(crate) const TABLES: &str = "
    create schema messaging_testing;
    create table messaging_testing.appended (
        service text not null, event_id uuid not null, wire_type text not null, allow_unrouted boolean not null
    );
    create table messaging_testing.handled (service text not null, event_id uuid not null);
    create function messaging_testing.note_appended() returns trigger
        language plpgsql security definer set search_path = pg_catalog, messaging_testing, pg_temp as $$
    begin
        -- A replayed dead letter goes to its service's own inbox: it was appended before.
        if new.exchange = tg_table_schema then
            insert into messaging_testing.appended
            values (tg_table_schema, new.event_id, new.routing_key, new.allow_unrouted);
        end if;
        return null;
    end $$;
    create function messaging_testing.note_handled() returns trigger
        language plpgsql security definer set search_path = pg_catalog, messaging_testing, pg_temp as $$
    begin
        insert into messaging_testing.handled values (tg_argv[0], new.event_id);
        return null;
    end $$;
";

/// An event that was appended and committed.
#[derive(Clone, Debug)]
pub(crate) struct Appended {
    pub(crate) service: String,
    pub(crate) event_id: Uuid,
    pub(crate) wire_type: String,
    /// It may be unrouted.
    pub(crate) allow_unrouted: bool,
}

/// The triggers of one service's schema. The inbox is partitioned, so the table name of a trigger does not identify it.
pub(crate) fn triggers(service: &str) -> String {
    format!(
        "create or replace trigger messaging_testing after insert on outbox
             for each row execute function messaging_testing.note_appended();
         create or replace trigger messaging_testing after insert on inbox
             for each row execute function messaging_testing.note_handled('{service}');"
    )
}

/// All appended events, each once.
pub(crate) async fn appended(pool: &PgPool) -> Result<Vec<Appended>, sqlx::Error> {
    sqlx::query("select distinct service, event_id, wire_type, allow_unrouted from messaging_testing.appended")
        .try_map(|row: PgRow| {
            Ok(Appended {
                service: row.try_get(0)?,
                event_id: row.try_get(1)?,
                wire_type: row.try_get(2)?,
                allow_unrouted: row.try_get(3)?,
            })
        })
        .fetch_all(pool)
        .await
}

/// Which services have handled the event, and how many times.
pub(crate) async fn handlings(pool: &PgPool, event_id: Uuid) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(
        "select service, count(*) from messaging_testing.handled where event_id = $1 group by service order by service",
    )
    .bind(event_id)
    .fetch_all(pool)
    .await
}

/// The events that a service has handled or dead-lettered.
pub(crate) async fn settled(pool: &PgPool, service: &str) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "select event_id from messaging_testing.handled where service = $1
         union select event_id from dead_letters where direction = 'incoming'",
    )
    .bind(service)
    .fetch_all(pool)
    .await
}
