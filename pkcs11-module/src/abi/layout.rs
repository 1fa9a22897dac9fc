//! This file holds the layouts that C programs rely on: on 64-bit Unix and, packed and with 32-bit CK_ULONG, on 64-bit Windows
//! (PKCS#11 2.1). Only the compiler reads it: a type that is laid out otherwise does not compile.
//!
//! `Structure: size on Unix, size on Windows { field: offset on Unix, offset on Windows }`

#![cfg(target_pointer_width = "64")]

use std::mem::offset_of;

use cryptoki_sys::*;

const fn here(unix: usize, windows: usize) -> usize {
    if cfg!(windows) { windows } else { unix }
}

macro_rules! layouts {
    ($($structure:ident: $size:literal, $packed:literal { $($field:ident: $at:literal, $packed_at:literal;)* })*) => {
        $(
            const _: () = assert!(size_of::<$structure>() == here($size, $packed));
            const _: () = assert!(align_of::<$structure>() <= here(8, 1));
            $(const _: () = assert!(offset_of!($structure, $field) == here($at, $packed_at));)*
        )*
    };
}

const _: () = assert!(size_of::<CK_ULONG>() == here(8, 4) && size_of::<CK_BBOOL>() == 1);
const _: () = assert!(size_of::<CK_VERSION>() == 2);

layouts! {
    CK_INFO: 88, 72 {
        cryptokiVersion: 0, 0;
        manufacturerID: 2, 2;
        flags: 40, 34;
        libraryDescription: 48, 38;
        libraryVersion: 80, 70;
    }
    CK_SLOT_INFO: 112, 104 {
        slotDescription: 0, 0;
        manufacturerID: 64, 64;
        flags: 96, 96;
        hardwareVersion: 104, 100;
        firmwareVersion: 106, 102;
    }
    CK_TOKEN_INFO: 208, 160 {
        label: 0, 0;
        manufacturerID: 32, 32;
        model: 64, 64;
        serialNumber: 80, 80;
        flags: 96, 96;
        ulMaxSessionCount: 104, 100;
        ulSessionCount: 112, 104;
        ulMaxRwSessionCount: 120, 108;
        ulRwSessionCount: 128, 112;
        ulMaxPinLen: 136, 116;
        ulMinPinLen: 144, 120;
        ulTotalPublicMemory: 152, 124;
        ulFreePublicMemory: 160, 128;
        ulTotalPrivateMemory: 168, 132;
        ulFreePrivateMemory: 176, 136;
        hardwareVersion: 184, 140;
        firmwareVersion: 186, 142;
        utcTime: 188, 144;
    }
    CK_SESSION_INFO: 32, 16 {
        slotID: 0, 0;
        state: 8, 4;
        flags: 16, 8;
        ulDeviceError: 24, 12;
    }
    CK_ATTRIBUTE: 24, 16 {
        type_: 0, 0;
        pValue: 8, 4;
        ulValueLen: 16, 12;
    }
    CK_MECHANISM: 24, 16 {
        mechanism: 0, 0;
        pParameter: 8, 4;
        ulParameterLen: 16, 12;
    }
    CK_MECHANISM_INFO: 24, 12 {
        ulMinKeySize: 0, 0;
        ulMaxKeySize: 8, 4;
        flags: 16, 8;
    }
    CK_RSA_PKCS_PSS_PARAMS: 24, 12 {
        hashAlg: 0, 0;
        mgf: 8, 4;
        sLen: 16, 8;
    }
    CK_RSA_PKCS_OAEP_PARAMS: 40, 24 {
        hashAlg: 0, 0;
        mgf: 8, 4;
        source: 16, 8;
        pSourceData: 24, 12;
        ulSourceDataLen: 32, 20;
    }
    CK_C_INITIALIZE_ARGS: 48, 44 {
        CreateMutex: 0, 0;
        DestroyMutex: 8, 8;
        LockMutex: 16, 16;
        UnlockMutex: 24, 24;
        flags: 32, 32;
        pReserved: 40, 36;
    }
    CK_INTERFACE: 24, 20 {
        pInterfaceName: 0, 0;
        pFunctionList: 8, 8;
        flags: 16, 16;
    }
    CK_FUNCTION_LIST: 552, 546 {
        version: 0, 0;
        C_Initialize: 8, 2;
        C_GetFunctionList: 32, 26;
        C_Login: 152, 146;
        C_Sign: 352, 346;
        C_WaitForSlotEvent: 544, 538;
    }
    CK_FUNCTION_LIST_3_0: 744, 738 {
        version: 0, 0;
        C_Initialize: 8, 2;
        C_WaitForSlotEvent: 544, 538;
        C_GetInterfaceList: 552, 546;
        C_MessageVerifyFinal: 736, 730;
    }
}
