//! What the kernel counts about this process, under the names that all Prometheus client libraries use.
//!
//! They are written here rather than given to the recorder, whose counters are whole numbers: CPU time in whole seconds
//! hides what a service does between two scrapes. The crate `metrics-process` has that limit, and adds 14 s to a build.
//!
//! Source: <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics> and proc(5).

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};
use std::fmt::{Display, Write};
use std::fs;
use std::sync::OnceLock;

/// Appends the metrics of this process. What the kernel does not show, or does not limit, is left out.
pub(crate) fn append(to: &mut String) {
    if let Some(stat) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(Stat::parse) {
        let cpu_seconds = seconds(stat.user_ticks + stat.system_ticks);
        counter(to, "process_cpu_seconds_total", "Total user and system CPU time in seconds.", cpu_seconds);
        gauge(to, "process_resident_memory_bytes", "Resident memory size in bytes.", stat.resident_bytes);
        gauge(to, "process_virtual_memory_bytes", "Virtual memory size in bytes.", stat.virtual_bytes);
        gauge(to, "process_threads", "Number of threads.", stat.threads);
        if let Some(boot) = boot_time() {
            let started = boot + seconds(stat.start_ticks);
            gauge(to, "process_start_time_seconds", "Start time in seconds since the Unix epoch.", started);
        }
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        // The folder that is read is one of them.
        gauge(to, "process_open_fds", "Number of open file descriptors.", files.count().saturating_sub(1));
    }
    if let Some(limit) = getrlimit(Resource::Nofile).current {
        gauge(to, "process_max_fds", "Maximum number of open file descriptors.", limit);
    }
}

fn gauge(to: &mut String, name: &str, help: &str, value: impl Display) {
    metric(to, name, "gauge", help, value);
}

fn counter(to: &mut String, name: &str, help: &str, value: impl Display) {
    metric(to, name, "counter", help, value);
}

fn metric(to: &mut String, name: &str, kind: &str, help: &str, value: impl Display) {
    // Writing to a `String` does not fail.
    let _ = writeln!(to, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
}

/// The fields of `/proc/self/stat` that are of interest.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    user_ticks: u64,
    system_ticks: u64,
    threads: u64,
    /// Since the machine started.
    start_ticks: u64,
    virtual_bytes: u64,
    resident_bytes: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The second field is the name of the program in parentheses, which may contain anything.
        let (_, rest) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // proc(5) numbers the fields from 1; the first of `rest` is number 3.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            user_ticks: field(14)?,
            system_ticks: field(15)?,
            threads: field(20)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_bytes: field(24)? * page_size() as u64,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "ticks of 10 ms are exact for millions of years")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / clock_ticks_per_second() as f64
}

/// When the machine started, in seconds since the Unix epoch. It is read once: the kernel derives it from the clock, and
/// a clock that is set must not look like a new process.
fn boot_time() -> Option<f64> {
    static BOOT_TIME: OnceLock<Option<f64>> = OnceLock::new();
    *BOOT_TIME.get_or_init(|| {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{SystemTime, UNIX_EPOCH};

    /// The value of a metric of this process.
    fn value(name: &str) -> f64 {
        let mut text = String::new();
        append(&mut text);
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
    }

    #[test]
    fn a_program_may_have_any_name() {
        let name = "7 (a) S 1 (b) ";
        let text = format!(
            "7 ({name}) R 1 7 7 0 -1 4194304 90 0 0 0 250 50 0 0 20 0 12 0 5000 1048576 3 18446744073709551615"
        );
        let expected = Stat {
            user_ticks: 250,
            system_ticks: 50,
            threads: 12,
            start_ticks: 5000,
            virtual_bytes: 1_048_576,
            resident_bytes: 3 * page_size() as u64,
        };
        assert_eq!(Stat::parse(&text), Some(expected));
        assert_eq!(Stat::parse("7 (short) R 1"), None);
    }

    #[test]
    fn cpu_time_has_fractions_of_a_second() {
        let before = value("process_cpu_seconds_total");
        while value("process_cpu_seconds_total") <= before {}
        assert!(value("process_cpu_seconds_total") - before < 0.5);
    }

    #[test]
    fn this_process_started_a_moment_ago() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        let age = now - value("process_start_time_seconds");
        assert!((-2.0..3600.0).contains(&age), "{age}");
    }

    #[test]
    fn an_open_file_is_counted() {
        let files: Vec<_> = (0..64).map(|_| fs::File::open("/dev/null").unwrap()).collect();
        let open = value("process_open_fds");
        assert!(open >= 64.0 && open <= value("process_max_fds"), "{open}");
        drop(files);
    }

    #[test]
    fn memory_is_in_bytes() {
        let (resident, virtual_size) = (value("process_resident_memory_bytes"), value("process_virtual_memory_bytes"));
        assert!(resident > 500_000.0 && resident <= virtual_size, "{resident} of {virtual_size}");
        assert!(value("process_threads") >= 1.0);
    }
}
