//! What `run --json` prints, line by line, and how the lines of shards are joined.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::End;
use super::merge::Refusal;
use crate::campaign::{Group, Shard};
use crate::explore::Counts;
use crate::version::{CODE, VERSION};

/// How a report begins.
const FORMAT: &str = "indelible-sim campaign 1";

/// One line of a report. No line says how long something took: the same arguments print the same,
/// but for how far a campaign with `--minutes` comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// The first: what is run.
    Campaign(Header),
    /// Seeds of one profile that were run.
    Seeds(Block),
    /// Failures that look like one fault.
    Failures(Cluster),
    /// The last: what became of it.
    End(Whole),
}

/// What a campaign is, and in which shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub format: String,
    pub version: String,
    pub code: String,
    pub profiles: Vec<String>,
    /// Where the range of seeds begins, and where it ends.
    pub seeds: (u64, u64),
    /// The file or directory that was the workload, if one was.
    pub aof: Option<String>,
    /// What the simulator was made blind to, if to something.
    pub blind: Option<String>,
    /// Failures after which it stops.
    pub failures_max: u64,
    /// K/N, or `all/N` once shards are joined.
    pub shard: String,
}

/// Seeds of one profile that were run: those of the shard within `first..end`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    pub shard: String,
    pub profile: String,
    pub first: u64,
    pub end: u64,
    pub counts: Counts,
    /// The seeds that broke a promise.
    pub failing: Vec<u64>,
    /// Canaries that nobody caught.
    pub silent: Vec<u32>,
}

/// Failures that look like one fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cluster {
    pub obligation: String,
    pub edge: String,
    pub alike: String,
    pub count: u64,
    /// Profile and seed of each.
    pub runs: Vec<(String, u64)>,
    /// One of them on one screen, and the token that repeats it.
    pub report: String,
    pub replay: String,
}

/// What a campaign came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whole {
    /// Whether all seeds of the range were run.
    pub finished: bool,
    pub counts: Counts,
    /// Canaries that nobody caught.
    pub silent: Vec<u32>,
}

impl Header {
    pub fn new(profiles: Vec<String>, seeds: (u64, u64), shard: Shard) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION.to_owned(),
            code: CODE.to_owned(),
            profiles,
            seeds,
            aof: None,
            blind: None,
            failures_max: 1,
            shard: shard.to_string(),
        }
    }
}

impl Cluster {
    pub fn of(group: &Group) -> Self {
        Self {
            obligation: group.obligation.to_string(),
            edge: group.edge.clone(),
            alike: group.alike.clone(),
            count: group.runs.len() as u64,
            runs: group.runs.clone(),
            report: group.case.to_string(),
            replay: group.case.token(),
        }
    }

    fn key(&self) -> (&str, &str, &str) {
        (&self.obligation, &self.edge, &self.alike)
    }
}

impl Whole {
    /// What these blocks come to.
    pub fn of<'a>(blocks: impl Iterator<Item = &'a Block>, finished: bool) -> Self {
        let mut whole = Self {
            finished,
            counts: Counts::default(),
            silent: Vec::new(),
        };
        for block in blocks {
            whole.counts += block.counts;
            whole.silent.extend(&block.silent);
        }
        whole.silent.sort_unstable();
        whole.silent.dedup();
        whole
    }

    pub fn ended(&self) -> End {
        match (self.counts.violations, self.silent.is_empty()) {
            (0, true) => End::Well,
            (0, false) => End::Unfinished,
            _ => End::Problem,
        }
    }
}

/// A report that was read.
struct Report {
    header: Header,
    blocks: Vec<Block>,
    clusters: Vec<Cluster>,
    end: Whole,
}

fn parse(text: &str) -> Result<Report, String> {
    let (mut header, mut end) = (None, None);
    let (mut blocks, mut clusters) = (Vec::new(), Vec::new());
    for (number, text) in (1..).zip(text.lines()) {
        let line: Line =
            serde_json::from_str(text).map_err(|error| format!("line {number}: {error}"))?;
        match line {
            _ if end.is_some() => return Err(format!("line {number} is behind the end")),
            Line::Campaign(first) if header.is_none() => header = Some(first),
            _ if header.is_none() => {
                return Err(String::from("it does not begin at its beginning"));
            }
            Line::Campaign(_) => return Err(format!("line {number}: a second beginning")),
            Line::Seeds(block) => blocks.push(block),
            Line::Failures(cluster) => clusters.push(cluster),
            Line::End(whole) => end = Some(whole),
        }
    }
    let header = header.ok_or("it is empty")?;
    if header.format != FORMAT {
        return Err(format!("its format is {:?}, not {FORMAT:?}", header.format));
    }
    let end = end.ok_or("it breaks off: its campaign has not come to an end")?;
    if Whole::of(blocks.iter(), end.finished) != end {
        return Err(String::from("its end does not follow from its lines"));
    }
    Ok(Report {
        header,
        blocks,
        clusters,
        end,
    })
}

/// Joins the reports of all shards of one campaign, each with the name of its file.
pub(super) fn merge(texts: &[(String, String)]) -> Result<(String, End), Refusal> {
    let mut shards: BTreeMap<Shard, (&String, Report)> = BTreeMap::new();
    let mut first: Option<(&String, Header)> = None;
    for (name, text) in texts {
        let report = parse(text).map_err(|what| Refusal::Differs(format!("{name}: {what}")))?;
        let shard = report.header.shard.parse::<Shard>();
        let shard = shard.map_err(|what| Refusal::Differs(format!("{name}: {what}")))?;
        let header = Header {
            shard: format!("all/{}", shard.of()),
            ..report.header.clone()
        };
        if let Some((other, first)) = &first
            && *first != header
        {
            let text = format!("{other} and {name} are not of one campaign: {first:?}, {header:?}");
            return Err(Refusal::Differs(text));
        }
        first.get_or_insert((name, header));
        if let Some((other, known)) = shards.get(&shard) {
            if !agree(known, &report) {
                let text = format!("{other} and {name} say different things of shard {shard}");
                return Err(Refusal::Contradicts(text));
            }
            if known.blocks.len() >= report.blocks.len() {
                continue;
            }
        }
        shards.insert(shard, (name, report));
    }
    let (_, header) =
        first.ok_or_else(|| Refusal::Differs(String::from("there is nothing to merge")))?;
    missing(&shards)?;
    joined(
        header,
        shards.into_values().map(|(_, report)| report).collect(),
    )
}

/// Whether two reports of one shard, one of which may have come further, say the same.
fn agree(one: &Report, other: &Report) -> bool {
    let mut both = one.blocks.iter().zip(&other.blocks);
    both.all(|(one, other)| one == other)
}

fn missing(shards: &BTreeMap<Shard, (&String, Report)>) -> Result<(), Refusal> {
    let of = shards.keys().next().map_or(1, |shard| shard.of());
    let is_there =
        |number: &u64| Shard::new(*number, of).is_some_and(|shard| shards.contains_key(&shard));
    let left: Vec<String> = (0..of)
        .filter(|number| !is_there(number))
        .map(|number| format!("{number}/{of}"))
        .collect();
    match left.is_empty() {
        true => Ok(()),
        false => {
            let text = format!("shards are missing: {}", left.join(", "));
            Err(Refusal::Missing(text))
        }
    }
}

fn joined(header: Header, reports: Vec<Report>) -> Result<(String, End), Refusal> {
    let finished = reports.iter().all(|report| report.end.finished);
    let blocks: Vec<Block> = reports
        .iter()
        .flat_map(|report| report.blocks.clone())
        .collect();
    let mut clusters: Vec<Cluster> = Vec::new();
    for cluster in reports.into_iter().flat_map(|report| report.clusters) {
        match clusters
            .iter_mut()
            .find(|known| known.key() == cluster.key())
        {
            Some(known) => {
                known.count += cluster.count;
                known.runs.extend(cluster.runs);
            }
            None => clusters.push(cluster),
        }
    }
    clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.count));
    let end = Whole::of(blocks.iter(), finished);
    let ended = end.ended();
    let mut lines = vec![Line::Campaign(header)];
    lines.extend(blocks.into_iter().map(Line::Seeds));
    lines.extend(clusters.into_iter().map(Line::Failures));
    lines.push(Line::End(end));
    let mut text = String::new();
    for line in &lines {
        text += &to_text(line).map_err(Refusal::Differs)?;
        text.push('\n');
    }
    Ok((text, ended))
}

/// A line as it is printed.
pub(super) fn to_text(line: &Line) -> Result<String, String> {
    serde_json::to_string(line).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(number: u64, of: u64, end: u64, failing: &[u64]) -> (String, String) {
        let shard = Shard::new(number, of).expect("a shard");
        let header = Header::new(vec![String::from("xfs")], (0, 100), shard);
        let block = Block {
            shard: shard.to_string(),
            profile: String::from("xfs"),
            first: 0,
            end,
            counts: Counts {
                workloads: end / of,
                violations: failing.len() as u64,
                ..Counts::default()
            },
            failing: failing.to_vec(),
            silent: Vec::new(),
        };
        let runs: Vec<_> = failing
            .iter()
            .map(|seed| (String::from("xfs"), *seed))
            .collect();
        let cluster = Cluster {
            obligation: String::from("O1"),
            edge: String::from("an edge"),
            alike: String::new(),
            count: runs.len() as u64,
            runs,
            report: String::new(),
            replay: String::new(),
        };
        let end = Whole::of(std::iter::once(&block), end == 100);
        let mut lines = vec![Line::Campaign(header), Line::Seeds(block)];
        lines.extend((!failing.is_empty()).then_some(Line::Failures(cluster)));
        lines.push(Line::End(end));
        let text = lines
            .iter()
            .map(|line| to_text(line).expect("JSON") + "\n")
            .collect();
        (format!("shard {number}"), text)
    }

    #[test]
    fn shards_are_joined_and_their_failures_grouped() {
        let (text, end) =
            merge(&[report(1, 2, 100, &[3]), report(0, 2, 100, &[4, 8])]).expect("whole");
        assert_eq!(end, End::Problem);
        assert!(
            text.lines()
                .next()
                .is_some_and(|line| line.contains("\"all/2\"")),
            "{text}"
        );
        assert!(text.contains("\"count\":3"), "{text}");
        assert!(text.contains("\"finished\":true"), "{text}");
        let whole = merge(&[report(0, 2, 100, &[]), report(1, 2, 60, &[])]).expect("whole");
        assert_eq!(whole.1, End::Well);
        assert!(whole.0.contains("\"finished\":false"), "{}", whole.0);
    }

    #[test]
    fn what_is_missing_torn_or_different_is_refused() {
        let (one, two) = (report(0, 2, 100, &[]), report(1, 2, 100, &[]));
        let missing = merge(std::slice::from_ref(&one));
        assert_eq!(
            missing,
            Err(Refusal::Missing(String::from("shards are missing: 1/2")))
        );
        let other = report(1, 3, 100, &[]);
        assert!(matches!(
            merge(&[one.clone(), other]),
            Err(Refusal::Differs(_))
        ));
        let again = report(1, 2, 100, &[5]);
        let twice = merge(&[one.clone(), two.clone(), again]);
        assert!(matches!(twice, Err(Refusal::Contradicts(_))));
        assert!(merge(&[one.clone(), two.clone(), two.clone()]).is_ok());
        let (head, _) = two.1.trim_end().rsplit_once('\n').expect("several lines");
        let torn = merge(&[one, (two.0.clone(), head.to_owned())]);
        assert!(matches!(torn, Err(Refusal::Differs(text)) if text.contains("breaks off")));
    }
}
