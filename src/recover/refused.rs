//! Which command of a commit was refused, and where it stands.

use super::LoadError;
use crate::command::Refused;
use crate::resp::{Parsed, parse_command};

impl LoadError {
    /// `commit` holds the bytes of the whole commit, and begins at `offset` in the file.
    pub(super) fn refused(commit: &[u8], offset: u64, refused: Refused) -> Self {
        Self::Refused {
            offset: offset + place(commit, refused.at) as u64,
            name: refused.name,
            source: refused.error,
        }
    }
}

/// Where the command of this number begins, in bytes; as [`Refused::at`] counts.
fn place(commit: &[u8], number: u32) -> usize {
    let (mut at, mut left) = (0, number);
    while let Ok(Parsed::Complete { argv, len }) = parse_command(&commit[at..]) {
        let is = |name: &[u8]| argv[0].eq_ignore_ascii_case(name);
        if !is(b"multi") && !is(b"select") {
            if left == 0 {
                return at;
            }
            left -= 1;
        }
        at += len;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::write_command;
    use std::vec::Vec;

    #[test]
    fn the_place_of_a_command_is_that_of_its_first_byte() {
        let mut commit = Vec::new();
        let mut begins = Vec::new();
        for text in [
            "MULTI",
            "SELECT 3",
            "DEL a",
            "select 4",
            "LPUSH b 1",
            "EXEC",
        ] {
            begins.push(commit.len());
            let argv: Vec<&[u8]> = text.split(' ').map(str::as_bytes).collect();
            write_command(&mut commit, &argv);
        }
        assert_eq!(place(&commit, 0), begins[2]);
        assert_eq!(place(&commit, 1), begins[4]);
    }
}
