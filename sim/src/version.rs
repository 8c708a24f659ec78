//! Which code this is.

/// The simulator's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What tells the code apart that a search runs: a hash over the sources of the store and of the
/// simulator, without those that print, read arguments or seed bugs. Built from a package, where the
/// store's sources are not at hand, it begins with `package-` and is over the simulator's alone: then
/// the versions in the lock file say which store it was.
pub const CODE: &str = env!("INDELIBLE_SIM_CODE");
