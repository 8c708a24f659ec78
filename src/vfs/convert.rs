//! What the operating system says, in the machine's words.

use std::io;

use crate::effect::{IoError, IoErrorKind};

const ENFILE: i32 = 23;
const EMFILE: i32 = 24;

impl From<&io::Error> for IoError {
    fn from(error: &io::Error) -> Self {
        Self {
            kind: kind(error),
            errno: error.raw_os_error(),
        }
    }
}

impl From<io::Error> for IoError {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

fn kind(error: &io::Error) -> IoErrorKind {
    match error.kind() {
        io::ErrorKind::NotFound => IoErrorKind::NotFound,
        io::ErrorKind::AlreadyExists => IoErrorKind::AlreadyExists,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => IoErrorKind::NoRoom,
        io::ErrorKind::Interrupted => IoErrorKind::Interrupted,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            IoErrorKind::ReadOnly
        }
        io::ErrorKind::Unsupported | io::ErrorKind::CrossesDevices => IoErrorKind::Unsupported,
        // The same two numbers on every Unix; std has no kind for them.
        _ if cfg!(unix) && matches!(error.raw_os_error(), Some(ENFILE | EMFILE)) => {
            IoErrorKind::TooManyFiles
        }
        _ => IoErrorKind::Io,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn errno_becomes_what_the_machine_decides_by() {
        let cases = [
            (2, IoErrorKind::NotFound),
            (17, IoErrorKind::AlreadyExists),
            (28, IoErrorKind::NoRoom),
            (122, IoErrorKind::NoRoom),
            (4, IoErrorKind::Interrupted),
            (23, IoErrorKind::TooManyFiles),
            (24, IoErrorKind::TooManyFiles),
            (30, IoErrorKind::ReadOnly),
            (13, IoErrorKind::ReadOnly),
            (1, IoErrorKind::ReadOnly),
            (38, IoErrorKind::Unsupported),
            (95, IoErrorKind::Unsupported),
            (18, IoErrorKind::Unsupported),
            (5, IoErrorKind::Io),
            (9, IoErrorKind::Io),
        ];
        for (errno, kind) in cases {
            let error = IoError::from(io::Error::from_raw_os_error(errno));
            assert_eq!((error.kind, error.errno), (kind, Some(errno)));
        }
    }
}
