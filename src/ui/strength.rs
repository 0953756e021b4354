//! How hard a new password is to guess, judged in the page by the library that the server judges by too. It is large,
//! so it is a file of its own, which loads when somebody begins to choose a password.

use crate::domain::credentials::{COMMON_LOG10, LOOKED_AT};
use crate::ui::environment::Environment;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

/// How good a new password is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// So many characters are missing.
    Short(u64),
    /// The server would refuse it.
    Common,
    Fair,
    Good,
    Strong,
}

impl Strength {
    /// How many of the meter's [`Strength::STEPS`] are lit.
    pub const fn steps(self) -> u8 {
        match self {
            Self::Short(_) => 0,
            Self::Common => 1,
            Self::Fair => 2,
            Self::Good => 3,
            Self::Strong => 4,
        }
    }

    pub const STEPS: u8 = 4;

    /// By the number of guesses that it takes, as a power of ten: against a hash as slow as ours, 10^10 guesses keep a
    /// large machine busy for years.
    fn of_guesses(log10: f64) -> Self {
        match log10 {
            few if few < COMMON_LOG10 => Self::Common,
            few if few < 10.0 => Self::Fair,
            some if some < 14.0 => Self::Good,
            _ => Self::Strong,
        }
    }
}

/// The library, loaded at the first call. It may take tens of milliseconds, so only the beginning is looked at.
#[wasm_split(strength, fallible)]
fn guesses_log10(password: String) -> Result<f64, SplitLoaderError> {
    Ok(zxcvbn::zxcvbn(&password, &[]).guesses_log10())
}

/// Judges a password that is being typed; `None` while nothing is, or where the library cannot be had.
pub async fn judge(password: &str, username: &str) -> Option<Strength> {
    let length = password.chars().count() as u64;
    let missing = Environment::current().password_min.saturating_sub(length);
    if length == 0 {
        return None;
    }
    if missing > 0 {
        return Some(Strength::Short(missing));
    }
    let looked_at: String = password.chars().take(LOOKED_AT).collect();
    let strength = Strength::of_guesses(guesses_log10(looked_at).await.ok()?);
    let own_name = !username.is_empty() && password.to_lowercase().contains(&username.to_lowercase());
    Some(if own_name { Strength::Common } else { strength })
}

/// Begins to load the library.
pub async fn load() {
    let _ = guesses_log10(String::new()).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_judged_as_the_server_does() {
        assert_eq!(judge("", "ada").await, None);
        assert_eq!(judge("secret", "ada").await, Some(Strength::Short(9)));
        assert_eq!(judge("passwordpassword", "ada").await, Some(Strength::Common));
        assert_eq!(judge("123123123123123", "ada").await, Some(Strength::Common));
        assert_eq!(judge("hello i am Ada Lovelace", "ada lovelace").await, Some(Strength::Common));
        assert!(judge("correct horse battery staple", "ada").await >= Some(Strength::Good));
    }

    #[test]
    fn more_guesses_are_never_a_lower_step() {
        let steps: Vec<u8> = (0..20).map(|log10| Strength::of_guesses(f64::from(log10)).steps()).collect();
        assert!(steps.is_sorted(), "{steps:?}");
        assert_eq!((steps.first(), steps.last()), (Some(&1), Some(&Strength::STEPS)));
    }
}
