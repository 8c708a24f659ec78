//! `indelible export`: a real server starts from it and holds the same.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::{command, contents, dumped, import, redis_case, run_on};
use tempfile::TempDir;

/// A server of its own, killed when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output();
    found.is_ok_and(|output| output.status.success())
}

fn cli(dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new("redis-cli");
    let output = command.arg("-s").arg(dir.join("sock")).args(args).output();
    String::from_utf8_lossy(&output.expect("redis-cli").stdout).into_owned()
}

/// What a server that starts from a directory holds, as it saves it; none without a server.
fn held_by_a_server(dir: &Path) -> Option<serde_json::Value> {
    if !is_there("redis-server") || !is_there("redis-cli") {
        println!("skipped: no redis-server and redis-cli");
        return None;
    }
    let options = "--port 0 --save  --appendonly yes --aof-load-truncated no --databases 64";
    let child = Command::new("redis-server")
        .args(options.split(' '))
        .arg("--dir")
        .arg(dir)
        .arg("--unixsocket")
        .arg(dir.join("sock"))
        .arg("--logfile")
        .arg(dir.join("log"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    let mut server = Server(child.expect("a server"));
    let begun = Instant::now();
    while !cli(dir, &["PING"]).contains("PONG") {
        let ended = server.0.try_wait().expect("a child");
        let log = fs::read_to_string(dir.join("log")).unwrap_or_default();
        assert!(
            ended.is_none() && begun.elapsed() < Duration::from_secs(60),
            "{log}"
        );
        sleep(Duration::from_millis(20));
    }
    assert!(cli(dir, &["SAVE"]).contains("OK"));
    Some(dumped(&dir.join("dump.rdb")))
}

/// Every type, small and in many pieces, several databases, expiries, bytes of every value.
fn mixture(path: &Path) {
    let mut file = Vec::new();
    let mut add = |argv: &[&str]| file.extend(command(argv));
    for db in ["0", "3", "40"] {
        add(&["SELECT", db]);
        add(&["SET", "string", &"s".repeat(200_000)]);
        add(&["SET", "empty", ""]);
        for item in 0..1_000 {
            let item = item.to_string();
            let long = item.repeat(100);
            add(&["RPUSH", "list", &long]);
            add(&["HSET", "hash", &item, &long]);
            add(&["SADD", "set", &item]);
            add(&["ZADD", "zset", &format!("{item}.1"), &item]);
        }
        add(&["ZADD", "zset", "inf", "a", "-inf", "b", "1e-300", "c"]);
        add(&["RPUSH", "short", "a", "b"]);
        add(&["PEXPIREAT", "short", "4102444800123"]);
        add(&["PEXPIREAT", "hash", "4102444800000"]);
    }
    let bytes: Vec<u8> = (0..=255).collect();
    let set: [&[u8]; 3] = [b"SET", b"\x00\r\n\xff key", &bytes];
    indelible::resp::write_command(&mut file, &set);
    fs::write(path, file).expect("a file");
}

#[test]
fn a_server_starts_from_an_exported_directory_and_holds_the_same() {
    let dir = TempDir::new().expect("a directory");
    let (file, store) = (dir.path().join("mixture"), dir.path().join("store"));
    mixture(&file);
    import(&file, &store).expect(0);
    let (redis, _) = redis_case("commands");
    for (at, from) in [store, redis].iter().enumerate() {
        let to = dir.path().join(format!("to{at}"));
        run_on("export", from, &["--to", to.to_str().expect("text")]).expect(0);
        let names: Vec<_> = contents(&to.join("appendonlydir"))
            .into_iter()
            .map(|it| it.0)
            .collect();
        assert_eq!(
            names,
            [
                "appendonly.aof.1.base.aof",
                "appendonly.aof.1.incr.aof",
                "appendonly.aof.manifest"
            ]
        );
        assert_eq!(dumped(&to), dumped(from));
        if let Some(held) = held_by_a_server(&to) {
            assert_eq!(held, dumped(from));
        }
    }
}

#[test]
fn a_server_starts_from_a_plain_file_of_old_commands() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("mixture");
    mixture(&file);
    let to = dir.path().join("server");
    let plain = to.join("appendonly.aof");
    let plain_arg = plain.to_str().expect("text").to_owned();
    run_on("export", &file, &["--plain", &plain_arg]).expect(0);
    let bytes = fs::read(&plain).expect("a file");
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|it| it == text);
    assert!(holds(b"$5\r\nHMSET\r\n") && !holds(b"$4\r\nHSET\r\n") && !bytes.starts_with(b"#"));
    let old = dir.path().join("old.aof");
    let old_arg = old.to_str().expect("text").to_owned();
    run_on("export", &file, &["--plain", &old_arg, "--seconds"]).expect(0);
    assert_eq!(
        dumped(&old)["0"]["c2hvcnQ="]["pexpireat"],
        4_102_444_801_000_u64
    );
    assert_eq!(contents(&to).len(), 1, "nothing temporary stays");
    if let Some(held) = held_by_a_server(&to) {
        assert_eq!(held, dumped(&file));
    }
}

#[test]
fn export_never_writes_over_anything() {
    let dir = TempDir::new().expect("a directory");
    let (redis, _) = redis_case("commands");
    let to = dir.path().to_str().expect("text").to_owned();
    run_on("export", &redis, &["--to", &to]).expect(0);
    let before = contents(&dir.path().join("appendonlydir"));
    run_on("export", &redis, &["--to", &to]).expect(2);
    let base = dir.path().join("appendonlydir/appendonly.aof.1.base.aof");
    run_on("export", &redis, &["--plain", base.to_str().expect("text")]).expect(2);
    assert_eq!(contents(&dir.path().join("appendonlydir")), before);
    run_on("export", &redis, &[]).expect(2);
    run_on("export", &redis, &["--to", &to, "--filename", "a b"]).expect(2);
}

#[test]
fn names_can_be_chosen() {
    let dir = TempDir::new().expect("a directory");
    let (redis, held) = redis_case("rdb-base");
    let to = dir.path().to_str().expect("text").to_owned();
    let names = ["--to", &to, "--dirname", "aofs", "--filename", "log"];
    run_on("export", &redis, &names).expect(0);
    assert_eq!(dumped(&dir.path().join("aofs/log.manifest")), held);
}
