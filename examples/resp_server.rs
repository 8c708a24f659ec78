//! One store served to Redis's clients (RESP 2), on the loopback: `resp_server DIRECTORY [PORT]`.
//!
//! A thread for each connection. Port 0, the default, takes a free one; the address is printed. The limits are in
//! docs/limits.md. Inline commands know no quotes; within MULTI only commands on data can be queued.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::thread;

use indelible::command::Command;
use indelible::limits::DATABASES_MAX;
use indelible::resp::{self, Parsed};
use indelible::{Options, Store, StoreError};

/// Bytes of one command, and of all that one MULTI queues.
const REQUEST_LEN_MAX: usize = 16 << 20;
/// Bytes of an inline command, as in Redis.
const INLINE_LEN_MAX: usize = 64 << 10;
/// Connections at a time.
const CONNECTIONS_MAX: usize = 256;
/// Replies are sent at the latest when so many bytes wait.
const REPLIES_LEN_MAX: usize = 64 << 10;

static NEXT_ID: AtomicI64 = AtomicI64::new(1);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let directory = arguments
        .next()
        .ok_or("usage: resp_server DIRECTORY [PORT]")?;
    let port = match arguments.next() {
        Some(port) => port.to_string_lossy().parse()?,
        None => 0,
    };
    let store = Store::open(&directory, Options::default())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    println!("{}", listener.local_addr()?);
    serve(&listener, store)
}

/// Serves until SHUTDOWN, then closes the store.
pub fn serve(listener: &TcpListener, store: Store) -> Result<(), Box<dyn Error>> {
    let address = listener.local_addr()?;
    let (stop, open) = (AtomicBool::new(false), AtomicUsize::new(0));
    let shared = std::sync::Arc::new((stop, open));
    loop {
        let (mut stream, _) = listener.accept()?;
        if shared.0.load(Ordering::SeqCst) {
            break;
        }
        if shared.1.load(Ordering::SeqCst) >= CONNECTIONS_MAX {
            // The client is refused whether it hears why or not.
            let _ = stream.write_all(b"-ERR max number of clients reached\r\n");
            continue;
        }
        shared.1.fetch_add(1, Ordering::SeqCst);
        let (shared, store) = (shared.clone(), store.clone());
        thread::spawn(move || {
            let mut connection = Connection::new(store);
            if let Err(error) = connection.run(&mut stream) {
                eprintln!("connection {}: {error}", connection.id);
            }
            shared.1.fetch_sub(1, Ordering::SeqCst);
            if connection.shutdown {
                shared.0.store(true, Ordering::SeqCst);
                wake(address);
            }
        });
    }
    store.close()?;
    Ok(())
}

fn wake(address: SocketAddr) {
    if let Err(error) = TcpStream::connect(address) {
        eprintln!("shutdown: {error}");
    }
}

struct Connection {
    store: Store,
    id: i64,
    db: u32,
    name: Vec<u8>,
    queue: Option<Queue>,
    out: Vec<u8>,
    ended: bool,
    shutdown: bool,
}

#[derive(Default)]
struct Queue {
    commands: Vec<Vec<Vec<u8>>>,
    len: usize,
    spoiled: bool,
}

impl Connection {
    fn new(store: Store) -> Self {
        Self {
            store,
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            db: 0,
            name: Vec::new(),
            queue: None,
            out: Vec::new(),
            ended: false,
            shutdown: false,
        }
    }

    fn run(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let (mut input, mut piece) = (Vec::new(), vec![0; 64 << 10]);
        let mut wanted = 0;
        while !self.ended {
            let len = stream.read(&mut piece)?;
            if len == 0 {
                break;
            }
            input.extend_from_slice(&piece[..len]);
            if input.len() < wanted {
                continue;
            }
            let mut done = 0;
            wanted = 0;
            while !self.ended && done < input.len() {
                let (taken, needed) = self.step(&input[done..]);
                done += taken;
                if self.out.len() >= REPLIES_LEN_MAX {
                    stream.write_all(&self.out)?;
                    self.out.clear();
                }
                if taken == 0 {
                    wanted = input.len() - done + needed;
                    break;
                }
            }
            input.drain(..done);
            if !self.ended && input.len().max(wanted) > REQUEST_LEN_MAX {
                self.protocol_error("command too long");
            }
            stream.write_all(&self.out)?;
            self.out.clear();
        }
        Ok(())
    }

    /// Takes one command; returns how many bytes it took, or 0 and how many are missing.
    fn step(&mut self, input: &[u8]) -> (usize, usize) {
        if input[0] != b'*' {
            return self.inline(input);
        }
        match resp::parse_command(input) {
            Ok(Parsed::Complete { len, .. }) if len > REQUEST_LEN_MAX => {
                self.protocol_error("command too long");
                (len, 0)
            }
            Ok(Parsed::Complete { argv, len }) => {
                self.command(&argv);
                (len, 0)
            }
            Ok(Parsed::Incomplete { needed }) => (0, needed),
            Err(error) => {
                match input.get(error.offset) {
                    _ if error.offset == 0 || error.expected.starts_with("'*'") => {
                        self.protocol_error("invalid multibulk length")
                    }
                    Some(found) if *found != b'$' && input[error.offset - 1] == b'\n' => {
                        let found = char::from(*found).escape_default();
                        self.protocol_error(&format!("expected '$', got '{found}'"));
                    }
                    _ => self.protocol_error("invalid bulk length"),
                }
                (input.len(), 0)
            }
        }
    }

    fn inline(&mut self, input: &[u8]) -> (usize, usize) {
        let line = &input[..input.len().min(INLINE_LEN_MAX)];
        let Some(len) = line.iter().position(|byte| *byte == b'\n') else {
            if line.len() == INLINE_LEN_MAX {
                self.protocol_error("too big inline request");
            }
            return (0, 1);
        };
        let words = line[..len].split(u8::is_ascii_whitespace);
        let argv: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
        if line[..len].iter().any(|byte| matches!(byte, b'"' | b'\'')) {
            self.protocol_error("quotes in inline requests are not supported");
        } else if !argv.is_empty() {
            self.command(&argv);
        }
        (len + 1, 0)
    }

    fn command(&mut self, argv: &[&[u8]]) {
        let name = String::from_utf8_lossy(argv[0]).to_ascii_lowercase();
        match (name.as_str(), &argv[1..]) {
            ("multi", []) if self.queue.is_some() => {
                self.error("ERR MULTI calls can not be nested")
            }
            ("multi", []) => {
                self.queue = Some(Queue::default());
                self.simple("OK");
            }
            ("exec", []) => self.exec(),
            ("discard", []) => match self.queue.take() {
                Some(_) => self.simple("OK"),
                None => self.error("ERR DISCARD without MULTI"),
            },
            ("quit", _) => {
                self.simple("OK");
                self.ended = true;
            }
            _ if self.queue.is_some() => self.enqueue(argv),
            _ => self.immediate(&name, argv),
        }
    }

    fn immediate(&mut self, name: &str, argv: &[&[u8]]) {
        match (name, &argv[1..]) {
            ("ping", []) => self.simple("PONG"),
            ("ping" | "echo", [text]) => resp::write_bulk(&mut self.out, text),
            ("select", [number]) => self.select(number),
            ("hello", []) => self.hello(),
            ("hello", [b"2"]) => self.hello(),
            ("hello", [_]) => self.error("NOPROTO unsupported protocol version"),
            ("client", [sub, rest @ ..]) => self.client(sub, rest),
            ("command", _) => resp::write_argc(&mut self.out, 0),
            ("config", [sub, _, ..]) if sub.eq_ignore_ascii_case(b"get") => {
                resp::write_argc(&mut self.out, 0);
            }
            ("info", _) => match self.store.stats() {
                Ok(stats) => {
                    let text = format!(
                        "# Persistence\r\naof_enabled:{}\r\naof_current_size:{}\r\naof_base_size:{}\r\n",
                        u8::from(stats.aof_enabled),
                        stats.aof_current_size,
                        stats.aof_base_size
                    );
                    resp::write_bulk(&mut self.out, text.as_bytes());
                }
                Err(error) => self.failure(&error),
            },
            ("shutdown", []) => (self.ended, self.shutdown) = (true, true),
            (
                "multi" | "exec" | "discard" | "ping" | "echo" | "select" | "client" | "shutdown"
                | "hello",
                _,
            ) => {
                self.error(&format!(
                    "ERR wrong number of arguments for '{name}' command"
                ));
            }
            _ => match self.store.db(self.db).execute(argv) {
                Ok(reply) => reply.write(&mut self.out),
                Err(error) => self.failure(&error),
            },
        }
    }

    fn select(&mut self, number: &[u8]) {
        match resp::parse_integer(number).map(u32::try_from) {
            None => self.error("ERR value is not an integer or out of range"),
            Some(Ok(db)) if db < DATABASES_MAX => {
                self.db = db;
                self.simple("OK");
            }
            Some(_) => self.error("ERR DB index is out of range"),
        }
    }

    fn hello(&mut self) {
        let out = &mut self.out;
        resp::write_argc(out, 6);
        resp::write_bulk(out, b"server");
        resp::write_bulk(out, b"indelible");
        resp::write_bulk(out, b"proto");
        out.extend_from_slice(b":2\r\n");
        resp::write_bulk(out, b"id");
        out.extend_from_slice(format!(":{}\r\n", self.id).as_bytes());
    }

    fn client(&mut self, sub: &[u8], rest: &[&[u8]]) {
        match (sub.to_ascii_lowercase().as_slice(), rest) {
            (b"setname", [name]) if name.iter().all(u8::is_ascii_graphic) => {
                self.name = name.to_vec();
                self.simple("OK");
            }
            (b"setname", [_]) => self
                .error("ERR Client names cannot contain spaces, newlines or special characters."),
            (b"getname", []) if self.name.is_empty() => self.out.extend_from_slice(b"$-1\r\n"),
            (b"getname", []) => resp::write_bulk(&mut self.out, &self.name),
            (b"id", []) => self
                .out
                .extend_from_slice(format!(":{}\r\n", self.id).as_bytes()),
            _ => {
                self.error("ERR unknown subcommand or wrong number of arguments. Try CLIENT HELP.")
            }
        }
    }

    fn enqueue(&mut self, argv: &[&[u8]]) {
        let Some(queue) = self.queue.as_mut() else {
            return;
        };
        let len: usize = argv.iter().map(|word| word.len() + 32).sum();
        let problem = match Command::parse(argv) {
            Err(error) => Some(error.to_string()),
            Ok(_) if queue.len + len > REQUEST_LEN_MAX => Some("ERR MULTI is too long".into()),
            Ok(_) => None,
        };
        if let Some(problem) = problem {
            queue.spoiled = true;
            return self.error(&problem);
        }
        queue.len += len;
        queue
            .commands
            .push(argv.iter().map(|word| word.to_vec()).collect());
        self.simple("QUEUED");
    }

    fn exec(&mut self) {
        let Some(queue) = self.queue.take() else {
            return self.error("ERR EXEC without MULTI");
        };
        if queue.spoiled {
            return self.error("EXECABORT Transaction discarded because of previous errors.");
        }
        if queue.commands.is_empty() {
            return resp::write_argc(&mut self.out, 0);
        }
        let mut refused = None;
        let replies = self.store.db(self.db).batch(|batch| {
            for argv in &queue.commands {
                if let Err(error) = batch.argv(argv) {
                    refused = Some(error);
                }
            }
        });
        // Each was parsed when it was queued, so none is refused here.
        assert!(
            refused.is_none(),
            "a queued command no longer parses: {refused:?}"
        );
        match replies {
            Ok(replies) => {
                resp::write_argc(&mut self.out, replies.len());
                replies.iter().for_each(|reply| reply.write(&mut self.out));
            }
            Err(error) => self.failure(&error),
        }
    }

    fn failure(&mut self, error: &StoreError) {
        match error {
            StoreError::Command(error) => self.error(&error.to_string()),
            error => self.error(&format!("ERR {error}")),
        }
    }

    fn protocol_error(&mut self, text: &str) {
        self.error(&format!("ERR Protocol error: {text}"));
        self.ended = true;
    }

    fn error(&mut self, text: &str) {
        let text = text.replace(['\r', '\n'], " ");
        self.out
            .extend_from_slice(format!("-{text}\r\n").as_bytes());
    }

    fn simple(&mut self, text: &str) {
        self.out
            .extend_from_slice(format!("+{text}\r\n").as_bytes());
    }
}
