//! How often per second this disk makes a small write durable: what a commit costs at least.

use rustix::fs::fdatasync;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// What a page of PostgreSQL's log has.
const BYTES: [u8; 8192] = [7; 8192];
const MEASURED_FOR: Duration = Duration::from_secs(2);

/// Writes 8 KiB at one place, again and again, each made durable with `fdatasync`; returns how often per second.
pub(crate) fn fdatasync_per_s(folder: &Path) -> std::io::Result<f64> {
    let path = folder.join("fdatasync.probe");
    let mut file = File::create(&path)?;
    // The size is fixed first, as that of a log segment is.
    file.write_all(&BYTES)?;
    file.sync_all()?;
    let began = Instant::now();
    let mut times = 0_u32;
    while began.elapsed() < MEASURED_FOR {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&BYTES)?;
        fdatasync(&file)?;
        times += 1;
    }
    let per_s = f64::from(times) / began.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(per_s)
}
