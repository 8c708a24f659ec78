//! Who may import whom, and which rooms are pure.

use std::collections::BTreeSet;

use crate::assert_none;
use crate::code::{code_of, is_word, line_at, words};
use crate::files::{of_the_library, root};

/// A room, and the rooms that it may name; all may name `EVERYBODYS`.
const ROOMS: &[(&str, &[&str])] = &[
    ("limits", &[]),
    ("units", &[]),
    ("sabotage", &[]),
    ("effect", &[]),
    ("resp", &[]),
    ("keyspace", &[]),
    ("command", &["resp", "keyspace"]),
    ("log", &["resp"]),
    ("engine", &["command", "keyspace", "log", "effect"]),
    ("redis", &["resp", "command", "keyspace", "log"]),
    ("vfs", &["effect"]),
    (
        "recover",
        &[
            "vfs", "effect", "log", "resp", "command", "keyspace", "engine",
        ],
    ),
    (
        "driver",
        &["engine", "vfs", "effect", "recover", "command", "keyspace"],
    ),
];
const EVERYBODYS: &[&str] = &["limits", "units", "sabotage"];

/// Rooms on `alloc` alone, the same in every build.
const PURE: &[&str] = &[
    "limits", "units", "effect", "resp", "keyspace", "command", "log", "engine",
];
/// Pure files and folders of rooms that also read directories.
const PURE_PARTS: &[&str] = &[
    "redis/manifest.rs",
    "redis/aof.rs",
    "redis/rdb/",
    "redis/resync.rs",
    "redis/unsupported.rs",
];

/// The room of a file, from its path below `src/`.
fn room_of(path: &str) -> &str {
    let first = path.split('/').next().expect("a path has a part");
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The first parts of all paths from the crate's root.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for at in words(code, "crate") {
        let Some(behind) = code[at + "crate".len()..].trim_start().strip_prefix("::") else {
            continue;
        };
        match behind.trim_start().strip_prefix('{') {
            Some(group) => found.extend(group_heads(group)),
            None => found.extend(head(behind)),
        }
    }
    found
}

fn head(path: &str) -> Option<String> {
    let name: String = path
        .trim_start()
        .chars()
        .take_while(|it| is_word(*it))
        .collect();
    (!name.is_empty()).then_some(name)
}

/// The first part of each path of `{a::b, c::{d, e}}`, behind its first brace.
fn group_heads(group: &str) -> Vec<String> {
    let (mut heads, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                heads.extend(head(&group[start..at]));
                start = at + 1;
                if letter == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    heads
}

/// What a room names and may not.
fn wrong_imports(path: &str, source: &str) -> Vec<String> {
    let room = room_of(path);
    let Some((_, may)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![format!(
            "src/{path}: the room {room} is not in the table of rooms"
        )];
    };
    let is_room = |name: &str| ROOMS.iter().any(|(room, _)| *room == name);
    let allowed = |name: &str| name == room || may.contains(&name) || EVERYBODYS.contains(&name);
    let mut complaints = Vec::new();
    for name in imports(&code_of(source)) {
        if !is_room(&name) {
            complaints.push(format!(
                "src/{path}: crate::{name} is no room; name the room it is from"
            ));
        } else if !allowed(&name) {
            complaints.push(format!("src/{path}: {room} may not import {name}"));
        }
    }
    complaints
}

/// Whether a chain of `super::` leaves the room.
fn climbs_out(path: &str, source: &str) -> bool {
    let code = code_of(source);
    let parts: Vec<&str> = path
        .trim_end_matches(".rs")
        .split('/')
        .filter(|it| *it != "mod")
        .collect();
    let inline = words(&code, "mod").any(|at| {
        let behind = code[at + 3..].trim_start();
        behind
            .trim_start_matches(is_word)
            .trim_start()
            .starts_with('{')
    });
    let depth = parts.len() + usize::from(inline);
    let dense: String = code.split_whitespace().collect();
    dense.contains(&"super::".repeat(depth))
}

/// Where a pure room names the standard library or asks for a feature.
fn impurities(path: &str, source: &str) -> Vec<String> {
    let code = code_of(source);
    let std_named = words(&code, "std").map(|at| (at, "names std"));
    // Of a feature only the name is a literal, so the rest of the attribute is code.
    let features = words(&code, "feature").filter(|at| {
        let before: String = code[..*at].split_whitespace().collect();
        ["cfg(", "cfg!(", "cfg_attr(", "any(", "all(", "not("]
            .iter()
            .any(|end| before.ends_with(end))
    });
    let features = features.map(|at| (at, "asks for a feature"));
    let complaint = |(at, what)| format!("src/{path}:{}: a pure room {what}", line_at(&code, at));
    std_named.chain(features).map(complaint).collect()
}

fn is_pure(path: &str) -> bool {
    PURE.contains(&room_of(path)) || PURE_PARTS.iter().any(|part| path.starts_with(part))
}

#[test]
fn a_wrong_import_is_noticed() {
    assert_none(&wrong_imports(
        "engine/mod.rs",
        "use crate::effect::Lane; use crate::units::Lsn;",
    ));
    let wrong = |path, source: &str| wrong_imports(path, source).len();
    assert_eq!(wrong("engine/mod.rs", "use crate::vfs::Vfs;"), 1);
    assert_eq!(
        wrong("engine/mod.rs", "fn f() { crate :: driver::perform() }"),
        1
    );
    assert_eq!(
        wrong(
            "keyspace/db.rs",
            "use crate::{units::Lsn, log::{a, b}, effect};"
        ),
        2
    );
    assert_eq!(
        wrong(
            "engine/mod.rs",
            "// see crate::vfs\nconst A: &str = \"crate::vfs\";"
        ),
        0
    );
    assert_eq!(wrong("engine/mod.rs", "use crate::Store;"), 1);
    assert_eq!(wrong("attic/mod.rs", ""), 1);
}

#[test]
fn a_climb_out_of_the_room_is_noticed() {
    assert!(climbs_out("engine/mod.rs", "use super::vfs::Vfs;"));
    assert!(climbs_out("engine/pump.rs", "use super::super::vfs::Vfs;"));
    assert!(!climbs_out("engine/pump.rs", "use super::logfile::Mark;"));
    assert!(!climbs_out(
        "log/tests/line.rs",
        "use super::super::line::x;"
    ));
    assert!(!climbs_out(
        "effect.rs",
        "#[cfg(test)] mod tests { use super::*; }"
    ));
}

#[test]
fn an_impurity_is_noticed() {
    let impure = |source| impurities("engine/mod.rs", source).len();
    assert_eq!(impure("use std::vec::Vec;"), 1);
    assert_eq!(impure("extern crate std;"), 1);
    assert_eq!(impure("fn f() -> ::std::string::String { g() }"), 1);
    assert_eq!(impure("#[cfg(feature = \"x\")] fn f() {}"), 1);
    assert_eq!(impure("#[cfg(all(\n feature = \"x\"))] fn f() {}"), 1);
    assert_eq!(impure("fn f() { if cfg!(feature = \"x\") {} }"), 1);
    assert_eq!(
        impure("// std::x, cfg(feature)\n#[cfg(test)] mod tests { use alloc::vec; }"),
        0
    );
}

#[test]
fn imports_run_one_way() {
    let files = of_the_library();
    let rooms = files.iter().filter(|file| file.path != "lib.rs");
    assert_none(
        &rooms
            .flat_map(|file| wrong_imports(&file.path, &file.text))
            .collect::<Vec<_>>(),
    );
    for (room, may) in ROOMS {
        for below in *may {
            let back = ROOMS
                .iter()
                .find(|(name, _)| name == below)
                .expect("a room")
                .1;
            assert!(!back.contains(room), "{room} and {below} import each other");
        }
    }
}

#[test]
fn no_path_climbs_out_of_its_room() {
    let files = of_the_library();
    let out = files
        .iter()
        .filter(|file| file.path != "lib.rs" && climbs_out(&file.path, &file.text));
    assert_none(
        &out.map(|file| format!("src/{}: leaves its room by super::", file.path))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn pure_rooms_name_neither_std_nor_features() {
    let files = of_the_library();
    let pure: Vec<_> = files.iter().filter(|file| is_pure(&file.path)).collect();
    assert!(pure.len() > 20, "the pure rooms have files");
    assert_none(
        &pure
            .iter()
            .flat_map(|file| impurities(&file.path, &file.text))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_public_room_says_what_it_is() {
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).expect("the library's root");
    let rooms: Vec<&str> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    assert!(rooms.len() > 8, "lib.rs lists its rooms: {rooms:?}");
    for room in rooms {
        let files = [format!("src/{room}.rs"), format!("src/{room}/mod.rs")];
        let text = files
            .iter()
            .find_map(|file| std::fs::read_to_string(root().join(file)).ok());
        let text = text.unwrap_or_else(|| panic!("the room {room} has a file"));
        assert!(
            text.starts_with("//! "),
            "the room {room} begins by saying what it is"
        );
    }
}
