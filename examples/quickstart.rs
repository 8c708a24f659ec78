//! A store from opening to closing: values, expiry, a batch, an update, a rewrite.

use std::error::Error;
use std::time::Duration;

use indelible::{AppendFsync, Options, SetExpiry, SetOptions, Store, Ttl};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = match std::env::args_os().nth(1) {
        Some(path) => path.into(),
        None => std::env::temp_dir().join("indelible-quickstart"),
    };
    let options = Options {
        appendfsync: AppendFsync::Always,
        ..Options::default()
    };
    let store = Store::open(&directory, options.clone())?;

    // Values, with and without an end.
    let visits = store.incr("visits")?;
    store.set("greeting", "hello")?;
    let soon = SetOptions {
        expiry: SetExpiry::In(60_000),
        ..SetOptions::default()
    };
    store.set_with("session", "Ada", soon)?;
    assert!(matches!(store.ttl("session")?, Ttl::Left(left) if left <= Duration::from_secs(60)));

    // Several commands, one commit.
    store.batch(|commands| {
        commands.set("a", "1").incr_by("b", 2);
        commands.db(1).set("a", "in another database");
    })?;

    // Read, decide, write: nobody else writes in between.
    store.update(|update| {
        let len = update.strlen("greeting")?;
        update.append("greeting", format!(" ({len} bytes)"));
        Ok(Some(()))
    })?;

    // Submit now, wait later: many commits share one sync.
    let tickets: Result<Vec<_>, _> = (0..1_000)
        .map(|number| {
            store.submit(|commands| {
                commands.set(format!("key:{number}"), "x");
            })
        })
        .collect();
    for ticket in tickets? {
        ticket.wait()?;
    }

    // Any command, with Redis's replies.
    println!("{:?}", store.execute(&["APPEND", "greeting", "!"])?);

    store.rewrite()?.wait()?;
    let stats = store.stats()?;
    println!("visit {visits}: {} bytes of log", stats.aof_current_size);
    println!("closed: {:?}", store.close()?);

    let again = Store::open(&directory, options)?;
    assert!(again.exists("greeting")?);
    again.close()?;
    Ok(())
}
