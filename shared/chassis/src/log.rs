//! Where log lines go: to standard output, written by a thread of their own, many with one call.
//!
//! A line is appended to a buffer, which costs its writer no system call unless the thread sleeps for lack of work. The
//! thread waits a moment after the first line, then writes all that have come. What a killed process had logged in that
//! moment is lost; what one that stops or panics had logged is not.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// How long lines are collected: unnoticed by a person who watches, and a hundred lines of a busy process.
const COLLECTED_FOR: Duration = Duration::from_millis(20);
/// Bytes that may wait; whoever logs more than can be written waits for the thread.
const WAITING_BYTES_MAX: usize = 1024 * 1024;

static LOG: OnceLock<Arc<Log>> = OnceLock::new();

/// Lines on their way to the output.
#[derive(Debug)]
struct Log {
    output: File,
    waiting: Mutex<Vec<u8>>,
    /// Lines have come, or were written.
    changed: Condvar,
}

/// Takes lines; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Lines(Arc<Log>);

/// Starts the thread.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn start() -> io::Result<Lines> {
    // Standard output itself is written line by line, whatever is put before it.
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let log = Arc::new(Log { output, waiting: Mutex::default(), changed: Condvar::new() });
    let _ = LOG.set(Arc::clone(&log));
    thread::Builder::new().name("log".to_owned()).spawn({
        let log = Arc::clone(&log);
        move || log.write_for_ever()
    })?;
    Ok(Lines(log))
}

/// Writes what is not written yet, at once.
pub(crate) fn flush() {
    if let Some(log) = LOG.get() {
        log.write_waiting();
    }
}

impl Log {
    fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        // A panic while holding the lock leaves bytes that are still bytes.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_for_ever(&self) {
        loop {
            drop(self.changed.wait_while(self.waiting(), |waiting| waiting.is_empty()));
            thread::sleep(COLLECTED_FOR);
            self.write_waiting();
        }
    }

    /// Holds the lock while it writes: lines of two threads keep their order.
    fn write_waiting(&self) {
        let mut waiting = self.waiting();
        // There is nowhere to tell that the log can't be written.
        let _ = (&self.output).write_all(&waiting);
        waiting.clear();
        drop(waiting);
        self.changed.notify_all();
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.0.waiting();
        while waiting.len() > WAITING_BYTES_MAX {
            waiting = self.0.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let was_empty = waiting.is_empty();
        waiting.extend_from_slice(line);
        drop(waiting);
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
        (Arc::new(Log { output, waiting: Mutex::default(), changed: Condvar::new() }), file)
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
        log.write_waiting();
        let text = read(file);
        assert_eq!(text.lines().count(), 2_000);
        for thread in 0..4 {
            let own: Vec<&str> = text.lines().filter(|line| line.starts_with(&format!("{thread} "))).collect();
            let expected: Vec<String> = (0..500).map(|n| format!("{thread} {n}")).collect();
            assert_eq!(own, expected, "in their order");
        }
    }

    #[test]
    fn more_than_may_wait_waits_for_the_thread_and_is_not_lost() {
        let (log, file) = log();
        thread::spawn({
            let log = Arc::clone(&log);
            move || log.write_for_ever()
        });
        let mut lines = Lines(Arc::clone(&log));
        let line = [&[b'x'; 1023][..], b"\n"].concat();
        (0..4_096).for_each(|_| lines.write_all(&line).unwrap());
        log.write_waiting();
        assert_eq!(read(file).lines().count(), 4_096);
    }
}
