//! Usernames and passwords. First line: a username. The rest: a password. What is accepted is bounded and stays what it
//! is when it is typed again.
#![no_main]

use latchkey::domain::credentials::{PASSWORD_MAX, PASSWORD_MAX_BYTES, Password, USERNAME_LENGTH, Username};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|typed: &str| {
    let (name, secret) = typed.split_once('\n').unwrap_or((typed, ""));
    let name = Username::new(name);
    if let Ok(name) = &name {
        assert!(USERNAME_LENGTH.contains(&name.as_str().chars().count()));
        assert!(!name.as_str().contains(|c: char| c.is_control() || c.is_whitespace()), "{name:?}");
        // Typed as it is shown, it is the same user.
        assert_eq!(Username::new(name.as_str()).as_ref(), Ok(name));
    }
    if let Ok(password) = Password::typed(secret) {
        assert!(secret.len() <= PASSWORD_MAX_BYTES && (1..=PASSWORD_MAX).contains(&secret.chars().count()));
        assert!(!password.expose().is_empty() && !password.expose().contains(char::is_control));
        assert_eq!(Password::typed(password.expose()).as_ref(), Ok(&password));
        assert_eq!(format!("{password:?}"), "[redacted]");
        if let Ok(name) = &name
            && let Ok(new) = Password::new(secret, 15, name, |_| false)
        {
            assert!(
                new == password && new.expose().chars().count() >= 15 && new.expose().to_lowercase() != name.as_str()
            );
        }
    }
});
