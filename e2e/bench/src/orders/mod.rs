//! Orders through the gateway: the latency of a single one, the maximum rate, and the latency at a constant rate.

mod cost;
mod idle;
mod load;
mod scans;
mod settled;

use crate::cli;
use crate::client::{Connection, RequestError};
use crate::disk;
use crate::parts::Part;
use crate::report::Report;
use crate::watch;
use cost::Costs;
use load::{Ending, Load};
use scans::Scans;
use serde_json::json;
use sqlx::PgPool;
use std::error::Error;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::LocalSet;

/// Initial balance of every user: more than all orders of a run cost.
const BALANCE: u64 = 100_000_000;
/// Orders before a young database is analysed, including those for warm-up.
const YOUNG_ORDERS: usize = 50;
/// The constant rate, relative to the rate completed at maximum load.
const SHARE: f64 = 0.7;

/// Measures, checks the invariants, and reports.
pub(crate) async fn measure(options: &cli::Orders) -> Result<Report, Box<dyn Error>> {
    let tasks = LocalSet::new();
    tasks.run_until(run(&tasks, options)).await
}

async fn run(tasks: &LocalSet, options: &cli::Orders) -> Result<Report, Box<dyn Error>> {
    let system = &options.system;
    let mut report = Report::default();
    report.figure("disk", "fdatasync_per_s", disk::fdatasync_per_s(&system.folder)?, 0, "fdatasync/s of 8 KiB");
    let pool = PgPool::connect(&system.database_url).await?;
    let mut parts = system.parts.clone();
    parts.push(Part::this("load generator"));

    report_memory(&mut report, &parts, "memory at rest", "services_memory_mb_at_rest");
    top_up(&system.api, options.users).await?;
    let seen = watch::watch(tasks, &system.api, 1..=options.users).await?;
    let mut placed = vec![];

    let one_by_one = if options.young { YOUNG_ORDERS - idle::WARM_UP } else { options.one_by_one };
    let idle = idle::measure(&system.api, options.users, one_by_one, &seen).await?;
    report.figure("idle, POST to PAID", "p50_ms_idle", idle.latencies.percentile_ms(50), 1, "ms p50");
    report.figure("", "p99_ms_idle", idle.latencies.percentile_ms(99), 1, "ms p99");
    placed.extend(idle.orders);

    if options.young {
        sqlx::query("vacuum analyze").execute(&pool).await?;
        report.note("young", format!("the database was analysed when it had {YOUNG_ORDERS} orders"));
    }
    let scans = Scans::of(&pool).await?;

    let seconds = Duration::from_secs(options.seconds);
    let load = Rc::new(Load::new(&system.api, options.users, seen.clone()));
    let mut finished_per_s = 0.0;
    if options.rate.is_none() {
        let before = Costs::of(&parts);
        let flat_out = load.flat_out(tasks, options.connections, seconds).await?;
        let cost = Costs::of(&parts).since(&before);
        finished_per_s = report_max_load(&mut report, options, &flat_out);
        cost.report(&mut report, "cpu_s_per_1000_orders", flat_out.orders.len());
        placed.extend(flat_out.orders);
    }

    let rate = options.rate.unwrap_or(finished_per_s * SHARE);
    let before = Costs::of(&parts);
    let constant = load.constant(tasks, rate, seconds).await?;
    let cost = Costs::of(&parts).since(&before);
    report_constant(&mut report, rate, &constant);
    cost.report(&mut report, "cpu_s_per_1000_orders_at_rate", constant.orders.len());
    placed.extend(constant.orders);

    let measured = placed.len() - one_by_one - idle::WARM_UP;
    let (tables, rows, index_rows) = Scans::of(&pool).await?.since(scans).per_order(measured);
    report.figure("read by each order", "sequential_scans_per_order", tables, 3, "sequential scans");
    report.figure("", "sequential_rows_per_order", rows, 1, "rows in them");
    report.figure("", "index_entries_per_order", index_rows, 1, "entries of indexes");

    report_memory(&mut report, &parts, "memory afterwards", "services_memory_mb");
    report.checked(settled::check(&pool, &placed).await?);
    Ok(report)
}

async fn top_up(api: &str, users: i64) -> Result<(), RequestError> {
    let mut connection = Connection::open(api).await?;
    for user in 1..=users {
        connection.top_up(user, BALANCE).await?;
    }
    Ok(())
}

fn report_max_load(report: &mut Report, options: &cli::Orders, ending: &Ending) -> f64 {
    let label = format!("maximum load, {} connections, {} s", options.connections, options.seconds);
    report.figure(&label, "created_per_s", ending.created_per_s(), 0, "orders/s created (response to POST)");
    report.figure("", "paid_per_s", ending.paid_per_s(), 0, "orders/s paid (first POST to last PAID seen)");
    report.figure("", "p50_ms_flat_out", ending.latencies.percentile_ms(50), 1, "ms p50, POST to PAID");
    report.figure("", "p99_ms_flat_out", ending.latencies.percentile_ms(99), 1, "ms p99");
    let backlog: Vec<String> = ending.open.iter().map(usize::to_string).collect();
    report.note("", format!("not yet paid at each quarter of the load: {}", backlog.join(", ")));
    report.field("open_orders_by_quarter", json!(ending.open));
    ending.paid_per_s()
}

fn report_constant(report: &mut Report, rate: f64, ending: &Ending) {
    report.figure("constant rate, open loop", "rate_per_s", rate, 0, "orders/s requested");
    report.figure("", "created_per_s_at_rate", ending.created_per_s(), 0, "orders/s created");
    report.figure("", "p50_ms_at_rate", ending.latencies.percentile_ms(50), 1, "ms p50, due time to PAID");
    report.figure("", "p99_ms_at_rate", ending.latencies.percentile_ms(99), 1, "ms p99");
    let backlog: Vec<String> = ending.open.iter().map(usize::to_string).collect();
    report.note("", format!("not yet paid at each quarter of the load: {}", backlog.join(", ")));
}

#[expect(clippy::cast_precision_loss, reason = "megabytes")]
fn report_memory(report: &mut Report, parts: &[Part], label: &str, field: &str) {
    let megabytes = |bytes: u64| bytes as f64 / 1_000_000.0;
    let (mut ours, mut shares) = (0.0, 0.0);
    let mut by_part = serde_json::Map::new();
    for part in parts {
        let cost = part.cost();
        let is_ours = part.name == "gateway" || part.name.ends_with("-service");
        // Memory of the OCR worker processes is excluded.
        let own = megabytes(if is_ours { cost.own_bytes } else { cost.bytes });
        by_part.insert(part.name.clone(), json!((own * 10.0).round() / 10.0));
        report.note(if by_part.len() == 1 { label } else { "" }, format!("{own:6.1} MB {}", part.name));
        if is_ours {
            ours += own;
            shares += megabytes(cost.own_share_bytes);
        }
    }
    report.field(&format!("{field}_by_part"), by_part.into());
    report.figure("", field, ours, 1, "MB resident of all services, without OCR workers");
    let share = format!("{field}_shared_once");
    report.figure("", &share, shares, 1, "MB proportional set size of all services");
}
