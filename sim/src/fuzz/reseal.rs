//! Makes a damaged log's checksums and lengths right again.

use indelible::log::FRAME_LINE_LEN_MAX;

/// The same log with each line's `len`, `sum` and `crc` as its bytes ask for, as far as they are
/// there.
///
/// No fuzzer finds a checksum by trying. With this what it changes reaches the code behind the
/// checksums: intact frames that say what no writer says.
#[must_use]
pub fn reseal(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(bytes.len());
    let mut starts = line_starts(bytes);
    starts.push(bytes.len());
    sealed.extend_from_slice(&bytes[..starts[0]]);
    for frame in starts.windows(2) {
        seal(&bytes[frame[0]..frame[1]], &mut sealed);
    }
    sealed
}

/// Where lines of ours may begin: at the start, and at each `#~`.
fn line_starts(bytes: &[u8]) -> Vec<usize> {
    let frames = bytes.windows(2).enumerate();
    let frames = frames.filter(|(at, pair)| *at > 0 && *pair == b"#~");
    std::iter::once(0).chain(frames.map(|(at, _)| at)).collect()
}

/// Seals one line with the body that follows it.
fn seal(frame: &[u8], out: &mut Vec<u8>) {
    let near = &frame[..frame.len().min(FRAME_LINE_LEN_MAX)];
    let Some(end) = near.windows(2).position(|pair| pair == b"\r\n") else {
        out.extend_from_slice(frame);
        return;
    };
    let (line, body) = (&frame[..end], &frame[end + 2..]);
    let line = with_number(line, b" len=", body.len());
    let line = with_sum(&line, b" sum=", |_| body.to_vec());
    let line = with_sum(&line, b" crc=", <[u8]>::to_vec);
    out.extend_from_slice(&line);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
}

/// The line with this decimal field, if it has it.
fn with_number(line: &[u8], field: &[u8], number: usize) -> Vec<u8> {
    let Some(start) = behind(line, field) else {
        return line.to_vec();
    };
    let digits = line[start..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    let rest = &line[start + digits.count()..];
    [&line[..start], number.to_string().as_bytes(), rest].concat()
}

/// The line with the CRC-32 of `covered` (given what stands before the sum) in this field, if it has
/// the room for it.
fn with_sum(line: &[u8], field: &[u8], covered: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let Some(start) = behind(line, field).filter(|start| line.len() >= start + 8) else {
        return line.to_vec();
    };
    let sum = crc32fast::hash(&covered(&line[..start]));
    let sum = format!("{sum:08x}");
    [&line[..start], sum.as_bytes(), &line[start + 8..]].concat()
}

fn behind(line: &[u8], field: &[u8]) -> Option<usize> {
    let at = line.windows(field.len()).position(|here| here == field)?;
    Some(at + field.len())
}

#[cfg(test)]
mod tests {
    use super::super::history_log;
    use super::*;

    #[test]
    fn a_whole_log_is_sealed_already() {
        let log = history_log(0);
        assert_eq!(reseal(&log), log);
    }

    #[test]
    fn a_damaged_log_is_mended() {
        let log = history_log(0);
        let field = log.windows(5).position(|here| here == b" crc=").unwrap();
        let mut damaged = log.clone();
        damaged[field + 5..field + 13].fill(b'0');
        assert_eq!(reseal(&damaged), log);
    }

    #[test]
    fn any_bytes_are_taken() {
        for bytes in [
            &b""[..],
            b"#",
            b"#~",
            b"#~\r\n",
            b" crc=1\r\n#~ sum=\r\n#~ len=\r\nx",
        ] {
            assert!(reseal(bytes).len() >= bytes.len().min(1));
        }
    }
}
