//! A length that lies costs no memory: the file is refused within little of it.
#![cfg(unix)]

mod common;

use std::fs;
use std::process::Command;

use tempfile::TempDir;

/// Checks and dumps a file in a process that may have so many KiB of memory.
fn refused_within(limit_kib: u32, name: &str, bytes: &[u8]) {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join(name);
    fs::write(&path, bytes).expect("a file");
    for command in ["check", "dump"] {
        let script = format!("ulimit -v {limit_kib} && exec \"$0\" {command} \"$1\"");
        let output = Command::new("sh")
            .args(["-c", &script])
            .arg(env!("CARGO_BIN_EXE_indelible"))
            .arg(&path)
            .output()
            .expect("a shell");
        let text = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code();
        // What is short is loaded up to there; a check calls it a problem.
        let known = code == Some(1) || (command == "dump" && code == Some(0));
        assert!(
            known && !text.contains("memory allocation"),
            "{command}: {output:?}"
        );
    }
}

/// An image of version 9 without a checksum that holds one value.
fn image(kind: u8, value: &[u8]) -> Vec<u8> {
    [b"REDIS0009", &[kind, 1, b'k'][..], value, &[255], &[0; 8]].concat()
}

#[test]
fn lengths_that_lie_in_commands_take_no_memory() {
    for bytes in [
        &b"*2000000\r\n$1\r\na\r\n"[..],
        b"*1048576\r\n",
        b"*1\r\n$536870912\r\na\r\n",
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870911\r\nv",
    ] {
        refused_within(200_000, "a.aof", bytes);
    }
}

#[test]
fn lengths_that_lie_in_images_take_no_memory() {
    let long = [0x80, 0x1f, 0xff, 0xff, 0xff];
    let wide = [&[0x81][..], &(1_u64 << 40).to_be_bytes()].concat();
    let packed = [&[0xc3, 4][..], &long, b"\x02abc"].concat();
    for len in [&long[..], &wide, &packed] {
        for kind in [0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 16, 17, 18, 20] {
            refused_within(200_000, "dump.rdb", &image(kind, len));
        }
    }
}
