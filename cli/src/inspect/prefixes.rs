//! The tree of prefixes, split behind `:`, `/` and `.`, in bounded memory.
//!
//! 1. A first pass over the keys finds the tree's shape. When it has too many nodes, the smaller half
//!    goes; what is large comes back, and stays.
//! 2. A second pass counts exactly over that shape; a key whose prefix is not there counts as `other`
//!    where the way ends.
//! 3. What is shown is the largest nodes of all (a node is never larger than the one above it).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use super::report::{Amount, Database, Name, Prefix};

/// Nodes that are held at most.
const NODES_MAX: usize = 1 << 14;
/// A longer part of a key is not taken for a prefix.
const PART_LEN_MAX: usize = 256;

/// Counts keys by their prefixes.
#[derive(Debug, Default)]
pub struct Tree {
    roots: BTreeMap<u32, Node>,
    /// Parts of a key at most.
    depth: usize,
    /// Databases not counted, which have a bound of their own.
    nodes: usize,
    nodes_max: usize,
    counting: bool,
}

#[derive(Debug, Default)]
struct Node {
    all: Amount,
    other: Amount,
    children: HashMap<Box<[u8]>, Node>,
}

impl Tree {
    pub fn new(depth: usize) -> Self {
        Self {
            depth,
            nodes_max: NODES_MAX,
            ..Self::default()
        }
    }

    /// The first pass: `weight` says about how large the key is.
    pub fn shape(&mut self, db: u32, key: &[u8], weight: u64) {
        assert!(!self.counting, "shapes come before counts");
        let mut node = self.roots.entry(db).or_default();
        node.all.add(1, weight);
        for part in parts(key).take(self.depth) {
            if !node.children.contains_key(part) {
                node.children.insert(part.into(), Node::default());
                self.nodes += 1;
            }
            let child = node.children.get_mut(part);
            node = child.expect("just inserted");
            node.all.add(1, weight);
        }
        if self.nodes > self.nodes_max {
            self.prune();
        }
    }

    /// Ends the first pass.
    pub fn begin_counts(&mut self) {
        self.counting = true;
        self.roots.values_mut().for_each(Node::clear);
    }

    /// The second pass, with the same keys.
    pub fn count(&mut self, db: u32, key: &[u8], len: u64) {
        assert!(self.counting, "counts come behind shapes");
        let mut node = self.roots.entry(db).or_default();
        node.all.add(1, len);
        for part in parts(key).take(self.depth) {
            if !node.children.contains_key(part) {
                node.other.add(1, len);
                return;
            }
            let child = node.children.get_mut(part);
            node = child.expect("just seen");
            node.all.add(1, len);
        }
    }

    /// The largest prefixes, and what the others amount to.
    pub fn finish(self, limit: Limit) -> Vec<Database> {
        let roots = self.roots.into_iter();
        let roots = roots.map(|(db, node)| Database {
            db,
            root: node.finish(Name::default()),
        });
        let roots: Vec<_> = roots.collect();
        folded(&roots, limit)
    }

    /// Lets the smaller half of the nodes go.
    fn prune(&mut self) {
        let mut sizes = Vec::new();
        self.roots.values().for_each(|root| root.sizes(&mut sizes));
        let middle = sizes.len() / 2;
        let limit = *sizes.select_nth_unstable(middle).1;
        let roots = self.roots.values_mut();
        self.nodes = roots.map(|root| root.keep_above(limit)).sum();
    }
}

impl Node {
    fn clear(&mut self) {
        self.all = Amount::default();
        self.children.values_mut().for_each(Self::clear);
    }

    fn sizes(&self, sizes: &mut Vec<u64>) {
        for child in self.children.values() {
            sizes.push(child.all.len);
            child.sizes(sizes);
        }
    }

    /// Keeps what is larger; says how many nodes are left below.
    fn keep_above(&mut self, limit: u64) -> usize {
        self.children.retain(|_, child| child.all.len > limit);
        self.children.shrink_to_fit();
        let children = self.children.values_mut();
        children.map(|child| 1 + child.keep_above(limit)).sum()
    }

    fn finish(self, name: Name) -> Prefix {
        let mut children: Vec<Prefix> = self
            .children
            .into_iter()
            .filter(|(_, child)| child.all.keys > 0)
            .map(|(part, child)| child.finish(Name([&name.0[..], &part].concat())))
            .collect();
        children.sort_by(|one, other| order(one).cmp(&order(other)));
        let is_one = children.len() == 1 && children[0].keys == self.all.keys;
        if is_one && !name.0.is_empty() {
            return children.remove(0); // no key and no other prefix between the two
        }
        Prefix {
            name,
            keys: self.all.keys,
            len: self.all.len,
            children,
            other: self.other,
        }
    }
}

fn order(prefix: &Prefix) -> (Reverse<u64>, &Name) {
    (Reverse(prefix.len), &prefix.name)
}

/// A key's parts, each with the separator at its end; what is behind the last one is no prefix.
fn parts(key: &[u8]) -> impl Iterator<Item = &[u8]> {
    let separates = |byte: &u8| matches!(byte, b':' | b'/' | b'.');
    let parts = key.split_inclusive(separates);
    parts.take_while(move |part| part.len() <= PART_LEN_MAX && part.last().is_some_and(separates))
}

/// How many prefixes are listed.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Of all databases.
    pub all: usize,
    /// Directly below one of them, or below a database.
    pub below_one: usize,
}

/// The largest of all prefixes, and what the others amount to. Databases are always there.
pub fn folded(databases: &[Database], limit: Limit) -> Vec<Database> {
    let mut heap = BinaryHeap::new();
    for (at, database) in databases.iter().enumerate() {
        let children = database.root.children.iter().take(limit.below_one);
        heap.extend(children.map(|it| Largest(at, it)));
    }
    let mut least = None;
    for _ in 0..limit.all {
        let Some(Largest(at, prefix)) = heap.pop() else {
            break;
        };
        let children = prefix.children.iter().take(limit.below_one);
        heap.extend(children.map(|it| Largest(at, it)));
        least = Some(Largest(at, prefix));
    }
    let fold = |(at, it): (usize, &Database)| Database {
        db: it.db,
        root: fold(at, &it.root, limit.below_one, least),
    };
    databases.iter().enumerate().map(fold).collect()
}

/// Keeps what is not smaller than the least.
fn fold(at: usize, prefix: &Prefix, below_one: usize, least: Option<Largest<'_>>) -> Prefix {
    let mut folded = Prefix {
        name: prefix.name.clone(),
        keys: prefix.keys,
        len: prefix.len,
        children: Vec::new(),
        other: prefix.other,
    };
    for (rank, child) in prefix.children.iter().enumerate() {
        let is_large = least.is_some_and(|least| Largest(at, child) >= least);
        match rank < below_one && is_large {
            true => folded.children.push(fold(at, child, below_one, least)),
            false => folded.other.add(child.keys, child.len),
        }
    }
    folded
}

/// A prefix of a database, ordered so that no two are equal and none comes before those above it.
#[derive(Clone, Copy)]
struct Largest<'a>(usize, &'a Prefix);

impl Largest<'_> {
    fn order(&self) -> (u64, Reverse<usize>, Reverse<usize>, Reverse<&Name>) {
        let Self(at, prefix) = self;
        let name = &prefix.name;
        (
            prefix.len,
            Reverse(*at),
            Reverse(name.0.len()),
            Reverse(name),
        )
    }
}

impl Ord for Largest<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Largest<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Largest<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Largest<'_> {}

#[cfg(test)]
mod tests;
