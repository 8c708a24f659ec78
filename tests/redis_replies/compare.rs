//! One call, asked of both, and what differs.

use std::collections::BTreeSet;

use crate::peers::{Peer, Theirs};
use crate::said::Said;

/// What Redis gives out in the order of its hash table has an order of our own.
const UNORDERED: &[&str] = &[
    "HGETALL", "HKEYS", "HVALS", "HSCAN", "KEYS", "SCAN", "SDIFF", "SINTER", "SMEMBERS", "SSCAN",
    "SUNION", "ZSCAN",
];

/// Compares one call and says what differs.
pub fn compare(redis: &mut Theirs, ours: &mut dyn Peer, argv: &[&[u8]]) -> Option<String> {
    let name = String::from_utf8_lossy(argv[0]).to_ascii_uppercase();
    if name == "SPOP" {
        return compare_popped(redis, ours, argv);
    }
    if name == "SORT" || name == "SORT_RO" {
        forget_error(redis);
    }
    // A score of -0 is 0 to us always, to Redis only in small sets.
    let theirs = replaced(&redis.call(argv), b"$2\r\n-0\r\n", b"$1\r\n0\r\n");
    let mine = ours.call(argv);
    let equal = match name.as_str() {
        "SRANDMEMBER" | "HRANDFIELD" | "ZRANDMEMBER" | "RANDOMKEY" => {
            let (mine, theirs) = (Said::read(&mine), Said::read(&theirs));
            let same = mine == theirs || mine.items().len() == theirs.items().len();
            let plain = mine.items().is_empty() || theirs.items().is_empty();
            let alike = core::mem::discriminant(&mine) == core::mem::discriminant(&theirs);
            let fit = |said: &Said, ours: &mut dyn Peer| drawn_fits(ours, &name, argv, said);
            match plain {
                true => mine == theirs,
                false => same && alike && fit(&mine, ours) && fit(&theirs, ours),
            }
        }
        "ZSCAN" => spelt_alike(&mine) == spelt_alike(&theirs),
        "ZRANGE" if argv[1] == b"distances" => same_distances(&mine, &theirs),
        name if UNORDERED.contains(&name) || argv.contains(&&b"nosort"[..]) => {
            sorted(&mine) == sorted(&theirs)
        }
        _ => mine == theirs,
    };
    (!equal).then(|| difference(argv, &mine, &theirs))
}

/// Redis 7.0 refuses to sort by right numbers as long as it remembers one that it could not read; it
/// forgets that as it reads a score.
fn forget_error(redis: &mut Theirs) {
    let reply = redis.call(&[b"ZADD", b"nowhere", b"XX", b"1", b"x"]);
    assert_eq!(reply, b":0\r\n");
}

/// The parts of a reply in some order. Where a set is small, and there only, Redis spells a whole
/// score of 18 digits without an exponent.
fn spelt_alike(reply: &[u8]) -> Vec<String> {
    let said = Said::read(reply);
    let spelt = said.items().into_iter().map(|item| {
        let text = String::from_utf8_lossy(item);
        match text.parse::<f64>() {
            Ok(number) if number.abs() >= 1e17 && number.is_finite() => format!("{number:e}"),
            _ => text.into_owned(),
        }
    });
    let mut spelt: Vec<String> = spelt.collect();
    spelt.sort_unstable();
    match said {
        Said::Line(line) => vec![String::from_utf8_lossy(&line).into_owned()],
        _ => spelt,
    }
}

/// Sines differ in their last bit from one C library to the next, and so do distances.
fn same_distances(mine: &[u8], theirs: &[u8]) -> bool {
    let (mine, theirs) = (Said::read(mine), Said::read(theirs));
    let (mine, theirs) = (mine.items(), theirs.items());
    let number = |text: &[u8]| -> f64 { String::from_utf8_lossy(text).parse().expect("a score") };
    let near = |one: f64, two: f64| (one - two).abs() <= 1e-12 * one.abs().max(two.abs());
    let same =
        |(one, two): (&[&[u8]], &[&[u8]])| one[0] == two[0] && near(number(one[1]), number(two[1]));
    mine.len() == theirs.len() && mine.chunks(2).zip(theirs.chunks(2)).all(same)
}

fn difference(argv: &[&[u8]], mine: &[u8], theirs: &[u8]) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let argv: Vec<String> = argv.iter().map(|arg| text(arg)).collect();
    let (argv, mine, theirs) = (argv.join(" "), text(mine), text(theirs));
    format!("{argv}\n  ours   {mine:?}\n  theirs {theirs:?}\n")
}

/// Whether what was drawn is there, with its value, and each only once if that was asked for.
fn drawn_fits(ours: &mut dyn Peer, name: &str, argv: &[&[u8]], said: &Said) -> bool {
    let items = said.items();
    let pairs = argv.len() > 3;
    let mut names = BTreeSet::new();
    let mut count = 0;
    for item in items.chunks(if pairs { 2 } else { 1 }) {
        let key = argv.get(1).copied().unwrap_or_default();
        let ask: &[&[u8]] = match name {
            "SRANDMEMBER" => &[b"SMISMEMBER", key, item[0]],
            "HRANDFIELD" => &[b"HMGET", key, item[0]],
            "ZRANDMEMBER" => &[b"ZMSCORE", key, item[0]],
            _ => &[b"EXISTS", item[0]],
        };
        let found = Said::read(&ours.call(ask));
        let there = match (name, &found) {
            ("SRANDMEMBER", _) => found == Said::Array(vec![Said::Line(b":1".to_vec())]),
            ("RANDOMKEY", _) => found == Said::Line(b":1".to_vec()),
            (_, Said::Array(values)) => values[0] != Said::Nil,
            _ => false,
        };
        if !there || (pairs && found.items() != item[1..]) {
            return false;
        }
        names.insert(item[0]);
        count += 1;
    }
    let repeats = argv.get(2).is_some_and(|count| count.starts_with(b"-"));
    repeats || names.len() == count
}

/// `SPOP` takes others here than there: both took what was there, and as many. Then each takes what
/// the other took, too, so that both hold the same.
fn compare_popped(redis: &mut Theirs, ours: &mut dyn Peer, argv: &[&[u8]]) -> Option<String> {
    let key = argv.get(1).copied().unwrap_or_default();
    let before = Said::read(&ours.call(&[b"SMEMBERS", key]));
    let (mine, theirs) = (ours.call(argv), redis.call(argv));
    let (my_reply, their_reply) = (Said::read(&mine), Said::read(&theirs));
    let (my_items, their_items) = (my_reply.items(), their_reply.items());
    if my_items.is_empty() || their_items.is_empty() {
        return (mine != theirs).then(|| difference(argv, &mine, &theirs));
    }
    let before: BTreeSet<&[u8]> = before.items().into_iter().collect();
    let [my_set, their_set] =
        [&my_items, &their_items].map(|items| items.iter().copied().collect::<BTreeSet<_>>());
    let fits = my_set.len() == my_items.len()
        && my_set.len() == their_set.len()
        && core::mem::discriminant(&my_reply) == core::mem::discriminant(&their_reply)
        && my_set.is_subset(&before)
        && their_set.is_subset(&before);
    let remove = |set: BTreeSet<&[u8]>| {
        let mut argv: Vec<Vec<u8>> = vec![b"SREM".to_vec(), key.to_vec()];
        argv.extend(set.iter().map(|member| member.to_vec()));
        argv
    };
    for (set, ours_too) in [(my_set, false), (their_set, true)] {
        let argv = remove(set);
        let argv: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
        match ours_too {
            true => ours.call(&argv),
            false => redis.call(&argv),
        };
    }
    (!fits).then(|| difference(argv, &mine, &theirs))
}

fn replaced(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.windows(old.len()).position(|here| here == old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn sorted(reply: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = reply.split(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    lines
}
