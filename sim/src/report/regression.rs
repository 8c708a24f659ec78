//! A test that repeats a case, ready to paste.

use super::case::Case;
use super::explained::{Explained, name_of};
use crate::world::to_text;

/// The text of the test. Without a seeded bug it says that the promise holds, and fails until the
/// bug is fixed; with one it says that the promise breaks.
#[must_use]
pub fn regression(case: &Case, explained: &Explained) -> String {
    let setup = case.setup.to_string();
    let steps = to_text(&case.steps);
    let obligation = case.violation.obligation;
    let name = name_of(case, &explained.why);
    let detail = case.violation.detail.lines().next().unwrap_or_default();
    let (found, check) = match case.setup.saboteur {
        0 => (
            String::from("found by the simulator"),
            String::from(
                "    if let Err(violation) = ended {\n        panic!(\"{violation}\");\n    }\n",
            ),
        ),
        bug => (
            format!("seeded bug {bug}"),
            format!(
                "    let violation = ended.expect_err(\"the seeded bug is seen\");\n    \
                 assert_eq!(violation.obligation.to_string(), \"{obligation}\");\n"
            ),
        ),
    };
    format!(
        "/// Bug: {}.\n/// Consequence: {obligation}, {detail}.\n/// Method: {found}.\n\
         #[test]\nfn {name}() {{\n    \
         let setup = indelible_sim::setup::Setup::from_text({setup:?}).expect(\"a setup\");\n    \
         let steps = indelible_sim::world::from_text(\n        {steps:?},\n    )\n    .expect(\"steps\");\n    \
         let world = indelible_sim::world::World::new(&std::sync::Arc::new(setup));\n    \
         let ended = indelible_sim::campaign::replay(world, &steps).ended;\n{check}}}\n",
        explained.why
    )
}
