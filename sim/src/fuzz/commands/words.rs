//! Which commands there are, and what stands in them.

use crate::choice::{Bytes, Choices};

/// Commands as words. One that begins with `@` stands for something chosen: keys that mostly hold one
/// type (`@s @l @h @t @z`), any key (`@k`), a value or member (`@v`), many (`@M`), many pairs (`@P`),
/// scores with members (`@Z`), a number (`@n`), an index (`@i`), a count (`@c`), a score (`@f`), a
/// database (`@d`), a time (`@at`), a span in milliseconds (`@in`). The first is the quietest.
const WORDS: &[&str] = &[
    "GET @s",
    "SET @s @v",
    "SET @s @v NX",
    "SET @s @v XX GET",
    "SET @s @v PX @in",
    "SET @s @v KEEPTTL",
    "SET @k @v GET",
    "SETNX @k @v",
    "PSETEX @s @in @v",
    "GETSET @s @v",
    "GETDEL @s",
    "APPEND @s @v",
    "STRLEN @s",
    "SETRANGE @s @c @v",
    "GETRANGE @s @i @i",
    "INCR @s",
    "INCRBY @s @n",
    "DECRBY @s @n",
    "MSET @s @v @k @v",
    "MSETNX @s @v @k @v",
    "MGET @s @k @s",
    "DEL @k @k",
    "UNLINK @k",
    "EXISTS @k @k",
    "TYPE @k",
    "KEYS *",
    "PEXPIRE @k @in",
    "PEXPIREAT @k @at",
    "PERSIST @k",
    "PTTL @k",
    "RENAME @k @k",
    "RENAMENX @k @k",
    "COPY @k @k",
    "COPY @k @k DB @d REPLACE",
    "MOVE @k @d",
    "SWAPDB @d @d",
    "FLUSHDB",
    "FLUSHALL",
    "RPUSH @l @M",
    "LPUSH @l @v @v",
    "LPUSHX @l @v",
    "RPUSHX @l @v",
    "LPOP @l",
    "RPOP @l",
    "LPOP @l @c",
    "RPOP @l @c",
    "LLEN @l",
    "LINDEX @l @i",
    "LRANGE @l @i @i",
    "LSET @l @i @v",
    "LINSERT @l BEFORE @v @v",
    "LINSERT @l AFTER @v @v",
    "LREM @l @i @v",
    "LTRIM @l @i @i",
    "LMOVE @l @l LEFT RIGHT",
    "LMOVE @l @l RIGHT LEFT",
    "HSET @h @P",
    "HSETNX @h @v @v",
    "HGET @h @v",
    "HMGET @h @v @v",
    "HDEL @h @v @v",
    "HLEN @h",
    "HEXISTS @h @v",
    "HINCRBY @h @v @n",
    "HGETALL @h",
    "HKEYS @h",
    "SADD @t @M",
    "SREM @t @v @v",
    "SISMEMBER @t @v",
    "SCARD @t",
    "SMEMBERS @t",
    "SMOVE @t @t @v",
    "SUNION @t @t",
    "SINTER @t @t",
    "SDIFF @t @t",
    "SUNIONSTORE @t @t @t",
    "SINTERSTORE @t @t @t",
    "SDIFFSTORE @t @t @t",
    "ZADD @z @Z",
    "ZADD @z NX @Z",
    "ZADD @z XX CH @Z",
    "ZADD @z GT CH @Z",
    "ZADD @z LT @Z",
    "ZADD @z INCR @f @v",
    "ZADD @z XX INCR @f @v",
    "ZINCRBY @z @f @v",
    "ZREM @z @v @v",
    "ZSCORE @z @v",
    "ZCARD @z",
    "ZRANK @z @v",
    "ZREVRANK @z @v",
    "ZRANGE @z @i @i",
    "ZRANGE @z @i @i REV",
    "ZCOUNT @z @f @f",
    "ZRANGEBYSCORE @z @f @f",
    "ZPOPMIN @z @c",
    "ZPOPMAX @z",
    "ZREMRANGEBYRANK @z @i @i",
    "ZREMRANGEBYSCORE @z @f @f",
];

/// Keys of one type.
const KEYS_OF_TYPE: u32 = 3;
/// More members than one allocation holds.
const MANY_MAX: u32 = 90;
/// Bytes that are taken over as they are, at most.
const RAW_MAX: u32 = 40;

/// A command with all its arguments, well formed.
pub fn command(choices: &mut Bytes<'_>, now: u64) -> Vec<Vec<u8>> {
    let words = WORDS[choices.choose(WORDS.len() as u32) as usize];
    let mut argv = Vec::new();
    for word in words.split(' ') {
        push(word, choices, now, &mut argv);
    }
    argv
}

fn push(word: &str, choices: &mut Bytes<'_>, now: u64, argv: &mut Vec<Vec<u8>>) {
    let made = match word {
        "@s" | "@l" | "@h" | "@t" | "@z" => key(word.as_bytes()[1], choices),
        "@k" => {
            let kind = b"slhtz"[choices.choose(5) as usize];
            key(kind, choices)
        }
        "@v" => value(choices),
        "@M" => return many(choices, |choices| argv.push(value(choices))),
        "@P" => {
            return many(choices, |choices| {
                argv.extend([value(choices), value(choices)])
            });
        }
        "@Z" => {
            return many(choices, |choices| {
                argv.extend([score(choices), value(choices)])
            });
        }
        "@n" => number(choices),
        "@i" => (i64::from(choices.choose(12)) - 6).to_string().into_bytes(),
        "@c" => choices.choose(9).to_string().into_bytes(),
        "@f" => score(choices),
        "@d" => choices.choose(super::DATABASES).to_string().into_bytes(),
        "@in" => (1 + choices.choose(5_000)).to_string().into_bytes(),
        "@at" => {
            let at = now + u64::from(choices.choose(6_000));
            (at - 1_000).to_string().into_bytes()
        }
        word => word.as_bytes().to_vec(),
    };
    argv.push(made);
}

fn key(kind: u8, choices: &mut Bytes<'_>) -> Vec<u8> {
    match choices.choose(KEYS_OF_TYPE) {
        0 => vec![kind],
        1 => vec![kind, b'1'],
        _ => [&[kind][..], b"\r\n\0\xff \"#~"].concat(),
    }
}

/// A value or a member, out of few enough that they meet again.
fn value(choices: &mut Bytes<'_>) -> Vec<u8> {
    match choices.choose(32) {
        0 => b"a".to_vec(),
        1 => Vec::new(),
        2 => b"b".to_vec(),
        3 => i64::MAX.to_string().into_bytes(),
        4 => i64::MIN.to_string().into_bytes(),
        5 => b"007".to_vec(),
        // Too long to be packed with others.
        6 => vec![b'x'; 700],
        7 | 8 => {
            let len = choices.choose(RAW_MAX) as usize;
            choices.take(len).to_vec()
        }
        few => (i64::from(few) - 12).to_string().into_bytes(),
    }
}

/// A few, or more than one allocation holds.
fn many(choices: &mut Bytes<'_>, mut one: impl FnMut(&mut Bytes<'_>)) {
    let count = match choices.choose(12) {
        11 => choices.choose(MANY_MAX),
        few => few % 4,
    };
    (0..=count).for_each(|_| one(choices));
}

fn number(choices: &mut Bytes<'_>) -> Vec<u8> {
    let number = match choices.choose(16) {
        0 => 0,
        1 => i64::MAX,
        2 => i64::MIN,
        3 => i64::from(i32::MAX),
        few => i64::from(few) - 9,
    };
    number.to_string().into_bytes()
}

fn score(choices: &mut Bytes<'_>) -> Vec<u8> {
    const SCORES: [&str; 12] = [
        "0", "1", "-1", "2", "0.5", "-0", "inf", "-inf", "1e300", "3", "0.1", "-2.5",
    ];
    SCORES[choices.choose(SCORES.len() as u32) as usize].into()
}
