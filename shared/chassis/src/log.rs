//! Log output: a separate thread writes to standard output, many lines per system call.
//!
//! Appending a line to the buffer costs the caller no system call unless the thread is waiting for work. After the
//! first line the thread waits 20 ms, then writes all lines that have arrived. If the process is killed, the lines of
//! that time are lost; if it stops or panics, they are written.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// How long lines are collected: not noticeable for a reader, and about a hundred lines of a busy process.
const COLLECTION_TIME: Duration = Duration::from_millis(20);
/// Most bytes in the buffer; above this, callers wait for the thread.
const BUFFER_BYTES_MAX: usize = 1024 * 1024;

static LOG: OnceLock<Arc<Log>> = OnceLock::new();

/// The log buffer and its output.
#[derive(Debug)]
struct Log {
    output: File,
    buffer: Mutex<Vec<u8>>,
    /// Signals that lines were added or written.
    changed: Condvar,
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
    let log = Arc::new(Log { output, buffer: Mutex::default(), changed: Condvar::new() });
    let _ = LOG.set(Arc::clone(&log));
    thread::Builder::new().name("log".to_owned()).spawn({
        let log = Arc::clone(&log);
        move || log.run_writer()
    })?;
    Ok(Lines(log))
}

/// Writes the buffered lines at once.
pub(crate) fn flush() {
    if let Some(log) = LOG.get() {
        log.write_buffer();
    }
}

impl Log {
    fn buffer(&self) -> MutexGuard<'_, Vec<u8>> {
        // After a panic while the lock was held, the bytes are still valid.
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_writer(&self) {
        loop {
            drop(self.changed.wait_while(self.buffer(), |buffer| buffer.is_empty()));
            thread::sleep(COLLECTION_TIME);
            self.write_buffer();
        }
    }

    /// Holds the lock while it writes, so that the order of lines is preserved.
    fn write_buffer(&self) {
        let mut buffer = self.buffer();
        // There is no other place to report a failed write.
        let _ = (&self.output).write_all(&buffer);
        buffer.clear();
        drop(buffer);
        self.changed.notify_all();
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut buffer = self.0.buffer();
        while buffer.len() > BUFFER_BYTES_MAX {
            buffer = self.0.changed.wait(buffer).unwrap_or_else(PoisonError::into_inner);
        }
        let was_empty = buffer.is_empty();
        buffer.extend_from_slice(line);
        drop(buffer);
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
        let path = std::env::temp_dir().join(format!("chassis-log-{}", uuid()));
        let file = File::options().create_new(true).read(true).write(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        let output = file.try_clone().unwrap();
        (Arc::new(Log { output, buffer: Mutex::default(), changed: Condvar::new() }), file)
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
        for thread in writing {
            thread.join().unwrap();
        }
        log.write_buffer();
        let text = read(file);
        assert_eq!(text.lines().count(), 2_000);
        for thread in 0..4 {
            let own: Vec<&str> = text.lines().filter(|line| line.starts_with(&format!("{thread} "))).collect();
            let expected: Vec<String> = (0..500).map(|n| format!("{thread} {n}")).collect();
            assert_eq!(own, expected, "in their order");
        }
    }

    #[test]
    fn a_full_buffer_blocks_the_caller_and_loses_nothing() {
        let (log, file) = log();
        thread::spawn({
            let log = Arc::clone(&log);
            move || log.run_writer()
        });
        let mut lines = Lines(Arc::clone(&log));
        let line = [&[b'x'; 1023][..], b"\n"].concat();
        (0..4_096).for_each(|_| lines.write_all(&line).unwrap());
        log.write_buffer();
        assert_eq!(read(file).lines().count(), 4_096);
    }
}
