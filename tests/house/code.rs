//! Rust source without what is no code: comments, and what stands between quotes.

/// `source` with comments and the contents of literals blanked; lines stay where they are.
pub fn code_of(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let len = not_code(rest, code.chars().next_back());
        if len == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let (blanked, behind) = rest.split_at(len);
            code.extend(blanked.chars().map(|it| if it == '\n' { it } else { ' ' }));
            rest = behind;
        }
    }
    code
}

/// How many bytes of a comment or literal `rest` begins with.
fn not_code(rest: &str, before: Option<char>) -> usize {
    let until = |end: &str, from: usize| {
        rest[from..]
            .find(end)
            .map_or(rest.len(), |at| from + at + end.len())
    };
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if let Some(hashes) = raw_string(rest, before) {
        let open = rest.find('"').expect("a raw string opens") + 1;
        return until(&format!("\"{}", "#".repeat(hashes)), open);
    }
    match rest.as_bytes()[0] {
        b'"' => quoted(rest, '"'),
        // A character, not a lifetime: `'x'` or an escape.
        b'\'' if rest[1..].starts_with('\\') => quoted(rest, '\''),
        b'\'' if rest[1..].chars().nth(1) == Some('\'') => quoted(rest, '\''),
        _ => 0,
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The number of hashes of a raw string that `rest` begins with.
fn raw_string(rest: &str, before: Option<char>) -> Option<usize> {
    if before.is_some_and(is_word) {
        return None;
    }
    let inner = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = inner.len() - inner.trim_start_matches('#').len();
    inner[hashes..].starts_with('"').then_some(hashes)
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        if letter == quote && !escaped {
            return at + letter.len_utf8();
        }
        escaped = letter == '\\' && !escaped;
    }
    rest.len()
}

pub fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Where `word` stands by itself, in bytes.
pub fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let before = code[..*at].chars().next_back();
            let behind = code[at + word.len()..].chars().next();
            !before.is_some_and(is_word) && !behind.is_some_and(is_word)
        })
}

/// The number of the line at this place, from 1.
pub fn line_at(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[test]
fn comments_and_literals_are_no_code() {
    let blank = |source| {
        code_of(source)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(blank("a // std::x\nb"), "a b");
    assert_eq!(blank("a /* x /* y */ z */ b"), "a b");
    assert_eq!(blank(r#"f("std::\" x", b)"#), "f( , b)");
    assert_eq!(blank("f(r#\"a \" b\"#, c)"), "f( , c)");
    assert_eq!(
        blank("match c { '\"' => 1, '\\'' => 2 } // x"),
        "match c { => 1, => 2 }"
    );
    assert_eq!(blank("fn f<'a>(x: &'a str) {}"), "fn f<'a>(x: &'a str) {}");
    assert_eq!(code_of("\"a\nb\"\nc").matches('\n').count(), 2);
}

#[test]
fn a_word_stands_by_itself() {
    assert_eq!(words("std stdx xstd a_std std::y", "std").count(), 2);
    assert_eq!(line_at("a\nb\nc", 2), 2);
}
