//! What a call means: which keys and values, given how many calls came before.

use indelible::command::Command;
use indelible::engine::{AppendFsync, Batch};
use indelible::keyspace::Keyspace;
use indelible::units::WallMillis;

use super::collections;
use crate::call::Call;
use crate::setup::Setup;

/// Bytes of a large value: several chunks of the small bases that are used here.
const LARGE_LEN: usize = 3_000;
/// How far ahead an expiry lies, in milliseconds.
const EXPIRY_MILLIS: u64 = 30_000;

/// The commit that `call` asks for as the `number`-th call, or none if it makes no sense now (there
/// is nothing to overwrite or to delete) or commits nothing.
#[must_use]
pub fn batch(
    setup: &Setup,
    call: Call,
    number: u32,
    head: &Keyspace,
    wall: WallMillis,
) -> Option<Batch> {
    let value = format!("v{number}");
    let set = |key: &str| (0, command(&[b"SET", key.as_bytes(), value.as_bytes()]));
    let fresh = format!("k{number}");
    let commands = match call {
        Call::New | Call::Always => vec![set(&fresh)],
        Call::Overwrite => vec![set(&oldest(head, number)?)],
        Call::Del => vec![(0, command(&[b"DEL", oldest(head, number)?.as_bytes()]))],
        Call::Batch => vec![set(&fresh), set(&format!("j{number}"))],
        Call::Append => {
            let key = oldest(head, number)?;
            vec![(0, command(&[b"APPEND", key.as_bytes(), value.as_bytes()]))]
        }
        Call::Expire => {
            let at = (wall.0 + EXPIRY_MILLIS).to_string();
            let key = format!("e{number}");
            vec![(
                0,
                command(&[
                    b"SET",
                    key.as_bytes(),
                    value.as_bytes(),
                    b"PXAT",
                    at.as_bytes(),
                ]),
            )]
        }
        Call::Elsewhere => {
            let (_, set) = set(&fresh);
            vec![(1 + number % 3, set)]
        }
        Call::Flush => vec![(0, command(&[b"FLUSHDB"]))],
        Call::Large => {
            let mut large = value.repeat(LARGE_LEN / value.len() + 1);
            large.truncate(LARGE_LEN);
            vec![(0, command(&[b"SET", fresh.as_bytes(), large.as_bytes()]))]
        }
        Call::Collect => vec![(0, collections::new(number))],
        Call::Change => vec![(0, collections::change(head, number)?)],
        Call::Script(place) => setup.script.get(place as usize)?.clone(),
        _ => return None,
    };
    let appendfsync = (call == Call::Always).then_some(AppendFsync::Always);
    Some(Batch {
        commands,
        appendfsync,
    })
}

/// The oldest key that the first database still holds.
fn oldest(head: &Keyspace, number: u32) -> Option<String> {
    if head.len(0) == 0 {
        return None;
    }
    (0..number)
        .map(|age| format!("k{age}"))
        .find(|key| head.get(0, key.as_bytes()).is_some())
}

pub(super) fn command(argv: &[&[u8]]) -> Command {
    Command::parse(argv).expect("the simulator's own commands are well formed")
}
