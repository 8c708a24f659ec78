//! A random workload over all core types, given to a real server.
//!
//! Commands are words; a word that begins with `@` stands for something random: keys of a type
//! (`@s @l @h @t @z @g @p`, `@k` of any), a value or member (`@v`), a large one (`@V`), many
//! (`@M`), many pairs (`@P`), many scores with members (`@Z`), a number (`@n`), a float (`@f`), an
//! index (`@i`), a small count (`@c`), a database (`@d`), a time (`@at`, `@sec`), a span (`@in`), one
//! that is over at once (`@now`).
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::content::{Content, DATABASES, of_server};
use super::redis::{Client, Reply, Server};

type Argv = Vec<Vec<u8>>;

/// How often, and what.
const WORDS: &[(u32, &str)] = &[
    (30, "SET @s @v"),
    (3, "SET @s @V"),
    (5, "SET @s @v PX @in"),
    (5, "SET @s @v EXAT @sec"),
    (5, "SET @s @v KEEPTTL"),
    (4, "SET @s @v NX"),
    (4, "SET @s @v XX GET"),
    (3, "SETEX @s 100000 @v"),
    (3, "PSETEX @s @in @v"),
    (4, "SETNX @s @v"),
    (4, "GETSET @s @v"),
    (2, "GETDEL @s"),
    (3, "GETEX @s PX @in"),
    (3, "GETEX @s PERSIST"),
    (6, "MSET @s @v @s @v @s @v"),
    (3, "MSETNX @s @v @s @v"),
    (8, "APPEND @s @v"),
    (1, "APPEND @s @V"),
    (5, "SETRANGE @s @c @v"),
    (4, "SET @s @n"),
    (6, "INCR @s"),
    (4, "DECRBY @s @c"),
    (6, "INCRBY @s @n"),
    (5, "INCRBYFLOAT @s @f"),
    (4, "SETBIT @s @c 1"),
    (3, "BITOP OR @s @s @s"),
    (2, "BITOP NOT @s @s"),
    (
        3,
        "BITFIELD @s SET u8 #1 200 INCRBY i5 3 7 OVERFLOW SAT INCRBY u4 0 9",
    ),
    (6, "PFADD @p @M"),
    (3, "PFMERGE @p @p @p"),
    (12, "RPUSH @l @M"),
    (8, "LPUSH @l @v @v"),
    (1, "RPUSH @l @V"),
    (4, "RPUSHX @l @v"),
    (5, "LPOP @l"),
    (4, "RPOP @l @c"),
    (4, "LSET @l @i @v"),
    (4, "LINSERT @l BEFORE @v @v"),
    (4, "LREM @l @i @v"),
    (3, "LTRIM @l @i -1"),
    (4, "LMOVE @l @l LEFT RIGHT"),
    (3, "RPOPLPUSH @l @l"),
    (3, "LMPOP 2 @l @l RIGHT COUNT @c"),
    (2, "BLPOP @l @l 0.001"),
    (12, "HSET @h @P"),
    (3, "HSET @h @v @V"),
    (4, "HSETNX @h @v @v"),
    (4, "HMSET @h @P"),
    (5, "HDEL @h @v @v @v"),
    (5, "HINCRBY @h @v @n"),
    (4, "HINCRBYFLOAT @h @v @f"),
    (12, "SADD @t @M"),
    (5, "SREM @t @v @v @v"),
    (4, "SPOP @t"),
    (3, "SPOP @t @c"),
    (4, "SMOVE @t @t @v"),
    (3, "SUNIONSTORE @t @t @t"),
    (3, "SINTERSTORE @t @t @t"),
    (3, "SDIFFSTORE @t @t @t"),
    (12, "ZADD @z @Z"),
    (3, "ZADD @z XX CH @Z"),
    (3, "ZADD @z GT @Z"),
    (3, "ZADD @z NX @Z"),
    (4, "ZADD @z INCR @f @v"),
    (4, "ZINCRBY @z @f @v"),
    (5, "ZREM @z @v @v"),
    (3, "ZPOPMIN @z @c"),
    (2, "ZMPOP 1 @z MAX COUNT @c"),
    (2, "ZREMRANGEBYRANK @z 0 @c"),
    (2, "ZREMRANGEBYSCORE @z -1 1"),
    (1, "ZREMRANGEBYLEX @z [a [b"),
    (3, "ZUNIONSTORE @z 2 @z @t WEIGHTS 2 0.5 AGGREGATE MAX"),
    (2, "ZINTERSTORE @z 2 @z @z"),
    (2, "ZDIFFSTORE @z 2 @z @z"),
    (2, "ZRANGESTORE @z @z 0 @c REV"),
    (4, "GEOADD @g 13.361389 38.115556 @v 15.087269 37.502669 @v"),
    (2, "GEOSEARCHSTORE @z @g FROMLONLAT 14 38 BYRADIUS 120 km"),
    (2, "GEORADIUS @g 15 37 200 km STORE @z"),
    (2, "SORT @l ALPHA LIMIT 0 50 STORE @l"),
    (2, "SORT @t BY nosort GET # STORE @l"),
    (5, "EXPIRE @k 1000000"),
    (5, "PEXPIRE @k @in"),
    (2, "PEXPIRE @k @now"),
    (2, "SET @s @v PX @now"),
    (1, "EXPIRE @k -1"),
    (4, "PEXPIREAT @k @at"),
    (3, "EXPIREAT @k @sec GT"),
    (6, "PERSIST @k"),
    (6, "DEL @k @k"),
    (4, "UNLINK @k"),
    (4, "RENAME @k @k"),
    (2, "RENAMENX @k @k"),
    (5, "COPY @k @k REPLACE"),
    (3, "COPY @k @k DB @d"),
    (3, "MOVE @k @d"),
    (2, "SWAPDB @d @d"),
    (15, "SELECT @d"),
];

/// Whole databases are rarely lost, or little would be left to compare.
const RARE: &[&str] = &["FLUSHDB", "FLUSHALL ASYNC"];

const SCRIPT: &str = "redis.call('SET', KEYS[1], ARGV[1]) redis.call('RPUSH', KEYS[2], ARGV[1], 7) \
                      redis.call('SADD', KEYS[3], ARGV[1]) redis.call('INCR', 'scripts') \
                      redis.call('EXPIRE', KEYS[3], 500000) return redis.call('SPOP', KEYS[3])";

/// Which files a server is to write, and how much.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    pub commands: u64,
    /// Whether a base is an RDB image.
    pub preamble: bool,
    pub timestamps: bool,
    /// How many times the log is rewritten while the commands come.
    pub rewrites: u64,
    /// For how long at least.
    pub lasts: Duration,
}

/// What a server wrote, and what it held.
pub struct Made {
    pub dir: tempfile::TempDir,
    pub content: Content,
}

impl Made {
    /// The directory of the log.
    pub fn log(&self) -> PathBuf {
        self.dir.path().join("appendonlydir")
    }

    /// The image that the server saved at the end.
    pub fn image(&self) -> PathBuf {
        self.dir.path().join("dump.rdb")
    }

    /// All files of the log in one, as servers before 7 wrote it, at `path`.
    pub fn single(&self, path: &Path) {
        let part = |end: &'static str| {
            let names = fs::read_dir(self.log()).expect("the log").map(|entry| {
                let path = entry.expect("a file").path();
                let name = path.to_string_lossy().into_owned();
                (path, name)
            });
            let mut such: Vec<_> = names.filter(|(_, name)| name.contains(end)).collect();
            assert_eq!(such.len(), 1, "{end}: {such:?}");
            fs::read(such.remove(0).0).expect("a file")
        };
        fs::write(path, [part(".base."), part(".incr.")].concat()).expect("a file");
    }
}

/// Runs a workload on a server of its own.
pub fn make(plan: &Plan) -> Made {
    let dir = tempfile::tempdir().expect("a directory");
    let yes_no = |it| if it { "yes" } else { "no" };
    let settings = [
        "--aof-use-rdb-preamble",
        yes_no(plan.preamble),
        "--aof-timestamp-enabled",
        yes_no(plan.timestamps),
        "--auto-aof-rewrite-percentage",
        "0",
    ];
    let server = Server::start_with(dir.path(), &settings);
    let mut client = server.client();
    run(&mut client, plan);
    client.wait_for_rewrites();
    wait_for_expiry(&mut client);
    let content = of_server(&mut client);
    assert_eq!(client.say("SAVE"), Reply::ok());
    drop(server);
    Made { dir, content }
}

/// Waits until what expires at once has gone, and its DEL is in the file.
fn wait_for_expiry(client: &mut Client) {
    let deadline = Instant::now() + Duration::from_secs(30);
    for db in 0..DATABASES {
        client.say(&format!("SELECT {db}"));
        loop {
            std::thread::sleep(Duration::from_millis(20));
            let keys = client.say("KEYS *").into_list().len();
            if client.say("DBSIZE") == Reply::Int(keys as i64) {
                break;
            }
            assert!(Instant::now() < deadline, "keys expire");
        }
    }
}

fn run(client: &mut Client, plan: &Plan) {
    let mut rng = Rng(plan.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let begin = Instant::now();
    let (mut sent, mut failed, mut rewrites) = (0, 0, 0);
    while sent < plan.commands {
        let batch = batch(&mut rng);
        sent += batch.len() as u64;
        let replies = client.pipeline(&batch);
        failed += replies
            .iter()
            .filter(|it| matches!(it, Reply::Error(_)))
            .count() as u64;
        let done = sent as f64 / plan.commands as f64;
        if rewrites < plan.rewrites && done > (rewrites + 1) as f64 / (plan.rewrites + 1) as f64 {
            rewrites += 1;
            client.say("BGREWRITEAOF");
        }
        if begin.elapsed() < plan.lasts.mul_f64(done.min(1.0)) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    assert!(
        failed < sent / 2,
        "most commands do something: {failed} of {sent}"
    );
}

/// Commands one after the other, in a transaction, or by a script.
fn batch(rng: &mut Rng) -> Vec<Argv> {
    let words = |text: &str| vec![text.as_bytes().to_vec()];
    match rng.below(40) {
        0..3 => {
            let mut batch = vec![words("MULTI")];
            batch.extend((0..=rng.below(6)).map(|_| command(rng)));
            batch.push(words("EXEC"));
            batch
        }
        3..5 => {
            let mut argv = words("EVAL");
            argv.push(SCRIPT.as_bytes().to_vec());
            for word in ["3", "@s", "@l", "@t", "@v"] {
                rng.word(word, &mut argv);
            }
            vec![argv]
        }
        5 if rng.below(60) == 0 => {
            let rare = RARE[rng.below(RARE.len() as u64) as usize];
            vec![
                rare.split(' ')
                    .map(|word| word.as_bytes().to_vec())
                    .collect(),
            ]
        }
        _ => (0..=rng.below(8)).map(|_| command(rng)).collect(),
    }
}

fn command(rng: &mut Rng) -> Argv {
    let all: u32 = WORDS.iter().map(|(weight, _)| weight).sum();
    let mut at = rng.below(all.into()) as u32;
    let words = WORDS
        .iter()
        .find(|(weight, _)| match at.checked_sub(*weight) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        });
    let (_, words) = words.expect("one of them");
    let mut argv = Argv::new();
    for word in words.split(' ') {
        rng.word(word, &mut argv);
    }
    argv
}

pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn word(&mut self, word: &str, argv: &mut Argv) {
        let made = match word.strip_prefix('@') {
            None => word.as_bytes().to_vec(),
            Some("v") => self.item(),
            Some("V") => self.large(),
            Some("M") => return self.many(argv, |rng, argv| argv.push(rng.item())),
            Some("P") => {
                return self.many(argv, |rng, argv| argv.extend([rng.item(), rng.item()]));
            }
            Some("Z") => {
                return self.many(argv, |rng, argv| argv.extend([rng.float(), rng.item()]));
            }
            Some("n") => self.integer(),
            Some("f") => self.float(),
            Some("i") => (self.below(9) as i64 - 4).to_string().into_bytes(),
            Some("c") => self.below(9).to_string().into_bytes(),
            Some("d") => [0, 1, 5, 15][self.below(4) as usize]
                .to_string()
                .into_bytes(),
            Some("at") => (2_000_000_000_000 + self.below(1 << 40))
                .to_string()
                .into_bytes(),
            Some("sec") => (2_000_000_000 + self.below(1 << 30))
                .to_string()
                .into_bytes(),
            Some("in") => (100_000_000 + self.below(1 << 40)).to_string().into_bytes(),
            Some("now") => (1 + self.below(20)).to_string().into_bytes(),
            Some("k") => {
                let kind = *b"slhtzgp".get(self.below(7) as usize).expect("a type");
                self.key(kind)
            }
            Some(kind) => self.key(kind.as_bytes()[0]),
        };
        argv.push(made);
    }

    fn key(&mut self, kind: u8) -> Vec<u8> {
        let mut key = format!("{}{}", char::from(kind), self.below(14)).into_bytes();
        if key.ends_with(b"3") {
            key.extend(b"\r\n\0\xff \"#");
        }
        key
    }

    /// A value or a member, out of few enough that they meet again.
    fn item(&mut self) -> Vec<u8> {
        let number = self.below(700);
        match self.below(12) {
            0..5 => number.to_string().into_bytes(),
            5 => self.integer(),
            6 => format!("{:?}", number as f64 / 8.0).into_bytes(),
            7 => [&b"\0\r\n\xff"[..], &number.to_le_bytes()].concat(),
            8 => vec![b'a' + (number % 26) as u8; number as usize],
            9 if number == 0 => Vec::new(),
            _ => format!("member:{number}").into_bytes(),
        }
    }

    fn large(&mut self) -> Vec<u8> {
        let len = 1_000 + self.below(400_000) as usize;
        let unit = self.next().to_le_bytes();
        match self.below(2) {
            0 => unit.iter().copied().cycle().take(len).collect(),
            _ => (0..len).map(|_| self.next() as u8).collect(),
        }
    }

    /// A few, or more than a small encoding holds.
    fn many(&mut self, argv: &mut Argv, mut one: impl FnMut(&mut Self, &mut Argv)) {
        let count = match self.below(12) {
            0 => 1 + self.below(300),
            _ => 1 + self.below(5),
        };
        (0..count).for_each(|_| one(self, argv));
    }

    fn integer(&mut self) -> Vec<u8> {
        let bits = self.below(64) as u32;
        let magnitude = (self.next() << 11 | self.next()) >> bits;
        let number = magnitude as i64 >> 1;
        match self.below(2) {
            0 => number.to_string().into_bytes(),
            _ => number.wrapping_neg().to_string().into_bytes(),
        }
    }

    fn float(&mut self) -> Vec<u8> {
        let number = self.below(4_000) as f64 - 2_000.0;
        let text = match self.below(8) {
            0 => "inf".into(),
            1 => "-inf".into(),
            2 => format!("{:?}", number * 1e-9),
            3 => format!("{number}e{}", self.below(290)),
            4 => format!("{:?}", number / 7.0),
            _ => number.to_string(),
        };
        text.into_bytes()
    }
}
