//! What a command answers.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::CommandError;
use crate::keyspace::Str;
use crate::resp;

/// What a command answers. Large values are shared with the keyspace, not copied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reply {
    /// `OK`.
    Ok,
    /// A short text.
    Simple(&'static str),
    /// A number.
    Int(i64),
    /// Bytes.
    Bulk(Str),
    /// Nothing there.
    Nil,
    /// Nothing there, where several replies could be.
    NilArray,
    /// Several replies.
    Array(Vec<Reply>),
    /// The command was refused and changed nothing.
    Error(CommandError),
}

impl Reply {
    /// Writes it as Redis does (RESP 2) behind what is in `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ok => out.extend_from_slice(b"+OK\r\n"),
            Self::Simple(text) => write_line(out, b'+', text),
            Self::Int(number) => {
                out.push(b':');
                resp::write_integer(out, *number);
                out.extend_from_slice(b"\r\n");
            }
            Self::Bulk(string) => resp::write_bulk_pieces(out, string.len(), string.chunks()),
            Self::Nil => out.extend_from_slice(b"$-1\r\n"),
            Self::NilArray => out.extend_from_slice(b"*-1\r\n"),
            Self::Array(replies) => {
                resp::write_argc(out, replies.len());
                for reply in replies {
                    reply.write(out);
                }
            }
            Self::Error(error) => write_line(out, b'-', &error.to_string()),
        }
    }

    /// The error, if it is one.
    #[must_use]
    pub const fn error(&self) -> Option<&CommandError> {
        match self {
            Self::Error(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Result<Reply, CommandError>> for Reply {
    fn from(result: Result<Reply, CommandError>) -> Self {
        result.unwrap_or_else(Self::Error)
    }
}

fn write_line(out: &mut Vec<u8>, kind: u8, text: &str) {
    out.push(kind);
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\r\n");
}
