//! Stock Redis loads our log and holds the same keys, values and expiry times.
//!
//! Needs `redis-server` and `redis-check-aof`, 7.0 or later, on the PATH; says so and skips without.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
mod redis;
mod workload;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use redis::{Client, Reply, Server};
use tempfile::TempDir;
use workload::{Expected, Made};

/// How a log is laid before Redis.
#[derive(Clone, Copy, Debug)]
enum Layout {
    /// `appendonly.aof`, as Redis 6 left it; Redis 7 moves it into a directory.
    Plain,
    /// As the base of a Redis 7 directory.
    Base,
    /// As its only incremental file.
    Incremental,
}

/// Copies a log to where Redis looks for it; returns what `redis-check-aof` is to be given.
fn lay(log: &Path, dir: &Path, layout: Layout) -> PathBuf {
    let (name, kind) = match layout {
        Layout::Plain => {
            let path = dir.join("appendonly.aof");
            fs::copy(log, &path).unwrap();
            return path;
        }
        Layout::Base => ("appendonly.aof.1.base.aof", 'b'),
        Layout::Incremental => ("appendonly.aof.1.incr.aof", 'i'),
    };
    let files = dir.join("appendonlydir");
    fs::create_dir(&files).unwrap();
    fs::copy(log, files.join(name)).unwrap();
    let manifest = files.join("appendonly.aof.manifest");
    fs::write(&manifest, format!("file {name} seq 1 type {kind}\n")).unwrap();
    manifest
}

fn assert_valid(path: &Path) {
    let output = Command::new("redis-check-aof").arg(path).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "redis-check-aof: {text}");
    assert!(text.contains("valid"), "redis-check-aof: {text}");
}

fn assert_same(client: &mut Client, expected: &Expected) {
    for db in 0..workload::DATABASES {
        assert_eq!(
            client.call(&[b"SELECT", db.to_string().as_bytes()]),
            Reply::ok()
        );
        let keys: Vec<_> = expected.iter().filter(|((of, _), _)| *of == db).collect();
        assert_eq!(
            client.call(&[b"DBSIZE"]),
            Reply::Int(keys.len() as i64),
            "database {db}"
        );
        for ((_, key), (value, expiry)) in keys {
            let name = key.escape_ascii();
            let found = client.call(&[b"GET", key]);
            assert!(
                found == Reply::Bulk(Some(value.clone())),
                "database {db}, key {name}: value"
            );
            let time = client.call(&[b"PEXPIRETIME", key]);
            let wanted = expiry.map_or(-1, |at| i64::try_from(at).unwrap());
            assert_eq!(
                time,
                Reply::Int(wanted),
                "database {db}, key {name}: expiry"
            );
        }
    }
}

fn redis_holds_the_same(made: &Made, layout: Layout) {
    let dir = TempDir::new().unwrap();
    let checked = lay(&made.log, dir.path(), layout);
    assert_valid(&checked);
    let server = Server::start(dir.path());
    assert_same(&mut server.client(), &made.expected);
}

/// Whether Redis is here; says so if not.
fn redis_is_here() -> bool {
    let version = redis::version();
    if version.is_none() {
        eprintln!("skipped: no redis-server and redis-check-aof 7.0 or later on the PATH");
    }
    version.is_some()
}

#[test]
fn a_log_with_everything_in_it_loads_in_every_layout() {
    if !redis_is_here() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let made = workload::everything(dir.path());
    for layout in [Layout::Plain, Layout::Base, Layout::Incremental] {
        redis_holds_the_same(&made, layout);
    }
}

#[test]
fn a_log_that_was_just_rewritten_loads() {
    if !redis_is_here() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let made = workload::rewritten(dir.path());
    redis_holds_the_same(&made, Layout::Base);
}

#[test]
fn an_empty_log_loads() {
    if !redis_is_here() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let made = workload::nothing(dir.path());
    redis_holds_the_same(&made, Layout::Plain);
}

#[test]
fn what_redis_goes_on_with_comes_back() {
    if !redis_is_here() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let mut made = workload::everything(dir.path());
    let added = (b"value".to_vec(), None);
    made.expected.insert((9, b"new".to_vec()), added);
    // Redis writes to a file behind ours, or behind our frames.
    for layout in [Layout::Plain, Layout::Incremental] {
        let theirs = TempDir::new().unwrap();
        lay(&made.log, theirs.path(), layout);
        let server = Server::start(theirs.path());
        let mut client = server.client();
        for argv in [
            &[b"CONFIG".as_slice(), b"SET", b"appendfsync", b"always"][..],
            &[b"SELECT", b"9"],
            &[b"SET", b"new", b"value"],
        ] {
            assert_eq!(client.call(argv), Reply::ok());
        }
        drop(server);
        let loaded = indelible::redis::load(theirs.path(), 1).unwrap();
        assert_eq!(loaded.report.failed(), 0);
        assert!(
            workload::content(&loaded.keyspace) == made.expected,
            "{layout:?}"
        );
    }
}
