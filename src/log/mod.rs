//! The log: RESP commands in checksummed frames, told apart from a torn tail and from damage.
//!
//! A file is one [`Header`] line and then frames. A frame is one annotation line ([`FrameLine`])
//! and the RESP bytes that it covers; Redis skips the lines and loads the bytes. `FORMAT.md`
//! beside this file draws every byte and states what is assumed about the medium.
//!
//! * writing: [`encode_header`], [`encode_frame`];
//! * reading a file from its start: [`Scanner`] over windows that the caller refills;
//! * checking bytes that stream by, without holding a frame: [`Verifier`];
//! * behind damage, where nothing may be trusted as a commit: [`Evidence`];
//! * behind damage, for a human who has decided so: [`salvage`];
//! * the rules that one frame after the other keeps, shared by all of them: [`Sequence`].

mod error;
mod evidence;
mod line;
mod salvage;
mod scan;
mod sequence;
mod sums;
mod text;
mod verify;

pub use error::{Expected, Found, FrameError, LineError};
pub use evidence::Evidence;
pub use line::{
    FRAME_LINE_LEN_MAX, FrameKind, FrameLine, FrameMeta, HEADER_LEN, Header, VERSION, encode_frame,
    encode_header, is_log,
};
pub use salvage::{Hole, Salvage, Salvaged, salvage};
pub use scan::{Frame, Scanner, Step};
pub use sequence::{Mismatch, Sequence};
pub use verify::Verifier;

#[cfg(test)]
mod tests;
