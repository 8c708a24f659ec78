//! What a key costs in memory and an insert in time: `cargo bench --bench memory`.
//!
//! A million keys of 16 bytes with values of 100 bytes (116 bytes of payload), through the keyspace
//! alone, through a [`Store`] as fast as it takes them, through one that opens what another process
//! wrote, and in a `redis-server` if one is on `PATH`; then 100,000 hashes of five short fields,
//! likewise. Each load is a process of its own, so that none finds memory that
//! another freed. Bytes per key are what `VmRSS` of `/proc/self/status` grew by; for Redis what
//! `used_memory_rss` of `INFO memory` grew by.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use indelible::keyspace::{Entry, Fields, Keyspace, Value};
use indelible::{Options, Store};

/// Commands sent before their replies are read.
const PIPELINE: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Strings,
    Hashes,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.next();
    let rest: Vec<String> = arguments.collect();
    let count = |text: &str| text.parse().expect("a count");
    match part.as_deref() {
        Some("load") => return load(&rest[0], shape(&rest[1]), count(&rest[2])),
        Some("fill") => {
            let store = in_store(rest[0].as_ref(), shape(&rest[1]), count(&rest[2]));
            store.close().expect("close");
            return;
        }
        _ => {}
    }
    if !cfg!(target_os = "linux") {
        return println!("skipped: resident memory is read from /proc");
    }
    // `cargo test --benches` only wants to see that it works.
    let quick = !std::env::args().any(|arg| arg == "--bench");
    let scale = if quick { 100 } else { 1 };
    println!("| what | where | bytes per key | beside Redis | ns per insert |");
    println!("|---|---|--:|--:|--:|");
    for (shape, counts) in [
        (Shape::Strings, &[1_000_000, 5_000_000][..]),
        (Shape::Hashes, &[100_000][..]),
    ] {
        for count in counts {
            let count = count / scale;
            let redis = redis(shape, count);
            if let Some((bytes, nanos)) = redis {
                row(shape, count, "redis-server", (bytes, nanos), redis);
            }
            for place in ["keyspace", "store", "opened"] {
                if place == "keyspace" || count <= 1_000_000 {
                    row(shape, count, place, child(place, shape, count), redis);
                }
            }
        }
    }
}

fn row(shape: Shape, count: usize, place: &str, cost: (f64, f64), redis: Option<(f64, f64)>) {
    let ratio = redis.map_or_else(|| "?".into(), |redis| format!("{:.2}", cost.0 / redis.0));
    let (bytes, nanos) = cost;
    println!("| {count} {shape:?} | {place} | {bytes:.1} | {ratio} | {nanos:.0} |");
}

/// Runs this program again for one load.
fn child(place: &str, shape: Shape, count: usize) -> (f64, f64) {
    let text = run(&["load", place, &format!("{shape:?}"), &count.to_string()]);
    let mut numbers = text
        .split_whitespace()
        .map(|word| word.parse().expect("a number"));
    (numbers.next().expect("bytes"), numbers.next().expect("ns"))
}

/// What another process of this program prints.
fn run(arguments: &[&str]) -> String {
    let program = std::env::current_exe().expect("a program");
    let output = Command::new(program).args(arguments).output();
    let output = output.expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("text")
}

fn shape(name: &str) -> Shape {
    if name == "Strings" {
        Shape::Strings
    } else {
        Shape::Hashes
    }
}

fn load(place: &str, shape: Shape, count: usize) {
    let before = resident();
    let begun = Instant::now();
    let (after, took) = match place {
        "opened" => {
            let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
            // Another process fills it, so that none of its memory is counted here.
            let path = directory.path().to_str().expect("a path of text");
            let filling = run(&["fill", path, &format!("{shape:?}"), &count.to_string()]);
            assert!(filling.is_empty(), "{filling}");
            let begun = Instant::now();
            let store = Store::open(directory.path(), Options::default()).expect("open");
            let took = begun.elapsed();
            assert_eq!(store.dbsize().expect("a store that is open"), count as u64);
            (resident(), took)
        }
        "keyspace" => {
            let keyspace = in_keyspace(shape, count);
            let took = begun.elapsed();
            assert_eq!(keyspace.len(0), count);
            (resident(), took)
        }
        _ => {
            let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
            let store = in_store(directory.path(), shape, count);
            let took = begun.elapsed();
            let after = resident();
            store.close().expect("close");
            (after, took)
        }
    };
    let bytes = after.saturating_sub(before) as f64 / count as f64;
    println!("{bytes} {}", took.as_nanos() as f64 / count as f64);
}

/// Bytes of this process in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse::<u64>().ok()).expect("VmRSS") * 1_024
}

fn key(number: usize) -> [u8; 16] {
    let text = format!("key:{number:012}");
    text.as_bytes().try_into().expect("sixteen bytes")
}

fn value(number: usize) -> [u8; 100] {
    let mut value = [b'v'; 100];
    value[..8].copy_from_slice(&number.to_be_bytes());
    value
}

fn fields(number: usize) -> [(String, String); 5] {
    std::array::from_fn(|at| (format!("field{at}"), format!("value{}", number + at)))
}

fn in_keyspace(shape: Shape, count: usize) -> Keyspace {
    let mut keyspace = Keyspace::new(1);
    for number in 0..count {
        let entry = match shape {
            Shape::Strings => Entry::string(&value(number)),
            Shape::Hashes => {
                let mut hash = Fields::default();
                for (field, value) in fields(number) {
                    hash.put(field.as_bytes(), value.as_bytes());
                }
                Entry {
                    value: Value::Hash(hash),
                    expiry: None,
                }
            }
        };
        keyspace.insert(0, &key(number), entry);
        let undo = keyspace.take_undo();
        keyspace.retire(undo);
    }
    keyspace
}

fn in_store(directory: &std::path::Path, shape: Shape, count: usize) -> Store {
    let store = Store::open(directory, Options::default()).expect("open");
    let mut number = 0;
    while number < count {
        let end = count.min(number + PIPELINE);
        let batch = store.batch(|commands| {
            for number in number..end {
                commands.argv(&argv(shape, number)).expect("a command");
            }
        });
        batch.expect("a batch");
        number = end;
    }
    store
}

fn argv(shape: Shape, number: usize) -> Vec<Vec<u8>> {
    let key = key(number).to_vec();
    match shape {
        Shape::Strings => vec![b"SET".to_vec(), key, value(number).to_vec()],
        Shape::Hashes => {
            let mut argv = vec![b"HSET".to_vec(), key];
            for (field, value) in fields(number) {
                argv.extend([field.into_bytes(), value.into_bytes()]);
            }
            argv
        }
    }
}

/// A server that ends with this.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}

fn redis(shape: Shape, count: usize) -> Option<(f64, f64)> {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let arguments = [
        "--port",
        &port.to_string(),
        "--save",
        "",
        "--bind",
        "127.0.0.1",
    ];
    let mut command = Command::new("redis-server");
    let server = command.args(arguments).stdout(Stdio::null()).spawn();
    let _server = Server(server.ok()?);
    let mut stream = (0..100).find_map(|_| {
        thread::sleep(Duration::from_millis(50));
        TcpStream::connect(("127.0.0.1", port)).ok()
    })?;
    let before = used_memory_rss(&mut stream);
    let begun = Instant::now();
    for first in (0..count).step_by(PIPELINE) {
        let (mut sent, end) = (Vec::new(), count.min(first + PIPELINE));
        for number in first..end {
            let argv = argv(shape, number);
            write!(sent, "*{}\r\n", argv.len()).expect("memory");
            for argument in argv {
                write!(sent, "${}\r\n", argument.len()).expect("memory");
                sent.extend_from_slice(&argument);
                sent.extend_from_slice(b"\r\n");
            }
        }
        stream.write_all(&sent).expect("sent");
        // Each is answered by one line.
        let (mut lines, mut reply) = (0, [0; 4_096]);
        while lines < end - first {
            let len = stream.read(&mut reply).expect("a reply");
            assert!(len > 0, "the server is there");
            lines += reply[..len].iter().filter(|byte| **byte == b'\n').count();
        }
    }
    let took = begun.elapsed();
    thread::sleep(Duration::from_millis(500));
    let bytes = used_memory_rss(&mut stream).saturating_sub(before) as f64 / count as f64;
    Some((bytes, took.as_nanos() as f64 / count as f64))
}

fn used_memory_rss(stream: &mut TcpStream) -> u64 {
    stream.write_all(b"INFO memory\r\n").expect("sent");
    let (mut text, mut reply) = (String::new(), [0; 4_096]);
    loop {
        let len = stream.read(&mut reply).expect("a reply");
        assert!(len > 0, "the server is there");
        text += &String::from_utf8_lossy(&reply[..len]);
        let mut lines = text.split_inclusive("\r\n");
        let found =
            lines.find_map(|line| line.strip_prefix("used_memory_rss:")?.strip_suffix("\r\n"));
        if let Some(bytes) = found {
            return bytes.parse().expect("a number");
        }
    }
}
