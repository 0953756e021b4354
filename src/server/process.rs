//! The process as a whole: signals, and protection of its memory.

use super::application::Stop;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Keeps secrets in memory out of core dumps, and from debuggers (`ptrace`) of the same user. Call this first.
///
/// # Errors
/// When the system refuses.
pub(super) fn keep_memory_private() -> std::io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // The limit does not apply if core dumps are piped to a program (core_pattern). This does.
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Keeps SIGHUP (a closed terminal, logrotate) from ending the process, from now on. Returns what tells of each one.
///
/// # Errors
/// When the system refuses.
pub(super) fn outlive_hangups() -> std::io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// Completes when the process is asked to stop: by SIGTERM after draining, by SIGINT (a person at a terminal) at once.
pub(super) async fn stop_signal() -> Stop {
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

    #[test]
    fn memory_is_never_dumped() {
        keep_memory_private().unwrap();
        let Rlimit { current, maximum } = getrlimit(Resource::Core);
        assert_eq!((current, maximum), (Some(0), Some(0)));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
