//! Commands by kind: how many there are, and how many bytes they take.

use std::cmp::Reverse;
use std::collections::HashMap;

use indelible::log::{FrameKind, FrameLine};
use indelible::resp::{Parsed, parse_command};

use super::report::{CommandKind, Commands};

/// Kinds that are told apart; files hold fewer, unless what is not known is left out of them.
const KINDS_MAX: usize = 512;
/// A longer name is no command's.
const NAME_LEN_MAX: usize = 64;
/// What the others are called.
const OTHER: &[u8] = b"(OTHER)";

#[derive(Default)]
pub struct Tally {
    kinds: HashMap<Vec<u8>, CommandKind>,
}

impl Tally {
    /// Counts the commands in a frame of a log.
    pub fn add_frame(&mut self, line: &FrameLine, mut body: &[u8]) {
        let in_base = line.meta.kind == FrameKind::Base;
        while let Ok(Parsed::Complete { argv, len }) = parse_command(body) {
            self.add(argv[0], len as u64, in_base);
            body = &body[len..];
        }
    }

    /// Counts a command of so many bytes.
    pub fn add(&mut self, name: &[u8], len: u64, in_base: bool) {
        let mut name = name.to_ascii_uppercase();
        let is_new = !self.kinds.contains_key(&name);
        if name.len() > NAME_LEN_MAX || (is_new && self.kinds.len() >= KINDS_MAX) {
            name = OTHER.to_vec();
        }
        let kind = self.kinds.entry(name).or_default();
        kind.count += 1;
        kind.len += len;
        if in_base {
            kind.base_count += 1;
            kind.base_len += len;
        }
    }

    pub fn finish(self, failed: u64) -> Commands {
        let mut commands = Commands {
            failed,
            ..Commands::default()
        };
        for (name, kind) in self.kinds {
            commands.count += kind.count;
            commands.len += kind.len;
            let name = name.escape_ascii().to_string();
            commands.kinds.push(CommandKind { name, ..kind });
        }
        let order = |one: &CommandKind| (Reverse(one.len), one.name.clone());
        commands.kinds.sort_by_cached_key(order);
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_end_are_counted_as_one() {
        let mut tally = Tally::default();
        for number in 0..10_000 {
            tally.add(format!("name{number}").as_bytes(), 1, false);
        }
        tally.add(&[b'x'; 100_000], 1, false);
        let commands = tally.finish(0);
        assert_eq!((commands.count, commands.len), (10_001, 10_001));
        assert_eq!(commands.kinds.len(), KINDS_MAX + 1);
        assert_eq!(commands.kinds[0].name, "(OTHER)");
    }
}
