//! What the process as a whole does: signals, and what of its memory others may see.

use super::application::Stop;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

/// Keeps keys and passwords that are in memory from being written to a core dump or read by a debugger (`ptrace`) of the
/// same user. To be called first.
///
/// # Errors
/// When the system refuses.
pub fn keep_memory_private() -> std::io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // The limit does not hold where a program takes the dumps (core_pattern); this does.
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// From now on a hangup (SIGHUP: a terminal that closes, logrotate) ends nothing. There is nothing to open again: the
/// log goes to standard error.
///
/// # Errors
/// When the system refuses.
pub fn outlive_hangups() -> std::io::Result<()> {
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            tracing::info!("SIGHUP changes nothing: settings are read at the start, the log goes to standard error");
        }
    });
    Ok(())
}

/// Ends when the process is asked to stop: by SIGTERM after a drain, by SIGINT (a person at a terminal) at once.
pub async fn stop_signal() -> Stop {
    let wait = async |kind| match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => Stop::AtOnce,
        () = wait(SignalKind::terminate()) => Stop::Drained,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::process::{DumpableBehavior, dumpable_behavior, getrlimit};

    /// A13
    #[test]
    fn memory_is_never_dumped() {
        keep_memory_private().unwrap();
        let Rlimit { current, maximum } = getrlimit(Resource::Core);
        assert_eq!((current, maximum), (Some(0), Some(0)));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
