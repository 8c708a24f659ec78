//! Files that end too early, and files that are wrong.

use std::fs;

use indelible::limits::KEY_LEN_MAX;
use indelible::redis::aof::Tail;
use indelible::redis::{LoadError, LoadOptions, Loaded, load, load_with};

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

/// The first place in a file that is not loaded as it is, and what a load says that leaves it out.
fn beyond_limits(file: &[u8]) -> (LoadError, Loaded) {
    let directory = directory(&[("appendonly.aof", file)]);
    let error = load(directory.path(), 1).expect_err("it is refused");
    let options = LoadOptions {
        seed: 1,
        skip_unsupported: true,
        at: None,
    };
    let loaded = load_with(directory.path(), &options).expect("the rest loads");
    (error, loaded)
}

/// Redis holds such a key, so what it did is not nothing, and must not be lost without a word.
#[test]
fn key_beyond_the_limit_refused_with_its_offset_or_reported() {
    let long = "k".repeat(KEY_LEN_MAX + 1);
    let whole = commands(&["SELECT 0", "SET a 1"]);
    let after = commands(&["SET b 1"]);
    for (words, name, begins) in [
        (vec![format!("SET {long} 1")], "SET", true),
        (vec![format!("LPUSH {long} 1")], "LPUSH", true),
        (vec![format!("MSET c 1 {long} 1")], "MSET", true),
        (vec![format!("RENAME a {long}")], "RENAME", true),
        (
            vec!["MULTI".into(), format!("HSET {long} f 1"), "EXEC".into()],
            "HSET",
            false,
        ),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let bad = commands(&words);
        let last = commands(&words[words.len() - 1..]).len();
        let file = [&whole[..], &bad, &after].concat();
        let at = match begins {
            true => whole.len(),
            false => whole.len() + bad.len() - last,
        };
        let (error, loaded) = beyond_limits(&file);
        let said =
            format!("offset {at}: {name:?}: a key of more than 65536 bytes is not supported");
        assert!(error.to_string().ends_with(&said), "{error}");
        let report = &loaded.report;
        assert_eq!((report.skipped(), report.failed()), (1, 0), "{name}");
        assert_eq!(report.skipped[0].offset, at as u64);
        assert_eq!(string(&loaded, "b").as_deref(), Some(&b"1"[..]));
    }
}

#[test]
fn key_beyond_the_limit_in_an_image_refused_or_reported() {
    let long = vec![b'k'; KEY_LEN_MAX + 1];
    let len = u32::try_from(long.len()).expect("a length").to_be_bytes();
    let image = [
        b"REDIS0003\x00\x80",
        &len[..],
        &long,
        b"\x01v\x00\x01b\x011\xff",
    ]
    .concat();
    let (error, loaded) = beyond_limits(&image);
    let said = "expected a key of at most 65536 bytes, found 65537";
    assert!(error.to_string().ends_with(said), "{error}");
    assert_eq!(loaded.report.skipped(), 1);
    assert_eq!(loaded.keyspace.total_len(), 1);
    assert_eq!(string(&loaded, "b").as_deref(), Some(&b"1"[..]));
}

/// With more databases than here, Redis puts what follows where it belongs.
#[test]
fn database_beyond_the_limit_refused_even_if_parts_may_be_left_out() {
    let whole = commands(&["SELECT 0", "SET a 1"]);
    let file = [&whole[..], &commands(&["SELECT 16384", "SET a 2"])].concat();
    let directory = directory(&[("appendonly.aof", &file)]);
    for skip_unsupported in [false, true] {
        let options = LoadOptions {
            seed: 1,
            skip_unsupported,
            at: None,
        };
        let error = load_with(directory.path(), &options).expect_err("it is refused");
        let said = format!("offset {}: ERR DB index is out of range", whole.len());
        assert!(error.to_string().ends_with(&said), "{error}");
    }
    let file = [whole, commands(&["COPY a b DB 16384", "MOVE a 16384"])].concat();
    let (error, loaded) = beyond_limits(&file);
    assert!(matches!(error, LoadError::Unsupported { .. }), "{error}");
    assert_eq!(loaded.report.skipped_by_kind["limit"], 2);
}

/// A server whose `proto-max-bulk-len` was raised makes such strings.
#[test]
fn string_beyond_the_limit_refused_or_reported() {
    let whole = commands(&["SET a 1"]);
    let file = [whole.clone(), commands(&["SETRANGE a 536870911 xy"])].concat();
    let (error, loaded) = beyond_limits(&file);
    let said = format!("offset {}: \"SETRANGE\"", whole.len());
    assert!(error.to_string().contains(&said), "{error}");
    assert_eq!(loaded.report.skipped_by_kind["limit"], 1);
    assert_eq!(string(&loaded, "a").as_deref(), Some(&b"1"[..]));
}
