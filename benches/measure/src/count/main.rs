//! Instructions of a few pieces of work, and bytes of pages, against a budget that is kept (`make budget`). Callgrind
//! counts instructions, which do not depend on how busy the machine is. Each piece of work runs in a process of its own,
//! once with some repetitions and once with more, so that the difference is theirs alone.

mod browser;
mod budget;
mod pages;
mod work;

use std::process::ExitCode;

const USAGE: &str = "usage: count check BUDGET       compares with the budget
       count set BUDGET         makes today's figures the budget
       count run WORK TIMES     does a piece of work, for callgrind";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["check", path] => budget::check(path),
        ["set", path] => budget::set(path),
        ["run", name, times] => match (work::Work::named(name), times.parse()) {
            (Some(work), Ok(times)) => {
                work.run(times);
                ExitCode::SUCCESS
            }
            _ => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}
