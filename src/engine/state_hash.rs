//! A hash of what decides the machine's future; counters and names of effects are left out.

use core::hash::{Hash, Hasher};

use super::Engine;

impl Hash for Engine {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.keyspace.hash(state);
        (
            self.identity,
            self.identity_seed,
            self.incarnation,
            self.now,
        )
            .hash(state);
        (self.lsn, self.written, self.durable).hash(state);
        self.queue.hash(state);
        self.undos.len().hash(state);
        (&self.waiting_written, &self.waiting_durable).hash(state);
        self.stream.hash(state);
        (&self.live, self.live_is_side, self.base_size).hash(state);
        (&self.rewrite, self.rewrite_backoff, &self.retiring).hash(state);
        self.pinned.hash(state);
        (&self.ending, self.closed, self.stopped, self.has_directory).hash(state);
        for purpose in self.outs.values() {
            purpose.hash(state);
        }
        self.events.hash(state);
        (&self.timers, self.healing, self.no_room).hash(state);
    }
}
