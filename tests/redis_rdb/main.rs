//! RDB images: every version and encoding, images of a server, and damage.

mod damage;
mod encodings;
mod loaded;
mod opcodes;
mod payload;
mod server;
mod support;
mod versions;
mod writer;
