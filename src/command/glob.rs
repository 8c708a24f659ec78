//! Patterns of `KEYS` and `SCAN`.

/// Whether a pattern matches a whole key: `*` any bytes, `?` one, `[a-c]` one of them, `[^a]` one
/// of the others, `\x` the byte itself.
///
/// Time is bounded by the product of both lengths, memory is constant.
#[must_use]
pub fn glob_matches(pattern: &[u8], key: &[u8]) -> bool {
    let (mut at, mut rest) = (pattern, key);
    // Where to go on if what follows the last star does not match here.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', behind @ ..] = at {
            retry = Some((behind, rest));
            at = behind;
            continue;
        }
        let matched = match (at, rest) {
            ([], []) => return true,
            ([], _) | (_, []) => None,
            (_, [byte, behind @ ..]) => one(at, *byte).map(|at| (at, behind)),
        };
        match (matched, retry) {
            (Some(next), _) => (at, rest) = next,
            (None, Some((behind, [_, shorter @ ..]))) => {
                retry = Some((behind, shorter));
                (at, rest) = (behind, shorter);
            }
            (None, _) => return false,
        }
    }
}

/// Matches one byte; what is left of the pattern.
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [b'?', rest @ ..] => Some(rest),
        [b'[', b'^', rest @ ..] => class(rest, byte, false),
        [b'[', rest @ ..] => class(rest, byte, true),
        [b'\\', escaped, rest @ ..] => (*escaped == byte).then_some(rest),
        [same, rest @ ..] => (*same == byte).then_some(rest),
        [] => None,
    }
}

/// Matches one byte against a class; one without an end ends with the pattern.
fn class(mut pattern: &[u8], byte: u8, wanted: bool) -> Option<&[u8]> {
    let mut found = false;
    let rest = loop {
        pattern = match pattern {
            [] => break pattern,
            [b'\\', escaped, rest @ ..] => {
                found |= *escaped == byte;
                rest
            }
            [b']', rest @ ..] => break rest,
            [from, b'-', to, rest @ ..] => {
                found |= (*from.min(to)..=*from.max(to)).contains(&byte);
                rest
            }
            [same, rest @ ..] => {
                found |= *same == byte;
                rest
            }
        };
    };
    (found == wanted).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::glob_matches;

    #[test]
    fn patterns_match_as_in_redis() {
        for (pattern, key, expected) in [
            ("*", "", true),
            ("**", "ab", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("a*b*c", "a-b-b-c", true),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h[ae]llo", "hallo", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-c]llo", "hbllo", true),
            ("h[c-a]llo", "hbllo", true),
            ("h[a-c]llo", "hdllo", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("[\\]]", "]", true),
            ("[]", "a", false),
            ("[^]", "a", true),
            ("[ab", "b", true),
            ("a", "", false),
            ("", "a", false),
            ("", "", true),
            ("\\", "\\", true),
            ("a*", "a", true),
            ("*a", "bab", false),
        ] {
            let found = glob_matches(pattern.as_bytes(), key.as_bytes());
            assert_eq!(found, expected, "{pattern} against {key}");
        }
    }

    #[test]
    fn many_stars_take_bounded_time() {
        let pattern = b"a*a*a*a*a*a*a*a*a*a*a*a*b";
        assert!(!glob_matches(pattern, &[b'a'; 2_000]));
    }
}
