//! Runs a workload with one call going wrong, at every call and in every way.

use crate::disk::{CallRecord, Disk, Fault, SimVfs};

use super::Subject;
use super::explore::{Explorer, Run};
use super::outcome::Outcome;
use super::plan::Plan;
use super::recovery::guarded;

/// Operations that may fail in one run: each doubles the states that may come back.
const FAILED_MAX: u32 = 4;

/// Runs the operations with one fault, for each call of the run without faults and each way in which
/// such a call may fail on the profile; crashes after every operation from the fault on.
///
/// An operation that returns an error may have happened or not, and the run goes on: what is
/// acknowledged after it must be kept like everything else. Crashes inside operations are those
/// of [`explore`](super::explore).
///
/// # Panics
/// If the subject fails without any fault.
pub fn explore_faults<S: Subject>(subject: &S, ops: &[S::Op], plan: &Plan) -> Outcome {
    let calls = trace_of(subject, ops, plan);
    let mut explorer = Explorer::new(subject, ops, plan);
    for (at, record) in calls.iter().enumerate() {
        let earlier = calls[..at].iter().filter(|other| other.call == record.call);
        let skip = u32::try_from(earlier.count()).expect("fewer than 2^32 calls");
        let disk = Disk::new(plan.profile.clone());
        for kind in disk.fault_alternatives(record.call) {
            let fault = Fault {
                skip,
                ..Fault::once(record.call, *kind)
            };
            explorer.outcome.faults += 1;
            explorer.restart();
            explorer.run_with(subject, ops, fault, at);
        }
    }
    explorer.outcome
}

/// The calls of a run in which nothing goes wrong.
fn trace_of<S: Subject>(subject: &S, ops: &[S::Op], plan: &Plan) -> Vec<CallRecord> {
    let mut disk = Disk::new(plan.profile.clone());
    disk.set_tracing(true);
    let vfs = SimVfs::from_disk(disk);
    let run = guarded(|| {
        let mut store = subject.open(&vfs)?;
        for op in ops {
            subject.step(&mut store, op)?;
        }
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("without a fault: {error}"));
    vfs.with(|disk| disk.trace().to_vec())
}

impl<S: Subject> Explorer<'_, S> {
    fn run_with(&mut self, subject: &S, ops: &[S::Op], fault: Fault, at: usize) {
        let mut disk = Disk::new(self.plan().profile.clone());
        disk.set_tracing(true);
        disk.inject(fault);
        let vfs = SimVfs::from_disk(disk);
        let mut run = Run {
            fault: Some(format!("{:?} in {:?}@{}", fault.kind, fault.call, at + 1)),
            ..Run::default()
        };
        let Ok(mut store) = guarded(|| subject.open(&vfs)) else {
            return self.crash_now(&run, &vfs);
        };
        run.note(&vfs, "opened".to_owned(), None);
        if self.plan().created && vfs.with(|disk| disk.trace().len()) > at {
            return; // the fault struck the creation
        }
        let mut failed = 0;
        for (number, op) in (1..).zip(ops) {
            self.history.submit(subject, op);
            run.note(&vfs, format!("-> {number}: {op:?}"), None);
            match guarded(|| subject.step(&mut store, op)) {
                Ok(promise) => {
                    self.history.acknowledge(promise);
                    run.promised(&vfs, number, promise);
                }
                Err(error) => {
                    failed += 1;
                    self.history.fail();
                    run.note(&vfs, format!("<- {number} failed: {error}"), None);
                }
            }
            if vfs.with(|disk| disk.trace().len()) > at {
                self.crash_now(&run, &vfs);
            }
            if failed > FAILED_MAX {
                break;
            }
        }
    }
}
