//! Functions that run with other rights than their caller's cannot be abused.

use crate::hijack::{Definer, EVERYTHING, definers, grant_temporary, hijacked};
use crate::{INSUFFICIENT_PRIVILEGE, refusal};
use sqlx::{Connection, PgConnection, PgPool};
use testkit::{TestDatabase, services};

/// Roles with more rights than `<schema>_owner` or `<schema>_monitor` should have, or that can log in.
const PRIVILEGED_ROLES: &str = "select rolname::text from pg_roles
    where rolname = $1
      and (rolsuper or rolcreaterole or rolcreatedb or rolcanlogin or rolbypassrls or rolreplication)";

/// Tables in schemas of other services that the role `$1` can access in any way; `$2` is its own schema.
const FOREIGN_TABLES: &str = "select c.oid::regclass::text
    from pg_class c
    where c.relnamespace::regnamespace::text = any($3) and c.relnamespace::regnamespace::text <> $2
      and c.relkind in ('r', 'p', 'v', 'm')
      and (has_schema_privilege($1, c.relnamespace, 'usage, create')
           or has_table_privilege($1, c.oid, 'select, insert, update, delete, truncate, references, trigger'))";

/// Roles whose rights are inherited by the role `$1`.
const MEMBERSHIPS: &str = "select rolname::text from pg_roles
    where rolname <> $1 and pg_has_role($1, oid, 'member')";

async fn strings(admin: &PgPool, query: &'static str, role: &str) -> Vec<String> {
    sqlx::query_scalar(query).bind(role).fetch_all(admin).await.unwrap()
}

async fn foreign_tables(admin: &PgPool, role: &str, schema: &str) -> Vec<String> {
    let schemas: Vec<String> = services().map(str::to_owned).collect();
    sqlx::query_scalar(FOREIGN_TABLES).bind(role).bind(schema).bind(schemas).fetch_all(admin).await.unwrap()
}

/// Checks every function that runs with its owner's rights.
pub(crate) async fn assert_restricted(admin: &PgPool, definers: &[Definer]) {
    for Definer { schema, signature, owner, search_path, .. } in definers {
        assert_eq!(
            strings(admin, PRIVILEGED_ROLES, owner).await,
            Vec::<String>::new(),
            "{signature} belongs to {owner}"
        );
        let path = search_path.as_deref().unwrap_or_default();
        assert!(path.starts_with("pg_catalog, ") && path.ends_with(", pg_temp"), "{signature}: `{path}`");

        let memberships = strings(admin, MEMBERSHIPS, owner).await;
        let allowed = signature.contains(".outbox_oldest_snapshot_seconds(");
        assert_eq!(memberships, if allowed { vec!["pg_read_all_stats"] } else { Vec::new() }, "{owner}, {signature}");
        assert_eq!(foreign_tables(admin, owner, schema).await, Vec::<String>::new(), "{owner}");

        let callers: Vec<String> = sqlx::query_scalar(
            "select acl.grantee::regrole::text
             from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as acl
             where p.oid = $1::regprocedure and acl.grantee <> p.proowner",
        )
        .bind(signature)
        .fetch_all(admin)
        .await
        .unwrap();
        assert_eq!(callers, [format!("{schema}_service")], "{signature}");
    }
}

#[tokio::test]
async fn every_definer_function_belongs_to_a_restricted_role() {
    let database = TestDatabase::migrated().await;
    let admin = database.admin_pool("public");
    let definers = definers(&admin).await;
    for service in services() {
        let own = definers.iter().filter(|definer| definer.schema == service).count();
        assert!(own >= 7, "{service} has {own} such functions: {definers:?}");
    }
    assert_restricted(&admin, &definers).await;
}

#[tokio::test]
async fn no_service_creates_temporary_objects() {
    let database = TestDatabase::migrated().await;
    for service in services() {
        let mut role = PgConnection::connect(&database.service_url(service)).await.unwrap();
        for statement in [
            "create temporary table date (id int)",
            "create temporary view pg_class as select 1 as oid",
            "create temporary sequence numbers",
            "create domain pg_temp.date as pg_catalog.date",
            "create type pg_temp.date as (day pg_catalog.date)",
            "create function pg_temp.now() returns int language sql return 1",
            "create operator pg_temp.|| (leftarg = text, rightarg = text, function = pg_catalog.textcat)",
            "select 1 as id into temporary table mine",
        ] {
            let refused = refusal(&mut role, statement).await;
            assert_eq!(refused.as_deref(), Some(INSUFFICIENT_PRIVILEGE), "{service}: {statement}");
        }
    }
}

#[tokio::test]
async fn temporary_objects_would_run_only_as_their_creator() {
    let database = TestDatabase::migrated().await;
    let admin = database.admin_pool("public");
    grant_temporary(&admin).await;
    let definers = definers(&admin).await;
    for service in services() {
        assert_eq!(hijacked(&database, &definers, service, EVERYTHING).await, Vec::<String>::new(), "{service}");
    }
}

#[tokio::test]
async fn no_service_reaches_another_schema_or_role() {
    let database = TestDatabase::migrated().await;
    let admin = database.admin_pool("public");
    let definers = definers(&admin).await;
    for service in services() {
        let role = format!("{service}_service");
        assert_eq!(foreign_tables(&admin, &role, service).await, Vec::<String>::new());
        assert_eq!(strings(&admin, MEMBERSHIPS, &role).await, Vec::<String>::new(), "{role}");
        let mut session = PgConnection::connect(&database.service_url(service)).await.unwrap();
        for foreign in definers.iter().filter(|definer| definer.schema != service) {
            let refused = refusal(&mut session, &format!("select {}", foreign.call)).await;
            assert_eq!(refused.as_deref(), Some(INSUFFICIENT_PRIVILEGE), "{service}: {}", foreign.call);
        }
        for statement in [
            format!("set role {service}_owner"),
            format!("set role {service}_monitor"),
            format!("select {service}.maintenance_drop_partition('inbox', 7)"),
        ] {
            let refused = refusal(&mut session, &statement).await;
            assert_eq!(refused.as_deref(), Some(INSUFFICIENT_PRIVILEGE), "{statement}");
        }
    }
}
