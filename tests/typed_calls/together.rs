//! Collections in batches and updates.

use indelible::vfs::{Access, MemVfs, Vfs};
use indelible::{CommandError, FromReply, Options, Reply, Store, StoreError};

use crate::same::{bytes, sorted, words};

fn memory() -> (MemVfs, Store) {
    let vfs = MemVfs::default();
    let store = open(&vfs);
    (vfs, store)
}

fn open(vfs: &MemVfs) -> Store {
    Store::open_with(vfs.clone(), Options::default()).unwrap()
}

#[test]
fn a_batch_of_collections_is_one_commit() {
    let (vfs, store) = memory();
    let before = store.stats().unwrap().last_lsn;
    let replies = store
        .batch(|it| {
            it.rpush("l", ["a", "b"])
                .hset("h", "f", "v")
                .lrange("l", 0, -1);
            it.db(3).hset("h", "f", "3");
        })
        .unwrap();
    assert_eq!(store.stats().unwrap().last_lsn, before.next());
    let [pushed, set, range, _] = <[Reply; 4]>::try_from(replies).unwrap();
    assert_eq!(u64::from_reply(pushed).unwrap(), 2);
    assert!(bool::from_reply(set).unwrap());
    assert_eq!(Vec::<Vec<u8>>::from_reply(range).unwrap(), words("a b"));
    store.close().unwrap();
    let store = open(&vfs);
    assert_eq!(store.lrange("l", 0, -1).unwrap(), words("a b"));
    assert_eq!(store.db(3).hget("h", "f").unwrap(), Some(bytes("3")));
}

/// Wherever its frame is torn: none of a batch is there, until all of it is.
#[test]
fn a_torn_batch_of_collections_leaves_nothing_of_it() {
    let (vfs, store) = memory();
    store.rpush("l", ["a"]).unwrap();
    let start = read(&vfs).len();
    store
        .batch(|it| {
            it.rpush("l", ["b"]).hset("h", "f", "v").sadd("s", ["m"]);
            it.zadd("z", [(1.5, "m")]).pfadd("p", ["x"]).del("l");
        })
        .unwrap();
    let log = read(&vfs);
    drop(store);
    for len in start..=log.len() {
        let torn = MemVfs::default();
        let file = torn.create(LOG).unwrap();
        torn.write_at(&file, 0, &log[..len]).unwrap();
        let store = open(&torn);
        let (new, old) = (["h", "s", "z", "p"], ["l"]);
        let found = (
            store.exists_all(new).unwrap(),
            store.exists_all(old).unwrap(),
        );
        let expected = if len == log.len() { (4, 0) } else { (0, 1) };
        assert_eq!(found, expected, "{len} of {} bytes", log.len());
    }
}

const LOG: &str = "appendonly.aof";

fn read(vfs: &MemVfs) -> Vec<u8> {
    let file = vfs.open(LOG, Access::Read).unwrap();
    let mut bytes = vec![0; vfs.len(&file).unwrap() as usize];
    assert_eq!(vfs.read_at(&file, 0, &mut bytes).unwrap(), bytes.len());
    bytes
}

#[test]
fn a_refused_call_leaves_the_others_of_its_batch() {
    let (vfs, store) = memory();
    store.set("s", "x").unwrap();
    let replies = store
        .batch(|it| {
            it.rpush("l", ["a"])
                .rpush("s", ["b"])
                .rpush("l", [""; 0])
                .rpush("l", ["c"]);
        })
        .unwrap();
    let refused = [
        CommandError::WrongType,
        CommandError::WrongArity { name: "rpush" },
    ];
    assert_eq!(replies[1..3], refused.map(Reply::Error));
    store.close().unwrap();
    assert_eq!(open(&vfs).lrange("l", 0, -1).unwrap(), words("a c"));
}

#[test]
fn a_batch_that_only_reads_is_no_commit() {
    let (_, store) = memory();
    store.rpush("l", ["a"]).unwrap();
    let before = store.stats().unwrap().last_lsn;
    let replies = store.batch(|it| {
        it.llen("l").hlen("h");
    });
    assert_eq!(replies.unwrap(), [Reply::Int(1), Reply::Int(0)]);
    assert_eq!(store.stats().unwrap().last_lsn, before);
}

#[test]
fn an_update_reads_what_was_and_writes_as_one_commit() {
    let (vfs, store) = memory();
    store.rpush("queue", ["a", "b"]).unwrap();
    let taken = store
        .update(|it| {
            let Some(first) = it.lindex("queue", 0)? else {
                return Ok(None);
            };
            it.lpop("queue").hset("taken", &first, "1");
            assert_eq!(it.llen("queue")?, 2, "reads see what was before");
            assert!(!it.hexists("taken", &first)?);
            Ok(Some(first))
        })
        .unwrap();
    assert_eq!(taken, Some(bytes("a")));
    store.close().unwrap();
    let store = open(&vfs);
    assert_eq!(store.lrange("queue", 0, -1).unwrap(), words("b"));
    assert_eq!(store.hkeys("taken").unwrap(), words("a"));
}

#[test]
fn an_update_that_meets_the_wrong_type_writes_nothing() {
    let (_, store) = memory();
    store.set("s", "x").unwrap();
    let failed = store.update(|it| {
        it.rpush("l", ["a"]);
        it.hgetall("s").map(Some)
    });
    let wrong = |error| matches!(error, StoreError::Command(CommandError::WrongType));
    assert!(failed.is_err_and(wrong));
    assert!(!store.exists("l").unwrap());
}

#[test]
fn collections_in_many_threads_lose_nothing() {
    let (vfs, store) = memory();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for number in 0..50 {
                    store.rpush("l", [format!("{thread}:{number}")]).unwrap();
                    store.hincr_by("h", "n", 1).unwrap();
                }
            });
        }
    });
    store.close().unwrap();
    let store = open(&vfs);
    let mut all = sorted(store.lrange("l", 0, -1).unwrap());
    all.dedup();
    assert_eq!(all.len(), 200);
    assert_eq!(store.hget("h", "n").unwrap(), Some(bytes("200")));
}
