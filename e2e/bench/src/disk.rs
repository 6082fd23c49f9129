//! Measures how many small durable writes per second the disk allows: a lower bound for the cost of a commit.

use rustix::fs::fdatasync;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Size of a page of PostgreSQL's write-ahead log.
const BYTES: [u8; 8192] = [7; 8192];
const MEASURED_FOR: Duration = Duration::from_secs(2);

/// Overwrites 8 KiB repeatedly, with `fdatasync` after each write; returns the writes per second.
pub(crate) fn fdatasync_per_s(folder: &Path) -> std::io::Result<f64> {
    let path = folder.join("fdatasync.probe");
    let mut file = File::create(&path)?;
    // Allocate the file first, as PostgreSQL does with its log segments.
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
