//! The methods of an open file.

use std::ffi::{c_int, c_void};
use std::ptr;

use rusqlite::ffi;

use crate::{Code, File};

/// An open file as SQLite has it: its own part first, then ours.
#[repr(C)]
pub(crate) struct Open {
    base: ffi::sqlite3_file,
    /// From `Box::into_raw`, or null once it is closed.
    file: *mut Box<dyn File>,
}

impl Open {
    /// Fills in what SQLite has allocated for a file.
    ///
    /// # Safety
    /// `at` points to `size_of::<Open>()` writable, aligned bytes.
    pub(crate) unsafe fn begin(at: *mut ffi::sqlite3_file, file: Option<Box<dyn File>>) {
        // Without methods SQLite does not close it.
        let methods = file.as_ref().map_or(ptr::null(), |_| &raw const METHODS);
        let file = file.map_or(ptr::null_mut(), |file| Box::into_raw(Box::new(file)));
        let base = ffi::sqlite3_file { pMethods: methods };
        // SAFETY: the caller's.
        unsafe { at.cast::<Self>().write(Self { base, file }) };
    }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 1, // no shared memory
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(no_lock),
    xUnlock: Some(no_lock),
    xCheckReservedLock: Some(no_reserved_lock),
    xFileControl: Some(no_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

/// # Safety
/// `file` is one that [`Open::begin`] has filled in with a file, not closed since, and SQLite calls
/// the methods of one file one at a time.
unsafe fn of<'a>(file: *mut ffi::sqlite3_file) -> &'a mut dyn File {
    // SAFETY: the caller's.
    unsafe { &mut **(*file.cast::<Open>()).file }
}

pub(crate) fn code(result: Result<(), Code>) -> c_int {
    result.err().unwrap_or(ffi::SQLITE_OK)
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once, and no method of it is called afterwards.
    unsafe {
        let open = file.cast::<Open>();
        drop(Box::from_raw((*open).file));
        (*open).file = ptr::null_mut();
        (*open).base.pMethods = ptr::null();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    len: c_int,
    offset: i64,
) -> c_int {
    let (len, offset) = (len.unsigned_abs() as usize, offset.unsigned_abs());
    // SAFETY: the file is open, and `into` has `len` bytes, which are initialised here first.
    let (file, buffer) = unsafe {
        into.cast::<u8>().write_bytes(0, len);
        (of(file), std::slice::from_raw_parts_mut(into.cast(), len))
    };
    match file.read_at(offset, buffer) {
        Ok(count) if count == len => ffi::SQLITE_OK,
        Ok(_) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(code) => code,
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    len: c_int,
    offset: i64,
) -> c_int {
    let (len, offset) = (len.unsigned_abs() as usize, offset.unsigned_abs());
    // SAFETY: the file is open, and `from` has `len` initialised bytes.
    let (file, bytes) = unsafe { (of(file), std::slice::from_raw_parts(from.cast(), len)) };
    code(file.write_at(offset, bytes))
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, len: i64) -> c_int {
    // SAFETY: the file is open.
    code(unsafe { of(file) }.truncate(len.unsigned_abs()))
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: the file is open.
    code(unsafe { of(file) }.sync())
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, len: *mut i64) -> c_int {
    // SAFETY: the file is open.
    let found = unsafe { of(file) }.size();
    code(found.map(|found| {
        // SAFETY: `len` is where SQLite wants it.
        unsafe { *len = i64::try_from(found).unwrap_or(i64::MAX) };
    }))
}

unsafe extern "C" fn no_lock(_file: *mut ffi::sqlite3_file, _level: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn no_reserved_lock(_file: *mut ffi::sqlite3_file, held: *mut c_int) -> c_int {
    // SAFETY: `held` is where SQLite wants it.
    unsafe { *held = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn no_control(
    _file: *mut ffi::sqlite3_file,
    _what: c_int,
    _argument: *mut c_void,
) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    4096
}

unsafe extern "C" fn device_characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}
