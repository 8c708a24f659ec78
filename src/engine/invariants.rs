//! What must hold between any two calls; the simulator asks after every step.

use super::Engine;
use super::pump::Side;
use super::rewrite::{Kind, Phase};

impl Engine {
    /// Checks the invariants that stand at the head of the machine.
    ///
    /// # Panics
    /// If one is broken, with its number.
    pub fn check_invariants(&self) {
        for side in [Side::Live, Side::Target] {
            let Some(log) = self.log(side) else { continue };
            if !self.bug(68) && !self.bug(633) {
                log.check();
            }
            let end = self.stream.end().position;
            let once = self
                .rewrite
                .as_ref()
                .is_some_and(|rewrite| rewrite.kind == Kind::Once);
            assert!(
                once || log.written.position <= end,
                "I1: beyond the stream: {log:?}"
            );
        }
        self.check_known();
        self.check_commits();
        self.check_handles();
        self.check_copy();
        self.check_ready();
        let in_base = self
            .rewrite
            .as_ref()
            .is_some_and(|it| it.phase == Phase::Base);
        assert!(
            in_base || self.rewrite.is_none() || self.keyspace.snapshot_done() || self.bug(28),
            "I9: a snapshot outlives its base"
        );
    }

    fn check_known(&self) {
        let Some(live) = self.live.as_ref().filter(|_| !self.live_is_side) else {
            return;
        };
        assert!(
            self.durable <= self.lsn && self.written <= self.lsn,
            "I4: beyond the last commit"
        );
        let seeded = [9, 10, 11, 18, 29, 49, 55, 60, 61, 62, 65, 716]
            .into_iter()
            .any(|number| self.bug(number));
        if live.poisoned.is_none() && !seeded {
            assert!(self.durable <= live.durable.lsn, "I4: durable");
            assert!(self.written <= live.written.lsn, "I4: written");
        }
    }

    fn check_commits(&self) {
        let first = self.lsn.0 + 1 - self.undos.len() as u64;
        for (number, (lsn, _)) in (first..).zip(&self.undos) {
            assert_eq!(
                lsn.0, number,
                "I5: commits that may be refused are contiguous"
            );
        }
        let queued: usize = self
            .queue
            .iter()
            .map(|queued| queued.commit.bytes.len())
            .sum();
        assert_eq!(queued, self.queue_len, "I5: the queue's length");
        if let Some(last) = self.queue.back() {
            assert_eq!(
                last.lsn, self.lsn,
                "I5: what is queued ends with the last commit"
            );
        }
        for waiting in [&self.waiting_written, &self.waiting_durable] {
            let pairs = waiting.iter().zip(waiting.iter().skip(1));
            assert!(
                pairs.into_iter().all(|(a, b)| a.lsn <= b.lsn),
                "I6: tickets wait in order"
            );
        }
    }

    fn check_handles(&self) {
        let mut owned: alloc::vec::Vec<_> =
            self.retiring.iter().filter_map(|old| old.file).collect();
        owned.extend(self.live.as_ref().map(|live| live.file));
        if let Some(rewrite) = &self.rewrite {
            owned.push(rewrite.file);
            owned.extend(rewrite.pin.map(|(pin, _)| pin));
        }
        let len = owned.len();
        owned.sort_unstable();
        owned.dedup();
        assert_eq!(owned.len(), len, "I8: a handle has two owners");
    }

    /// I2, of a copy and a write.
    fn check_copy(&self) {
        let Some(rewrite) = &self.rewrite else { return };
        let target = rewrite.target.as_ref();
        let writing = target.is_some_and(|target| target.write_out.is_some());
        assert!(
            !(rewrite.copy_out && writing),
            "I2: a copy and a write are out to one file"
        );
    }

    /// I7, as long as no rename was issued.
    fn check_ready(&self) {
        let ready = self.rewrite.as_ref().filter(|it| it.phase == Phase::Ready);
        let Some(target) = ready.and_then(|rewrite| rewrite.target.as_ref()) else {
            return;
        };
        assert!(
            target.poisoned.is_none() && target.no_room.is_none(),
            "I7: a new file that failed before the rename is given up: {target:?}"
        );
    }

    /// I7, checked at the moment when the rename is given out.
    pub(super) fn check_rename(&self) {
        let seeded = [28, 29, 55, 60, 61, 62, 65]
            .into_iter()
            .any(|number| self.bug(number));
        if seeded || self.live_is_side {
            return;
        }
        let Some(target) = self.target() else { return };
        assert!(
            target.durable.lsn >= self.durable,
            "I7: durable up to what is known durable"
        );
        assert!(
            target.written.lsn >= self.written,
            "I7: written up to what is acknowledged"
        );
    }
}
