//! The simulator's command line; see `indelible-sim --help`.

fn main() -> std::process::ExitCode {
    indelible_sim::cli::run()
}
