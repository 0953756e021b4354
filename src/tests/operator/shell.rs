//! `latchkey completions` and `latchkey man`.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shells_complete_every_command() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    for shell in ["bash", "zsh", "fish"] {
        let script = latchkey(&app, &["completions", shell]).expect(0).stdout;
        for word in ["set-password", "follow", "rotate"] {
            assert!(script.contains(word), "{shell} knows {word}");
        }
    }
    let script = app.folder().join("latchkey.bash");
    std::fs::write(&script, latchkey(&app, &["completions", "bash"]).stdout).unwrap();
    let complete = "source \"$0\"; COMP_WORDS=(latchkey user set); COMP_CWORD=2; _latchkey latchkey set user; \
                    echo \"${COMPREPLY[@]}\"";
    let completed = Command::new("bash").args(["-c", complete]).arg(&script).output().unwrap();
    assert_eq!(String::from_utf8(completed.stdout).unwrap().trim(), "set-password");
    latchkey(&app, &["completions", "tcsh"]).expect_error(2, "bash");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_command_has_a_manual_page() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    let folder = app.folder().join("man1");
    let path = folder.to_str().unwrap();
    latchkey(&app, &["man", path]).expect_error(1, "cannot be written to");
    std::fs::create_dir(&folder).unwrap();
    latchkey(&app, &["man", path]).expect(0);
    for page in ["latchkey.1", "latchkey-serve.1", "latchkey-user-link.1", "latchkey-session-end.1"] {
        let text = std::fs::read_to_string(folder.join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.contains(".SH SYNOPSIS"), "{page}: {text}");
    }
    let link = std::fs::read_to_string(folder.join("latchkey-user-link.1")).unwrap();
    assert!(link.contains("Examples") && link.contains("\\-\\-purpose"), "{link}");
}
