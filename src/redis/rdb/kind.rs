//! The byte before a key: how its value is encoded.

use super::error::Unsupported;

/// How a value is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Known(Encoding),
    Opaque(Opaque),
}

/// An encoding of a core type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    String,
    List,
    Set,
    ZSetText,
    Hash,
    ZSetBinary,
    HashZipmap,
    ListZiplist,
    SetIntset,
    ZSetZiplist,
    HashZiplist,
    ListQuicklist1,
    HashListpack,
    ZSetListpack,
    ListQuicklist2,
    SetListpack,
}

/// An encoding of what is not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opaque {
    /// A value of a module, of unknown length.
    Module1,
    Module2,
    /// A stream, in its first, second or third form.
    Stream(u8),
    /// A table of fields that expire; whether the earliest time stands before it.
    HashTable(bool),
    /// The same as a listpack.
    HashListpack(bool),
}

impl Opaque {
    /// What it is; `module` where that matters.
    pub const fn what(self, module: super::ModuleId) -> Unsupported {
        match self {
            Self::Module1 | Self::Module2 => Unsupported::Module(module),
            Self::Stream(_) => Unsupported::Stream,
            Self::HashTable(_) | Self::HashListpack(_) => Unsupported::HashFieldExpiry,
        }
    }
}

impl Kind {
    pub const fn from_byte(byte: u8) -> Option<Self> {
        use Encoding as E;
        Some(match byte {
            0 => Self::Known(E::String),
            1 => Self::Known(E::List),
            2 => Self::Known(E::Set),
            3 => Self::Known(E::ZSetText),
            4 => Self::Known(E::Hash),
            5 => Self::Known(E::ZSetBinary),
            6 => Self::Opaque(Opaque::Module1),
            7 => Self::Opaque(Opaque::Module2),
            9 => Self::Known(E::HashZipmap),
            10 => Self::Known(E::ListZiplist),
            11 => Self::Known(E::SetIntset),
            12 => Self::Known(E::ZSetZiplist),
            13 => Self::Known(E::HashZiplist),
            14 => Self::Known(E::ListQuicklist1),
            15 => Self::Opaque(Opaque::Stream(1)),
            16 => Self::Known(E::HashListpack),
            17 => Self::Known(E::ZSetListpack),
            18 => Self::Known(E::ListQuicklist2),
            19 => Self::Opaque(Opaque::Stream(2)),
            20 => Self::Known(E::SetListpack),
            21 => Self::Opaque(Opaque::Stream(3)),
            22 => Self::Opaque(Opaque::HashTable(false)),
            23 => Self::Opaque(Opaque::HashListpack(false)),
            24 => Self::Opaque(Opaque::HashTable(true)),
            25 => Self::Opaque(Opaque::HashListpack(true)),
            _ => return None,
        })
    }
}
