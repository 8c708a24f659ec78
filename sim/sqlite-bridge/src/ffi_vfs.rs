//! The methods of the file system.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;

use rusqlite::ffi;

use crate::ffi_file::{Open, code};
use crate::{Code, Files, Role};

/// Longest path in bytes, its end included.
const PATH_LEN_MAX: c_int = 256;

/// Registers a file system under a name, for as long as the process lives.
///
/// # Errors
/// What SQLite says.
///
/// # Panics
/// If the name has a zero byte in it.
pub fn register(name: &str, files: Box<dyn Files>) -> Result<(), Code> {
    let name = CString::new(name).expect("a name without a zero byte");
    let vfs = Box::new(ffi::sqlite3_vfs {
        iVersion: 1,
        szOsFile: c_int::try_from(size_of::<Open>()).expect("a small struct"),
        mxPathname: PATH_LEN_MAX,
        pNext: ptr::null_mut(),
        zName: name.into_raw(),
        pAppData: Box::into_raw(Box::new(files)).cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: None,
        xCurrentTimeInt64: None,
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    });
    // SAFETY: all that SQLite keeps a pointer to is leaked, and so never goes away.
    match unsafe { ffi::sqlite3_vfs_register(Box::into_raw(vfs), 0) } {
        ffi::SQLITE_OK => Ok(()),
        code => Err(code),
    }
}

/// Makes all that SQLite draws from here on a function of the seed, in the whole process.
///
/// # Panics
/// If the seed is 0.
pub fn seed_randomness(seed: u32) {
    assert!(seed != 0, "0 stands for a seed that is drawn");
    let no_connection = ptr::null_mut::<ffi::sqlite3>();
    // SAFETY: the arguments are those that this code wants, and a null connection is allowed.
    unsafe { ffi::sqlite3_test_control(ffi::SQLITE_TESTCTRL_PRNG_SEED, seed, no_connection) };
}

/// # Safety
/// `vfs` is one that [`register`] has registered.
unsafe fn of<'a>(vfs: *mut ffi::sqlite3_vfs) -> &'a dyn Files {
    // SAFETY: the caller's; it is never freed.
    unsafe { &**(*vfs).pAppData.cast::<Box<dyn Files>>() }
}

/// # Safety
/// `path` is null or a string that lives long enough.
unsafe fn text<'a>(path: *const c_char) -> Result<&'a str, Code> {
    if path.is_null() {
        return Err(ffi::SQLITE_CANTOPEN); // a temporary file: set temp_store=MEMORY
    }
    // SAFETY: the caller's.
    let text = unsafe { CStr::from_ptr(path) };
    text.to_str().map_err(|_| ffi::SQLITE_CANTOPEN)
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    path: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    let is = |flag| flags & flag != 0;
    let role = match () {
        () if is(ffi::SQLITE_OPEN_MAIN_DB) => Role::Database,
        () if is(ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL) => Role::Journal,
        () if is(ffi::SQLITE_OPEN_WAL) => Role::Wal,
        () => Role::Other,
    };
    // SAFETY: SQLite's arguments; the path outlives the call.
    let opened = unsafe {
        let opened = text(path);
        opened.and_then(|path| of(vfs).open(path, role, is(ffi::SQLITE_OPEN_CREATE)))
    };
    let (opened, code) = match opened {
        Ok(opened) => (Some(opened), ffi::SQLITE_OK),
        Err(code) => (None, code),
    };
    // SAFETY: `file` has `szOsFile` bytes; `flags_out` may be null.
    unsafe {
        Open::begin(file, opened);
        if let Some(flags_out) = flags_out.as_mut() {
            *flags_out = flags;
        }
    }
    code
}

unsafe extern "C" fn delete(
    vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    sync_dir: c_int,
) -> c_int {
    // SAFETY: SQLite's arguments.
    code(unsafe { text(path).and_then(|path| of(vfs).delete(path, sync_dir & 1 != 0)) })
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    _flags: c_int,
    found: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's arguments.
    let exists = unsafe { text(path).and_then(|path| of(vfs).exists(path)) };
    code(exists.map(|exists| {
        // SAFETY: `found` is where SQLite wants it.
        unsafe { *found = c_int::from(exists) };
    }))
}

unsafe extern "C" fn full_pathname(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    len: c_int,
    into: *mut c_char,
) -> c_int {
    // SAFETY: `path` is a string, and `into` has `len` bytes.
    unsafe {
        let bytes = CStr::from_ptr(path).to_bytes_with_nul();
        if bytes.len() > len.unsigned_abs() as usize {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(bytes.as_ptr().cast(), into, bytes.len());
    }
    ffi::SQLITE_OK
}

/// Not asked: SQLite draws from its default file system. See [`seed_randomness`].
unsafe extern "C" fn randomness(_: *mut ffi::sqlite3_vfs, len: c_int, into: *mut c_char) -> c_int {
    // SAFETY: `into` has `len` bytes.
    unsafe { into.write_bytes(7, len.unsigned_abs() as usize) };
    len
}

unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    micros // nobody holds a lock that one could wait for
}

unsafe extern "C" fn current_time(_vfs: *mut ffi::sqlite3_vfs, now: *mut f64) -> c_int {
    // SAFETY: `now` is where SQLite wants it.
    unsafe { *now = 2_460_000.5 }; // a Julian day: the clock stands still
    ffi::SQLITE_OK
}
