//! Resource usage of processes, CPU time and memory, read from `/proc`.

use std::fs;
use std::str::FromStr;

/// A part of the system: a process with its descendants.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pid: u32,
}

/// Resource usage so far, or between two measurements.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// CPU seconds in user and kernel mode.
    pub(crate) cpu_secs: f64,
    /// Resident bytes of the process itself, without its descendants.
    pub(crate) own_bytes: u64,
    /// Proportional set size of the process itself, in which shared memory is divided among the sharing processes.
    pub(crate) own_share_bytes: u64,
    /// Proportional set size of the process and its descendants.
    pub(crate) bytes: u64,
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, pid) = text.split_once('=').ok_or("write NAME=PID")?;
        let pid = pid.parse().map_err(|_| format!("`{pid}` is not a process id"))?;
        Ok(Self { name: name.to_owned(), pid })
    }
}

impl Part {
    /// A process with its descendants.
    pub(crate) fn of(name: &str, pid: u32) -> Self {
        Self { name: name.to_owned(), pid }
    }

    /// This process.
    pub(crate) fn this(name: &str) -> Self {
        Self::of(name, std::process::id())
    }

    /// Whether it is a server behind the services.
    pub(crate) fn is_server(&self) -> bool {
        ["postgres", "rabbitmq", "redis"].contains(&self.name.as_str())
    }

    /// The resource usage so far, excluding exited processes that were not waited for.
    pub(crate) fn cost(&self) -> Cost {
        let family = family(self.pid);
        let cpu_secs = family.iter().map(|pid| cpu_secs(*pid)).sum();
        let bytes = family.iter().map(|pid| proportional_bytes(*pid)).sum();
        let own_share_bytes = proportional_bytes(self.pid);
        Cost { cpu_secs, bytes, own_bytes: resident_bytes(self.pid), own_share_bytes }
    }
}

/// The process and all its descendants.
fn family(of: u32) -> Vec<u32> {
    let children: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, fields(pid)?.get(1)?.parse().ok()?)))
        .collect();
    let mut found = vec![of];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(children.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found
}

/// The fields of `/proc/PID/stat` after the name: state, parent, ... Source: proc(5).
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    Some(after_name.split(' ').map(str::to_owned).collect())
}

/// utime + stime, including children that have exited: fields 14 to 17.
fn cpu_secs(pid: u32) -> f64 {
    let Some(fields) = fields(pid) else { return 0.0 };
    let ticks: u32 = fields.iter().skip(11).take(4).filter_map(|field| field.parse::<u32>().ok()).sum();
    f64::from(ticks) / f64::from(u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100))
}

fn resident_bytes(pid: u32) -> u64 {
    kilobytes(&format!("/proc/{pid}/status"), "VmRSS:")
}

fn proportional_bytes(pid: u32) -> u64 {
    kilobytes(&format!("/proc/{pid}/smaps_rollup"), "Pss:")
}

/// The value of a line `Name:   123 kB`, in bytes; 0 if the process has exited.
fn kilobytes(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kb| kb.parse::<u64>().ok());
    value.unwrap_or(0) * 1024
}
