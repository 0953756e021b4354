//! The program: runs a command of the server. See `latchkey --help`.

fn main() -> std::process::ExitCode {
    latchkey::server::main()
}
