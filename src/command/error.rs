//! What Redis says when it refuses a command.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};

/// Why a command was refused, in the words of Redis 7.0.15; it changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// No such command.
    #[error("ERR unknown command '{name}', with args beginning with: {arguments}")]
    Unknown {
        /// The name as it came, at most 128 bytes of it.
        name: String,
        /// The first arguments, each in quotes.
        arguments: String,
    },
    /// Too few or too many arguments.
    #[error("ERR wrong number of arguments for '{name}' command")]
    WrongArity {
        /// The command, in lower case.
        name: &'static str,
    },
    /// An option that does not exist here, or contradicts another.
    #[error("ERR syntax error")]
    Syntax,
    /// Not spelt as a 64-bit number.
    #[error("ERR value is not an integer or out of range")]
    NotAnInteger,
    /// A 64-bit number where one of 32 bits is asked for.
    #[error("ERR value is out of range, value must between -2147483648 and 2147483647")]
    NotAnInteger32,
    /// The value holds another type.
    #[error("WRONGTYPE Operation against a key holding the wrong kind of value")]
    WrongType,
    /// The sum does not fit 64 bits.
    #[error("ERR increment or decrement would overflow")]
    Overflow,
    /// The negated decrement does not fit 64 bits.
    #[error("ERR decrement would overflow")]
    DecrementOverflow,
    /// An expiry that is no time, or one before any.
    #[error("ERR invalid expire time in '{name}' command")]
    InvalidExpire {
        /// The command, in lower case.
        name: &'static str,
    },
    /// NX with one of the others.
    #[error("ERR NX and XX, GT or LT options at the same time are not compatible")]
    ExclusiveNx,
    /// GT with LT.
    #[error("ERR GT and LT options at the same time are not compatible")]
    ExclusiveGtLt,
    /// An option that EXPIRE does not know.
    #[error("ERR Unsupported option {option}")]
    UnsupportedOption {
        /// As it came.
        option: String,
    },
    /// No cursor that a scan gave out.
    #[error("ERR invalid cursor")]
    InvalidCursor,
    /// No database of that number.
    #[error("ERR DB index is out of range")]
    InvalidDb,
    /// The value would be longer than [`VALUE_LEN_MAX`](crate::limits::VALUE_LEN_MAX).
    #[error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")]
    TooLong,
    /// It may write, and this is a reader.
    #[error("READONLY You can't write against a read only replica.")]
    ReadOnly,
    /// More than [`ARGC_MAX`](crate::limits::ARGC_MAX) arguments.
    #[error("ERR Protocol error: invalid multibulk length")]
    TooManyArguments,
}

impl CommandError {
    /// Names what came in Redis's words.
    pub(super) fn unknown(argv: &[&[u8]]) -> Self {
        const SHOWN: usize = 128;
        let mut arguments = String::new();
        for arg in argv.iter().skip(1) {
            if arguments.len() >= SHOWN {
                break;
            }
            let text = text(arg, SHOWN - arguments.len());
            arguments.push('\'');
            arguments.push_str(&text);
            arguments.push_str("' ");
        }
        let name = argv.first().map_or(String::new(), |name| text(name, SHOWN));
        Self::Unknown { name, arguments }
    }

    pub(super) fn unsupported(option: &[u8]) -> Self {
        let option = text(option, usize::MAX);
        Self::UnsupportedOption { option }
    }
}

/// The first bytes as text that fits one line.
fn text(bytes: &[u8], len_max: usize) -> String {
    let bytes = &bytes[..bytes.len().min(len_max)];
    let text: Cow<'_, str> = String::from_utf8_lossy(bytes);
    text.replace(['\r', '\n'], " ").to_string()
}
