use super::*;

fn tree_of(keys: &[(&str, u64)], depth: usize, nodes_max: usize) -> Tree {
    let mut tree = Tree::new(depth);
    tree.nodes_max = nodes_max;
    for (key, len) in keys {
        tree.shape(0, key.as_bytes(), *len);
        assert!(tree.nodes <= nodes_max, "{key}");
    }
    tree.begin_counts();
    for (key, len) in keys {
        tree.count(0, key.as_bytes(), *len);
    }
    tree
}

fn limit(all: usize) -> Limit {
    Limit {
        all,
        below_one: usize::MAX,
    }
}

/// A line for each prefix: its keys and bytes, and those that are not below its children.
fn lines(prefix: &Prefix) -> Vec<String> {
    let (own, other) = (prefix.own(), prefix.other);
    let mut all = vec![format!(
        "{:?} {}/{} own {}/{} other {}/{}",
        prefix.name.text(),
        prefix.keys,
        prefix.len,
        own.keys,
        own.len,
        other.keys,
        other.len
    )];
    all.extend(prefix.children.iter().flat_map(lines));
    all
}

const KEYS: &[(&str, u64)] = &[
    ("user:1:name", 10),
    ("user:1:mail", 20),
    ("user:2:name", 5),
    ("user:x", 1),
    ("a/b/c/d/e", 7),
    ("plain", 3),
    (":", 1),
];

#[test]
fn keys_are_split_behind_separators() {
    let found = tree_of(KEYS, 3, 100).finish(limit(100));
    assert_eq!(
        lines(&found[0].root),
        [
            r#""" 7/47 own 1/3 other 0/0"#,
            r#""user:" 4/36 own 1/1 other 0/0"#,
            r#""user:1:" 2/30 own 2/30 other 0/0"#,
            r#""user:2:" 1/5 own 1/5 other 0/0"#,
            r#""a/b/c/" 1/7 own 1/7 other 0/0"#,
            r#"":" 1/1 own 1/1 other 0/0"#,
        ]
    );
}

#[test]
fn depth_bounds_the_parts() {
    let found = tree_of(KEYS, 1, 100).finish(limit(100));
    let names: Vec<_> = found[0]
        .root
        .children
        .iter()
        .map(|it| it.name.text())
        .collect();
    assert_eq!(names, ["user:", "a/", ":"]);
    let found = tree_of(KEYS, 0, 100).finish(limit(100));
    assert_eq!(lines(&found[0].root), [r#""" 7/47 own 7/47 other 0/0"#]);
}

#[test]
fn what_is_folded_is_counted() {
    let found = tree_of(KEYS, 3, 100).finish(limit(2));
    assert_eq!(
        lines(&found[0].root),
        [
            r#""" 7/47 own 1/3 other 2/8"#,
            r#""user:" 4/36 own 1/1 other 1/5"#,
            r#""user:1:" 2/30 own 2/30 other 0/0"#,
        ]
    );
    let again = folded(&tree_of(KEYS, 3, 100).finish(limit(4)), limit(2));
    assert_eq!(lines(&again[0].root), lines(&found[0].root));
}

#[test]
fn few_are_listed_below_one() {
    let limit = Limit {
        all: 100,
        below_one: 1,
    };
    assert_eq!(
        lines(&tree_of(KEYS, 3, 100).finish(limit)[0].root),
        [
            r#""" 7/47 own 1/3 other 2/8"#,
            r#""user:" 4/36 own 1/1 other 1/5"#,
            r#""user:1:" 2/30 own 2/30 other 0/0"#,
        ]
    );
}

#[test]
fn large_prefixes_stay_among_many_small_ones() {
    let many: Vec<String> = (0..10_000)
        .flat_map(|number| {
            [
                format!("small:{number}:x"),
                format!("large:{}:x", number % 3),
            ]
        })
        .collect();
    let keys: Vec<_> = many.iter().map(|key| (&key[..], 10)).collect();
    let found = tree_of(&keys, 3, 200).finish(limit(5));
    let root = &found[0].root;
    assert_eq!((root.keys, root.len), (20_000, 200_000));
    let large = root.children.iter().find(|it| it.name.0 == b"large:");
    let large = large.expect("it is as large as the other");
    let below: Vec<_> = large
        .children
        .iter()
        .map(|it| (it.name.text(), it.keys))
        .collect();
    assert_eq!(
        below,
        [
            ("large:0:".to_owned(), 3334),
            ("large:1:".to_owned(), 3333),
            ("large:2:".to_owned(), 3333)
        ]
    );
    let small = root.children.iter().find(|it| it.name.0 == b"small:");
    assert_eq!(small.expect("it is large").other.keys, 10_000);
}

#[test]
fn long_parts_are_no_prefixes() {
    let long = format!("{}:x", "y".repeat(PART_LEN_MAX));
    let found = tree_of(&[(&long, 1), ("a:b", 1)], 3, 100).finish(limit(100));
    assert_eq!(found[0].root.children.len(), 1);
}
