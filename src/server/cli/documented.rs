//! The commands and settings in the documentation, as the program reads them.

use super::Arguments;
use crate::server::config::Settings;
use clap::CommandFactory as _;
use clap::error::ErrorKind;
use std::collections::BTreeSet;

/// The documents for operators.
const DOCUMENTS: [(&str, &str); 7] = [
    ("README.md", include_str!("../../../README.md")),
    ("CHANGELOG.md", include_str!("../../../CHANGELOG.md")),
    ("CONTRIBUTING.md", include_str!("../../../CONTRIBUTING.md")),
    ("docs/operating.md", include_str!("../../../docs/operating.md")),
    ("docs/security.md", include_str!("../../../docs/security.md")),
    ("docs/settings.md", include_str!("../../../docs/settings.md")),
    ("deploy/systemd/latchkey.service", include_str!("../../../deploy/systemd/latchkey.service")),
];

/// The blocks of a document: lines that are indented by four spaces, outside of lists, one after another.
fn blocks(document: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in document.lines() {
        match (line.strip_prefix("    "), blocks.last_mut()) {
            (Some(line), Some(block)) => *block += &format!("{line}\n"),
            (None, Some(block)) if !block.is_empty() => blocks.push(String::new()),
            _ => {}
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// The words of the command of ours in a line of a shell, if it has one.
fn command(line: &str) -> Option<Vec<&str>> {
    let line = line.split(" #").next()?.split(" | ").next()?.split(" > ").next()?;
    let begin = line.split_whitespace().position(|word| word == "latchkey" || word.ends_with("/bin/latchkey"))?;
    // As in `systemctl start latchkey` and `runuser -u latchkey -- latchkey doctor`.
    let words: Vec<&str> = line.split_whitespace().skip(begin).collect();
    match words.iter().position(|word| *word == "--") {
        Some(end) => Some(words[end + 1..].to_vec()).filter(|words| words.first() == Some(&"latchkey")),
        None => Some(words).filter(|words| words.len() > 1),
    }
}

/// Why the program would not understand a command.
fn misunderstood(words: &[&str]) -> Option<ErrorKind> {
    let understood = Arguments::command().try_get_matches_from(words);
    understood.err().map(|error| error.kind()).filter(|kind| *kind != ErrorKind::DisplayHelp)
}

/// The commands that do something, as they are called.
fn all(command: &clap::Command, called: &str, found: &mut BTreeSet<String>) {
    let mut leads_on = false;
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        leads_on = true;
        all(inner, &format!("{called} {}", inner.get_name()), found);
    }
    if !leads_on {
        found.insert(called.to_owned());
    }
}

#[test]
fn the_program_understands_every_command_in_the_documents() {
    let mut understood = 0;
    for (name, document) in DOCUMENTS {
        let lines = blocks(document).into_iter().flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>());
        for line in lines {
            let line = line.replace("$(date +%F)", "today");
            let Some(words) = command(&line) else { continue };
            assert_eq!(misunderstood(&words), None, "{name}: {line}");
            understood += 1;
        }
        // In a sentence a command may be named without what it needs.
        for mentioned in document.split('`').skip(1).step_by(2).filter(|code| code.starts_with("latchkey ")) {
            let words: Vec<&str> = mentioned.split_whitespace().collect();
            let has_notation = mentioned.contains(['[', '…', '|', '\\']);
            let kind = misunderstood(&words).filter(|_| !has_notation && words[1] != "0.1.0");
            let names_one = matches!(
                kind,
                None | Some(ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
            );
            assert!(names_one, "{name}: {mentioned}: {kind:?}");
        }
    }
    assert!(understood > 10, "{understood}");
}

#[test]
fn the_program_understands_the_examples_of_its_own_help() {
    let mut pending = vec![Arguments::command()];
    let mut examples = 0;
    while let Some(mut next) = pending.pop() {
        next.build();
        let help = next.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in help.lines().filter_map(|line| line.get(line.find("latchkey ")?..)) {
            let words = command(line).unwrap();
            assert_eq!(misunderstood(&words), None, "{line}");
            examples += 1;
        }
        pending.extend(next.get_subcommands().cloned());
    }
    assert!(examples > 20, "{examples}");
}

#[test]
fn the_guide_for_operators_names_every_command() {
    let mut commands = BTreeSet::new();
    all(&Arguments::command(), "latchkey", &mut commands);
    let table: Vec<&str> = DOCUMENTS[3].1.lines().filter(|line| line.starts_with("| `latchkey ")).collect();
    for called in commands {
        let short = called.trim_start_matches("latchkey ");
        let named = table.iter().any(|line| {
            line.split('`').any(|code| {
                [called.as_str(), short]
                    .iter()
                    .any(|name| code.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
            })
        });
        assert!(named, "{called}");
    }
}

#[test]
fn the_settings_in_the_documents_are_settings() {
    let mut read = 0;
    for (name, document) in DOCUMENTS {
        for block in blocks(document).into_iter().filter(|block| block.starts_with('[')) {
            let settings: Result<Settings, _> = toml::from_str(&block);
            assert!(settings.is_ok(), "{name}: {block}: {settings:?}");
            read += 1;
        }
    }
    assert!(read > 0);
}
