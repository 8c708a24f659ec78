//! Commands that a file of Redis may hold and this crate does not execute.

use alloc::vec::Vec;

use super::rdb::Unsupported;
use crate::command::CommandError;
use crate::resp::parse_integer;

/// Of which kind a command is that is not supported, and the key that it is about, where it names
/// one; none if it is no such command of Redis or Valkey.
///
/// A name with a dot within it is a module's. Names that no server is known to have are none of
/// these: they are no commands.
#[must_use]
pub fn unsupported<'a>(argv: &[&'a [u8]]) -> Option<(Unsupported, Option<&'a [u8]>)> {
    let name = argv.first()?.to_ascii_uppercase();
    let what = kind(&name)?;
    let key = match &name[..] {
        b"XGROUP" => argv.get(2),
        b"XREADGROUP" | b"FUNCTION" | b"SCRIPT" => None,
        b"EVAL" | b"EVALSHA" | b"FCALL" => {
            let keys = argv.get(2).and_then(|count| parse_integer(count));
            argv.get(3).filter(|_| keys > Some(0))
        }
        _ => argv.get(1),
    };
    Some((what, key.copied()))
}

impl Unsupported {
    /// What is beyond a limit here and not in Redis, or not under every configuration of it: there the
    /// command that was refused so may have done something. None for other refusals.
    #[must_use]
    pub const fn of_refusal(error: &CommandError) -> Option<Self> {
        match error {
            CommandError::KeyTooLong => Some(Self::LongKey),
            CommandError::TooLong => Some(Self::LongValue),
            CommandError::InvalidDb => Some(Self::Database),
            _ => None,
        }
    }
}

fn kind(name: &[u8]) -> Option<Unsupported> {
    Some(match name {
        b"XACK" | b"XACKDEL" | b"XADD" | b"XAUTOCLAIM" | b"XCLAIM" | b"XDEL" | b"XDELEX"
        | b"XGROUP" | b"XREADGROUP" | b"XSETID" | b"XTRIM" => Unsupported::Stream,
        b"HEXPIRE" | b"HEXPIREAT" | b"HGETEX" | b"HPERSIST" | b"HPEXPIRE" | b"HPEXPIREAT"
        | b"HSETEX" => Unsupported::HashFieldExpiry,
        b"FUNCTION" => Unsupported::Function,
        b"EVAL" | b"EVALSHA" | b"FCALL" | b"SCRIPT" => Unsupported::Script,
        b"VADD" | b"VREM" | b"VSETATTR" => Unsupported::ModuleCommand,
        name if is_of_a_module(name) => Unsupported::ModuleCommand,
        _ => return None,
    })
}

/// Whether it is words of letters, digits and the like with dots between them.
fn is_of_a_module(name: &[u8]) -> bool {
    let is_word = |word: &[u8]| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
        !word.is_empty() && word.iter().all(plain)
    };
    let words: Vec<&[u8]> = name.split(|byte| *byte == b'.').collect();
    words.len() > 1 && words.into_iter().all(is_word) && name[0].is_ascii_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &str) -> Option<(Unsupported, Option<&[u8]>)> {
        let argv: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
        unsupported(&argv)
    }

    #[test]
    fn commands_are_known_by_name_and_their_key_by_its_place() {
        use Unsupported as U;
        for (words, what, key) in [
            ("xadd s 1-1 f v", U::Stream, Some("s")),
            ("XGROUP CREATE s g 0", U::Stream, Some("s")),
            ("HPEXPIREAT h 1 FIELDS 1 f", U::HashFieldExpiry, Some("h")),
            ("FUNCTION FLUSH", U::Function, None),
            ("EVAL body 1 k", U::Script, Some("k")),
            ("EVAL body 0 a", U::Script, None),
            ("SCRIPT LOAD x", U::Script, None),
            ("JSON.SET j $ 1", U::ModuleCommand, Some("j")),
        ] {
            assert_eq!(of(words), Some((what, key.map(str::as_bytes))), "{words}");
        }
    }

    #[test]
    fn names_that_nobody_has_are_none_of_these() {
        for words in [
            "FROB a", ".SET a", "A. b", "A..B c", "4.5 x", "SET a b", "x\n.y",
        ] {
            assert_eq!(of(words), None, "{words}");
        }
    }
}
