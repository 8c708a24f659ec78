//! The pages in a real browser: no error in its console, and the script has run.

use std::path::{Path, PathBuf};
use std::process::Command;

use indelible_sim::report::{Case, Explained, page, traces};

/// Names under which the browser is looked for.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// What a browser made of a page.
struct Seen {
    /// The document behind its script.
    dom: String,
    /// Lines of its console.
    console: Vec<String>,
}

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path)
        .flat_map(|dir| BROWSERS.map(|name| dir.join(name)))
        .find(|file| file.is_file());
    if found.is_none() {
        eprintln!("skipped: no {} on the PATH", BROWSERS.join(", no "));
    }
    found
}

fn look(browser: &Path, page: &Path, fragment: &str, dark: bool) -> Seen {
    let profile = tempfile::tempdir().expect("a directory");
    let scheme = if dark { 0 } else { 1 };
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--enable-logging=stderr",
            "--v=0",
            "--virtual-time-budget=4000",
            "--dump-dom",
        ])
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}#{fragment}", page.display()))
        .output()
        .expect("the browser runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let console = errors.lines().filter(|line| line.contains("CONSOLE"));
    Seen {
        console: console.map(str::to_owned).collect(),
        dom: String::from_utf8_lossy(&output.stdout).into_owned(),
    }
}

fn attribute(dom: &str, name: &str) -> Option<String> {
    let html = dom.split_once("<html")?.1.split_once('>')?.0;
    let value = html.split_once(&format!("data-{name}=\""))?.1;
    value.split_once('"').map(|(value, _)| value.to_owned())
}

fn failure(bug: u32) -> (Case, Explained) {
    let traces = traces();
    let trace = traces.iter().find(|trace| trace.setup.saboteur == bug);
    let case = trace
        .and_then(|trace| trace.case())
        .expect("it breaks a promise");
    let explained = Explained::of(&case);
    (case, explained)
}

fn written(dir: &Path, case: &Case, explained: &Explained) -> PathBuf {
    let path = dir.join("page.html");
    std::fs::write(&path, page(case, explained).expect("a page")).expect("written");
    path
}

#[test]
fn an_error_in_the_console_is_noticed() {
    let Some(browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("page.html");
    std::fs::write(&path, "<!DOCTYPE html><script>absent();</script>").expect("written");
    let seen = look(&browser, &path, "", false);
    assert!(!seen.console.is_empty(), "the page has an error");
    assert_eq!(attribute(&seen.dom, "ready"), None);
}

#[test]
fn a_page_of_a_failure_runs_without_an_error() {
    let Some(browser) = browser() else { return };
    for (bug, words) in [
        (1, "no sync of appendonly.aof.rewrite"),
        (3, "no directory sync"),
        (57, "syncdir@9 covers nothing of it"),
        (18, "sync@14 failed, and sync@15"),
        (68, "out when the process died"),
    ] {
        let dir = tempfile::tempdir().expect("a directory");
        let (case, explained) = failure(bug);
        let path = written(dir.path(), &case, &explained);
        let seen = look(&browser, &path, "step=12", false);
        assert_eq!(seen.console, Vec::<String>::new(), "{bug}");
        assert_eq!(attribute(&seen.dom, "step").as_deref(), Some("12"), "{bug}");
        let ready = format!("{} events", explained.story.events.len());
        assert_eq!(attribute(&seen.dom, "ready"), Some(ready), "{bug}");
        let why = seen.dom.split_once("id=\"why\">").expect("why").1;
        let why = why.split_once("</dd>").expect("its end").0;
        assert!(why.contains(words), "{bug}: {why}");
        assert!(
            seen.dom.contains("<svg") && seen.dom.contains("class=\"h-durable\""),
            "{bug}"
        );
    }
}

#[test]
fn the_slider_starts_at_the_crash_and_an_image_can_be_chosen() {
    let Some(browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let (case, explained) = failure(10);
    let path = written(dir.path(), &case, &explained);
    let crash = explained
        .story
        .events
        .iter()
        .find(|event| event.is_power_loss());
    let crash = crash.expect("a power loss").number.to_string();
    let light = look(&browser, &path, "", false);
    assert_eq!(attribute(&light.dom, "step"), Some(crash));
    assert!(
        light.dom.contains("class=\"h-lost\""),
        "the lost write is drawn"
    );
    let dark = look(&browser, &path, "image=i0", true);
    assert_eq!(attribute(&dark.dom, "image").as_deref(), Some("i0"));
    assert!(
        !dark.dom.contains("<i class=\"h-lost\" title"),
        "image i0 has everything"
    );
    assert!(
        attribute(&light.dom, "ground") != attribute(&dark.dom, "ground"),
        "light and dark"
    );
}

#[test]
fn what_a_store_says_is_text_and_nothing_else() {
    const HOSTILE: &str = "</script><script>absent()</script><!-- \" ' &lt;";
    let (mut case, mut explained) = failure(9);
    case.violation.detail = format!("acknowledged {HOSTILE}");
    for event in &mut explained.story.events {
        if let indelible_sim::world::What::Io { name, .. } = &mut event.what {
            *name = HOSTILE.to_owned();
        }
    }
    let site = explained.site.as_mut().expect("a power loss");
    for violation in site
        .siblings
        .iter_mut()
        .filter_map(|one| one.broken.as_mut())
    {
        violation.detail = HOSTILE.to_owned();
    }
    let text = page(&case, &explained).expect("a page");
    assert!(!text.contains(HOSTILE) && !text.contains("<script>absent"));
    let Some(browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let path = written(dir.path(), &case, &explained);
    assert_eq!(
        look(&browser, &path, "", false).console,
        Vec::<String>::new()
    );
}

#[test]
fn a_page_of_a_campaign_runs_without_an_error() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("campaign.html");
    let ran = Command::new(env!("CARGO_BIN_EXE_indelible-sim"))
        .args([
            "report",
            "--seeds",
            "0..20",
            "--profile",
            "posix-weak",
            "--bugs",
            "9,10",
        ])
        .arg("--html")
        .arg(&path)
        .output()
        .expect("the simulator runs");
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert!(
        told.contains("0 violations") && told.contains("2 of 2 seeded bugs caught"),
        "{told}"
    );
    let text = std::fs::read_to_string(&path).expect("a page");
    assert!(text.contains("o N f 0 c1 o") && text.contains("no sync of appendonly.aof"));
    assert!(
        text.contains("healing | foreground write"),
        "something is never reached"
    );
    let Some(browser) = browser() else { return };
    let all = look(&browser, &path, "", false);
    let few = look(&browser, &path, "never=healing+torn", true);
    assert_eq!((all.console, few.console), (Vec::new(), Vec::new()));
    let shown = |dom: &str| attribute(dom, "shown").and_then(|count| count.parse::<u32>().ok());
    let (all, few) = (
        shown(&all.dom).expect("shown"),
        shown(&few.dom).expect("shown"),
    );
    assert!(0 < few && few < all, "{few} of {all}");
}
