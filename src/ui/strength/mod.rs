//! Estimates how hard a new password is to guess, in the page, with the same rules and library as the server. The code
//! loads when somebody is about to choose a password: this module and the library are separate files.

mod estimate;
mod prepare;

use crate::domain::weak_passwords::{COMMON_LOG10, is_mostly_known, is_own_name, judged, words_of_the_site};
use crate::ui::browser;
use crate::ui::environment::PageEnvironment;
use std::pin::Pin;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

/// The strength of a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// It has characters that the server refuses.
    Characters,
    /// This number of characters is missing.
    Short(u64),
    /// The server would refuse it as too common.
    Common,
    /// Allowed, and guessed with some effort.
    Fair,
    /// Guessed with great effort.
    Good,
    /// Not guessed.
    Strong,
}

impl Strength {
    /// How many steps the meter has.
    pub const STEPS: u8 = 4;

    /// The number of lit [`Strength::STEPS`] of the meter.
    pub const fn steps(self) -> u8 {
        match self {
            Self::Characters | Self::Short(_) => 0,
            Self::Common => 1,
            Self::Fair => 2,
            Self::Good => 3,
            Self::Strong => 4,
        }
    }

    /// The result if no estimate is needed.
    fn at_once(password: &str, username: &str, words: &[String], least: u64) -> Option<Self> {
        match least.saturating_sub(password.chars().count() as u64) {
            0 => (is_own_name(password, username) || is_mostly_known(password, words)).then_some(Self::Common),
            missing => Some(Self::Short(missing)),
        }
    }

    /// The strength for a number of guesses, as a power of ten. With a hash as slow as ours, 10^10 guesses keep a large
    /// machine busy for years.
    fn of_guesses(log10: f64) -> Self {
        match log10 {
            few if few < COMMON_LOG10 => Self::Common,
            few if few < 10.0 => Self::Fair,
            some if some < 14.0 => Self::Good,
            _ => Self::Strong,
        }
    }
}

/// Judges a password while it is typed. `None` for an empty password, or if the estimate is not available.
pub async fn judge(password: String, username: String) -> Option<Strength> {
    judging(password, username).await.ok()?.await
}

/// Loads what [`judge`] needs, which takes a moment the first time.
pub async fn prepare() {
    judge(String::new(), String::new()).await;
}

type Judging = Pin<Box<dyn Future<Output = Option<Strength>>>>;

/// The part of the code that is loaded separately.
#[wasm_split(strength, fallible)]
fn judging(password: String, username: String) -> Result<Judging, SplitLoaderError> {
    Ok(Box::pin(async move {
        if password.is_empty() {
            // The library loads its lists on the first call.
            estimate::guesses_log10("", &[]).await;
            return None;
        }
        let Some(password) = prepare::prepared(&password) else { return Some(Strength::Characters) };
        let words = words_of_the_site(&browser::host());
        let least = PageEnvironment::current().password_min;
        if let Some(strength) = Strength::at_once(&password, &username, &words, least) {
            return Some(strength);
        }
        let guesses = estimate::guesses_log10(&judged(&password), &words).await?;
        Some(Strength::of_guesses(guesses))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_would_refuse_at_once_is_known_without_an_estimate() {
        let at_once =
            |password, username| Strength::at_once(password, username, &words_of_the_site("id.example.org"), 15);
        assert_eq!(at_once("secret", "ada"), Some(Strength::Short(9)));
        assert_eq!(at_once("ada lovelace ada lovelace", "Ada Lovelace"), Some(Strength::Common));
        assert_eq!(at_once("correct horse battery staple", "ada"), Some(Strength::Common));
        assert_eq!(at_once("latchkey latchkey", "ada"), Some(Strength::Common));
        assert_eq!(at_once("violet kettle under snowfall", "ada"), None);
        // No username has been typed yet.
        assert_eq!(at_once("violet kettle under snowfall", ""), None);
    }

    #[test]
    fn more_guesses_are_never_a_lower_step() {
        let steps: Vec<u8> = (0..20).map(|log10| Strength::of_guesses(f64::from(log10)).steps()).collect();
        assert!(steps.is_sorted(), "{steps:?}");
        assert_eq!((steps.first(), steps.last()), (Some(&1), Some(&Strength::STEPS)));
    }
}
