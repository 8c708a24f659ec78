//! Replies as Rust's types.

use std::vec::{IntoIter, Vec};

use super::error::StoreError;
use crate::command::Reply;

/// What a [`Reply`] can be read as.
///
/// The typed calls read their replies so; for those of a batch, or of
/// [`execute`](crate::Db::execute), a program does.
///
/// ```
/// use indelible::FromReply;
/// # let store = indelible::Store::in_memory(indelible::Options::default())?;
///
/// let replies = store.batch(|commands| {
///     commands.set("a", "1").incr_by("a", 4).get("a").get("b");
/// })?;
/// let [_, sum, a, b] = replies.try_into().expect("as many replies as commands");
/// assert_eq!(i64::from_reply(sum)?, 5);
/// assert_eq!(Vec::<u8>::from_reply(a)?, b"5");
/// assert_eq!(Option::<Vec<u8>>::from_reply(b)?, None);
/// # Ok::<(), indelible::StoreError>(())
/// ```
pub trait FromReply: Sized {
    /// Reads a reply.
    ///
    /// # Errors
    /// [`StoreError::Command`] if it says that the command was refused,
    /// [`StoreError::UnexpectedReply`] if it is of another kind.
    fn from_reply(reply: Reply) -> Result<Self, StoreError>;

    /// Takes what it needs from the replies of an array: one, unless it says otherwise.
    ///
    /// # Errors
    /// As [`FromReply::from_reply`].
    fn from_replies(replies: &mut IntoIter<Reply>) -> Result<Self, StoreError> {
        Self::from_reply(replies.next().ok_or(StoreError::UnexpectedReply)?)
    }
}

/// What to say of a reply that is of another kind.
pub(super) fn unexpected(reply: Reply) -> StoreError {
    match reply {
        Reply::Error(error) => error.into(),
        _ => StoreError::UnexpectedReply,
    }
}

/// The replies of an array of so many.
pub(super) fn parts<const N: usize>(reply: Reply) -> Result<[Reply; N], StoreError> {
    match reply {
        Reply::Array(parts) => parts.try_into().map_err(|_| StoreError::UnexpectedReply),
        other => Err(unexpected(other)),
    }
}

impl FromReply for Reply {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        match reply {
            Self::Error(error) => Err(error.into()),
            reply => Ok(reply),
        }
    }
}

impl FromReply for () {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        match reply {
            Reply::Ok => Ok(()),
            other => Err(unexpected(other)),
        }
    }
}

/// Whether something was done or is so: `OK` against nothing, 1 against 0.
impl FromReply for bool {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        match reply {
            Reply::Ok => Ok(true),
            Reply::Nil => Ok(false),
            Reply::Int(number) => Ok(number != 0),
            other => Err(unexpected(other)),
        }
    }
}

impl FromReply for i64 {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        match reply {
            Reply::Int(number) => Ok(number),
            other => Err(unexpected(other)),
        }
    }
}

impl FromReply for u64 {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        let number = i64::from_reply(reply)?;
        Self::try_from(number).map_err(|_| StoreError::UnexpectedReply)
    }
}

impl FromReply for f64 {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        let text = Vec::<u8>::from_reply(reply)?;
        let text = str::from_utf8(&text).ok();
        let number = text.and_then(|text| text.parse().ok());
        number.ok_or(StoreError::UnexpectedReply)
    }
}

impl FromReply for Vec<u8> {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        match reply {
            Reply::Bulk(bytes) => Ok(bytes.to_vec()),
            other => Err(unexpected(other)),
        }
    }
}

impl<T: FromReply> FromReply for Option<T> {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        match reply {
            Reply::Nil | Reply::NilArray => Ok(None),
            reply => T::from_reply(reply).map(Some),
        }
    }
}

impl<T: FromReply> FromReply for Vec<T> {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        let mut replies = match reply {
            Reply::Array(replies) => replies.into_iter(),
            Reply::NilArray => return Ok(Self::new()),
            other => return Err(unexpected(other)),
        };
        let mut all = Self::new();
        while replies.len() > 0 {
            all.push(T::from_replies(&mut replies)?);
        }
        Ok(all)
    }
}

/// In an array pairs come as arrays of two, or one half behind the other.
impl<A: FromReply, B: FromReply> FromReply for (A, B) {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        let [one, other] = parts(reply)?;
        Ok((A::from_reply(one)?, B::from_reply(other)?))
    }

    fn from_replies(replies: &mut IntoIter<Reply>) -> Result<Self, StoreError> {
        if let [Reply::Array(_), ..] = replies.as_slice() {
            return Self::from_reply(replies.next().expect("it was looked at"));
        }
        Ok((A::from_replies(replies)?, B::from_replies(replies)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::CommandError;

    fn bulk(text: &str) -> Reply {
        Reply::Bulk(text.into())
    }

    fn array(replies: impl Into<Vec<Reply>>) -> Reply {
        Reply::Array(replies.into())
    }

    #[test]
    fn pairs_are_read_flat_and_nested() {
        let expected = std::vec![(b"a".to_vec(), 1.5), (b"b".to_vec(), f64::NEG_INFINITY)];
        let flat = array([bulk("a"), bulk("1.5"), bulk("b"), bulk("-inf")]);
        let read = Vec::<(Vec<u8>, f64)>::from_reply;
        assert_eq!(read(flat).unwrap(), expected);
        let nested = array([
            array([bulk("a"), bulk("1.5")]),
            array([bulk("b"), bulk("-inf")]),
        ]);
        assert_eq!(read(nested).unwrap(), expected);
    }

    #[test]
    fn half_a_pair_is_unexpected() {
        let odd = array([bulk("a")]);
        let read = Vec::<(Vec<u8>, Vec<u8>)>::from_reply(odd);
        assert!(matches!(read, Err(StoreError::UnexpectedReply)));
        let three = array([bulk("a"), bulk("b"), bulk("c")]);
        let read = <(Vec<u8>, Vec<u8>)>::from_reply(three);
        assert!(matches!(read, Err(StoreError::UnexpectedReply)));
    }

    #[test]
    fn a_refusal_is_an_error_of_every_type() {
        fn refused<T: FromReply>() -> bool {
            let read = T::from_reply(Reply::Error(CommandError::WrongType));
            matches!(read, Err(StoreError::Command(CommandError::WrongType)))
        }
        assert!(refused::<()>() && refused::<bool>() && refused::<i64>() && refused::<u64>());
        assert!(refused::<f64>() && refused::<Vec<u8>>() && refused::<Option<u64>>());
        assert!(refused::<Vec<f64>>() && refused::<(u64, u64)>() && refused::<Reply>());
    }

    #[test]
    fn another_kind_is_unexpected() {
        fn odd<T: FromReply>(reply: Reply) -> bool {
            matches!(T::from_reply(reply), Err(StoreError::UnexpectedReply))
        }
        assert!(odd::<()>(Reply::Int(1)) && odd::<bool>(bulk("1")) && odd::<i64>(bulk("1")));
        assert!(odd::<u64>(Reply::Int(-1)) && odd::<f64>(bulk("x")) && odd::<f64>(Reply::Int(1)));
        assert!(odd::<Vec<u8>>(Reply::Nil) && odd::<Vec<u64>>(Reply::Nil));
    }
}
