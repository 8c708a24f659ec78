//! The manifests in `campaign/` give commands that this program takes.

use clap::Parser;

use super::args::{Cli, Command};
use crate::campaign::Shard;

const JOBS: [&str; 2] = [
    include_str!("../../campaign/kubernetes.yaml"),
    include_str!("../../campaign/kubernetes-prove.yaml"),
];
const ACTIONS: &str = include_str!("../../campaign/github-actions.yml");
const README: &str = include_str!("../../campaign/README.md");

/// The list below `args:`, as it stands.
fn arguments(manifest: &str) -> Vec<String> {
    let list = manifest
        .lines()
        .skip_while(|line| line.trim() != "args:")
        .skip(1);
    let items = list.map_while(|line| line.trim().strip_prefix("- "));
    items
        .map(|item| {
            item.trim_matches('"')
                .replace("$(JOB_COMPLETION_INDEX)", "7")
        })
        .collect()
}

/// The commands of a text that call the program, each on one line.
fn commands(text: &str) -> Vec<String> {
    let mut joined = String::new();
    for line in text.lines() {
        let is_option = line.trim_start().starts_with("--");
        joined += if is_option { " " } else { "\n" };
        joined += line.trim();
    }
    let lines = joined.lines().filter_map(|line| {
        let (_, rest) = line.split_once("indelible-sim ")?;
        let begins = ["run ", "prove ", "merge ", "--threads "];
        begins.iter().any(|word| rest.starts_with(word)).then(|| {
            let end = rest.find(['>', '`', '\'', '#']).unwrap_or(rest.len());
            rest[..end]
                .replace("${{ matrix.shard }}", "7")
                .replace("{}", "7")
        })
    });
    lines
        .map(|line| line.replace("${{ inputs.minutes || '45' }}", "45"))
        .collect()
}

fn parsed(words: &[String]) -> Command {
    let program = std::iter::once(String::from("indelible-sim"));
    let cli = Cli::try_parse_from(program.chain(words.iter().cloned()));
    let cli = cli.unwrap_or_else(|error| panic!("{words:?}: {error}"));
    cli.command.expect("it is no main job")
}

fn shard_of(command: &Command) -> Option<Shard> {
    match command {
        Command::Run(args) => args.shard,
        Command::Prove(args) => args.shard,
        _ => None,
    }
}

#[test]
fn jobs_give_commands_that_are_taken() {
    for manifest in JOBS {
        let command = parsed(&arguments(manifest));
        assert_eq!(shard_of(&command), Shard::new(7, 8));
        for line in [
            "completions: 8",
            "parallelism: 8",
            "completionMode: Indexed",
        ] {
            assert!(manifest.contains(line), "{line}");
        }
    }
}

#[test]
fn workflows_and_the_page_give_commands_that_are_taken() {
    let mut shards = 0;
    for text in [
        ACTIONS.replace("${{ inputs.minutes || '45' }}", "45"),
        README.to_owned(),
    ] {
        for line in commands(&text) {
            if line.contains("K/N") {
                continue; // a pattern, no command
            }
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            shards += usize::from(shard_of(&parsed(&words)).is_some());
        }
    }
    assert_eq!(shards, 3);
}

#[test]
fn manifests_are_indented_as_yaml_wants_it() {
    for text in JOBS.into_iter().chain([ACTIONS]) {
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            assert!(!line.contains('\t') && indent % 2 == 0, "{line}");
        }
    }
}
