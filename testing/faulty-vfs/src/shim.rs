//! The layer itself. Each of our files is a [`Shim`] with the system's own file behind it in the same allocation.

use super::{Failure, Folder};
use libsqlite3_sys as ffi;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::OnceLock;

/// What SQLite keeps for an open file of ours. The real file follows it.
#[repr(C)]
struct Shim {
    base: ffi::sqlite3_file,
    /// Owned; null for a file that never fails.
    folder: *mut Folder,
}

/// The system's own layer, which is never freed.
struct System(*mut ffi::sqlite3_vfs);

// SAFETY: SQLite calls a VFS from any thread; what the pointer leads to is not changed after it was registered.
unsafe impl Send for System {}
// SAFETY: as above.
unsafe impl Sync for System {}

static SYSTEM: OnceLock<System> = OnceLock::new();

/// Makes this the layer of all files that are opened from now on.
pub fn install() {
    SYSTEM.get_or_init(|| {
        // SAFETY: both calls are allowed at any time; the default VFS lives as long as the process, and so does ours,
        // since it is leaked. The copy keeps the methods of the default, which do not depend on its address.
        unsafe {
            let system = ffi::sqlite3_vfs_find(std::ptr::null());
            assert!(!system.is_null(), "SQLite has a default VFS");
            let mut ours = *system;
            ours.zName = c"faulty".as_ptr();
            ours.pNext = std::ptr::null_mut();
            ours.szOsFile += c_int::try_from(size_of::<Shim>()).expect("small");
            ours.xOpen = Some(open);
            let registered = ffi::sqlite3_vfs_register(Box::into_raw(Box::new(ours)), 1);
            assert_eq!(registered, ffi::SQLITE_OK);
            System(system)
        }
    });
}

/// The real file behind ours.
unsafe fn real(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite allocates `szOsFile` bytes for a file, which are our part and the system's behind it.
    unsafe { file.cast::<Shim>().add(1).cast() }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes a file of our size and, unless it is null, a name that ends with a null byte.
    unsafe {
        let shim = file.cast::<Shim>();
        (*shim).base.pMethods = std::ptr::null();
        (*shim).folder = std::ptr::null_mut();
        let system = SYSTEM.get().expect("installed").0;
        let opened = (*system).xOpen.expect("xOpen")(system, name, real(file), flags, out);
        if !(*real(file)).pMethods.is_null() {
            (*shim).base.pMethods = &METHODS;
        }
        if !name.is_null() {
            let path = Path::new(OsStr::from_bytes(CStr::from_ptr(name).to_bytes()));
            if let Some(folder) = Folder::of(path) {
                (*shim).folder = Box::into_raw(Box::new(folder));
            }
        }
        opened
    }
}

unsafe fn failure(file: *mut ffi::sqlite3_file) -> Option<Failure> {
    // SAFETY: the file is ours, and its folder is null or lives until the file is closed.
    unsafe { (*file.cast::<Shim>()).folder.as_ref().and_then(Folder::write) }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once; the folder was made by `Box::into_raw`.
    unsafe {
        let shim = file.cast::<Shim>();
        if !(*shim).folder.is_null() {
            drop(Box::from_raw((*shim).folder));
            (*shim).folder = std::ptr::null_mut();
        }
        (*(*real(file)).pMethods).xClose.expect("xClose")(real(file))
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, data: *const c_void, length: c_int, at: i64) -> c_int {
    // SAFETY: SQLite passes a file of ours and `length` bytes of data.
    unsafe {
        let put = (*(*real(file)).pMethods).xWrite.expect("xWrite");
        match failure(file) {
            None => put(real(file), data, length, at),
            Some(Failure::Full) => ffi::SQLITE_FULL,
            Some(Failure::Error) => ffi::SQLITE_IOERR_WRITE,
            Some(Failure::Torn) => {
                put(real(file), data, length / 2, at);
                ffi::SQLITE_IOERR_WRITE
            }
        }
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: SQLite passes a file of ours.
    unsafe {
        match failure(file) {
            None => (*(*real(file)).pMethods).xTruncate.expect("xTruncate")(real(file), size),
            Some(_) => ffi::SQLITE_IOERR_TRUNCATE,
        }
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite passes a file of ours.
    unsafe {
        match failure(file) {
            None => (*(*real(file)).pMethods).xSync.expect("xSync")(real(file), flags),
            Some(_) => ffi::SQLITE_IOERR_FSYNC,
        }
    }
}

/// Methods that pass everything on to the real file.
macro_rules! pass {
    ($($name:ident => $method:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        $(
            unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file $(, $argument: $type)*) $(-> $result)? {
                // SAFETY: SQLite passes a file of ours; the real one has this method, or SQLite would not call it.
                unsafe { (*(*real(file)).pMethods).$method.expect("a method")(real(file) $(, $argument)*) }
            }
        )*
    };
}

pass! {
    read => xRead(data: *mut c_void, length: c_int, at: i64) -> c_int;
    file_size => xFileSize(size: *mut i64) -> c_int;
    lock => xLock(kind: c_int) -> c_int;
    unlock => xUnlock(kind: c_int) -> c_int;
    check_reserved_lock => xCheckReservedLock(out: *mut c_int) -> c_int;
    file_control => xFileControl(operation: c_int, argument: *mut c_void) -> c_int;
    sector_size => xSectorSize() -> c_int;
    device_characteristics => xDeviceCharacteristics() -> c_int;
    shm_map => xShmMap(page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void) -> c_int;
    shm_lock => xShmLock(offset: c_int, count: c_int, flags: c_int) -> c_int;
    shm_barrier => xShmBarrier();
    shm_unmap => xShmUnmap(delete: c_int) -> c_int;
}

/// Version 2: with shared memory for the WAL, without mapped files, whose writes would pass us by.
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};
