//! DB2, RT13: storage that fails. Whatever fails and when: no success without a durable commit, no session lost, and
//! the same token works again.

mod away;
mod held;
mod kill;
mod passing;
mod story;

use super::support::{Backend, TestApp};
use faulty_vfs::{Failure, Folder};
use story::{STEPS, Story};

/// A story that was prepared, and the files under it.
async fn prepared() -> (TestApp, Folder, Story) {
    let folder = tempfile::tempdir().unwrap();
    let files = Folder::watch(folder.path());
    let app = TestApp::on(Backend::Sqlite).start_in(folder).await;
    let story = Story::prepare(&app).await;
    files.heal();
    (app, files, story)
}

/// The `nth` write fails, once: each step then works when it is done again. Whether any write failed at all.
async fn fails_once(nth: u64, failure: Failure) -> bool {
    let (app, files, mut story) = prepared().await;
    files.fail(nth, failure, false);
    for step in STEPS {
        if !story.carry_out(step).await {
            // A fault may hit twice: a write that SQLite makes up for later counts too.
            let again = story.carry_out(step).await || story.carry_out(step).await;
            assert!(again, "{step:?} after write {nth} failed ({failure:?})");
        }
    }
    let reached = files.heal() >= nth;
    story.must_hold(&app, STEPS.len(), None).await;
    story.must_hold(&app.after_a_crash().await, STEPS.len(), None).await;
    reached
}

/// From the `nth` write on all fail; then the process dies. Whether it came to that.
async fn dies(nth: u64, failure: Failure) -> bool {
    let (app, files, mut story) = prepared().await;
    files.fail(nth, failure, true);
    let mut done = 0;
    for step in STEPS {
        if !story.carry_out(step).await {
            break;
        }
        done += 1;
    }
    let crashed = app.after_a_crash().await;
    story.must_hold(&crashed, done, STEPS.get(done).copied()).await;
    done < STEPS.len()
}

/// Every N from 1 until the story runs through, a few at a time.
async fn each<F: Future<Output = bool> + Send + 'static>(run: impl Fn(u64) -> F) {
    const AT_A_TIME: u64 = 4;
    let mut first = 1;
    loop {
        let batch: Vec<_> = (first..first + AT_A_TIME).map(|nth| tokio::spawn(run(nth))).collect();
        let mut went_on = false;
        for handle in batch {
            went_on |= handle.await.unwrap();
        }
        if !went_on {
            break;
        }
        first += AT_A_TIME;
    }
    assert!(first > 20, "the story has more writes than {first}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_write_may_fail_once() {
    each(|nth| fails_once(nth, Failure::Error)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disk_may_be_full_for_any_one_write() {
    each(|nth| fails_once(nth, Failure::Full)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_may_die_before_any_write() {
    each(|nth| dies(nth, Failure::Error)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_may_die_in_the_middle_of_any_write() {
    each(|nth| dies(nth, Failure::Torn)).await;
}
