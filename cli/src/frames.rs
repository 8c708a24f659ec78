//! The frames of a log, counted by kind.

use indelible::effect::IoError;
use indelible::limits::READ_LEN;
use indelible::log::{FrameKind, FrameLine, Scanner, Step};
use indelible::sabotage::Saboteur;
use indelible::units::{Identity, Lsn, WallMillis};
use indelible::vfs::{Access, Vfs};

use crate::progress::Bar;

/// All kinds, in the order in which they are shown.
pub const KINDS: [FrameKind; 5] = [
    FrameKind::Base,
    FrameKind::End,
    FrameKind::Open,
    FrameKind::Commits,
    FrameKind::Mark,
];

/// Frames of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    pub frames: u64,
    /// Bytes of their bodies.
    pub body_len: u64,
}

/// What the intact frames of a log amount to.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    /// In the order of [`KINDS`].
    pub counts: [Count; 5],
    pub commits: u64,
    /// When the first and the last frame were written.
    pub written: Option<(WallMillis, WallMillis)>,
    /// Whose history it is, and the last commit in its base; none without a whole base.
    pub base: Option<(Identity, Lsn)>,
    /// The last commit.
    pub lsn: Lsn,
}

impl Frames {
    /// Scans a log up to its end, or to what does not verify, or to where a rewrite has retired it;
    /// gives every frame with its body.
    pub fn scan<V: Vfs>(
        vfs: &V,
        name: &str,
        give: &mut dyn FnMut(&FrameLine, &[u8]),
    ) -> Result<Self, IoError> {
        let file = vfs.open(name, Access::Read)?;
        let len = vfs.len(&file)?;
        let (mut left, mut bar) = (len, Bar::new("counting"));
        let mut scanner = Scanner::new(Saboteur::NONE);
        let mut frames = Self::default();
        let (mut window, mut start) = (Vec::new(), 0);
        loop {
            let taken = match scanner.step(&window[start..], left) {
                Step::Header { len, .. } => len,
                Step::Frame(frame) => {
                    frames.add(&frame.line);
                    give(&frame.line, &window[start..][frame.body.clone()]);
                    frame.body.end
                }
                Step::NeedMore(needed) => {
                    window.drain(..start);
                    start = 0;
                    let wanted = (needed.max(READ_LEN) as u64).min(left);
                    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
                    if !fill(vfs, &file, scanner.offset(), &mut window, wanted)? {
                        return Ok(frames);
                    }
                    bar.set(len - left, len);
                    0
                }
                Step::End | Step::Bad(_) => return Ok(frames),
            };
            start += taken;
            left -= taken as u64;
        }
    }

    fn add(&mut self, line: &FrameLine) {
        let meta = &line.meta;
        if let Some(at) = KINDS.iter().position(|kind| *kind == meta.kind) {
            self.counts[at].frames += 1;
            self.counts[at].body_len += line.len;
        }
        if meta.kind == FrameKind::Commits {
            self.commits += meta.count;
        }
        if meta.kind == FrameKind::End {
            self.base = Some((meta.identity, meta.lsn));
        }
        self.lsn = meta.last_lsn();
        let (first, _) = self.written.unwrap_or((meta.wall, meta.wall));
        self.written = Some((first, meta.wall));
    }
}

/// Reads until the window, which begins at `offset`, is `len` bytes long; false if the file has
/// become shorter.
fn fill<V: Vfs>(
    vfs: &V,
    file: &V::File,
    offset: u64,
    window: &mut Vec<u8>,
    len: usize,
) -> Result<bool, IoError> {
    let mut filled = window.len();
    window.resize(len, 0);
    while filled < len {
        match vfs.read_at(file, offset + filled as u64, &mut window[filled..])? {
            0 => return Ok(false),
            read => filled += read,
        }
    }
    Ok(true)
}
