//! Seeded chance (xorshift64*): the same table on every machine.

use std::time::Duration;

pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn seeded(seed: u64) -> Self {
        // Spreads seeds that are near each other; zero is the one state that never leaves itself.
        Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Uniform from 0 up to 1.
    pub(crate) fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.part() < probability
    }

    pub(crate) fn between(&mut self, from: Duration, to: Duration) -> Duration {
        from + (to - from).mul_f64(self.part())
    }

    /// Uniform over all of `u64`, as `latchkey::domain::access_token::jittered` asks for it.
    pub(crate) fn whole(&mut self) -> u64 {
        self.next()
    }
}
