//! Commands lead to the server; see `latchkey --help`.

fn main() -> std::process::ExitCode {
    latchkey::server::main()
}
