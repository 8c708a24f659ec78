//! Making durable what an opening is about to serve.

use std::vec::Vec;

use crate::effect::{IoError, IoErrorKind};
use crate::limits::{QUARANTINE_LEN_MAX, READ_LEN};
use crate::log::{FrameKind, FrameMeta, encode_frame};
use crate::units::{Incarnation, Lsn};
use crate::vfs::{Access, Vfs};

use super::load::Loaded;
use super::{Doing, OpenError, OpenOptions, OpenReport, Progress, QUARANTINE_NAME, Watch};

/// Cuts what is torn, writes the rest again where nothing proves it durable, marks the opening;
/// returns the log's new length.
pub(super) fn make_durable<V: Vfs>(
    vfs: &V,
    file: &V::File,
    loaded: &Loaded,
    options: &OpenOptions,
    report: &mut OpenReport,
    watch: Watch<'_>,
) -> Result<u64, OpenError> {
    let bug = |number| options.engine.saboteur.is(number);
    report.lsn = loaded.lsn;
    report.evidence = loaded.evidence;
    report.identity = loaded.identity;
    report.incarnation = Incarnation(loaded.incarnation.0 + 1);
    report.file_len = loaded.file_len;
    let mut end = loaded.intact_len;
    if loaded.file_len > end && !bug(37) {
        quarantine(vfs, file, end, loaded.file_len).map_err(Doing::Quarantine.failed())?;
        vfs.truncate(file, end).map_err(Doing::Cut.failed())?;
        report.cut_len = loaded.file_len - end;
        report.cut = loaded.bad;
    } else {
        end = loaded.file_len;
    }
    if !bug(43) && !bug(58) {
        rewrite_in_place(vfs, file, loaded.evidence_len, loaded.intact_len, watch)?;
        report.rewritten_len = loaded.intact_len - loaded.evidence_len;
    }
    let claimed = if bug(66) { loaded.lsn } else { loaded.evidence };
    end = append(
        vfs,
        file,
        end,
        &meta(FrameKind::Open, loaded, options, report, claimed),
    )?;
    let cut_unsynced = (bug(22) || bug(38)) && report.cut_len > 0;
    let skip_sync = bug(43) || bug(59) || cut_unsynced;
    if !skip_sync {
        vfs.sync_data(file).map_err(Doing::Sync.failed())?;
    }
    if loaded.lsn > loaded.evidence {
        end = append(
            vfs,
            file,
            end,
            &meta(FrameKind::Mark, loaded, options, report, loaded.lsn),
        )?;
    }
    Ok(end)
}

fn meta(
    kind: FrameKind,
    loaded: &Loaded,
    options: &OpenOptions,
    report: &OpenReport,
    watermark: Lsn,
) -> FrameMeta {
    FrameMeta {
        kind,
        identity: loaded.identity,
        lsn: loaded.lsn,
        count: 0,
        keys: 0,
        incarnation: report.incarnation,
        watermark,
        wall: options.now.wall,
    }
}

fn append<V: Vfs>(vfs: &V, file: &V::File, end: u64, meta: &FrameMeta) -> Result<u64, OpenError> {
    let mut bytes = Vec::new();
    encode_frame(meta, &[], &mut bytes);
    super::write_all(vfs, file, end, &bytes).map_err(Doing::Write.failed())?;
    Ok(end + bytes.len() as u64)
}

/// Copies a torn tail, or its first part, to the quarantine file and syncs that.
fn quarantine<V: Vfs>(vfs: &V, file: &V::File, start: u64, end: u64) -> Result<(), IoError> {
    let kept = match vfs.create(QUARANTINE_NAME) {
        Err(error) if error.kind == IoErrorKind::AlreadyExists => {
            let kept = vfs.open(QUARANTINE_NAME, Access::ReadWrite)?;
            vfs.truncate(&kept, 0)?;
            kept
        }
        created => created?,
    };
    let len = (end - start).min(QUARANTINE_LEN_MAX);
    let mut done = 0;
    while done < len {
        let step = usize::try_from((len - done).min(READ_LEN as u64)).expect("a step is short");
        let bytes = super::read_up_to(vfs, file, start + done, step)?;
        if bytes.is_empty() {
            break;
        }
        super::write_all(vfs, &kept, done, &bytes)?;
        done += bytes.len() as u64;
    }
    vfs.sync_data(&kept)?;
    vfs.close(kept)?;
    vfs.sync_dir()
}

fn rewrite_in_place<V: Vfs>(
    vfs: &V,
    file: &V::File,
    start: u64,
    end: u64,
    watch: Watch<'_>,
) -> Result<(), OpenError> {
    let failed = Doing::Write.failed();
    let mut done = start;
    while done < end {
        let step = usize::try_from((end - done).min(READ_LEN as u64)).expect("a step is short");
        let bytes = super::read_up_to(vfs, file, done, step).map_err(&failed)?;
        if bytes.len() < step {
            return Err(failed(IoError::new(IoErrorKind::Io))); // it was longer a moment ago
        }
        super::write_all(vfs, file, done, &bytes).map_err(&failed)?;
        done += step as u64;
        if watch(Progress::Repairing {
            done: done - start,
            total: end - start,
        })
        .is_break()
        {
            return Err(OpenError::Aborted);
        }
    }
    Ok(())
}
