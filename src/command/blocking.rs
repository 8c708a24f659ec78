//! Commands that wait for others: refused, for a commit waits for nobody.

use super::CommandError;

/// Each with what does the same at once.
const BLOCKING: &[(&str, &str)] = &[
    ("blmove", "lmove"),
    ("blmpop", "lmpop"),
    ("blpop", "lpop"),
    ("brpop", "rpop"),
    ("brpoplpush", "rpoplpush"),
    ("bzmpop", "zmpop"),
    ("bzpopmax", "zpopmax"),
    ("bzpopmin", "zpopmin"),
];

/// Why a command that may wait is refused; none if it is no such command.
pub(super) fn refusal(argv: &[&[u8]]) -> Option<CommandError> {
    let name = argv.first()?;
    let is_so = |(blocking, _): &&(&str, _)| name.eq_ignore_ascii_case(blocking.as_bytes());
    let (name, instead) = *BLOCKING.iter().find(is_so)?;
    Some(CommandError::Blocks { name, instead })
}
