//! Recovery codes: each replaces a code of the authenticator app once. A code has 50 random bits, written in the
//! alphabet of Crockford's base 32, which has no two letters that look alike.

/// How many codes a set has.
pub const SET_SIZE: usize = 10;
/// The random bytes that a code is made from; the last six bits are not used.
pub const RANDOM_BYTES: usize = 7;
const SIGNS: usize = 10;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A recovery code. `Debug` is redacted.
///
/// ```
/// use latchkey::domain::recovery_code::RecoveryCode;
///
/// let code = RecoveryCode::new([0xff; 7]);
/// assert_eq!(code.to_string(), "zzzzz-zzzzz");
/// assert_eq!(RecoveryCode::typed("ZZZZZ zzzzz"), Some(code));
/// // What looks like a one or a zero is one.
/// assert_eq!(RecoveryCode::typed("IlO0o-11111"), RecoveryCode::typed("11000-11111"));
/// assert_eq!(RecoveryCode::typed("zzzz"), None);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// As people see it: `xxxxx-xxxxx`.
impl std::fmt::Display for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (first, second) = self.0.split_at_checked(SIGNS / 2).unwrap_or((&self.0, ""));
        write!(f, "{first}-{second}")
    }
}

impl RecoveryCode {
    /// The code made from random bytes.
    pub fn new(random: [u8; RANDOM_BYTES]) -> Self {
        let number = random.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let sign = |place: usize| char::from(ALPHABET[(number >> (51 - 5 * place)) as usize & 31]);
        Self((0..SIGNS).map(sign).collect())
    }

    /// A code as somebody typed it, in any case, with or without its dash. `None` if it cannot be a code.
    pub fn typed(text: &str) -> Option<Self> {
        let signs = text.chars().filter(|sign| !sign.is_whitespace() && !matches!(sign, '-' | '‐' | '–'));
        let folded = signs.take(SIGNS + 1).map(|sign| match sign.to_ascii_lowercase() {
            'i' | 'l' => '1',
            'o' => '0',
            other => other,
        });
        let code: String = folded.collect();
        let is_code = code.len() == SIGNS && code.bytes().all(|byte| ALPHABET.contains(&byte));
        is_code.then_some(Self(code))
    }

    /// The signs of the code without the dash: what its digest is computed from.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_however_it_is_typed() {
        for random in [[0; 7], [0xff; 7], [0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde], *b"recover"] {
            let code = RecoveryCode::new(random);
            let shown = code.to_string();
            assert_eq!(shown.len(), 11, "{shown}");
            for typed in [
                shown.clone(),
                shown.to_uppercase(),
                shown.replace('-', ""),
                format!(" {} ", shown.replace('-', " - ")),
            ] {
                assert_eq!(RecoveryCode::typed(&typed).as_ref(), Some(&code), "{typed}");
            }
        }
    }

    #[test]
    fn every_one_of_the_50_bits_changes_the_code() {
        let none = RecoveryCode::new([0; 7]);
        for bit in 0..56 {
            let mut random = [0_u8; 7];
            random[bit / 8] = 0x80 >> (bit % 8);
            assert_eq!(RecoveryCode::new(random) != none, bit < 50, "bit {bit}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for odd in ["", "123456", "zzzzz-zzzzu", "zzzzz-zzzzzz", "zzzzz_zzzzz", "zzzzz-zzzzé", "zzzz\0zzzzz"] {
            assert_eq!(RecoveryCode::typed(odd), None, "{odd:?}");
        }
    }
}
