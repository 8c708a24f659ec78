//! Files that end too early, and files that are wrong.

use std::fs;

use indelible::redis::aof::Tail;
use indelible::redis::{LoadError, load};

use crate::content::{assert_same, of_keyspace, of_server};
use crate::redis;
use crate::support::{commands, directory, loaded, refused, string};

#[test]
fn unfinished_multi_dropped() {
    let whole = commands(&["SELECT 0", "SET a 1"]);
    let file = [whole.clone(), commands(&["MULTI", "SET a 2", "SET b 2"])].concat();
    let loaded = loaded(&[("appendonly.aof", &file)]);
    assert_eq!(string(&loaded, "a").as_deref(), Some(&b"1"[..]));
    assert_eq!(loaded.keyspace.total_len(), 1);
    let cut_at = whole.len() as u64;
    assert_eq!(loaded.report.tail(), Tail::UnfinishedMulti { cut_at });
}

#[test]
fn short_read_loads_appends_loads_again() {
    let whole = commands(&["SELECT 0", "SET a 1"]);
    let next = commands(&["SET a 2"]);
    for len in 1..next.len() {
        let directory = directory(&[("appendonly.aof", &[&whole, &next[..len]].concat())]);
        let first = load(directory.path(), 1).expect("it loads");
        assert_eq!(string(&first, "a").as_deref(), Some(&b"1"[..]));
        let Tail::Short { cut_at, .. } = first.report.tail() else {
            panic!("{:?}", first.report.tail());
        };
        let path = directory.path().join("appendonly.aof");
        let mut file = fs::read(&path).expect("the file");
        file.truncate(usize::try_from(cut_at).expect("a length"));
        file.extend(commands(&["SET b 3"]));
        fs::write(&path, file).expect("the file");
        let second = load(directory.path(), 1).expect("it loads");
        assert_eq!(second.report.tail(), Tail::Whole);
        assert_eq!(string(&second, "a").as_deref(), Some(&b"1"[..]));
        assert_eq!(string(&second, "b").as_deref(), Some(&b"3"[..]));
    }
}

#[test]
fn bad_format_refused_with_the_offset() {
    let whole = commands(&["SELECT 0", "SET a 1"]);
    let at = whole.len() as u64;
    for (bad, inside) in [
        (&b"!hello"[..], 0),
        (b"*x\r\n", 1),
        (b"*1\r\n!4\r\nPING\r\n", 4),
        (b"*1\r\n$4\r\nPINGxx", 12),
        (b"*0\r\n", 0),
        (b"*-1\r\n", 1),
    ] {
        let error = refused(&[("appendonly.aof", &[&whole, bad].concat())]);
        let LoadError::Format { source, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(source.offset(), at + inside, "{error}");
    }
}

#[test]
fn unknown_command_refused_with_its_name_and_offset() {
    let whole = commands(&["SELECT 0", "SET a 1"]);
    for name in ["FROB", "XADD", "EVAL", "FUNCTION", "HPEXPIREAT"] {
        let words = format!("{name} a b c");
        let file = [whole.clone(), commands(&[&words, "SET a 2"])].concat();
        let error = refused(&[("appendonly.aof", &file)]);
        let at = whole.len() as u64;
        assert!(
            matches!(
                error,
                LoadError::Command { offset, .. } | LoadError::Unsupported { offset, .. }
                    if offset == at
            ),
            "{error}"
        );
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn spop_with_and_without_count_as_a_server_logs_it() {
    if !redis::is_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let server = redis::Server::start(dir.path());
    let mut client = server.client();
    for words in [
        "SADD numbers 1 2 3 4 5 6 7 8",
        "SADD texts a b c d e f g h",
        "SADD gone a b c",
        "SPOP numbers",
        "SPOP texts",
        "SPOP numbers 3",
        "SPOP texts 3",
        "SPOP gone 5",
    ] {
        let reply = client.say(words);
        assert!(
            !matches!(reply, redis::Reply::Error(_)),
            "{words}: {reply:?}"
        );
    }
    let held = of_server(&mut client);
    assert_eq!(held.len(), 2);
    drop(server);
    let loaded = load(dir.path(), 1).expect("it loads");
    assert_same(&of_keyspace(&loaded.keyspace), &held, "SPOP");
}
