//! A reply as a tree.

use indelible::resp::write_command;

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A status, an error or a number: the whole line.
    Line(Vec<u8>),
    /// No bytes, or no array.
    Nil,
    Bulk(Vec<u8>),
    Array(Vec<Said>),
}

impl Said {
    /// Reads a reply that is whole.
    pub fn read(mut bytes: &[u8]) -> Self {
        let said = Self::take(&mut bytes);
        assert!(bytes.is_empty(), "nothing behind a reply");
        said
    }

    fn take(rest: &mut &[u8]) -> Self {
        let end = rest.windows(2).position(|it| it == b"\r\n").unwrap();
        let (line, behind) = (&rest[..end], &rest[end + 2..]);
        *rest = behind;
        let number: i64 = String::from_utf8_lossy(&line[1..]).parse().unwrap_or(0);
        match line[0] {
            b'$' | b'*' if number < 0 => Self::Nil,
            b'$' => {
                let (bytes, behind) = rest.split_at(usize::try_from(number).unwrap());
                *rest = &behind[2..];
                Self::Bulk(bytes.to_vec())
            }
            b'*' => Self::Array((0..number).map(|_| Self::take(rest)).collect()),
            _ => Self::Line(line.to_vec()),
        }
    }

    /// The bytes of the one, or of each.
    pub fn items(&self) -> Vec<&[u8]> {
        match self {
            Self::Bulk(bytes) => vec![bytes],
            Self::Array(items) => items.iter().flat_map(Self::items).collect(),
            Self::Line(_) | Self::Nil => Vec::new(),
        }
    }
}

#[test]
fn a_reply_is_read_as_it_was_written() {
    let mut bytes = Vec::new();
    write_command(&mut bytes, &[b"a", b""]);
    let two = Said::Array(vec![Said::Bulk(b"a".to_vec()), Said::Bulk(Vec::new())]);
    assert_eq!(Said::read(&bytes), two);
    assert_eq!(two.items(), [&b"a"[..], b""]);
    assert_eq!(Said::read(b"$-1\r\n"), Said::Nil);
    assert_eq!(Said::read(b":7\r\n"), Said::Line(b":7".to_vec()));
}
