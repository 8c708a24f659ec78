//! The example that serves a store to Redis's clients, over its socket.
#![cfg(all(unix, feature = "std"))]

#[expect(dead_code, reason = "the example's main is not called here")]
#[path = "../examples/resp_server.rs"]
mod resp_server;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indelible::{Options, Store};

struct Server {
    port: u16,
    thread: JoinHandle<()>,
}

fn start(directory: &Path) -> Server {
    let store = Store::open(directory, Options::default()).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = thread::spawn(move || resp_server::serve(&listener, store).unwrap());
    Server { port, thread }
}

impl Server {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
    }

    fn shut_down(self) {
        self.connect().write_all(b"SHUTDOWN\r\n").unwrap();
        self.thread.join().unwrap();
    }
}

#[track_caller]
fn expect(stream: &mut TcpStream, request: &str, reply: &str) {
    stream.write_all(request.as_bytes()).unwrap();
    let mut found = vec![0; reply.len()];
    stream.read_exact(&mut found).unwrap();
    assert_eq!(String::from_utf8_lossy(&found), reply, "to {request:?}");
}

#[test]
fn commands_are_answered_as_redis_does() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path());
    let stream = &mut server.connect();
    expect(
        stream,
        "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n",
        "+OK\r\n",
    );
    expect(stream, "*2\r\n$3\r\nGET\r\n$1\r\na\r\n", "$1\r\n1\r\n");
    expect(
        stream,
        "GET\r\n",
        "-ERR wrong number of arguments for 'get' command\r\n",
    );
    expect(
        stream,
        "RPUSH l x y\r\nLRANGE l 0 -1\r\n",
        ":2\r\n*2\r\n$1\r\nx\r\n$1\r\ny\r\n",
    );
    expect(
        stream,
        "HSET h f v\r\nHGETALL h\r\n",
        ":1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n",
    );
    expect(
        stream,
        "ZADD z 1.5 m\r\nZSCORE z m\r\n",
        ":1\r\n$3\r\n1.5\r\n",
    );
    expect(
        stream,
        "SELECT 1\r\nGET a\r\nSELECT 0\r\n",
        "+OK\r\n$-1\r\n+OK\r\n",
    );
    expect(
        stream,
        "HELLO 3\r\n",
        "-NOPROTO unsupported protocol version\r\n",
    );
    expect(
        stream,
        "MULTI\r\nINCR a\r\nGET a\r\nEXEC\r\n",
        "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:2\r\n$1\r\n2\r\n",
    );
    expect(
        stream,
        "MULTI\r\nINCR a\r\nDISCARD\r\nGET a\r\n",
        "+OK\r\n+QUEUED\r\n+OK\r\n$1\r\n2\r\n",
    );
    expect(stream, "EXEC\r\n", "-ERR EXEC without MULTI\r\n");
    expect(
        stream,
        "CLIENT SETNAME me\r\nCLIENT GETNAME\r\n",
        "+OK\r\n$2\r\nme\r\n",
    );
    server.shut_down();
}

#[test]
fn a_thousand_pipelined_commands_are_answered_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path());
    let replies: String = (1..=1_000).map(|number| format!(":{number}\r\n")).collect();
    expect(
        &mut server.connect(),
        &"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n".repeat(1_000),
        &replies,
    );
    server.shut_down();
}

#[test]
fn a_restart_keeps_data() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path());
    expect(&mut server.connect(), "SET a kept\r\n", "+OK\r\n");
    server.shut_down();
    let server = start(directory.path());
    expect(&mut server.connect(), "GET a\r\n", "$4\r\nkept\r\n");
    server.shut_down();
}

#[test]
fn malformed_input_is_answered_and_the_connection_closed() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path());
    for (request, reply) in [
        ("*1\r\nX", "-ERR Protocol error: expected '$', got 'X'\r\n"),
        (
            "*x\r\n",
            "-ERR Protocol error: invalid multibulk length\r\n",
        ),
        (
            "*1\r\n$x\r\n",
            "-ERR Protocol error: invalid bulk length\r\n",
        ),
        (
            "*2\r\n$3\r\nGET\r\n$400000000\r\n",
            "-ERR Protocol error: command too long\r\n",
        ),
    ] {
        let stream = &mut server.connect();
        expect(stream, request, reply);
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "open after {request:?}");
    }
    server.shut_down();
}

#[test]
fn redis_clients_talk_to_it() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path());
    let port = server.port.to_string();
    for (program, arguments, expected) in [
        ("redis-cli", "PING", "PONG"),
        ("redis-benchmark", "-t set,get,lpush -n 2000 -q", "LPUSH: "),
    ] {
        let mut command = Command::new(program);
        match command
            .args(["-p", &port])
            .args(arguments.split(' '))
            .output()
        {
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stdout);
                assert!(
                    output.status.success() && text.contains(expected),
                    "{output:?}"
                );
            }
            Err(error) => println!("skipped: {program}: {error}"),
        }
    }
    server.shut_down();
}
