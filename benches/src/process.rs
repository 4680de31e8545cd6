//! What the system says of a process (Linux, `proc(5)`).

use std::fs;
use std::io;

/// Clock ticks a second, in which `/proc` counts processor time; 100 on every Linux that there is.
const TICKS: f64 = 100.0;

/// Processor time so far, in seconds.
///
/// # Errors
///
/// The process is gone.
pub fn cpu_seconds(pid: u32) -> io::Result<f64> {
    seconds(&format!("/proc/{pid}/stat"), [11, 12])
}

/// Processor time of this process's children that have ended, and of theirs, in seconds.
///
/// # Errors
///
/// There is no `/proc`.
pub fn cpu_seconds_of_children() -> io::Result<f64> {
    seconds("/proc/self/stat", [13, 14])
}

/// The sum of two fields, counted from behind the name.
fn seconds(stat: &str, fields: [usize; 2]) -> io::Result<f64> {
    let stat = fs::read_to_string(stat)?;
    // The name may hold anything, and ends with the last parenthesis.
    let all: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| all.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    Ok(fields.into_iter().map(ticks).sum::<f64>() / TICKS)
}

/// Resident memory, in KiB.
///
/// # Errors
///
/// The process is gone.
pub fn resident_kib(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    Ok(line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0))
}

/// Resolves when the process is told to stop (SIGTERM).
pub async fn told_to_stop() {
    if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        signal.recv().await;
    }
}
