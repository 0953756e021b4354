//! `latchkey healthcheck`.

use super::*;
use crate::support::Program;

fn ask(listen: &str) -> Done {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.arg("healthcheck").current_dir(folder.path()).env("LATCHKEY_SERVER__LISTEN", listen);
    Done::of(command.output().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_asked_at_its_address_or_its_socket() {
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix:{}", folder.path().join("latchkey.sock").display());
    let mut server = Program::start_by(folder.path(), |command| {
        command.args(["--listen", &socket]);
    })
    .await;
    let address = server.url.trim_start_matches("http://").to_owned();
    for listen in [address.clone(), address.replace("127.0.0.1", "0.0.0.0"), socket.clone()] {
        assert_eq!(ask(&listen).expect(0).stdout, "ready\n", "{listen}");
    }
    server.kill();
    for listen in [address, socket] {
        ask(&listen).expect_error(1, "the server is not ready");
    }
}
