#!/usr/bin/env python3
"""Makes the images beside this file with the redis-server on PATH, and what they hold as JSON.

The files in the repository were written by 7.0.15. Usage: python3 make.py
"""
import base64, json, os, random, shutil, socket, subprocess, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
EXPIRY = 1_900_000_000_123
B64 = lambda data: base64.b64encode(data).decode()
B = lambda arg: arg if isinstance(arg, bytes) else str(arg).encode()


class Server:
    def __init__(self, options):
        self.dir = tempfile.mkdtemp()
        path = os.path.join(self.dir, "s")
        args = ["redis-server", "--port", "0", "--unixsocket", path, "--dir", self.dir,
                "--save", "", "--enable-debug-command", "local"] + options
        self.process = subprocess.Popen(args, stdout=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                time.sleep(0.05)
        self.file = self.socket.makefile("rb")

    def __call__(self, *argv):
        argv = [B(arg) for arg in argv]
        self.socket.sendall(b"*%d\r\n" % len(argv) + b"".join(b"$%d\r\n%s\r\n" % (len(arg), arg) for arg in argv))
        return self.reply()

    def reply(self):
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(line)
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2] if int(rest) >= 0 else None
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest

    def image(self):
        self("SAVE")
        with open(os.path.join(self.dir, "dump.rdb"), "rb") as file:
            return file.read()

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.dir)


def content(server):
    dbs = {}
    for db in range(16):
        server("SELECT", db)
        keys = sorted(server("KEYS", "*"))
        if keys:
            dbs[str(db)] = {B64(key): entry(server, key) for key in keys}
    return {key: value for key, value in dbs.items()}


def entry(server, key):
    kind = server("TYPE", key).decode()
    pairs = lambda flat: list(zip(flat[::2], flat[1::2]))
    if kind == "string":
        value = B64(server("GET", key))
    elif kind == "list":
        value = [B64(item) for item in server("LRANGE", key, 0, -1)]
    elif kind == "set":
        value = sorted(B64(item) for item in server("SMEMBERS", key))
    elif kind == "hash":
        value = sorted([B64(field), B64(item)] for field, item in pairs(server("HGETALL", key)))
    elif kind == "zset":
        value = [[B64(member), repr(float(score))] for member, score in pairs(server("ZRANGE", key, 0, -1, "WITHSCORES"))]
    else:
        value = None
    expiry = server("PEXPIRETIME", key)
    return {"type": kind, "value": value, "pexpireat": expiry if expiry >= 0 else None,
            "encoding": server("OBJECT", "ENCODING", key).decode()}


def make(name, fill, *options):
    server = Server(list(options))
    try:
        fill(server)
        image = server.image()
        held = {"server": "7.0.15", "case": name, "dbs": content(server)}
    finally:
        server.close()
    with open(os.path.join(HERE, name + ".rdb"), "wb") as file:
        file.write(image)
    with open(os.path.join(HERE, name + ".json"), "w") as file:
        json.dump(held, file, indent=1, sort_keys=True)
        file.write("\n")
    print(name, len(image), {e["encoding"] for d in held["dbs"].values() for e in d.values()})


INTEGERS = [0, 1, 12, 13, -1, 63, 64, 127, 128, -128, -129, 4095, -4096, 4096, -4097, 32767, -32768, 32768, -32769,
            8388607, -8388608, 8388608, -8388609, 2147483647, -2147483648, 2147483648, -2147483649,
            9223372036854775807, -9223372036854775808]
TEXTS = [b"", b"a", b"007", b"-0", b"+1", b" 1", b"9223372036854775808", b"\x00\xff\r\n", b"x" * 63, b"y" * 64,
         bytes(random.Random(1).randbytes(200)), b"ab" * 150]
SCORES = ["-inf", "inf", "0", "-0.0", "1.5", "-1e300", "1e-300", "3", "1000000", "123456789012345680", "0.1"]


def strings(server):
    for number in INTEGERS:
        server("SET", f"n{number}", number)
    for at, text in enumerate(TEXTS):
        server("SET", f"t{at}", text)
    server("SET", "", "an empty key")
    server("SET", b"\x00key\xff", "bytes")
    server("SET", "repeated", b"abcdefgh" * 500)
    server("SET", "k" * 100, "a long key")
    server("SET", "expiring", "v", "PXAT", EXPIRY)
    server("SELECT", 9)
    server("SET", "n", "in nine")


def collections(server):
    items = INTEGERS + TEXTS
    server("RPUSH", "list", *items)
    server("RPUSH", "list-of-one", "x")
    server("HSET", "hash", *[x for at, item in enumerate(items) for x in (f"f{at}", item)])
    server("HSET", "hash-of-integers", *[x for number in INTEGERS for x in (number, number)])
    server("ZADD", "zset", *[x for at, score in enumerate(SCORES) for x in (score, f"m{at}")])
    server("ZADD", "zset-of-integers", *[x for number in INTEGERS[:20] for x in (number, number)])
    server("SADD", "set", *items)
    for width, limit in (16, 15), (32, 31), (64, 63):
        server("SADD", f"set-{width}", 0, 5, -3, 2 ** limit - 1, -(2 ** limit))
    server("PEXPIREAT", "list", EXPIRY)
    server("SELECT", 3)
    server("RPUSH", "l", *[b"item %d of a list" % at for at in range(40)])
    server("HSET", "h", "f", "v")
    server("ZADD", "z", 1, "one")
    server("SADD", "s", "member")


def plain_nodes(server):
    server("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "100b")
    server("RPUSH", "list", "a", b"b" * 120, "c", random.Random(2).randbytes(300), 7)


def unsupported(server):
    server("SET", "first", 1)
    server("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 1 end)")
    server("XADD", "stream", "1-1", "f", "v")
    for at in range(2, 8):
        server("XADD", "stream", f"{at}-0", "f", at, "g", b"w" * 50)
    server("XDEL", "stream", "3-0")
    server("XGROUP", "CREATE", "stream", "group", "0")
    server("XGROUP", "CREATE", "stream", "idle", "$")
    server("XREADGROUP", "GROUP", "group", "one", "COUNT", 3, "STREAMS", "stream", ">")
    server("XREADGROUP", "GROUP", "group", "two", "COUNT", 1, "STREAMS", "stream", ">")
    server("XADD", "empty", "MAXLEN", 0, "1-1", "f", "v")
    server("PEXPIREAT", "stream", EXPIRY)
    server("SET", "last", 2)


PLAIN = ["--hash-max-listpack-entries", "2", "--zset-max-listpack-entries", "2",
         "--set-max-intset-entries", "2", "--list-max-listpack-size", "4"]
make("strings", strings)
make("strings-uncompressed-unchecked", strings, "--rdbcompression", "no", "--rdbchecksum", "no")
make("strings-lru", strings, "--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru")
make("strings-lfu", strings, "--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lfu")
make("small", collections)
make("small-uncompressed", collections, "--rdbcompression", "no")
make("large", collections, *PLAIN)
make("plain-nodes", plain_nodes)
make("unsupported", unsupported)
