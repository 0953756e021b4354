//! The queue of log lines. Callers only put a line into a bounded queue, and a separate thread writes it, so that a
//! full, closed or stalled output delays nobody.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many bytes may wait to be written. A line that does not fit is lost.
const CAPACITY: usize = 2 * 1024 * 1024;
/// How often the thread calls `at_tick` while nothing is logged.
const TICK: Duration = Duration::from_secs(1);

/// The queue. Adding a line never blocks and never fails.
#[derive(Clone, Debug, Default)]
pub(super) struct LogQueue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<QueueState>,
    /// Signals that a line was added or written.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    is_writing: bool,
    /// Lines that were lost since the start.
    lost: u64,
    is_closed: bool,
}

impl LogQueue {
    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line, which includes its line end. The line is lost if the queue is full.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.state();
        if state.bytes + line.len() > CAPACITY {
            state.lost += 1;
            return;
        }
        state.bytes += line.len();
        state.lines.push_back(line.to_vec());
        drop(state);
        self.0.changed.notify_all();
    }

    /// The lines that were lost since the start.
    pub(super) fn lost(&self) -> u64 {
        self.state().lost
    }

    /// Waits until all lines of the queue are written or lost, at most for `patience`.
    pub(super) fn wait_until_written(&self, patience: Duration) {
        let is_busy = |state: &mut QueueState| state.is_writing || !state.lines.is_empty();
        drop(self.0.changed.wait_timeout_while(self.state(), patience, is_busy));
    }

    /// Lets the thread end once all lines are written.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.0.changed.notify_all();
    }

    /// The next line, or `None` if none is added for a while. `Err` after the end.
    fn next(&self) -> Result<Option<Vec<u8>>, Closed> {
        let is_idle = |state: &mut QueueState| state.lines.is_empty() && !state.is_closed;
        let waited = self.0.changed.wait_timeout_while(self.state(), TICK, is_idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let line = state.lines.pop_front();
        state.is_writing = line.is_some();
        state.bytes -= line.as_ref().map_or(0, Vec::len);
        if line.is_none() && state.is_closed { Err(Closed) } else { Ok(line) }
    }

    /// Notes whether the line that was taken is lost. Returns how many lines are lost so far.
    fn written(&self, is_lost: bool) -> u64 {
        let mut state = self.state();
        state.is_writing = false;
        state.lost += u64::from(is_lost);
        let lost = state.lost;
        drop(state);
        self.0.changed.notify_all();
        lost
    }

    /// Writes lines until the queue is closed. `at_loss` gets the number of lines lost since the start, once writing
    /// works again; `at_tick` is called after each line, and each second without one.
    pub(super) fn run(&self, mut out: impl Write, mut at_loss: impl FnMut(u64), mut at_tick: impl FnMut()) {
        let (mut reported, mut is_torn) = (0, false);
        while let Ok(line) = self.next() {
            if let Some(line) = line {
                let written = write(&mut out, &line, &mut is_torn);
                let lost = self.written(written.is_err());
                if written.is_ok() && lost > reported {
                    reported = lost;
                    at_loss(lost);
                }
            }
            at_tick();
        }
    }
}

/// The queue is closed, and all lines are written.
struct Closed;

impl Write for LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a line. If the line before was written in part (`is_torn`), a line end comes first, so that it does not spoil
/// this one.
fn write(out: &mut impl Write, line: &[u8], is_torn: &mut bool) -> io::Result<()> {
    let end: &[u8] = if *is_torn { b"\n" } else { b"" };
    for mut rest in [end, line] {
        while !rest.is_empty() {
            match out.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    rest = rest.get(count..).unwrap_or_default();
                    *is_torn = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// A disk with `space` bytes left.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(usize, Vec<u8>)>>);

    impl Disk {
        fn free(&self, bytes: usize) {
            self.0.lock().unwrap().0 = bytes;
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().1.clone()).unwrap()
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (space, written) = &mut *self.0.lock().unwrap();
            let count = bytes.len().min(*space);
            *space -= count;
            written.extend_from_slice(&bytes[..count]);
            if count == 0 { Err(ErrorKind::StorageFull.into()) } else { Ok(count) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_a_full_disk_takes_no_more_are_counted_and_told_when_there_is_room_again() {
        let (queue, disk) = (LogQueue::default(), Disk::default());
        let (losses, told) = mpsc::channel();
        let (thread, out) = (queue.clone(), disk.clone());
        let thread = std::thread::spawn(move || thread.run(out, |lost| losses.send(lost).unwrap(), || {}));
        let log = |line: &str| {
            queue.push(line.as_bytes());
            queue.wait_until_written(Duration::MAX);
        };
        disk.free(9);
        for line in ["first\n", "second\n", "third\n"] {
            log(line);
        }
        disk.free(1_000);
        log("fourth\n");
        assert_eq!(told.recv().unwrap(), 2);
        log("fifth\n");
        assert!(told.try_recv().is_err(), "once");
        assert_eq!(disk.text(), "first\nsec\nfourth\nfifth\n", "a line that broke off spoils no other");
        queue.close();
        thread.join().unwrap();
    }

    #[test]
    fn a_reader_that_stalls_holds_up_nobody_and_the_queue_stays_bounded() {
        struct Stalled(mpsc::Receiver<()>);
        impl Write for Stalled {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                // Blocks until the test is over.
                let _ = self.0.recv();
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let queue = LogQueue::default();
        let (resume, stalled) = mpsc::channel();
        let (told, losses) = mpsc::channel();
        let writing = queue.clone();
        let thread = std::thread::spawn(move || writing.run(Stalled(stalled), |lost| told.send(lost).unwrap(), || {}));
        let line = [b'x'; 1_024];
        for _ in 0..2 * CAPACITY / line.len() {
            queue.push(&line);
        }
        queue.wait_until_written(Duration::from_millis(1));
        assert!(queue.state().bytes <= CAPACITY);
        let lost = queue.state().lost;
        assert!(lost > 1_000, "{lost}");
        drop(resume);
        assert_eq!(losses.recv().unwrap(), lost);
        queue.close();
        thread.join().unwrap();
        assert!(queue.state().lines.is_empty());
    }
}
