//! `indelible inspect --html`: one page that is well-formed, needs nothing else, and holds no key unescaped.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{command, contents, redis_case, run_on};
use roxmltree::{Document, Node, ParsingOptions};
use tempfile::TempDir;

/// Keys that would do harm to a page that believed them.
const HOSTILE: [&str; 7] = [
    "<script>alert(1)</script>",
    "<script>document.title='owned'</script>:x",
    "</title><b>:y",
    "\" onmouseover=\"alert(1):z",
    "'><img src=x onerror=alert(1)>/",
    "&lt;b&gt;.&amp;",
    "{{ path }}:{% if 1 %}",
];

fn page(path: &Path, html: &Path, more: &[&str]) -> String {
    let html_arg = html.to_str().expect("text");
    let args = [&["--html", html_arg], more].concat();
    run_on("inspect", path, &args).expect(0);
    fs::read_to_string(html).expect("a page")
}

fn hostile(dir: &Path) -> PathBuf {
    let path = dir.join("a<b>&\"c\".aof");
    let sets = HOSTILE.iter().map(|key| command(&["SET", key, "v"]));
    let binary = b"*3\r\n$3\r\nSET\r\n$4\r\n\0\xff:\x1b\r\n$1\r\nv\r\n".to_vec();
    let files: Vec<u8> = sets.chain([binary]).flatten().collect();
    fs::write(&path, files).expect("a file");
    path
}

/// The page as XML, which is stricter than HTML.
fn parsed(page: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(page, options).unwrap_or_else(|error| panic!("{error}"))
}

fn texts(node: Node<'_, '_>, name: &str) -> Vec<String> {
    let found = node.descendants().filter(|it| it.has_tag_name(name));
    let text = |node: Node<'_, '_>| node.text().unwrap_or_default().to_owned();
    found.map(text).collect()
}

#[test]
fn keys_are_text_and_nothing_else() {
    let dir = TempDir::new().expect("a directory");
    let html = dir.path().join("page.html");
    let page = page(&hostile(dir.path()), &html, &[]);
    let document = parsed(&page);
    let cells = texts(document.root(), "td");
    for key in HOSTILE {
        let shown = key.as_bytes().escape_ascii().to_string();
        assert!(cells.contains(&shown), "{shown}: {cells:?}");
        if key.contains(['<', '"']) {
            assert!(!page.contains(key), "{key}");
        }
    }
    assert!(cells.contains(&r"\x00\xff:\x1b".to_owned()), "{cells:?}");
    assert_eq!(texts(document.root(), "script").len(), 1);
    // The bar of live and dead bytes, and its legend.
    for (name, count) in [("img", 0), ("i", 1), ("b", 2)] {
        assert_eq!(texts(document.root(), name).len(), count, "{name}");
    }
    let attributes = document.descendants().flat_map(|it| it.attributes());
    for attribute in attributes {
        assert!(!attribute.name().starts_with("on"), "{attribute:?}");
    }
}

#[test]
fn page_of_every_source_is_well_formed_and_loads_nothing() {
    let dir = TempDir::new().expect("a directory");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data");
    let store = common::Log::of_commits(9).store(&dir.path().join("store"));
    let empty = dir.path().join("empty.aof");
    fs::write(&empty, b"").expect("a file");
    let sources = [
        store,
        empty,
        data.join("rdb/small.rdb"),
        redis_case("commands").0,
        redis_case("rdb-base").0,
    ];
    for (at, source) in sources.iter().enumerate() {
        let html = dir.path().join(format!("{at}.html"));
        let page = page(source, &html, &["--depth", "2"]);
        let document = parsed(&page);
        let title = &texts(document.root(), "title")[0];
        assert!(title.contains(&*source.to_string_lossy()), "{title}");
        let elements = document.descendants();
        for element in elements {
            for name in ["src", "href", "data", "action", "srcset"] {
                assert_eq!(element.attribute(name), None, "{source:?}");
            }
        }
        for word in ["url(", "@import", "http://", "https://", "fetch("] {
            assert!(!page.contains(word), "{source:?}: {word}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}

#[test]
fn tiles_of_the_map_are_the_keys() {
    let dir = TempDir::new().expect("a directory");
    let html = dir.path().join("page.html");
    let page = page(&redis_case("commands").0, &html, &[]);
    let document = parsed(&page);
    let tiles: Vec<&str> = document
        .descendants()
        .filter(|it| {
            it.attribute("class")
                .is_some_and(|it| it.starts_with("tile "))
        })
        .filter_map(|it| it.attribute("title"))
        .collect();
    // Once by bytes and once by keys.
    for title in ["db 0 238 keys, 523.66 KiB", "db 0 s: 27 keys, 296.17 KiB"] {
        let found = tiles.iter().filter(|it| it.replace('\n', " ") == title);
        assert_eq!(found.count(), 2, "{title}: {tiles:?}");
    }
}

#[test]
fn page_never_replaces_anything() {
    let dir = TempDir::new().expect("a directory");
    let (path, _) = redis_case("commands");
    let precious = dir.path().join("precious");
    fs::write(&precious, b"data").expect("a file");
    let before = contents(dir.path());
    run_on(
        "inspect",
        &path,
        &["--html", precious.to_str().expect("text")],
    )
    .expect(2);
    let nowhere = dir.path().join("no/such/page.html");
    run_on(
        "inspect",
        &path,
        &["--html", nowhere.to_str().expect("text")],
    )
    .expect(3);
    assert_eq!(contents(dir.path()), before);
}

#[test]
fn browser_runs_no_key() {
    let dir = TempDir::new().expect("a directory");
    let html = dir.path().join("page.html");
    page(&hostile(dir.path()), &html, &[]);
    let chromium = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!(
            "--user-data-dir={}",
            dir.path().join("profile").display()
        ))
        .arg(format!("file://{}", html.display()))
        .output();
    let Ok(output) = chromium else {
        eprintln!("no chromium on the PATH: this test skips");
        return;
    };
    let dom = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    let title = dom
        .split("<title>")
        .nth(1)
        .and_then(|it| it.split("</title>").next());
    let title = title.expect("a title");
    assert!(title.ends_with("| indelible inspect"), "{title}");
    assert!(
        dom.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{dom}"
    );
}
