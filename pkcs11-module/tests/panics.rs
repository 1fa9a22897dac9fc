//! A panic in any function of the tables is CKR_GENERAL_ERROR, and the next call works.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use std::ffi::c_void;
use std::ptr::null_mut;

use cryptoki_sys::*;
use support::{Module, Npki, functions};

#[test]
fn a_panic_in_any_field_of_either_table_stays_inside() {
    let _module = Module::owning(Npki::one());
    let mut legacy = null_mut();
    // SAFETY: a place for the table.
    assert_eq!(unsafe { ingam_pkcs11::C_GetFunctionList(&raw mut legacy) }, CKR_OK);
    let tables: [(*const c_void, usize); 2] = [
        (legacy.cast_const().cast(), size_of::<CK_FUNCTION_LIST>()),
        (std::ptr::from_ref(functions()).cast(), size_of::<CK_FUNCTION_LIST_3_0>()),
    ];
    let mut driven = 0;
    for (table, size) in tables {
        let fields = size / size_of::<usize>() - 1;
        for (index, entry) in ingam_pkcs11::ENTRIES.iter().take(fields).enumerate() {
            // SAFETY: a table is its version, padded to a word, and pointers; the list has their order.
            let field = unsafe { *table.cast::<*const c_void>().add(index + 1) };
            ingam_pkcs11::ingam_test_panic_next();
            // SAFETY: the field is of this entry.
            assert_eq!(unsafe { (entry.call)(field) }, CKR_GENERAL_ERROR, "{}", entry.name);
            let mut info = CK_INFO::default();
            assert_eq!(c!(C_GetInfo(&raw mut info)), Ok(()), "after {}", entry.name);
            driven += 1;
        }
    }
    assert_eq!(driven, 68 + 92);
}

#[test]
fn every_field_bears_zeros_for_arguments() {
    let module = Module::owning(Npki::one());
    let table = std::ptr::from_ref(functions()).cast::<*const c_void>();
    for (index, entry) in ingam_pkcs11::ENTRIES.iter().enumerate() {
        // The one that would end the library, and the one that says that it is there.
        if matches!(entry.name, "C_Finalize" | "C_Initialize") {
            continue;
        }
        // SAFETY: as in the test above.
        let field = unsafe { *table.add(index + 1) };
        // SAFETY: the field is of this entry.
        let rv = unsafe { (entry.call)(field) };
        assert!(rv != CKR_OK && rv != CKR_GENERAL_ERROR, "{} answered {rv:#x}", entry.name);
    }
    module.logged_in();
}
