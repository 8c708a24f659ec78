//! Seeds that are made: what a format allows, and what it does not.

use std::fs;
use std::path::Path;

use indelible::resp::write_command;
use indelible_sim::choice::Random;
use indelible_sim::fuzz::{HISTORIES, history_log};

type Seed = (String, Vec<u8>);

/// Writes the seeds that are made of a target; others in the directory stay.
pub fn write(target: &str, dir: &Path) {
    let seeds = match target {
        "commands" => random(12, &[40, 150, 400, 1_200]),
        "frames" => frames(),
        "manifest" => manifests(),
        "mutate_log" => random(24, &[12, 24, 60]),
        "rdb" => images(),
        "resp" => commands(),
        "world" => random(24, &[60, 200, 500]),
        other => panic!("nothing is made for {other}"),
    };
    fs::create_dir_all(dir).expect("a directory");
    for (name, bytes) in seeds {
        fs::write(dir.join(name), bytes).expect("a seed is written");
    }
}

fn seed(name: &str, bytes: impl AsRef<[u8]>) -> Seed {
    (name.to_owned(), bytes.as_ref().to_vec())
}

/// Any choices, of these lengths in turn.
fn random(count: u64, lens: &[usize]) -> Vec<Seed> {
    let seeds = (0..count).zip(lens.iter().cycle()).map(|(number, len)| {
        let mut random = Random::new(number);
        let bytes = std::iter::repeat_with(|| random.next_u64() as u8);
        (format!("random-{number:02}"), bytes.take(*len).collect())
    });
    let quiet = seed("quiet", []);
    std::iter::once(quiet).chain(seeds).collect()
}

fn frames() -> Vec<Seed> {
    let mut seeds = vec![
        seed("empty", []),
        seed("no-log", "*1\r\n$4\r\nPING\r\n"),
        seed(
            "newer",
            "#indelible v=2 id=0123456789abcdef crc=00000000\r\n",
        ),
    ];
    for number in 0..HISTORIES {
        let log = history_log(number);
        let text = String::from_utf8(log.clone()).expect("these logs are text");
        let mut add = |name: &str, bytes: &[u8]| {
            seeds.push((format!("log-{number}-{name}"), bytes.to_vec()));
        };
        add("whole", &log);
        add("header", &log[..49]);
        add("half", &log[..log.len() / 2]);
        add("less-a-byte", &log[..log.len() - 1]);
        add("zeros-behind", &[&log[..], &[0; 300]].concat());
        let mut flipped = log.clone();
        flipped[log.len() - 30] ^= 1;
        add("flipped", &flipped);
        // Made right again by the target, these say what no writer says.
        let last = |from: &str, to: &str| {
            let at = text.rfind(from).expect("a log has it");
            [&text[..at], to, &text[at + from.len()..]].concat()
        };
        add(
            "incarnation-at-its-end",
            last(" inc=", " inc=1844674407370955161").as_bytes(),
        );
        add(
            "numbers-at-their-end",
            at_the_end(&text, &[" lsn=", " wm="], u64::MAX).as_bytes(),
        );
        add("number-jumps", last(" lsn=", " lsn=9").as_bytes());
        add("keys-lie", last(" keys=", " keys=7").as_bytes());
        add("other-kind", last("#~mark", "#~open").as_bytes());
        add("no-command", last("\r\nSET\r\n", "\r\nGET\r\n").as_bytes());
        if number == 0 {
            let forged = at_the_end(&text, &[" inc="], u64::MAX);
            seeds.push(seed("bug-incarnations-at-their-end", forged));
            let forged = at_the_end(&text, &[" lsn=", " wm="], u64::MAX - 1);
            seeds.push(seed("bug-numbers-near-their-end", forged));
        }
    }
    seeds
}

/// The log with all numbers of these fields shifted so that the largest is `end`.
fn at_the_end(text: &str, fields: &[&str], end: u64) -> String {
    let (mut shifted, mut rest) = (String::new(), text);
    let number = |rest: &str| {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit());
        let digits = digits.unwrap_or(rest.len());
        (rest[..digits].parse::<u64>().expect("a number"), digits)
    };
    let places = |rest: &str| {
        let ends = fields
            .iter()
            .filter_map(|field| Some(rest.find(field)? + field.len()));
        ends.min()
    };
    let (mut largest, mut left) = (0, text);
    while let Some(at) = places(left) {
        largest = largest.max(number(&left[at..]).0);
        left = &left[at..];
    }
    while let Some(at) = places(rest) {
        let (number, digits) = number(&rest[at..]);
        shifted.push_str(&rest[..at]);
        shifted.push_str(&(end - largest + number).to_string());
        rest = &rest[at + digits..];
    }
    shifted + rest
}

fn manifests() -> Vec<Seed> {
    const LINES: [(&str, &str); 22] = [
        ("empty", ""),
        ("blank", "\n"),
        ("comment", "# nothing\n"),
        ("base", "file a.rdb seq 1 type b\n"),
        (
            "base-incr",
            "file a.base.aof seq 1 type b\nfile a.incr.aof seq 1 type i\n",
        ),
        ("history", "file a seq 1 type h\nfile b seq 1 type h\n"),
        ("order", "type i seq 3 file a\n"),
        ("case", "FILE a SEQ 1 TYPE i\n"),
        ("unknown-key", "file a seq 1 type i startoffset 12\n"),
        ("quoted", "file \"a b\\x00\\\"\\n\" seq 1 type i\n"),
        ("quoted-plainly", "file 'a b\\'' seq 1 type i\n"),
        ("quote-open", "file \"a seq 1 type i\n"),
        ("quote-glued", "file \"a\"b seq 1 type i\n"),
        ("no-line-feed", "file a seq 1 type i"),
        ("path", "file ../a seq 1 type i\n"),
        ("no-name", "file \"\" seq 1 type i\n"),
        ("seq-zero", "file a seq 0 type i\n"),
        ("seq-large", "file a seq 18446744073709551616 type i\n"),
        ("seq-falls", "file a seq 2 type i\nfile b seq 2 type i\n"),
        ("two-bases", "file a seq 1 type b\nfile b seq 2 type b\n"),
        ("type", "file a seq 1 type x\n"),
        ("odd", "file a seq 1 type i more\n"),
    ];
    let mut seeds: Vec<Seed> = LINES.map(|(name, text)| seed(name, text)).into();
    let twice = "file a seq 1 type i seq 1\n";
    seeds.push(seed("repeated-key", twice));
    seeds.push(seed("missing-key", "file a seq 1 kind i\n"));
    seeds.push(seed(
        "long-line",
        format!("file {} seq 1 type i\n", "a".repeat(1_100)),
    ));
    for name in [
        "commands",
        "rdb-base",
        "rewritten",
        "strings-commands",
        "timestamps",
    ] {
        let path = data(&format!("aof/{name}/appendonly.aof.manifest"));
        seeds.push(seed(&format!("redis-{name}"), path));
    }
    seeds
}

fn images() -> Vec<Seed> {
    let names = [
        "large",
        "plain-nodes",
        "small",
        "small-uncompressed",
        "strings",
        "strings-lfu",
        "strings-lru",
        "strings-uncompressed-unchecked",
        "unsupported",
    ];
    let mut seeds: Vec<Seed> = names
        .map(|name| seed(&format!("redis-{name}"), data(&format!("rdb/{name}.rdb"))))
        .into();
    let image = |value: &[u8]| [&b"REDIS0009"[..], value, b"\xff\0\0\0\0\0\0\0\0"].concat();
    seeds.push(seed("empty", []));
    seeds.push(seed("no-image", "*1\r\n$4\r\nPING\r\n"));
    seeds.push(seed(
        "version-3",
        b"REDIS0003\xfe\x02\x00\x01k\x05hello\xff",
    ));
    seeds.push(seed("version-13", "REDIS0013"));
    seeds.push(seed("nothing", image(b"")));
    seeds.push(seed(
        "bug-expired-at-0",
        image(b"\xfc\0\0\0\0\0\0\0\0\0\x01k\x01v"),
    ));
    seeds.push(seed(
        "bug-expired-before-1970",
        image(b"\xfd\xff\xff\xff\xff\0\x01k\x01v"),
    ));
    seeds.push(seed("key-twice", image(b"\0\x01k\x01v\0\x01k\x01w")));
    seeds.push(seed(
        "database-too-large",
        image(b"\xfe\x80\0\0\x40\0\0\x01k\x01v"),
    ));
    for kind in 0..=20 {
        let long = [&[kind, 1, b'k'][..], b"\x80\x1f\xff\xff\xff"].concat();
        seeds.push(seed(&format!("length-lies-{kind:02}"), image(&long)));
    }
    seeds
}

/// Lines of words as commands, and what is no command.
fn commands() -> Vec<Seed> {
    let mut seeds = vec![
        seed("empty", []),
        seed("no-array", "PING\r\n"),
        seed("no-arguments", "*0\r\n"),
        seed("leading-zero", "*01\r\n$4\r\nPING\r\n"),
        seed("negative", "*-1\r\n"),
        seed("many-arguments", "*2097152\r\n$1\r\na\r\n"),
        seed("too-many-arguments", "*2097153\r\n"),
        seed("long-argument", "*1\r\n$536870912\r\na"),
        seed("too-long-argument", "*1\r\n$536870913\r\n"),
        seed("wrong-end", "*1\r\n$4\r\nPINGx\r\n"),
        seed("cut", "*2\r\n$3\r\nGET\r\n$1\r"),
    ];
    const SESSIONS: [(&str, &str); 14] = [
        (
            "strings",
            "SET k v;APPEND k w;GET k;SETRANGE k 5 x;INCR n;INCRBYFLOAT n 0.5;GETDEL k",
        ),
        (
            "expiry",
            "SET k v PX 2;GET k;GET k;GET k;SET k v EX 9;TTL k;PERSIST k;EXPIRE k -1",
        ),
        (
            "databases",
            "SET k v;SELECT 2;SET j w;SWAPDB 0 2;MOVE k 5;COPY k j DB 3;FLUSHALL",
        ),
        (
            "lists",
            "RPUSH l a b c a;LREM l -1 a;LINSERT l BEFORE b x;LMOVE l m LEFT RIGHT;LTRIM l 1 1",
        ),
        (
            "hashes",
            "HSET h f 1 g 2;HINCRBY h f 9;HINCRBYFLOAT h f 0.1;HDEL h g;HRANDFIELD h 2",
        ),
        (
            "sets",
            "SADD s a b c;SPOP s;SRANDMEMBER s -5;SADD t b;SUNIONSTORE u s t;SMOVE u t a",
        ),
        (
            "zsets",
            "ZADD z 1 a 2 b 3 c;ZADD z GT CH 9 a;ZINCRBY z -inf b;ZRANGESTORE y z 0 1;ZPOPMAX z",
        ),
        (
            "zset-not-a-number",
            "ZADD z inf a;ZINCRBY z -inf a;ZADD z INCR -inf a",
        ),
        (
            "bits",
            "SETBIT b 7 1;BITOP NOT c b;BITFIELD c INCRBY u8 0 9 OVERFLOW SAT SET i5 3 7;BITPOS c 1",
        ),
        (
            "geo",
            "GEOADD g 13.3 38.1 p 15 37 c;GEOSEARCHSTORE h g FROMMEMBER p BYRADIUS 200 km",
        ),
        (
            "hyperloglog",
            "PFADD p a b c;PFADD q c d;PFMERGE p q;PFCOUNT p q",
        ),
        (
            "sort",
            "RPUSH l 3 1 2;SORT l DESC STORE m;SORT l BY nosort GET #;LCS l m",
        ),
        (
            "wrong-types",
            "SET k v;LPUSH k a;HSET k f v;SADD k m;ZADD k 1 m;INCR k;GETSET l a",
        ),
        (
            "arity-and-options",
            "SET k;SET k v NX XX;GET;EXPIRE k 1 NX GT;ZADD z NX GT 1 a;NOSUCH a b",
        ),
    ];
    for (name, session) in SESSIONS {
        let mut bytes = Vec::new();
        for command in session.split(';') {
            let argv: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
            write_command(&mut bytes, &argv);
        }
        seeds.push(seed(name, bytes));
    }
    let large: Vec<Vec<u8>> = (0..150).map(|n| format!("m{n}").into_bytes()).collect();
    let mut bytes = Vec::new();
    for name in ["SADD", "RPUSH", "HSET"] {
        let words = [name.as_bytes(), name.as_bytes()].into_iter();
        let argv: Vec<&[u8]> = words.chain(large.iter().map(Vec::as_slice)).collect();
        write_command(&mut bytes, &argv);
    }
    write_command(&mut bytes, &[b"SPOP", b"SADD", b"90"]);
    seeds.push(seed("large-collections", bytes));
    seeds
}

fn data(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    fs::read(path.join(name)).expect("recorded data")
}
