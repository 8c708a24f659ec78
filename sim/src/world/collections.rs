//! Collections: what makes one and what changes one, by the number of the call.

use indelible::command::Command;
use indelible::keyspace::{Keyspace, Value};

use super::calls::command;

/// Members of a small collection: a packed one, and one piece of a base.
const MEMBERS: u32 = 12;
/// Members of a large one: a tree, and two pieces of a base, so that a rewrite pauses within it.
const MEMBERS_LARGE: u32 = 70;

/// The command that makes a new collection; its type and its size follow from the number.
pub(super) fn new(number: u32) -> Command {
    let count = if (number / 4).is_multiple_of(2) {
        MEMBERS_LARGE
    } else {
        MEMBERS
    };
    let members = (0..count).map(|place| format!("m{place}-{number}"));
    let mut argv = vec![
        ["RPUSH", "HSET", "SADD", "ZADD"][number as usize % 4].to_owned(),
        format!("c{number}"),
    ];
    for (place, member) in members.enumerate() {
        match number % 4 {
            1 => argv.extend([member, format!("v{place}")]),
            3 => argv.extend([place.to_string(), member]),
            _ => argv.push(member),
        }
    }
    parse(&argv)
}

/// A command that changes the oldest collection, if there is one: it adds a member, writes one
/// over or takes the first away, each as often; every eighth takes the whole collection away.
pub(super) fn change(head: &Keyspace, number: u32) -> Option<Command> {
    let (key, value) = oldest(head, number)?;
    if number % 8 == 7 {
        return Some(parse(&["DEL".to_owned(), key]));
    }
    let (fresh, score) = (format!("n{number}"), number.to_string());
    let (name, rest) = match (value, number % 3) {
        (Value::List(_), 0) => ("RPUSH", vec![fresh]),
        (Value::List(_), 1) => ("LSET", vec!["-1".to_owned(), fresh]),
        (Value::List(_), _) => ("LPOP", vec![]),
        (Value::Hash(_), 0) => ("HSET", vec![fresh, score]),
        (Value::Hash(fields), 1) => ("HSET", vec![text(fields.iter().next()?.0), fresh]),
        (Value::Hash(fields), _) => ("HDEL", vec![text(fields.iter().next()?.0)]),
        (Value::Set(_), 0) => ("SADD", vec![fresh]),
        (Value::Set(members), 1) => ("SADD", vec![text(members.iter().next()?), fresh]),
        (Value::Set(members), _) => ("SREM", vec![text(members.iter().next()?)]),
        (Value::ZSet(_), 0) => ("ZADD", vec![score, fresh]),
        (Value::ZSet(members), 1) => ("ZADD", vec![score, text(members.iter().next()?.1)]),
        (Value::ZSet(members), _) => ("ZREM", vec![text(members.iter().next()?.1)]),
        _ => return None,
    };
    let mut argv = vec![name.to_owned(), key];
    argv.extend(rest);
    Some(parse(&argv))
}

/// The oldest collection that the first database still holds.
fn oldest(head: &Keyspace, number: u32) -> Option<(String, &Value)> {
    if head.len(0) == 0 {
        return None;
    }
    (0..number)
        .map(|age| format!("c{age}"))
        .find_map(|key| Some((key.clone(), head.get(0, key.as_bytes())?.as_collection()?)))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn parse(argv: &[String]) -> Command {
    let argv: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
    command(&argv)
}

#[cfg(test)]
mod tests {
    use indelible::keyspace::{Entry, List};

    use super::*;

    #[test]
    fn the_number_picks_the_type_and_the_change() {
        let made: Vec<String> = (0..4).map(|number| format!("{:?}", new(number))).collect();
        for (one, rest) in (1..).zip(&made) {
            assert!(made[one..].iter().all(|other| other != rest), "{made:?}");
        }
        let mut head = Keyspace::new(1);
        assert!(change(&head, 9).is_none(), "there is nothing to change");
        let mut list = List::default();
        list.push_back(b"m");
        let (value, expiry) = (Value::List(list), None);
        head.insert(0, b"c4", Entry { value, expiry });
        for (number, argv) in [
            (9, vec!["RPUSH", "c4", "n9"]),
            (10, vec!["LSET", "c4", "-1", "n10"]),
            (11, vec!["LPOP", "c4"]),
            (15, vec!["DEL", "c4"]),
        ] {
            let argv: Vec<String> = argv.into_iter().map(str::to_owned).collect();
            assert_eq!(change(&head, number), Some(parse(&argv)));
        }
    }
}
