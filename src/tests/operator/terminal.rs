//! Commands at a terminal: they ask.

use super::*;
use std::io::Read;
use std::process::Child;

/// Gives a command a terminal.
fn at_a_terminal(app: &TestApp, arguments: &str) -> Child {
    let run = format!("{} {arguments}", env!("CARGO_BIN_EXE_latchkey"));
    let plain = command(app);
    let mut command = Command::new("script");
    command.args(["-q", "-e", "-c", &run, "/dev/null"]).current_dir(app.folder()).env("SHELL", "/bin/sh");
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap());
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// Reads until `prompt` stands at the end.
fn read_until(output: &mut impl Read, prompt: &str) -> String {
    let (mut read, mut byte) = (Vec::new(), [0]);
    while !read.ends_with(prompt.as_bytes()) {
        let count = output.read(&mut byte).unwrap_or_default();
        assert!(count == 1, "{prompt:?} is asked: {}", String::from_utf8_lossy(&read));
        read.push(byte[0]);
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// Answers `typed` to each of these questions, and returns the exit code.
fn answer(app: &TestApp, arguments: &str, answers: &[(&str, &str)]) -> Option<i32> {
    let mut child = at_a_terminal(app, arguments);
    let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    for (question, typed) in answers {
        read_until(&mut screen, question);
        keyboard.write_all(format!("{typed}\n").as_bytes()).unwrap();
    }
    drop(screen.read_to_end(&mut Vec::new()));
    child.wait().unwrap().code()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_taken_back_is_asked_for() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    let mut ada = app.signed_up("ada").await;
    let question = "with everything that is theirs? [y/N] ";
    for no in ["", "n", "ada"] {
        assert_eq!(answer(&app, "user delete ada", &[(question, no)]), Some(1));
    }
    assert_eq!(answer(&app, "session end --all", &[("End the sessions of all users? [y/N] ", "no")]), Some(1));
    assert!(ada.is_in().await);
    assert_eq!(answer(&app, "session end --all", &[("End the sessions of all users? [y/N] ", "y")]), Some(0));
    refuses(&mut ada).await;
    let ada = app.signed_in("ada").await;
    assert_eq!(answer(&app, "user delete ada", &[(question, "Yes")]), Some(0));
    drop(ada);
    app.browser().try_sign_in("ada", PASSWORD).await.expect(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_is_asked_for_twice() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    app.signed_up("ada").await;
    let typed = [("Password: ", NEW_PASSWORD), ("The same again: ", NEW_PASSWORD)];
    assert_eq!(answer(&app, "user set-password ada", &typed), Some(0));
    app.browser().try_sign_in("ada", PASSWORD).await.expect(401);
    app.browser().try_sign_in("ada", NEW_PASSWORD).await.expect(200);
}
