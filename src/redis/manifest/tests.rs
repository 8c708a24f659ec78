use alloc::string::ToString;

use super::*;

fn problem(bytes: &[u8]) -> (u64, ManifestProblem) {
    let error = Manifest::parse(bytes).unwrap_err();
    (error.line, error.problem)
}

fn text(bytes: &[u8]) -> Text {
    Text(bytes.into())
}

#[test]
fn files_are_found_by_type_and_order() {
    let manifest = Manifest::parse(
        b"#a comment\nfile a.3.base.aof seq 3 type b\nfile a.2.incr.aof seq 2 type h\n\
          file a.4.incr.aof seq 4 type i\nfile a.9.incr.aof seq 9 type i\n",
    );
    let manifest = manifest.expect("a manifest");
    let names: Vec<_> = manifest.loaded().map(|file| &file.name[..]).collect();
    assert_eq!(
        names,
        [&b"a.3.base.aof"[..], b"a.4.incr.aof", b"a.9.incr.aof"]
    );
    assert_eq!(manifest.history[0].seq, 2);
    assert_eq!(manifest.incrementals[1].seq, 9);
}

#[test]
fn keys_come_in_any_case_and_unknown_ones_are_ignored() {
    let line = b"TYPE i Seq 7 startoffset 12 endoffset 90 FILE x.7.incr.aof\n";
    let manifest = Manifest::parse(line).expect("a manifest");
    assert_eq!(manifest.incrementals[0].seq, 7);
}

#[test]
fn quoted_name_is_unquoted() {
    let line = br#"file "a \"b\" \x41\x7e\t\n\r\a\b.aof" seq 1 type b"#;
    let manifest = Manifest::parse(&[line, &b"\n"[..]].concat()).expect("a manifest");
    let name = manifest.base.expect("a base").name;
    assert_eq!(name, b"a \"b\" A~\t\n\r\x07\x08.aof");
}

#[test]
fn comments_alone_list_nothing() {
    assert_eq!(Manifest::parse(b"#\n# nothing\n"), Ok(Manifest::default()));
}

#[test]
fn empty_manifest_is_refused() {
    assert_eq!(problem(b""), (1, ManifestProblem::Empty));
}

#[test]
fn blank_line_is_refused() {
    let good = &b"file a seq 1 type b\n"[..];
    for blank in [&b"\n"[..], b"  \n", b"\r\n", b"\t\n"] {
        let bytes = [good, blank, good].concat();
        assert_eq!(problem(&bytes), (2, ManifestProblem::BlankLine));
    }
}

#[test]
fn missing_last_line_feed_is_refused() {
    let bytes = b"file a seq 1 type b\nfile b seq 1 type i";
    assert_eq!(problem(bytes), (2, ManifestProblem::NoLineFeed));
    assert_eq!(problem(b"#comment"), (1, ManifestProblem::NoLineFeed));
}

#[test]
fn line_has_at_most_1024_bytes() {
    let line = |len: usize| {
        let mut line = b"file a seq 1 type b x ".to_vec();
        line.resize(len - 1, b'y');
        line.push(b'\n');
        line
    };
    assert!(Manifest::parse(&line(1_024)).is_ok());
    assert_eq!(problem(&line(1_025)), (1, ManifestProblem::LongLine(1_025)));
}

#[test]
fn odd_and_few_words_are_refused() {
    let few = (1, ManifestProblem::FewWords(4));
    assert_eq!(problem(b"file a seq 1\n"), few);
    let odd = (1, ManifestProblem::OddWords(7));
    assert_eq!(problem(b"file a seq 1 type b more\n"), odd);
}

#[test]
fn missing_and_repeated_keys_are_refused() {
    for (line, key) in [
        (&b"filx a seq 1 type b\n"[..], "file"),
        (b"file a seqx 1 type b\n", "seq"),
        (b"file a seq 1 typex b\n", "type"),
    ] {
        assert_eq!(problem(line), (1, ManifestProblem::MissingKey(key)));
    }
    let repeated = (1, ManifestProblem::RepeatedKey("seq"));
    assert_eq!(problem(b"file a seq 1 type b SEQ 2\n"), repeated);
}

#[test]
fn unknown_type_is_refused() {
    for word in [&b"x"[..], b"B", b"base"] {
        let line = [b"file a seq 1 type ", word, b"\n"].concat();
        assert_eq!(problem(&line), (1, ManifestProblem::Type(text(word))));
    }
}

#[test]
fn sequence_number_is_a_positive_integer() {
    for word in [
        &b"0"[..],
        b"-1",
        b"+1",
        b"1x",
        b"0x1",
        b"9223372036854775808",
    ] {
        let line = [b"file a seq ", word, b" type b\n"].concat();
        assert_eq!(problem(&line), (1, ManifestProblem::Seq(text(word))));
    }
    assert!(Manifest::parse(b"file a seq 9223372036854775807 type b\n").is_ok());
}

#[test]
fn incrementals_rise() {
    for seq in [4, 3] {
        let bytes = [
            &b"file a seq 4 type i\nfile b seq "[..],
            seq.to_string().as_bytes(),
            b" type i\n",
        ]
        .concat();
        let expected = ManifestProblem::SeqNotRising { last: 4, seq };
        assert_eq!(problem(&bytes), (2, expected));
    }
}

#[test]
fn second_base_is_refused() {
    let bytes = b"file a seq 1 type b\nfile b seq 2 type b\n";
    assert_eq!(problem(bytes), (2, ManifestProblem::SecondBase));
}

#[test]
fn name_leads_nowhere_else() {
    for (word, name) in [
        (&b"../a"[..], &b"../a"[..]),
        (b"/a", b"/a"),
        (b"a\\b", b"a\\b"),
        (b"\"a\\\\b\"", b"a\\b"),
        (b"..", b".."),
        (b"\"\"", b""),
        (b"\"a\\x00\"", b"a\0"),
    ] {
        let line = [b"file ", word, b" seq 1 type b\n"].concat();
        assert_eq!(problem(&line), (1, ManifestProblem::Name(text(name))));
    }
}

#[test]
fn quotes_are_balanced() {
    for word in [
        &b"\"a"[..],
        b"\"a\"b",
        b"a\"b\"",
        b"\"\\q\"",
        b"\"\\x4\"",
        b"\"\\",
    ] {
        let line = [b"file ", word, b" seq 1 type b\n"].concat();
        assert!(matches!(problem(&line), (1, ManifestProblem::Quoting(_))));
    }
}

#[test]
fn errors_read_well() {
    let error = Manifest::parse(b"#\nfile ../a seq 1 type b\n").unwrap_err();
    let expected = "line 2: expected a file name without a path, found \"../a\"";
    assert_eq!(error.to_string(), expected);
}
