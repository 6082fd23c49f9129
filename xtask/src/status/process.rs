//! Uptime and memory of a process with all its descendants, from `/proc`.

use std::collections::HashMap;
use std::fs;

/// Ticks per second of the times in `/proc`: 100 on every Linux platform of Rust (`USER_HZ`).
const TICKS: u64 = 100;

/// Seconds since the process started.
pub(super) fn uptime(pid: u32) -> Option<u64> {
    let began = stat(pid)?.began_ticks / TICKS;
    let uptime = fs::read_to_string("/proc/uptime").ok()?;
    let now: u64 = uptime.split('.').next()?.parse().ok()?;
    Some(now.saturating_sub(began))
}

/// Memory of the process and its descendants, with shared pages divided among them (PSS).
pub(super) fn memory_bytes(pid: u32) -> u64 {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let all = fs::read_dir("/proc").into_iter().flatten();
    for other in all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()) {
        if let Some(stat) = stat(other) {
            children.entry(stat.parent).or_default().push(other);
        }
    }
    let mut family = vec![pid];
    let mut total = 0;
    while let Some(member) = family.pop() {
        total += own_memory_bytes(member).unwrap_or(0);
        family.extend(children.remove(&member).unwrap_or_default());
    }
    total
}

fn own_memory_bytes(pid: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: u64 = pss.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

struct Stat {
    parent: u32,
    began_ticks: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may contain spaces. Source: proc(5).
    let fields: Vec<&str> = text[text.rfind(')')? + 1..].split_whitespace().collect();
    Some(Stat { parent: fields.get(1)?.parse().ok()?, began_ticks: fields.get(19)?.parse().ok()? })
}
