//! A file that is opened without being touched.
//!
//! redb writes while it opens and closes a file, even if nothing is stored in between. Here all it
//! writes is held back in memory until the first record is to be written. So a server that is started
//! with the wrong key leaves every byte as it was, and a full disk can still be read.

use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

/// A [`StorageBackend`] around another one, and at once the handle that [releases](Self::release) it.
#[derive(Clone, Debug)]
pub(super) struct Held(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    disk: Box<dyn StorageBackend>,
    /// Set for good when the state is [`State::Released`]: spares the lock.
    released: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// What redb did, in its order: done later in that order, a crash in between is like any other.
    Holding {
        steps: Vec<Step>,
        len: u64,
    },
    Released,
    /// The steps were done in part. As after a crash, redb has to open the file anew.
    Failed,
}

#[derive(Debug)]
enum Step {
    Write(u64, Vec<u8>),
    SetLen(u64),
    Sync,
}

impl Held {
    pub(super) fn new(disk: Box<dyn StorageBackend>) -> io::Result<Self> {
        let (steps, len) = (Vec::new(), disk.len()?);
        Ok(Self(Arc::new(Inner {
            disk,
            released: AtomicBool::new(false),
            state: Mutex::new(State::Holding { steps, len }),
        })))
    }

    /// Writes what was held back; from now on everything goes straight to the disk.
    pub(super) fn release(&self) -> io::Result<()> {
        if self.is_released() {
            return Ok(());
        }
        let mut state = self.state();
        let State::Holding { steps, .. } = std::mem::replace(&mut *state, State::Failed) else {
            return Err(failed());
        };
        for step in steps {
            match step {
                Step::Write(offset, data) => self.0.disk.write(offset, &data)?,
                Step::SetLen(len) => self.0.disk.set_len(len)?,
                Step::Sync => self.0.disk.sync_data()?,
            }
        }
        *state = State::Released;
        self.0.released.store(true, Ordering::Release);
        Ok(())
    }

    fn is_released(&self) -> bool {
        self.0.released.load(Ordering::Acquire)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self, step: Step) -> io::Result<()> {
        match &mut *self.state() {
            State::Holding { steps, len } => {
                match &step {
                    Step::SetLen(to) => *len = *to,
                    Step::Write(offset, data) => *len = (*len).max(offset + data.len() as u64),
                    Step::Sync => {}
                }
                steps.push(step);
                Ok(())
            }
            State::Released => match step {
                Step::Write(offset, data) => self.0.disk.write(offset, &data),
                Step::SetLen(len) => self.0.disk.set_len(len),
                Step::Sync => self.0.disk.sync_data(),
            },
            State::Failed => Err(failed()),
        }
    }
}

/// What the file would hold if the steps were done: read from the disk as far as it goes, then overlaid.
fn read(disk: &dyn StorageBackend, steps: &[Step], len: u64, offset: u64, out: &mut [u8]) -> io::Result<()> {
    let end = offset.saturating_add(out.len() as u64);
    if end > len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let cut = |out: &mut [u8], from: u64| {
        let from = usize::try_from(from.saturating_sub(offset)).unwrap_or(usize::MAX);
        if let Some(beyond) = out.get_mut(from..) {
            beyond.fill(0);
        }
    };
    let on_disk = disk.len()?.clamp(offset, end) - offset;
    let on_disk = usize::try_from(on_disk).unwrap_or(usize::MAX);
    disk.read(offset, &mut out[..on_disk])?;
    out[on_disk..].fill(0);
    for step in steps {
        match step {
            Step::SetLen(len) => cut(out, *len),
            Step::Write(start, data) => {
                let (from, to) = (offset.max(*start), end.min(start + data.len() as u64));
                if from < to {
                    let part = |origin: u64| (from - origin) as usize..(to - origin) as usize;
                    out[part(offset)].copy_from_slice(&data[part(*start)]);
                }
            }
            Step::Sync => {}
        }
    }
    Ok(())
}

fn failed() -> io::Error {
    io::Error::other("an earlier write failed")
}

impl StorageBackend for Held {
    fn len(&self) -> io::Result<u64> {
        match &*self.state() {
            State::Holding { len, .. } => Ok(*len),
            State::Released => self.0.disk.len(),
            State::Failed => Err(failed()),
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.is_released() {
            return self.0.disk.read(offset, out);
        }
        match &*self.state() {
            State::Holding { steps, len } => read(&*self.0.disk, steps, *len, offset, out),
            State::Released => self.0.disk.read(offset, out),
            State::Failed => Err(failed()),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.step(Step::SetLen(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.is_released() {
            return self.0.disk.sync_data();
        }
        self.step(Step::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.is_released() {
            return self.0.disk.write(offset, data);
        }
        self.step(Step::Write(offset, data.to_vec()))
    }

    fn close(&self) -> io::Result<()> {
        self.0.disk.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.disk.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.disk.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.disk.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.disk.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.disk.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.disk.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;

    /// Long enough for every step below, and the same with and without holding back.
    const STEPS: [(u64, &[u8]); 4] = [(4, b"wxyz"), (14, b"longer"), (6, b"_"), (0, b"A")];

    #[test]
    fn reads_what_it_holds_and_releases_the_same() {
        let disk = InMemoryBackend::new();
        disk.set_len(16).unwrap();
        disk.write(0, b"0123456789abcdef").unwrap();
        let held = Held::new(Box::new(disk)).unwrap();
        held.set_len(20).unwrap();
        for (offset, data) in STEPS {
            held.write(offset, data).unwrap();
        }
        held.set_len(18).unwrap();
        held.set_len(24).unwrap();
        held.sync_data().unwrap();
        let expected = b"A123wx_z89abcdlong\0\0\0\0\0\0";
        let look = || {
            let mut whole = [7; 24];
            held.read(0, &mut whole).unwrap();
            let mut part = [7; 10];
            held.read(5, &mut part).unwrap();
            assert_eq!(part, whole[5..15]);
            (held.len().unwrap(), whole)
        };
        assert_eq!(look(), (24, *expected));
        let on_disk = || {
            let mut start = [0; 16];
            held.0.disk.read(0, &mut start).unwrap();
            (held.0.disk.len().unwrap(), start)
        };
        assert_eq!(on_disk(), (16, *b"0123456789abcdef"));
        assert!(held.read(20, &mut [0; 5]).is_err());
        held.release().unwrap();
        assert_eq!(on_disk(), (24, *b"A123wx_z89abcdlo"));
        assert_eq!(look(), (24, *expected));
        held.write(0, b"B").unwrap();
        assert_eq!(on_disk().1[0], b'B');
    }
}
