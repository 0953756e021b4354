//! The machine: open files, and the time that a password hash takes on it.

use super::Finding;
use crate::server::config::{Password, Settings};
use crate::server::connections;
use crate::server::system::monotonic;
use argon2::{Algorithm, Argon2, Params, Version};
use std::ops::RangeInclusive;
use std::time::Duration;

/// How long one hash should take: long enough to make guesses expensive, and short enough to sign people in.
const WANTED: RangeInclusive<Duration> = Duration::from_millis(50)..=Duration::from_millis(250);
/// What suggestions aim at.
const AIM: Duration = Duration::from_millis(120);
/// The most memory that is suggested, in KiB: it is needed once for each hash at a time.
const MEMORY_MAX: u32 = 256 * 1024;
/// The least that is suggested (OWASP Password Storage Cheat Sheet): KiB, and passes.
const MEMORY_MIN: u32 = 19_456;
const PASSES_MIN: u32 = 2;

/// Measures, and judges.
pub(super) fn judge(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(open_files(u64::try_from(connections::most()).unwrap_or(u64::MAX)));
    findings.extend(cheap(&settings.password));
    if let Some(took) = measure(&settings.password) {
        findings.extend(hash_time(&settings.password, took));
    }
    findings
}

/// `most` connections are possible with the limit of open files.
fn open_files(most: u64) -> Option<Finding> {
    (most < connections::MAX).then(|| {
        let message = format!("The limit of open files allows {most} connections here, not {}.", connections::MAX);
        let remedy =
            "Raise the hard limit (LimitNOFILE= of the systemd unit, or ulimit -n), if more people are to be served.";
        Finding::note("open_files", message, remedy)
    })
}

fn cheap(password: &Password) -> Option<Finding> {
    (password.argon2_memory < MEMORY_MIN || password.argon2_iterations < PASSES_MIN).then(|| {
        let message = "Argon2 is set below 19 MiB or 2 passes: passwords are cheaper to guess than they should be.";
        let remedy = "Remove password.argon2_memory and password.argon2_iterations from the settings, or raise them.";
        Finding::warning("argon2_weak", message, remedy)
    })
}

/// How long one hash takes. The first one also waits for memory from the system, so the second counts.
fn measure(password: &Password) -> Option<Duration> {
    let params =
        Params::new(password.argon2_memory, password.argon2_iterations, password.argon2_parallelism, None).ok()?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = || argon2.hash_password_into(b"correct horse", b"latchkey doctor ", &mut [0; 32]).ok();
    hash()?;
    let start = monotonic();
    hash()?;
    Some(monotonic().saturating_sub(start))
}

/// Suggests memory with which a hash takes about [`AIM`], if `took` is not what it should be.
fn hash_time(password: &Password, took: Duration) -> Option<Finding> {
    if WANTED.contains(&took) || took.is_zero() {
        return None;
    }
    // The time grows with the memory.
    let scaled = f64::from(password.argon2_memory) * AIM.as_secs_f64() / took.as_secs_f64();
    let scaled = scaled.clamp(f64::from(MEMORY_MIN), f64::from(MEMORY_MAX));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between the two bounds")]
    let memory = (scaled as u32 / 1024 * 1024).max(MEMORY_MIN);
    let message = format!("One password hash takes {} ms on this machine.", took.as_millis());
    if took < *WANTED.start() {
        return (memory > password.argon2_memory).then(|| {
            let remedy = format!(
                "password.argon2_memory = {memory} would take about {} ms, and makes stolen hashes more expensive to guess.",
                AIM.as_millis()
            );
            Finding::note("argon2_fast", message, remedy)
        });
    }
    let remedy = if memory < password.argon2_memory {
        format!("password.argon2_memory = {memory} would take less time; the current value holds up sign-ins.")
    } else {
        "The settings are at their recommended minimum: sign-ins are slow unless the machine is faster or less busy."
            .to_owned()
    };
    Some(Finding::note("argon2_slow", message, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(memory: u32, took: u64) -> Option<(&'static str, String)> {
        let password = Password { argon2_memory: memory, ..Password::default() };
        hash_time(&password, Duration::from_millis(took)).map(|found| (found.code, found.remedy))
    }

    #[test]
    fn a_hash_that_is_too_fast_or_too_slow_leads_to_other_parameters() {
        let (code, remedy) = of(19_456, 20).unwrap();
        assert!(code == "argon2_fast" && remedy.contains("argon2_memory = 115712 "), "{remedy}");
        let (code, remedy) = of(131_072, 800).unwrap();
        assert!(code == "argon2_slow" && remedy.contains("argon2_memory = 19456 "), "{remedy}");
        let (code, remedy) = of(19_456, 300).unwrap();
        assert!(code == "argon2_slow" && remedy.contains("recommended minimum"), "{remedy}");
        for took in [50, 120, 250] {
            assert_eq!(of(19_456, took), None);
        }
        assert_eq!(of(MEMORY_MAX, 40), None, "no more is suggested");
    }

    #[test]
    fn cheap_hashes_are_found() {
        let weak = |memory, passes| {
            cheap(&Password { argon2_memory: memory, argon2_iterations: passes, ..Password::default() })
                .map(|one| one.code)
        };
        assert_eq!(weak(19_455, 2), Some("argon2_weak"));
        assert_eq!(weak(19_456, 1), Some("argon2_weak"));
        assert_eq!(weak(19_456, 2), None);
    }

    #[test]
    fn a_low_limit_of_open_files_is_noted() {
        assert_eq!(open_files(896).unwrap().code, "open_files");
        assert_eq!(open_files(connections::MAX), None);
    }

    #[test]
    fn a_hash_is_measured() {
        assert!(measure(&Password { argon2_memory: 64, ..Password::default() }).is_some());
        assert_eq!(measure(&Password { argon2_memory: 0, ..Password::default() }), None);
    }
}
