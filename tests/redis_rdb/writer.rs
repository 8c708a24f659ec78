//! Writes images from the description of the format, by hand.

/// An image in the making.
pub struct Writer {
    pub out: Vec<u8>,
    version: u32,
}

impl Writer {
    pub fn new(version: u32) -> Self {
        let out = format!("REDIS{version:04}").into_bytes();
        Self { out, version }
    }

    pub fn raw(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.out.extend_from_slice(bytes.as_ref());
        self
    }

    /// A key with its value as it is to stand in the file.
    pub fn key(self, kind: u8, key: &[u8], value: &[u8]) -> Self {
        self.raw([kind]).raw(string(key)).raw(value)
    }

    /// The end with a right checksum.
    pub fn end(mut self) -> Vec<u8> {
        self.out.push(255);
        if self.version >= 5 {
            let checksum = crc64(&self.out);
            self.out.extend(checksum.to_le_bytes());
        }
        self.out
    }

    /// The end without a checksum.
    pub fn end_unchecked(mut self) -> Vec<u8> {
        self.out.push(255);
        if self.version >= 5 {
            self.out.extend([0; 8]);
        }
        self.out
    }
}

/// CRC-64 after Jones, bit by bit.
pub fn crc64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u64::from(*byte), |crc, _| {
            (crc >> 1)
                ^ if crc & 1 == 1 {
                    0x95ac_9329_ac4b_c9b5
                } else {
                    0
                }
        })
    })
}

/// A length in its shortest form.
pub fn len(len: usize) -> Vec<u8> {
    match len {
        0..64 => vec![len as u8],
        64..16_384 => vec![0x40 | (len >> 8) as u8, len as u8],
        _ => [&[0x80][..], &(len as u32).to_be_bytes()].concat(),
    }
}

pub fn string(bytes: &[u8]) -> Vec<u8> {
    [len(bytes.len()), bytes.to_vec()].concat()
}

/// A count and strings.
pub fn strings(items: &[&[u8]]) -> Vec<u8> {
    counted(items.iter().map(|item| string(item)).collect())
}

/// A count and what is already encoded.
pub fn counted(items: Vec<Vec<u8>>) -> Vec<u8> {
    [len(items.len()), items.concat()].concat()
}

/// A compressed string; nothing in it is really compressed.
pub fn lzf(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    for chunk in bytes.chunks(32) {
        packed.push(chunk.len() as u8 - 1);
        packed.extend_from_slice(chunk);
    }
    [vec![0xc3], len(packed.len()), len(bytes.len()), packed].concat()
}

/// A ziplist of entries that say how they are encoded.
pub fn ziplist(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    let (mut previous, mut last) = (0, 10);
    for entry in entries {
        last = 10 + body.len();
        match previous {
            0..254 => body.push(previous as u8),
            _ => {
                body.push(254);
                body.extend((previous as u32).to_le_bytes());
            }
        }
        body.extend_from_slice(entry);
        previous = 10 + body.len() - last;
    }
    let count = u16::try_from(entries.len()).unwrap_or(u16::MAX);
    let mut list = ((11 + body.len()) as u32).to_le_bytes().to_vec();
    list.extend((last as u32).to_le_bytes());
    list.extend(count.to_le_bytes());
    list.extend(body);
    list.push(255);
    list
}

/// A ziplist entry of text.
pub fn zl(text: &[u8]) -> Vec<u8> {
    match text.len() {
        0..64 => [&[text.len() as u8][..], text].concat(),
        len @ 64..16_384 => [&[0x40 | (len >> 8) as u8, len as u8][..], text].concat(),
        len => [&[0x80][..], &(len as u32).to_be_bytes(), text].concat(),
    }
}

/// A listpack of entries that say how they are encoded.
pub fn listpack(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for entry in entries {
        body.extend_from_slice(entry);
        let len = entry.len();
        match len {
            0..=127 => body.push(len as u8),
            128..16_383 => body.extend([(len >> 7) as u8, len as u8 | 128]),
            _ => body.extend([(len >> 14) as u8, (len >> 7) as u8 | 128, len as u8 | 128]),
        }
    }
    let count = u16::try_from(entries.len()).unwrap_or(u16::MAX);
    let mut list = ((7 + body.len()) as u32).to_le_bytes().to_vec();
    list.extend(count.to_le_bytes());
    list.extend(body);
    list.push(255);
    list
}

/// A listpack entry of text.
pub fn lp(text: &[u8]) -> Vec<u8> {
    match text.len() {
        0..64 => [&[0x80 | text.len() as u8][..], text].concat(),
        len @ 64..4_096 => [&[0xe0 | (len >> 8) as u8, len as u8][..], text].concat(),
        len => [&[0xf0][..], &(len as u32).to_le_bytes(), text].concat(),
    }
}

pub fn intset(width: u8, numbers: &[i64]) -> Vec<u8> {
    let mut set = vec![width, 0, 0, 0];
    set.extend((numbers.len() as u32).to_le_bytes());
    for number in numbers {
        set.extend_from_slice(&number.to_le_bytes()[..width.into()]);
    }
    set
}
