//! Log output: a separate thread writes to standard output, many lines per system call.
//!
//! Appending a line to the buffer costs the caller no system call unless the thread is waiting for work. After the
//! first line the thread waits 20 ms, then writes all lines that have arrived. If the process is killed, the lines of
//! that time are lost; if it stops or panics, they are written.
//!
//! Logging never blocks the process. If standard output is not read, the buffer fills up; further lines are dropped,
//! and counted in `log_lines_dropped_total` and in a line of their own once there is room again.

use crate::timestamp;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// How long lines are collected: not noticeable for a reader, and about a hundred lines of a busy process.
const COLLECTION_TIME: Duration = Duration::from_millis(20);
/// Most bytes in the buffer; lines above this are dropped.
const BUFFER_BYTES_MAX: usize = 1024 * 1024;
/// How long [`flush`] waits for standard output.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

static LOG: OnceLock<Arc<Log>> = OnceLock::new();

/// The log buffer and its output.
#[derive(Debug)]
struct Log {
    output: File,
    pending: Mutex<Pending>,
    /// Signals that lines were added or written.
    changed: Condvar,
}

/// What was not written yet.
#[derive(Debug, Default)]
struct Pending {
    lines: Vec<u8>,
    /// Lines that did not fit.
    dropped: u64,
    /// Lines taken from here are being written.
    writing: bool,
}

/// A writer for log lines; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Lines(Arc<Log>);

/// Starts the thread.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn start() -> io::Result<Lines> {
    // `io::stdout` would write line by line, regardless of the buffer.
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let log = Arc::new(Log::to(output));
    let _ = LOG.set(Arc::clone(&log));
    log.start_writer()?;
    Ok(Lines(log))
}

/// Waits until the buffered lines are written, but not for long: standard output may be stalled.
pub(crate) fn flush() {
    if let Some(log) = LOG.get() {
        log.flush(FLUSH_TIMEOUT);
    }
}

impl Log {
    fn to(output: File) -> Self {
        Self { output, pending: Mutex::default(), changed: Condvar::new() }
    }

    fn start_writer(self: &Arc<Self>) -> io::Result<()> {
        let log = Arc::clone(self);
        thread::Builder::new().name("log".to_owned()).spawn(move || log.run_writer()).map(drop)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        // After a panic while the lock was held, the bytes are still valid.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_writer(&self) {
        let mut lines = Vec::new();
        loop {
            drop(self.changed.wait_while(self.pending(), |pending| pending.lines.is_empty()));
            thread::sleep(COLLECTION_TIME);
            let dropped = {
                let mut pending = self.pending();
                std::mem::swap(&mut pending.lines, &mut lines);
                pending.writing = true;
                std::mem::take(&mut pending.dropped)
            };
            if dropped > 0 {
                lines.extend_from_slice(dropped_line(dropped).as_bytes());
            }
            // Without the lock: the reader of standard output may take its time. There is no other place to report a
            // failed write.
            let _ = (&self.output).write_all(&lines);
            lines.clear();
            self.pending().writing = false;
            self.changed.notify_all();
        }
    }

    fn flush(&self, timeout: Duration) {
        let is_unwritten = |pending: &mut Pending| pending.writing || !pending.lines.is_empty();
        drop(self.changed.wait_timeout_while(self.pending(), timeout, is_unwritten));
    }
}

/// The line that reports dropped lines; it is a JSON line in either format.
fn dropped_line(lines: u64) -> String {
    let mut time = String::new();
    // Writing to a string cannot fail.
    let _ = timestamp::write_now(&mut time);
    format!(
        "{{\"timestamp\":\"{time}\",\"level\":\"WARN\",\"fields\":{{\"message\":\"{lines} log lines were dropped: \
         standard output was not read\",\"lines\":{lines}}},\"target\":\"telemetry::log\"}}\n"
    )
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut pending = self.0.pending();
        if pending.lines.len() + line.len() > BUFFER_BYTES_MAX {
            pending.dropped += 1;
            drop(pending);
            metrics::counter!("log_lines_dropped_total").increment(1);
            return Ok(line.len());
        }
        let was_empty = pending.lines.is_empty();
        pending.lines.extend_from_slice(line);
        drop(pending);
        if was_empty {
            self.0.changed.notify_all();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Seek, SeekFrom};

    fn log() -> (Arc<Log>, File) {
        let path = std::env::temp_dir().join(format!("telemetry-log-{}", uuid()));
        let file = File::options().create_new(true).read(true).write(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        let output = file.try_clone().unwrap();
        (Arc::new(Log::to(output)), file)
    }

    fn uuid() -> u128 {
        use std::time::SystemTime;
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos()
    }

    fn read(mut file: File) -> String {
        let mut text = String::new();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn lines_of_many_threads_arrive_whole() {
        let (log, file) = log();
        let writing: Vec<_> = (0..4)
            .map(|thread| {
                let mut lines = Lines(Arc::clone(&log));
                thread::spawn(move || {
                    for n in 0..500 {
                        lines.write_all(format!("{thread} {n}\n").as_bytes()).unwrap();
                    }
                })
            })
            .collect();
        log.start_writer().unwrap();
        for thread in writing {
            thread.join().unwrap();
        }
        log.flush(Duration::from_secs(10));
        let text = read(file);
        assert_eq!(text.lines().count(), 2_000);
        for thread in 0..4 {
            let own: Vec<&str> = text.lines().filter(|line| line.starts_with(&format!("{thread} "))).collect();
            let expected: Vec<String> = (0..500).map(|n| format!("{thread} {n}")).collect();
            assert_eq!(own, expected, "in their order");
        }
    }

    #[test]
    fn a_reader_that_stalls_blocks_no_caller_and_learns_how_many_lines_were_dropped() {
        let (mut reader, writer) = io::pipe().unwrap();
        let log = Arc::new(Log::to(File::from(std::os::fd::OwnedFd::from(writer))));
        log.start_writer().unwrap();
        let mut lines = Lines(Arc::clone(&log));
        let line = [&[b'x'; 1023][..], b"\n"].concat();
        // Four times as much as fits; nothing is read.
        let written = 4 * BUFFER_BYTES_MAX / line.len();
        (0..written).for_each(|_| lines.write_all(&line).unwrap());
        log.flush(Duration::from_millis(50));

        let reading = thread::spawn(move || {
            let (mut text, mut buffer) = (String::new(), vec![0; 65_536]);
            while !text.contains("were dropped") {
                let bytes = reader.read(&mut buffer).unwrap();
                text.push_str(std::str::from_utf8(&buffer[..bytes]).unwrap());
            }
            text
        });
        let text = reading.join().unwrap();
        let read = text.lines().filter(|line| line.starts_with('x')).count();
        let report = text.lines().find(|line| line.contains("were dropped")).unwrap();
        let (_, dropped) = report.split_once("\"lines\":").unwrap();
        let dropped: usize = dropped.split('}').next().unwrap().parse().unwrap();
        assert!(dropped > 0 && read > 0, "{report}");
        // What is dropped after the report was made is in the next one.
        assert!(read + dropped <= written, "{read} and {dropped} of {written}");
    }
}
