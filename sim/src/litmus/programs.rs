//! The programs.

use super::Call::{
    Append, Crash, Create, Open, Rename, Repair, Sync, SyncFails, Truncate, Unlink, Write,
};
use super::Program;

/// All of them, in the order of their numbers; the last two are Ferrite's.
pub const PROGRAMS: &[Program] = &[
    Program {
        id: "L1",
        about: "append, append",
        files: &[("f", b"old!")],
        calls: &[Open("f"), Append("f", b"BB"), Append("f", b"CC")],
    },
    Program {
        id: "L2",
        about: "append over the border of a page",
        files: &[("f", &[b'a'; 4090])],
        calls: &[Open("f"), Append("f", b"0123456789ab")],
    },
    Program {
        id: "L3",
        about: "create, write, rename to a new name",
        files: &[],
        calls: &[Create("tmp"), Append("tmp", b"new"), Rename("tmp", "f")],
    },
    Program {
        id: "L4",
        about: "create, write, rename over an old file",
        files: &[("f", b"old!")],
        calls: &[Create("tmp"), Append("tmp", b"new"), Rename("tmp", "f")],
    },
    Program {
        id: "L5",
        about: "rename one, rename another",
        files: &[("a", b"1"), ("b", b"2")],
        calls: &[Rename("a", "x"), Rename("b", "y")],
    },
    Program {
        id: "L6",
        about: "create, write, sync the file, not the directory",
        files: &[],
        calls: &[Create("f"), Append("f", b"new"), Sync("f")],
    },
    Program {
        id: "L7",
        about: "rename, then unlink another",
        files: &[("a", b"1"), ("b", b"2")],
        calls: &[Rename("a", "x"), Unlink("b")],
    },
    Program {
        id: "L8",
        about: "write two files, sync the second",
        files: &[("f", b"old!"), ("g", b"1234")],
        calls: &[
            Open("f"),
            Open("g"),
            Write("f", 0, b"new?"),
            Write("g", 0, b"5678"),
            Sync("g"),
        ],
    },
    Program {
        id: "L9",
        about: "truncate, append, sync",
        files: &[("f", b"12345678")],
        calls: &[Open("f"), Truncate("f", 4), Append("f", b"ab"), Sync("f")],
    },
    Program {
        id: "L10",
        about: "write, a sync that fails, one that succeeds",
        files: &[("f", b"old!")],
        calls: &[Open("f"), Write("f", 0, b"new?"), SyncFails("f"), Sync("f")],
    },
    Program {
        id: "L11",
        about: "the same, with an append behind the failed sync",
        files: &[("f", b"old!")],
        calls: &[
            Open("f"),
            Write("f", 0, b"new?"),
            SyncFails("f"),
            Append("f", b"++"),
            Sync("f"),
        ],
    },
    Program {
        id: "L12",
        about: "unlink while open, write, sync",
        files: &[("f", b"old!")],
        calls: &[Open("f"), Unlink("f"), Write("f", 0, b"new?"), Sync("f")],
    },
    Program {
        id: "L13",
        about: "append, crash, recover, append",
        files: &[("f", b"old!")],
        calls: &[
            Open("f"),
            Append("f", b"BB"),
            Crash,
            Open("f"),
            Repair("f", &[b"old!", b"old!BB"]),
            Append("f", b"CC"),
        ],
    },
    Program {
        id: "create-rename",
        about: "Ferrite: create, write, rename to a new name",
        files: &[],
        calls: &[Create("0"), Append("0", b"tt"), Rename("0", "1")],
    },
    Program {
        id: "append-chrome",
        about: "Ferrite: 13 bytes behind 2509, then 2500 over the border of a page",
        files: &[("0", &[b't'; 2509])],
        calls: &[
            Open("0"),
            Append("0", &[b't'; 13]),
            Append("0", &[b't'; 2500]),
        ],
    },
];
