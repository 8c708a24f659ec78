//! Listed bugs that do not apply to this design, and why.

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Absent {
    /// Its number.
    pub id: u32,
    /// What it would be.
    pub name: &'static str,
    /// Why it is not here.
    pub why: &'static str,
}

/// All of them, by number.
pub const ABSENT: &[Absent] = &[
    Absent {
        id: 5,
        name: "parent of a new directory not synced",
        why: "a Vfs is one directory that exists; whoever makes it syncs its parents \
              (OsVfs::create_dir), before a store is opened in it",
    },
    Absent {
        id: 67,
        name: "frames of a side file share the identity of a later history",
        why: "no opening reads a side file and no log grows out of one, so its frames could only \
              come back in recycled blocks; what they state is true of the log besides: their \
              watermarks lie at or before what was durable when it was disabled, and their \
              incarnation is older than the next opening's",
    },
];
