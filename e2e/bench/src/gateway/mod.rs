//! The gateway compared with nginx: the same requests through each, alternating, to the same upstream, in the same run.

mod child;
mod load;
mod nginx;
pub(crate) mod upstream;

use crate::cli;
use crate::latency::Latencies;
use crate::parts::Part;
use crate::report::Report;
use child::Child;
use serde_json::json;
use std::error::Error;
use std::process::Command;
use std::time::Duration;
use tokio::task::LocalSet;

/// The path as requested by clients: an order, with the prefix that the proxy strips.
const PATH: &str = "/orders/orders/0190d3a2-0000-7000-8000-000000000001";

/// One of the two proxies, with its results so far.
struct Proxy {
    name: &'static str,
    host: String,
    part: Part,
    per_s: Vec<f64>,
    cpu_secs_per_10k: Vec<f64>,
    latencies: Vec<Duration>,
}

/// Measures and reports; fails if a response did not come from the upstream.
pub(crate) async fn measure(options: &cli::Gateway) -> Result<Report, Box<dyn Error>> {
    let tasks = LocalSet::new();
    tasks.run_until(run(&tasks, options)).await
}

async fn run(tasks: &LocalSet, options: &cli::Gateway) -> Result<Report, Box<dyn Error>> {
    let upstream_host = child::free_host()?;
    let mut command = Command::new(std::env::current_exe()?);
    let _upstream = Child::start("upstream", command.args(["upstream", &upstream_host]))?;
    child::reachable(&upstream_host).await?;
    let (gateway, gateway_host) = start_gateway(options, &upstream_host).await?;
    let (nginx, nginx_host) = nginx::start(options, &upstream_host).await?;
    let mut proxies = [
        Proxy::new("gateway", gateway_host, gateway.part("gateway")),
        Proxy::new("nginx", nginx_host, nginx.part("nginx")),
    ];
    let seconds = Duration::from_secs(options.seconds);
    for round in 0..=options.rounds {
        for proxy in &mut proxies {
            let before = proxy.part.cost().cpu_secs;
            let turn = load::run(tasks, &proxy.host, PATH, options.connections, seconds).await?;
            // The first round is a warm-up.
            if round > 0 {
                let cpu_secs = proxy.part.cost().cpu_secs - before;
                proxy.per_s.push(turn.per_s);
                proxy.cpu_secs_per_10k.push(cpu_secs * 10_000.0 / (turn.per_s * seconds.as_secs_f64()));
                proxy.latencies.extend(turn.latencies);
            }
        }
    }
    Ok(report(options, &proxies))
}

impl Proxy {
    fn new(name: &'static str, host: String, part: Part) -> Self {
        Self { name, host, part, per_s: vec![], cpu_secs_per_10k: vec![], latencies: vec![] }
    }
}

async fn start_gateway(options: &cli::Gateway, upstream: &str) -> Result<(Child, String), Box<dyn Error>> {
    let (api, ui, links) = (child::free_host()?, child::free_host()?, child::free_host()?);
    let mut command = Command::new(&options.program);
    command.env("API_ADDR", &api).env("UI_ADDR", ui).env("LINKS_ADDR", links).env("AUTH_MODE", "header");
    for service in ["ORDERS_URL", "PAYMENTS_URL", "OCR_URL", "ROUTER_URL"] {
        command.env(service, format!("http://{upstream}"));
    }
    let gateway = Child::start("gateway", &mut command)?;
    child::reachable(&api).await?;
    Ok((gateway, api))
}

fn report(options: &cli::Gateway, proxies: &[Proxy; 2]) -> Report {
    let mut report = Report::default();
    let about = format!("{} rounds of {} s each", options.rounds, options.seconds);
    report.note("GET of 216 bytes", format!("{} connections, {about}, alternating", options.connections));
    for proxy in proxies {
        let latencies: Latencies = proxy.latencies.iter().copied().collect();
        let name = proxy.name;
        report.figure(name, &format!("{name}_per_s"), median(&proxy.per_s), 0, "requests/s, median");
        report.figure("", &format!("{name}_p50_ms"), latencies.percentile_ms(50), 2, "ms p50");
        report.figure("", &format!("{name}_p99_ms"), latencies.percentile_ms(99), 2, "ms p99");
        let cpu = median(&proxy.cpu_secs_per_10k);
        report.figure("", &format!("{name}_cpu_s_per_10k"), cpu, 3, "CPU seconds per 10,000 requests");
        report.field(&format!("{name}_per_s_by_turn"), json!(proxy.per_s));
    }
    let ratios: Vec<f64> = proxies[0].per_s.iter().zip(&proxies[1].per_s).map(|(ours, theirs)| ours / theirs).collect();
    report.figure("gateway / nginx", "ratio", median(&ratios), 2, "ratio of requests/s, median of the pairs");
    report
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
