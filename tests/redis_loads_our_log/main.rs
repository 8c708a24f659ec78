//! Stock Redis loads our log and holds the same keys, values and expiry times.
//!
//! Needs `redis-server` and `redis-check-aof`, 7.0 or later, on the PATH; says so and skips without.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/content.rs"]
mod content;
#[path = "../common/redis.rs"]
mod redis;
mod workload;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use content::{Held, assert_same, of_keyspace, of_server};
use redis::{Reply, Server};
use tempfile::TempDir;
use workload::Made;

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

fn redis_holds_the_same(made: &Made, layout: Layout) {
    let dir = TempDir::new().unwrap();
    let checked = lay(&made.log, dir.path(), layout);
    assert_valid(&checked);
    let server = Server::start(dir.path());
    assert_same(
        &of_server(&mut server.client()),
        &made.expected,
        &format!("{layout:?}"),
    );
}

#[test]
fn a_log_with_everything_in_it_loads_in_every_layout() {
    if !redis::is_here() {
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
    if !redis::is_here() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let made = workload::rewritten(dir.path());
    redis_holds_the_same(&made, Layout::Base);
}

#[test]
fn an_empty_log_loads() {
    if !redis::is_here() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let made = workload::nothing(dir.path());
    redis_holds_the_same(&made, Layout::Plain);
}

#[test]
fn what_redis_goes_on_with_comes_back() {
    if !redis::is_here() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let mut made = workload::everything(dir.path());
    let added = (Held::String(b"value".to_vec()), None);
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
        assert_same(
            &of_keyspace(&loaded.keyspace),
            &made.expected,
            &format!("{layout:?}"),
        );
    }
}

#[test]
fn what_redis_makes_of_our_log_by_a_rewrite_comes_back() {
    if !redis::is_here() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let mut made = workload::everything(dir.path());
    made.expected.insert(
        (9, b"list".to_vec()),
        (Held::List(vec![b"1".to_vec(), b"2".to_vec()]), None),
    );
    for preamble in ["no", "yes"] {
        let theirs = TempDir::new().unwrap();
        lay(&made.log, theirs.path(), Layout::Plain);
        let server = Server::start_with(theirs.path(), &["--aof-use-rdb-preamble", preamble]);
        let mut client = server.client();
        client.say("SELECT 9");
        assert_eq!(client.say("RPUSH list 1"), Reply::Int(1));
        client.rewrite();
        assert_eq!(client.say("RPUSH list 2"), Reply::Int(2));
        drop(server);
        let loaded = indelible::redis::load(theirs.path(), 1).unwrap();
        assert_eq!(loaded.report.failed(), 0);
        assert_same(&of_keyspace(&loaded.keyspace), &made.expected, preamble);
    }
}
