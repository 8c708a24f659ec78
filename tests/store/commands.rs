//! The typed calls and `execute`.

use std::time::{Duration, SystemTime};

use indelible::{
    Command, CommandError, Reply, SetCondition, SetExpiry, SetOptions, StoreError, Ttl,
};

use crate::backends::{memory, reopen};

fn text(value: Option<Vec<u8>>) -> Option<String> {
    value.map(|value| String::from_utf8(value).unwrap())
}

#[test]
fn what_is_set_is_got() {
    let (_, store) = memory();
    store.set("a", "1").unwrap();
    assert_eq!(text(store.get("a").unwrap()).as_deref(), Some("1"));
    assert_eq!(store.get("b").unwrap(), None);
}

#[test]
fn keys_and_values_are_binary() {
    let (vfs, store) = memory();
    let key = [0, 255, b'\r', b'\n'];
    store.set(key, b"\0\r\n$5\r\n").unwrap();
    store.close().unwrap();
    let value = reopen(&vfs).get(key).unwrap();
    assert_eq!(value.as_deref(), Some(&b"\0\r\n$5\r\n"[..]));
}

#[test]
fn a_condition_decides() {
    let (_, store) = memory();
    let absent = SetOptions {
        condition: Some(SetCondition::Absent),
        ..SetOptions::default()
    };
    assert!(store.set_with("a", "1", absent).unwrap());
    assert!(!store.set_with("a", "2", absent).unwrap());
    assert_eq!(text(store.get("a").unwrap()).as_deref(), Some("1"));
}

#[test]
fn set_get_gives_what_was_there() {
    let (_, store) = memory();
    let plain = SetOptions::default();
    assert_eq!(store.set_get("a", "1", plain).unwrap(), None);
    let before = store.set_get("a", "2", plain).unwrap();
    assert_eq!(text(before).as_deref(), Some("1"));
}

#[test]
fn getset_and_getdel_give_what_was_there() {
    let (_, store) = memory();
    assert_eq!(store.getset("a", "1").unwrap(), None);
    assert_eq!(text(store.getset("a", "2").unwrap()).as_deref(), Some("1"));
    assert_eq!(text(store.getdel("a").unwrap()).as_deref(), Some("2"));
    assert!(!store.exists("a").unwrap());
}

#[test]
fn setnx_writes_once() {
    let (_, store) = memory();
    assert!(store.setnx("a", "1").unwrap());
    assert!(!store.setnx("a", "2").unwrap());
}

#[test]
fn mset_and_mget_take_several() {
    let (_, store) = memory();
    store.mset([("a", "1"), ("b", "2")]).unwrap();
    let values = store.mget(["a", "x", "b"]).unwrap();
    let values: Vec<_> = values.into_iter().map(text).collect();
    assert_eq!(values, [Some("1".into()), None, Some("2".into())]);
}

#[test]
fn nothing_at_all_is_fine() {
    let (_, store) = memory();
    store.mset([("", ""); 0]).unwrap();
    assert_eq!(store.del_all([""; 0]).unwrap(), 0);
    assert!(store.mget([""; 0]).unwrap().is_empty());
}

#[test]
fn a_value_of_the_wrong_type_is_an_error_not_nothing() {
    let (_, store) = memory();
    store.execute(&["RPUSH", "list", "x"]).unwrap();
    for refused in [
        store.get("list").unwrap_err(),
        store.strlen("list").unwrap_err(),
        store.getset("list", "x").unwrap_err(),
        store.incr("list").unwrap_err(),
    ] {
        assert!(matches!(
            refused,
            StoreError::Command(CommandError::WrongType)
        ));
    }
    assert_eq!(store.mget(["list"]).unwrap(), [None], "as MGET answers");
}

/// Bug: a command built without pairs was logged as MSET without arguments. Consequence: the store could
/// never be opened again. Found by reading what the log is given for a command that is a value.
#[test]
fn a_command_without_pairs_is_refused_and_the_store_opens_again() {
    let (vfs, store) = memory();
    for (command, name) in [
        (Command::MSet { pairs: vec![] }, "mset"),
        (Command::MSetNx { pairs: vec![] }, "msetnx"),
    ] {
        let refused = Reply::Error(CommandError::WrongArity { name });
        assert_eq!(store.run(command.clone()).unwrap(), refused);
        let replies = store.batch(|batch| {
            batch.push(command).set("a", name);
        });
        assert_eq!(replies.unwrap(), [refused, Reply::Ok]);
    }
    store.close().unwrap();
    let value = reopen(&vfs).get("a").unwrap();
    assert_eq!(text(value).as_deref(), Some("msetnx"));
}

/// What a program builds of arguments is counted when it is executed, as what it parses is before.
#[test]
fn a_command_built_of_too_few_arguments_is_refused() {
    let (vfs, store) = memory();
    let argv = ["rpush", "list"].map(Vec::from).to_vec();
    let command = Command::of_argv(argv).unwrap();
    let refused = Reply::Error(CommandError::WrongArity { name: "rpush" });
    assert_eq!(store.run(command).unwrap(), refused);
    assert!(Command::of_argv(vec![b"GET".to_vec()]).is_none(), "no call");
    assert!(Command::of_argv(vec![]).is_none());
    store.close().unwrap();
    assert!(!reopen(&vfs).exists("list").unwrap());
}

#[test]
fn numbers_count() {
    let (_, store) = memory();
    assert_eq!(store.incr("n").unwrap(), 1);
    assert_eq!(store.incr_by("n", 9).unwrap(), 10);
    assert_eq!(store.decr("n").unwrap(), 9);
}

#[test]
fn a_text_does_not_count() {
    let (_, store) = memory();
    store.set("a", "x").unwrap();
    let error = store.incr("a").unwrap_err();
    assert!(matches!(error, StoreError::Command(_)));
    assert_eq!(
        error.to_string(),
        "ERR value is not an integer or out of range"
    );
}

#[test]
fn append_gives_the_length() {
    let (_, store) = memory();
    assert_eq!(store.append("a", "12").unwrap(), 2);
    assert_eq!(store.append("a", "345").unwrap(), 5);
    assert_eq!(store.strlen("a").unwrap(), 5);
}

#[test]
fn del_and_unlink_say_whether_there_was_a_key() {
    let (_, store) = memory();
    store.mset([("a", "1"), ("b", "2"), ("c", "3")]).unwrap();
    assert!(store.del("a").unwrap());
    assert!(!store.del("a").unwrap());
    assert!(store.unlink("b").unwrap());
    assert_eq!(store.del_all(["a", "b", "c"]).unwrap(), 1);
}

#[test]
fn a_key_expires() {
    let (_, store) = memory();
    store.set("a", "1").unwrap();
    assert_eq!(store.ttl("a").unwrap(), Ttl::Never);
    assert!(store.expire_in("a", Duration::from_secs(600)).unwrap());
    assert!(matches!(store.ttl("a").unwrap(), Ttl::Left(_)));
    assert!(store.expire_in("a", Duration::from_millis(30)).unwrap());
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(store.get("a").unwrap(), None);
    assert_eq!(store.ttl("a").unwrap(), Ttl::Missing);
}

#[test]
fn keys_that_nobody_reads_expire_as_well() {
    let (_, store) = memory();
    let soon = SetOptions {
        expiry: SetExpiry::In(20),
        ..SetOptions::default()
    };
    for number in 0..200 {
        let key = format!("k{number}");
        store
            .submit(|it| {
                it.set_with(&key, "x", soon);
            })
            .unwrap()
            .wait()
            .unwrap();
    }
    let begun = std::time::Instant::now();
    while store.dbsize().unwrap() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "they stay");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(store.stats().unwrap().expired_keys, 200);
}

#[test]
fn persist_lets_a_key_stay() {
    let (_, store) = memory();
    store.set("a", "1").unwrap();
    let later = SystemTime::now() + Duration::from_secs(60);
    assert!(store.expire_at("a", later).unwrap());
    assert!(store.persist("a").unwrap());
    assert!(!store.persist("a").unwrap());
    assert_eq!(store.ttl("a").unwrap(), Ttl::Never);
}

#[test]
fn keys_match_a_pattern() {
    let (_, store) = memory();
    store
        .mset([("user:1", "a"), ("user:2", "b"), ("x", "c")])
        .unwrap();
    let mut keys = store.keys("user:?").unwrap();
    keys.sort_unstable();
    assert_eq!(keys, [b"user:1", b"user:2"]);
}

#[test]
fn a_scan_gives_each_key_once_while_others_write() {
    let (_, store) = memory();
    for number in 0..500 {
        store.set(format!("old{number}"), "x").unwrap();
    }
    let (mut cursor, mut keys, mut round) = (Some(Default::default()), Vec::new(), 0);
    while let Some(from) = cursor {
        let page = store.scan(from, "old*", 10).unwrap();
        keys.extend(page.items);
        cursor = page.next;
        store.set(format!("new{round}"), "x").unwrap();
        round += 1;
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 500);
    assert!(round > 10, "a scan comes in parts");
}

#[test]
fn databases_are_apart() {
    let (vfs, store) = memory();
    store.set("a", "0").unwrap();
    store.db(7).set("a", "7").unwrap();
    store.db(7).flush_db().unwrap();
    store.db(9).set("a", "9").unwrap();
    assert_eq!(
        (store.dbsize().unwrap(), store.db(7).dbsize().unwrap()),
        (1, 0)
    );
    store.close().unwrap();
    let store = reopen(&vfs);
    assert_eq!(text(store.db(9).get("a").unwrap()).as_deref(), Some("9"));
    store.flush_all().unwrap();
    assert_eq!(
        (store.dbsize().unwrap(), store.db(9).dbsize().unwrap()),
        (0, 0)
    );
}

#[test]
#[should_panic(expected = "database 16384 is out of bounds")]
fn a_database_out_of_bounds_is_a_bug() {
    let (_, store) = memory();
    let _ = store.db(16_384);
}

#[test]
fn execute_answers_as_redis_does() {
    let (_, store) = memory();
    assert_eq!(store.execute(&["SET", "a", "1"]).unwrap(), Reply::Ok);
    assert_eq!(store.execute(&["INCR", "a"]).unwrap(), Reply::Int(2));
    let mut bytes = Vec::new();
    store.execute(&["GET", "a"]).unwrap().write(&mut bytes);
    assert_eq!(bytes, b"$1\r\n2\r\n");
}

#[test]
fn execute_refuses_in_redis_words() {
    let (_, store) = memory();
    let said = |argv: &[&str]| {
        let reply = store.execute(argv).unwrap();
        reply.error().unwrap().to_string()
    };
    assert_eq!(
        said(&["GET"]),
        "ERR wrong number of arguments for 'get' command"
    );
    assert_eq!(
        said(&["NONE", "x"]),
        "ERR unknown command 'NONE', with args beginning with: 'x' "
    );
    store.set("a", "x").unwrap();
    assert_eq!(
        said(&["INCR", "a"]),
        "ERR value is not an integer or out of range"
    );
}

#[test]
fn a_command_may_be_a_value() {
    let (_, store) = memory();
    let keys = vec![b"a".to_vec(), b"b".to_vec()];
    store.set("a", "1").unwrap();
    assert_eq!(store.run(Command::Exists { keys }).unwrap(), Reply::Int(1));
}

#[test]
fn large_values_survive() {
    let (vfs, store) = memory();
    let value = vec![b'x'; 5 << 20];
    store.set("a", &value).unwrap();
    store.append("a", "y").unwrap();
    store.close().unwrap();
    let found = reopen(&vfs).get("a").unwrap().unwrap();
    assert_eq!(found.len(), value.len() + 1);
    assert!(found.starts_with(&value) && found.ends_with(b"y"));
}
