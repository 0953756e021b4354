//! Argon2id with the parameters that the server ships, on a thread for each core, which keeps its memory.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// KiB of memory, passes, lanes.
const COST: (u32, u32, u32) = (19_456, 2, 1);
const LENGTH: usize = 32;

/// A salt and the hash made with it.
pub(crate) type Hash = ([u8; 16], [u8; LENGTH]);

struct Waiting {
    password: String,
    salt: [u8; 16],
    reply: oneshot::Sender<[u8; LENGTH]>,
}

pub(crate) struct Passwords(Sender<Waiting>);

impl Default for Passwords {
    fn default() -> Self {
        let (sender, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let waiting = waiting.clone();
            std::thread::spawn(move || work(&waiting));
        }
        Self(sender)
    }
}

impl Passwords {
    pub(crate) async fn hash(&self, password: String) -> Hash {
        let mut salt = [0; 16];
        aws_lc_rs::rand::fill(&mut salt).expect("randomness");
        (salt, self.derive(password, salt).await)
    }

    pub(crate) async fn matches(&self, password: String, (salt, hash): Hash) -> bool {
        let derived = self.derive(password, salt).await;
        aws_lc_rs::constant_time::verify_slices_are_equal(&derived, &hash).is_ok()
    }

    async fn derive(&self, password: String, salt: [u8; 16]) -> [u8; LENGTH] {
        let (reply, derived) = oneshot::channel();
        self.0.send(Waiting { password, salt, reply }).expect("a thread");
        derived.await.expect("a hash")
    }
}

fn work(waiting: &Mutex<Receiver<Waiting>>) {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, Some(LENGTH)).expect("parameters");
    let mut blocks = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    loop {
        let next = waiting.lock().expect("the queue").recv();
        let Ok(Waiting { password, salt, reply }) = next else { return };
        let mut hash = [0; LENGTH];
        let derived = argon2.hash_password_into_with_memory(password.as_bytes(), &salt, &mut hash, &mut blocks);
        derived.expect("a hash");
        let _ = reply.send(hash);
    }
}
