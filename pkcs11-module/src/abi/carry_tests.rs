//! Copies of arguments: complete, with no way back to the caller, and brought back by the rules.

use cryptoki_sys::*;

use super::argument::{Fetch, Shape};
use super::carry::Carry;
use super::parameter::Mechanism;
use super::template::{Attributes, Template};

fn number(length: usize) -> CK_ULONG {
    CK_ULONG::try_from(length).unwrap()
}

/// The bytes at a place of a copy.
fn bytes<'a>(place: *const u8, length: CK_ULONG) -> &'a [u8] {
    // SAFETY: the copy says that they are there, and the test keeps it.
    unsafe { std::slice::from_raw_parts(place, usize::try_from(length).unwrap()) }
}

fn carried<S: Carry>(raw: S::Raw) -> Result<S::Carried, CK_RV> {
    // SAFETY: the tests hand over what C would.
    unsafe { S::carry(raw) }.map_err(|rv| rv.code())
}

/// What an answer does to the caller's arguments.
fn delivered<S: Carry>(carried: &S::Carried, raw: <S as Shape>::Raw, rv: CK_RV) -> Result<(), CK_RV> {
    // SAFETY: as above.
    unsafe { S::deliver(carried, raw, rv) }.map_err(|rv| rv.code())
}

#[test]
fn a_copied_mechanism_outlives_the_callers_memory() {
    let (mut iv, mut aad) = (vec![1_u8; 12], vec![2_u8; 100_000]);
    let mut gcm = CK_GCM_PARAMS {
        pIv: iv.as_mut_ptr(),
        ulIvLen: 12,
        ulIvBits: 96,
        pAAD: aad.as_mut_ptr(),
        ulAADLen: number(aad.len()),
        ulTagBits: 128,
    };
    let mut mechanism = CK_MECHANISM {
        mechanism: CKM_AES_GCM,
        pParameter: (&raw mut gcm).cast(),
        ulParameterLen: number(size_of::<CK_GCM_PARAMS>()),
    };
    let copy = carried::<Mechanism>(&raw mut mechanism).unwrap();
    iv.fill(0);
    aad.fill(0);
    (gcm.pIv, gcm.pAAD, mechanism.pParameter) = (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
    std::hint::black_box((&mut gcm, &mut mechanism));
    // It is moved to another thread as well.
    let mut copy = std::thread::spawn(move || copy).join().unwrap();
    // SAFETY: the copy lives, and so does what it points at.
    let copied = unsafe { (*Mechanism::lend(&mut copy)).pParameter.cast::<CK_GCM_PARAMS>().read_unaligned() };
    assert_eq!(bytes(copied.pIv, copied.ulIvLen), [1; 12]);
    assert_eq!(bytes(copied.pAAD, copied.ulAADLen), [2; 100_000]);
    assert_eq!({ copied.ulTagBits }, 128);
}

#[test]
fn a_parameter_within_a_parameter_is_copied_too() {
    let mut label = *b"a label";
    let mut oaep = CK_RSA_PKCS_OAEP_PARAMS {
        hashAlg: CKM_SHA256,
        mgf: CKG_MGF1_SHA256,
        source: CKZ_DATA_SPECIFIED,
        pSourceData: label.as_mut_ptr().cast(),
        ulSourceDataLen: 7,
    };
    let mut wrap = CK_RSA_AES_KEY_WRAP_PARAMS { ulAESKeyBits: 256, pOAEPParams: &raw mut oaep };
    let mut mechanism = CK_MECHANISM {
        mechanism: CKM_RSA_AES_KEY_WRAP,
        pParameter: (&raw mut wrap).cast(),
        ulParameterLen: number(size_of::<CK_RSA_AES_KEY_WRAP_PARAMS>()),
    };
    let mut copy = carried::<Mechanism>(&raw mut mechanism).unwrap();
    label.fill(0);
    oaep.ulSourceDataLen = 0;
    std::hint::black_box(&mut oaep);
    // SAFETY: the copy lives, and so does what it points at.
    let inner = unsafe {
        let wrap = (*Mechanism::lend(&mut copy)).pParameter.cast::<CK_RSA_AES_KEY_WRAP_PARAMS>().read_unaligned();
        wrap.pOAEPParams.read_unaligned()
    };
    assert_eq!(bytes(inner.pSourceData.cast(), inner.ulSourceDataLen), b"a label");
    wrap.pOAEPParams = std::ptr::null_mut();
    std::hint::black_box(&mut wrap);
    assert!(carried::<Mechanism>(&raw mut mechanism).is_ok(), "what is missing is missing in the copy");
    mechanism.ulParameterLen -= 1;
    assert_eq!(carried::<Mechanism>(&raw mut mechanism).err(), Some(CKR_MECHANISM_PARAM_INVALID));
}

#[test]
fn templates_within_templates_end_somewhere() {
    let mut template = CK_ATTRIBUTE {
        type_: CKA_WRAP_TEMPLATE,
        pValue: std::ptr::null_mut(),
        ulValueLen: number(size_of::<CK_ATTRIBUTE>()),
    };
    // It holds itself.
    template.pValue = (&raw mut template).cast();
    assert_eq!(carried::<Template>((&raw mut template, 1)).err(), Some(CKR_ATTRIBUTE_VALUE_INVALID));
    assert!(carried::<Attributes>((&raw mut template, 1)).is_ok(), "rooms that nobody fills are none");
}

#[test]
fn a_result_longer_than_its_room_is_not_believed() {
    let (mut place, mut length) = ([7_u8; 4], 4);
    let raw = (place.as_mut_ptr(), &raw mut length);
    let mut copy = carried::<Fetch<CK_BYTE>>(raw).unwrap();
    let (data, told) = Fetch::lend(&mut copy);
    // SAFETY: the copy has room for four bytes and a number.
    unsafe {
        data.write(9);
        told.write(5);
    }
    assert_eq!(delivered::<Fetch<CK_BYTE>>(&copy, raw, CKR_OK), Err(CKR_DEVICE_ERROR));
    assert_eq!((place, length), ([7; 4], 4));
    assert_eq!(delivered::<Fetch<CK_BYTE>>(&copy, raw, CKR_BUFFER_TOO_SMALL), Ok(()));
    assert_eq!((place, length), ([7; 4], 5), "the length that is needed");
    assert_eq!(delivered::<Fetch<CK_BYTE>>(&copy, raw, CKR_DEVICE_ERROR), Ok(()));

    let mut attribute = CK_ATTRIBUTE { type_: CKA_LABEL, pValue: place.as_mut_ptr().cast(), ulValueLen: 4 };
    let raw = (&raw mut attribute, 1);
    let mut copy = carried::<Attributes>(raw).unwrap();
    // SAFETY: the copy has one attribute.
    unsafe { (*Attributes::lend(&mut copy).0).ulValueLen = 5 };
    assert_eq!(delivered::<Attributes>(&copy, raw, CKR_OK), Err(CKR_DEVICE_ERROR));
    assert_eq!(delivered::<Attributes>(&copy, raw, CKR_BUFFER_TOO_SMALL), Ok(()));
    assert_eq!((place, { attribute.ulValueLen }), ([7; 4], 5));
}

#[test]
fn without_a_place_the_length_is_only_written() {
    let mut length = CK_ULONG::MAX;
    let raw = (std::ptr::null_mut(), &raw mut length);
    let mut copy = carried::<Fetch<CK_BYTE>>(raw).unwrap();
    let (data, told) = Fetch::lend(&mut copy);
    assert!(data.is_null());
    // SAFETY: a number of the copy.
    unsafe {
        assert_eq!(told.read(), 0);
        told.write(256);
    }
    assert_eq!(delivered::<Fetch<CK_BYTE>>(&copy, raw, CKR_OK), Ok(()));
    assert_eq!(length, 256);
}
