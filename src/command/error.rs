//! What Redis says when it refuses a command.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};

use crate::limits::KEY_LEN_MAX;

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
    /// It would wait for others, which a commit never does; Redis waits, unless in a `MULTI`.
    #[error(
        "ERR '{name}' may wait, and no command here does; '{instead}' is the same without waiting"
    )]
    Blocks {
        /// The command, in lower case.
        name: &'static str,
        /// What does the same at once, in lower case.
        instead: &'static str,
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
    /// A key is longer than [`KEY_LEN_MAX`]; Redis allows 512 MiB.
    #[error("ERR key exceeds maximum allowed size ({KEY_LEN_MAX} bytes)")]
    KeyTooLong,
    /// The value would be longer than [`VALUE_LEN_MAX`](crate::limits::VALUE_LEN_MAX).
    #[error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")]
    TooLong,
    /// Not spelt as a floating number.
    #[error("ERR value is not a valid float")]
    NotAFloat,
    /// A field's value is not spelt as a 64-bit number.
    #[error("ERR hash value is not an integer")]
    HashNotAnInteger,
    /// A field's value is not spelt as a floating number.
    #[error("ERR hash value is not a float")]
    HashNotAFloat,
    /// An infinite number where a finite one is asked for.
    #[error("ERR value is NaN or Infinity")]
    Infinite,
    /// A sum that is no number.
    #[error("ERR increment would produce NaN or Infinity")]
    NotFinite,
    /// The key must be there.
    #[error("ERR no such key")]
    NoSuchKey,
    /// The key must not be there.
    #[error("BUSYKEY Target key name already exists.")]
    BusyKey,
    /// No element of that index.
    #[error("ERR index out of range")]
    IndexOutOfRange,
    /// A count that is negative, or none.
    #[error("ERR value is out of range, must be positive")]
    NotPositive,
    /// No keys where their number is told first.
    #[error("ERR numkeys should be greater than 0")]
    NumKeys,
    /// Fewer keys than told.
    #[error("ERR Number of keys can't be greater than number of args")]
    TooManyKeys,
    /// A count of nothing.
    #[error("ERR count should be greater than 0")]
    CountZero,
    /// An option's number is negative.
    #[error("ERR {name} can't be negative")]
    Negative {
        /// The option.
        name: &'static str,
    },
    /// The zeroth match.
    #[error(
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or \
         use negative to start from the end of the list"
    )]
    RankZero,
    /// A rank that cannot be negated.
    #[error(
        "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
    )]
    RankMin,
    /// NX with XX.
    #[error("ERR XX and NX options at the same time are not compatible")]
    NxXx,
    /// GT, LT and NX exclude each other.
    #[error("ERR GT, LT, and/or NX options at the same time are not compatible")]
    GtLtNx,
    /// INCR with several members.
    #[error("ERR INCR option supports a single increment-element pair")]
    IncrPairs,
    /// A sum of scores that is no number.
    #[error("ERR resulting score is not a number (NaN)")]
    ScoreNotANumber,
    /// A bound of a range is not spelt as a score.
    #[error("ERR min or max is not a float")]
    BoundNotAFloat,
    /// A bound of a range is not spelt as a name.
    #[error("ERR min or max not valid string range item")]
    BoundNotAName,
    /// LIMIT in a range by rank.
    #[error(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
    )]
    LimitByRank,
    /// WITHSCORES in a range by name.
    #[error("ERR syntax error, WITHSCORES not supported in combination with BYLEX")]
    ScoresByLex,
    /// No key to combine.
    #[error("ERR at least 1 input key is needed for '{name}' command")]
    NoInputKey {
        /// The command, in lower case.
        name: String,
    },
    /// A weight is not spelt as a floating number.
    #[error("ERR weight value is not a float")]
    WeightNotAFloat,
    /// An offset before the beginning.
    #[error("ERR offset is out of range")]
    OffsetOutOfRange,
    /// No place of a bit.
    #[error("ERR bit offset is not an integer or out of range")]
    BitOffset,
    /// Neither 0 nor 1.
    #[error("ERR bit is not an integer or out of range")]
    BitValue,
    /// Neither 0 nor 1, for `BITPOS`.
    #[error("ERR The bit argument must be 1 or 0.")]
    BitArgument,
    /// `BITOP NOT` of several keys.
    #[error("ERR BITOP NOT must be called with a single source key.")]
    BitOpNot,
    /// Not `WRAP`, `SAT` or `FAIL`.
    #[error("ERR Invalid OVERFLOW type specified")]
    BitFieldOverflow,
    /// No type of an integer.
    #[error(
        "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported \
         but i64 is."
    )]
    BitFieldType,
    /// `BITFIELD_RO` with a write.
    #[error("ERR BITFIELD_RO only supports the GET subcommand")]
    BitFieldReadOnly,
    /// More than can be given out.
    #[error("ERR value is out of range")]
    OutOfRange,
    /// From a key to itself.
    #[error("ERR source and destination objects are the same")]
    SameObject,
    /// No number of a database.
    #[error("ERR invalid {which} DB index")]
    InvalidSwapDb {
        /// Which of both.
        which: &'static str,
    },
    /// An element that is to be sorted as a number is none.
    #[error("ERR One or more scores can't be converted into double")]
    NotSortable,
    /// No place that a score could stand for.
    #[error("ERR invalid longitude,latitude pair {pair}")]
    NoPlace {
        /// Both, with six decimals.
        pair: String,
    },
    /// No unit of a distance.
    #[error("ERR unsupported unit provided. please use M, KM, FT, MI")]
    Unit,
    /// A distance is not spelt as a floating number.
    #[error("ERR need numeric {what}")]
    NotNumeric {
        /// Which distance.
        what: &'static str,
    },
    /// A distance below 0.
    #[error("ERR {what} cannot be negative")]
    NegativeDistance {
        /// Which distance.
        what: &'static str,
    },
    /// The member from which to search is not there.
    #[error("ERR could not decode requested zset member")]
    NoCenter,
    /// A count below 1.
    #[error("ERR COUNT must be > 0")]
    CountNotPositive,
    /// What is stored is members with scores, and nothing else.
    #[error("ERR {what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options")]
    StoreWith {
        /// What stores.
        what: &'static str,
    },
    /// One of two options must be there.
    #[error("ERR exactly one of {options} can be specified for {name}")]
    ExactlyOne {
        /// Both.
        options: &'static str,
        /// The command, in upper case.
        name: String,
    },
    /// ANY of how many?
    #[error("ERR the ANY argument requires COUNT argument")]
    AnyWithoutCount,
    /// `LCS` of something else.
    #[error("ERR The specified keys must contain string values")]
    LcsNotStrings,
    /// `LCS` with LEN and IDX.
    #[error("ERR If you want both the length and indexes, please just use IDX.")]
    LcsLenAndIdx,
    /// `LCS` of strings whose table is longer than [`VALUE_LEN_MAX`](crate::limits::VALUE_LEN_MAX).
    #[error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")]
    LcsTooLong,
    /// `LCS` of strings whose table does not fit memory.
    #[error("ERR Insufficient memory, failed allocating transient memory for LCS")]
    LcsNoMemory,
    /// The string does not hold registers.
    #[error("WRONGTYPE Key is not a valid HyperLogLog string value.")]
    NotHyperLogLog,
    /// The string's registers are not spelt as they must be.
    #[error("INVALIDOBJ Corrupted HLL object detected")]
    CorruptHyperLogLog,
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
