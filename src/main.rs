//! The program: runs a command of the server. See `latchkey --help`.

/// The web app's files, which a release carries (`make build`).
#[cfg(embedded_site)]
const SITE: Option<&[u8]> = Some(include_bytes!("../target/site.tar"));
#[cfg(not(embedded_site))]
const SITE: Option<&[u8]> = None;

fn main() -> std::process::ExitCode {
    latchkey::server::main(SITE)
}
