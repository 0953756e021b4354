//! How hard a new password is to guess, judged in the page by the rules and the library that the server judges by too.
//! All of that loads when somebody is about to choose a password: this code is a file of its own, as the library is.

mod estimate;
mod prepare;

use crate::domain::weak_passwords::{COMMON_LOG10, is_mostly_known, is_own_name, judged, words_of_the_site};
use crate::ui::browser;
use crate::ui::environment::PageEnvironment;
use std::pin::Pin;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

/// How good a new password is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// It has characters that the server would refuse.
    Characters,
    /// So many characters are missing.
    Short(u64),
    /// The server would refuse it.
    Common,
    Fair,
    Good,
    Strong,
}

impl Strength {
    pub const STEPS: u8 = 4;

    /// How many of the meter's [`Strength::STEPS`] are lit.
    pub const fn steps(self) -> u8 {
        match self {
            Self::Characters | Self::Short(_) => 0,
            Self::Common => 1,
            Self::Fair => 2,
            Self::Good => 3,
            Self::Strong => 4,
        }
    }

    /// What needs no estimate.
    fn at_once(password: &str, username: &str, words: &[String], least: u64) -> Option<Self> {
        match least.saturating_sub(password.chars().count() as u64) {
            0 => (is_own_name(password, username) || is_mostly_known(password, words)).then_some(Self::Common),
            missing => Some(Self::Short(missing)),
        }
    }

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

/// Judges a password that is being typed; `None` while nothing is, or where the estimate cannot be had.
pub async fn judge(password: String, username: String) -> Option<Strength> {
    judging(password, username).await.ok()?.await
}

/// Gets ready to [`judge`], which takes a moment the first time.
pub async fn prepare() {
    judge(String::new(), String::new()).await;
}

type Judging = Pin<Box<dyn Future<Output = Option<Strength>>>>;

/// The part that loads by itself.
#[wasm_split(strength, fallible)]
fn judging(password: String, username: String) -> Result<Judging, SplitLoaderError> {
    Ok(Box::pin(async move {
        if password.is_empty() {
            // The library reads its lists at the first call.
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
        // Nobody has been named yet.
        assert_eq!(at_once("violet kettle under snowfall", ""), None);
    }

    #[test]
    fn more_guesses_are_never_a_lower_step() {
        let steps: Vec<u8> = (0..20).map(|log10| Strength::of_guesses(f64::from(log10)).steps()).collect();
        assert!(steps.is_sorted(), "{steps:?}");
        assert_eq!((steps.first(), steps.last()), (Some(&1), Some(&Strength::STEPS)));
    }
}
