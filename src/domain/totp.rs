//! The codes of an authenticator app: TOTP (RFC 6238) with HMAC-SHA-1, 6 digits and steps of 30 seconds, which every app
//! can do. The caller passes in the HMAC.

use super::time::Timestamp;

/// The bytes of a secret: as many as a SHA-1 digest (RFC 4226 section 4, R6).
pub const SECRET_BYTES: usize = 20;
/// The length of a step in seconds (RFC 6238 section 4.1, X).
const PERIOD: i64 = 30;
const DIGITS: usize = 6;
/// 10 to the power of [`DIGITS`].
const CODES: u32 = 1_000_000;
/// The alphabet of RFC 4648 section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A time step: the number of periods since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step(i64);

impl Step {
    /// The step at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(now.as_secs().div_euclid(PERIOD))
    }

    /// The step with this number, as it is stored.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number of the step.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The newest step whose code is accepted at `now`: a clock may be one step ahead of ours.
    pub fn newest(now: Timestamp) -> Self {
        Self(Self::at(now).0.saturating_add(1))
    }

    /// The counter that the HMAC authenticates (RFC 4226 section 5.1).
    pub const fn counter(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

/// A code of six digits. `Debug` is redacted.
///
/// ```
/// use latchkey::domain::totp::TotpCode;
///
/// assert_eq!(TotpCode::typed(" 123 456 "), TotpCode::typed("123456"));
/// assert!(TotpCode::typed("12345").is_none() && TotpCode::typed("12345a").is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TotpCode(u32);

impl std::fmt::Debug for TotpCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl TotpCode {
    /// A code as somebody typed it; apps show a space in its middle. `None` if it cannot be a code.
    pub fn typed(text: &str) -> Option<Self> {
        let signs: Vec<char> = text.chars().filter(|sign| !sign.is_whitespace()).take(DIGITS + 1).collect();
        if signs.len() != DIGITS {
            return None;
        }
        let digit = |code: u32, sign: &char| sign.to_digit(10).map(|digit| code * 10 + digit);
        signs.iter().try_fold(0, digit).map(Self)
    }

    /// The code of an HMAC (RFC 4226 section 5.3).
    pub fn of(hmac: [u8; 20]) -> Self {
        let offset = usize::from(hmac[19] & 0xf);
        let [first, second, third, fourth] = [0, 1, 2, 3].map(|place| u32::from(hmac[offset + place]));
        Self(((first & 0x7f) << 24 | second << 16 | third << 8 | fourth) % CODES)
    }
}

/// The step whose code was typed, if that is accepted at `now`: the current step, the one before or the one after, and
/// newer than `last`, the newest step whose code was used (RFC 6238 section 5.2). `hmac` computes the HMAC-SHA-1 of a
/// counter under the secret.
///
/// Two steps can have the same code. The newest of them is returned, so that the code is used up as a whole.
///
/// ```
/// use latchkey::domain::totp::{TotpCode, Step, accepted};
/// # use latchkey::domain::time::Timestamp;
/// # let hmac = |counter: [u8; 8]| {
/// #     let mixed = u64::from_be_bytes(counter).wrapping_mul(0x9e37_79b9_7f4a_7c15);
/// #     let mut bytes = [0; 20];
/// #     bytes[..8].copy_from_slice(&mixed.to_be_bytes());
/// #     bytes
/// # };
/// # let now = Timestamp::from_secs(1_800_000_000);
///
/// let code = TotpCode::of(hmac(Step::at(now).counter()));
/// let step = accepted(code, Step::new(0), now, hmac);
/// assert_eq!(step, Some(Step::at(now)));
/// // A second use is a replay.
/// assert_eq!(accepted(code, Step::at(now), now, hmac), None);
/// ```
pub fn accepted(typed: TotpCode, last: Step, now: Timestamp, hmac: impl Fn([u8; 8]) -> [u8; 20]) -> Option<Step> {
    let newest = Step::newest(now).0;
    let steps = [newest, newest.saturating_sub(1), newest.saturating_sub(2)].map(Step);
    steps.into_iter().filter(|step| *step > last).find(|step| TotpCode::of(hmac(step.counter())) == typed)
}

/// A secret as apps take it: base32 (RFC 4648 section 6) without padding.
pub fn base32(bytes: &[u8]) -> String {
    let bit = |place: usize| bytes.get(place / 8).is_some_and(|byte| byte >> (7 - place % 8) & 1 == 1);
    let sign = |start: usize| BASE32[(start..start + 5).fold(0, |value, place| value * 2 + usize::from(bit(place)))];
    (0..bytes.len() * 8).step_by(5).map(|start| char::from(sign(start))).collect()
}

/// A text in groups of four signs, so that people can copy it.
pub fn in_groups(text: &str) -> String {
    let signs: Vec<char> = text.chars().collect();
    let groups: Vec<String> = signs.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// The address that a QR code carries to an app, in the form that all apps read. `secret` is in [`base32`].
///
/// ```
/// use latchkey::domain::totp::address;
///
/// let expected = "otpauth://totp/id.example.org:ada%20l?secret=ABCD&issuer=id.example.org&algorithm=SHA1&digits=6&period=30";
/// assert_eq!(address("id.example.org", "ada l", "ABCD"), expected);
/// ```
pub fn address(issuer: &str, account: &str, secret: &str) -> String {
    let (issuer, account) = (escaped(issuer), escaped(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={PERIOD}"
    )
}

/// Escapes whatever is not unreserved (RFC 3986 section 2.3). Apps show a `+` as it is.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_800_000_000);

    /// An HMAC whose code is the step's number, shifted by `same`: so many steps in a row have one code.
    fn numbered(same: i64) -> impl Fn([u8; 8]) -> [u8; 20] {
        move |counter| {
            let mut bytes = [0; 20];
            bytes[..4].copy_from_slice(&u32::try_from(i64::from_be_bytes(counter) / same).unwrap().to_be_bytes());
            bytes
        }
    }

    fn code_of(step: Step, hmac: impl Fn([u8; 8]) -> [u8; 20]) -> TotpCode {
        TotpCode::of(hmac(step.counter()))
    }

    /// RFC 4226 appendix D: HMAC values and codes of the secret "12345678901234567890", counters 0 and 9.
    #[test]
    fn an_hmac_is_truncated_as_the_standard_says() {
        let hmac = |hex: &str| {
            let byte = |at: usize| u8::from_str_radix(hex.get(at * 2..at * 2 + 2).unwrap(), 16).unwrap();
            std::array::from_fn(byte)
        };
        assert!(TotpCode::of(hmac("cc93cf18508d94934c64b65d8ba7667fb7cde4b0")) == TotpCode(755_224));
        assert!(TotpCode::of(hmac("1637409809a679dc698207310c8c7fc07290d9e5")) == TotpCode(520_489));
    }

    #[test]
    fn a_code_is_good_one_step_early_and_one_step_late_and_once() {
        let hmac = numbered(1);
        let current = Step::at(START);
        for (step, is_good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let step = Step::new(current.number() + step);
            let found = accepted(code_of(step, &hmac), Step::new(0), START, &hmac);
            assert_eq!(found, is_good.then_some(step), "{step:?}");
            assert_eq!(accepted(code_of(step, &hmac), step, START, &hmac), None);
        }
    }

    #[test]
    fn an_older_code_is_not_good_after_a_newer_one() {
        let hmac = numbered(1);
        let (before, current) = (Step::new(Step::at(START).number() - 1), Step::at(START));
        assert_eq!(accepted(code_of(before, &hmac), current, START, &hmac), None);
    }

    #[test]
    fn a_code_of_two_steps_is_used_up_as_a_whole() {
        let hmac = numbered(1_000);
        let current = Step::at(START);
        let used = accepted(code_of(current, &hmac), Step::new(0), START, &hmac).unwrap();
        assert_eq!(used, Step::newest(START));
        assert_eq!(accepted(code_of(current, &hmac), used, START, &hmac), None);
    }

    /// RFC 4648 section 10.
    #[test]
    fn a_secret_is_written_in_base32() {
        for (bytes, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        assert_eq!(base32(&[0; SECRET_BYTES]).len(), 32);
        assert_eq!(in_groups("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }

    #[test]
    fn a_name_cannot_add_a_parameter() {
        let address = address("[::1]", "a&secret=B?#/é", "A");
        assert!(
            address.starts_with("otpauth://totp/%5B%3A%3A1%5D:a%26secret%3DB%3F%23%2F%C3%A9?secret=A&"),
            "{address}"
        );
    }
}
