//! Strings compressed with LZF.
//!
//! A control byte below 32 says that so many bytes and one more follow as they are. Any other one
//! refers back: its upper three bits say how many bytes (two are added; 7 means that another byte
//! is added as well), its lower five and the byte that follows how far (one is added).

use alloc::vec::Vec;

/// Three bytes of input make at most so many bytes of output.
const EXPANSION_MAX: usize = 264;

/// Whether `packed` bytes could hold `len`.
pub(super) const fn could_hold(packed: usize, len: usize) -> bool {
    len.div_ceil(EXPANSION_MAX) <= packed.div_ceil(3)
}

/// Unpacks exactly `len` bytes, or nothing. The caller bounds `len`.
pub(super) fn unpack(packed: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(len);
    let mut rest = packed;
    while let [control, tail @ ..] = rest {
        rest = tail;
        if *control < 32 {
            let (literal, tail) = rest.split_at_checked(usize::from(*control) + 1)?;
            out.extend_from_slice(literal);
            rest = tail;
        } else {
            rest = copy(*control, rest, &mut out, len)?;
        }
        if out.len() > len {
            return None;
        }
    }
    (out.len() == len).then_some(out)
}

/// Follows a reference back; gives what comes after it.
fn copy<'a>(control: u8, rest: &'a [u8], out: &mut Vec<u8>, len: usize) -> Option<&'a [u8]> {
    let mut count = usize::from(control >> 5) + 2;
    let mut rest = rest;
    if control >> 5 == 7 {
        let (more, tail) = rest.split_first()?;
        count += usize::from(*more);
        rest = tail;
    }
    let (low, tail) = rest.split_first()?;
    let distance = (usize::from(control & 31) << 8 | usize::from(*low)) + 1;
    let mut from = out.len().checked_sub(distance)?;
    if count > len.checked_sub(out.len())? {
        return None;
    }
    while count > 0 {
        // What is copied may end behind what is there yet: it then repeats itself.
        let step = count.min(out.len() - from);
        out.extend_from_within(from..from + step);
        from += step;
        count -= step;
    }
    Some(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_references_are_unpacked() {
        assert_eq!(unpack(b"", 0).as_deref(), Some(&b""[..]));
        assert_eq!(unpack(b"\x02abc", 3).as_deref(), Some(&b"abc"[..]));
        let far = unpack(b"\x02abc\x20\x02\x00d", 7);
        assert_eq!(far.as_deref(), Some(&b"abcabcd"[..]));
        let run = unpack(b"\x00a\xe0\xff\x00", 265);
        assert_eq!(run, Some([b'a'; 265].to_vec()));
    }

    #[test]
    fn lies_are_refused() {
        for (packed, len) in [
            (&b"\x02ab"[..], 3),
            (b"\x02abc", 2),
            (b"\x02abc", 4),
            (b"\x02abc\x20\x03", 6),
            (b"\x20\x00", 3),
            (b"\x00a\xe0", 10),
            (b"\x00a\xe0\xff", 10),
            (b"\x00a\xe0\xff\x00", 264),
        ] {
            assert_eq!(unpack(packed, len), None, "{packed:?}");
        }
    }

    #[test]
    fn ratio_is_bounded() {
        assert!(could_hold(3, 264));
        assert!(could_hold(5, 265));
        assert!(!could_hold(3, 265));
        assert!(!could_hold(0, 1));
        assert!(could_hold(0, 0));
    }
}
