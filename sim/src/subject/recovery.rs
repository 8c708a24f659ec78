//! One opening of what a crash left, and what is to be said of it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::choice::Choices;
use crate::disk::{Cut, Disk, Keep, SimVfs};

use super::history::{History, Window};
use super::{Promise, Subject, SubjectError};

/// What is to be said of what came back after a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All that was promised, and nothing that was not submitted.
    Intact,
    /// A state that the operations have passed through, but an older one than was promised (P2).
    Lost {
        /// Operations that were promised to survive.
        promised: usize,
        /// Operations that did.
        recovered: usize,
    },
    /// A state that never was (P1): applied in part, out of order, or invented.
    Wrong {
        /// What was read.
        state: String,
    },
    /// It did not open, or could not be read, or its own integrity check failed, or it panicked (P3).
    Refused {
        /// What it said.
        error: String,
    },
    /// It opened well, and what it took next was not there afterwards (P4).
    Stuck {
        /// How.
        error: String,
        /// Whether at least what was there had been a state before, so that nothing is damaged.
        older: bool,
    },
}

impl Verdict {
    /// Whether it took more than opening and reading to see it.
    pub(super) const fn is_late(&self) -> bool {
        matches!(self, Self::Stuck { .. })
    }

    /// Whether data is damaged, not only gone.
    #[must_use]
    pub const fn is_corrupt(&self) -> bool {
        matches!(
            self,
            Self::Wrong { .. } | Self::Refused { .. } | Self::Stuck { older: false, .. }
        )
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intact => f.write_str("intact"),
            Self::Lost {
                promised,
                recovered,
            } => write!(
                f,
                "LOST (P2): {promised} operations were promised, {recovered} came back"
            ),
            Self::Wrong { state } => write!(f, "WRONG (P1): a state that never was: {state}"),
            Self::Refused { error } => write!(f, "REFUSED (P3): {error}"),
            Self::Stuck { error, .. } => write!(f, "STUCK (P4): {error}"),
        }
    }
}

/// What an opening found; only the verdict depends on what was promised.
#[derive(Clone, Debug)]
pub(super) enum Found<T> {
    /// This, and what came of one operation more.
    State(T, Next<T>),
    Nothing(String),
}

/// What came of one operation more, taken after a recovery.
#[derive(Clone, Debug)]
pub(super) enum Next<T> {
    Well,
    /// It was promised to be there, and this was; how that came.
    Not(T, String),
    Failed(String),
}

impl<T: Clone + PartialEq + fmt::Debug> Found<T> {
    pub fn judge(&self, history: &History<T>, window: Window) -> Verdict {
        let (state, next) = match self {
            Self::Nothing(error) => {
                return Verdict::Refused {
                    error: error.clone(),
                };
            }
            Self::State(state, next) => (state, next),
        };
        match (history.level_of(state, window), next) {
            (None, _) => Verdict::Wrong {
                state: format!("{state:?}"),
            },
            (Some(recovered), _) if recovered < window.floor => Verdict::Lost {
                promised: window.floor,
                recovered,
            },
            (Some(_), Next::Failed(error)) => Verdict::Stuck {
                error: error.clone(),
                older: false,
            },
            (Some(_), Next::Not(shown, error)) => Verdict::Stuck {
                error: error.clone(),
                older: history.level_of(shown, window).is_some(),
            },
            (Some(_), Next::Well) => Verdict::Intact,
        }
    }
}

/// An opening that ran to its end.
pub(super) struct Recovery<T> {
    pub found: Found<T>,
    /// Where it could have been cut short.
    pub cuts: Vec<Cut>,
    /// The disk when all was read; it was not closed.
    pub disk: Disk,
}

/// Opens what a crash left, and reads it.
pub(super) fn recover<S: Subject>(
    subject: &S,
    image: &Disk,
    parts: Option<&'static [Keep]>,
    goes_on: Option<&S::Op>,
) -> Recovery<S::State> {
    let mut disk = image.clone();
    disk.set_tracing(true);
    if let Some(parts) = parts {
        disk.keep_cuts(parts);
    }
    let vfs = SimVfs::from_disk(disk);
    let opened = guarded(|| {
        let mut store = subject.open(&vfs)?;
        let state = subject.read(&mut store)?;
        Ok((store, state))
    });
    let cuts = vfs.with(Disk::take_cuts);
    let disk = vfs.disk();
    let found = match opened {
        Err(error) => Found::Nothing(error),
        Ok((store, state)) => {
            let next = goes_on.map(|op| go_on(subject, &vfs, store, &state, op));
            let next = next.unwrap_or(Next::Well);
            Found::State(state, next)
        }
    };
    Recovery { found, cuts, disk }
}

/// Takes one operation more, crashes, and looks whether it is there.
fn go_on<S: Subject>(
    subject: &S,
    vfs: &SimVfs,
    mut store: S::Store,
    state: &S::State,
    op: &S::Op,
) -> Next<S::State> {
    let promise = match guarded(|| subject.step(&mut store, op)) {
        Ok(promise) => promise,
        Err(error) => return Next::Failed(format!("{op:?} failed after a recovery: {error}")),
    };
    let mut expected = state.clone();
    subject.model(&mut expected, op);
    let disk = vfs.disk();
    let crashes = [
        (Promise::Written, disk.process_crash(), "the process died"),
        (Promise::Durable, barest(&disk), "the power failed"),
    ];
    for (needed, left, crash) in crashes {
        if promise < needed {
            break;
        }
        let after = format!("after a recovery {op:?} was taken, {crash}, and the next opening");
        match recover(subject, &left, None, None).found {
            Found::State(found, _) if found == expected => {}
            Found::State(found, _) => {
                let error = format!("{after} shows {found:?} and not {expected:?}");
                return Next::Not(found, error);
            }
            Found::Nothing(error) => return Next::Failed(format!("{after} fails: {error}")),
        }
    }
    Next::Well
}

/// The image of a power loss that has nothing but what is certain.
pub(super) fn barest(disk: &Disk) -> Disk {
    disk.power_loss(&mut Barest)
}

/// Draws the style of a power loss that persists nothing, and the quietest of everything else.
struct Barest;

impl Choices for Barest {
    fn choose(&mut self, bound: u32) -> u32 {
        if bound == 4 { 3 } else { 0 }
    }
}

/// A panic of the subject is an error of the subject.
pub(super) fn guarded<T>(act: impl FnOnce() -> Result<T, SubjectError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(format!("panicked: {}", text.unwrap_or("without a word")))
        }
    }
}
