//! Lengths: the two-call rule, claims of room that no memory has, and arguments that are wrong.

use std::ptr::null_mut;

use cryptoki_sys::*;

use crate::Foreign;
use crate::softhsm::{self, PIN};
use crate::support::template::{PRIVATE_KEY, YES, raw};
use crate::support::{Mechanism, Session, number};

/// A session that is logged in, with an RSA key of 2048 bits.
fn with_key(module: &Foreign) -> (Session, CK_OBJECT_HANDLE) {
    let session = Session::open(module.slot(), crate::RW).unwrap();
    session.login(PIN).unwrap();
    let bits = (2048 as CK_ULONG).to_ne_bytes();
    let (_, key) = session.generate_pair(&[(CKA_MODULUS_BITS, &bits)], &[(CKA_SIGN, YES)]).unwrap();
    (session, key)
}

#[test]
#[ignore = "needs softhsm2-util"]
fn asking_for_a_length_and_too_little_room_leave_the_operation_active() {
    softhsm::alone(|hsm| {
        let module = Foreign::with_token(hsm, "token");
        let (session, key) = with_key(&module);
        session.sign_init(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), key).unwrap();
        let mut data = *b"a message";
        let (place, count) = (data.as_mut_ptr(), number(data.len()));
        let mut length = 0;
        assert_eq!(c!(C_Sign(session.0, place, count, null_mut(), &raw mut length)), Ok(()));
        assert_eq!(length, 256);
        let mut signature = [0xee_u8; 300];
        length = 255;
        let too_small = c!(C_Sign(session.0, place, count, signature.as_mut_ptr(), &raw mut length));
        assert_eq!((too_small, length), (Err(CKR_BUFFER_TOO_SMALL), 256));
        assert_eq!(signature, [0xee; 300], "nothing is written without room");
        length = 300;
        assert_eq!(c!(C_Sign(session.0, place, count, signature.as_mut_ptr(), &raw mut length)), Ok(()));
        assert_eq!(length, 256);
        assert!(signature[..256] != [0xee; 256] && signature[256..] == [0xee; 44]);
        let over = c!(C_Sign(session.0, place, count, signature.as_mut_ptr(), &raw mut length));
        assert_eq!(over, Err(CKR_OPERATION_NOT_INITIALIZED));
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn room_is_a_claim_and_no_reason_to_allocate_it() {
    softhsm::alone(|hsm| {
        let module = Foreign::with_token(hsm, "token");
        let (session, key) = with_key(&module);
        for room in [CK_ULONG::MAX, 1 << 63, 1 << 40] {
            session.sign_init(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), key).unwrap();
            let (mut data, mut signature, mut length) = (*b"a message", [0_u8; 256], room);
            let place = signature.as_mut_ptr();
            assert_eq!(c!(C_Sign(session.0, data.as_mut_ptr(), 9, place, &raw mut length)), Ok(()));
            assert_eq!(length, 256);
            let mut id = [0_u8; 8];
            let mut attribute = CK_ATTRIBUTE { type_: CKA_CLASS, pValue: id.as_mut_ptr().cast(), ulValueLen: room };
            assert_eq!(c!(C_GetAttributeValue(session.0, key, &raw mut attribute, 1)), Ok(()));
            assert_eq!(id, PRIVATE_KEY);
            let (mut list, mut count) = ([0; 400], room);
            assert_eq!(c!(C_GetMechanismList(module.slot(), list.as_mut_ptr(), &raw mut count)), Ok(()));
            assert!(count > 10 && list[..usize::try_from(count).unwrap()].contains(&CKM_RSA_PKCS));
            let (mut handles, mut found) = ([0; 4], 0);
            assert_eq!(c!(C_FindObjectsInit(session.0, null_mut(), 0)), Ok(()));
            assert_eq!(c!(C_FindObjects(session.0, handles.as_mut_ptr(), room, &raw mut found)), Ok(()));
            assert_eq!(c!(C_FindObjectsFinal(session.0)), Ok(()));
            assert_eq!(found, 2);
        }
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn what_is_wrong_with_an_argument_is_said_as_everywhere() {
    softhsm::alone(|hsm| {
        let module = Foreign::with_token(hsm, "token");
        let (session, key) = with_key(&module);
        let bad = Err(CKR_ARGUMENTS_BAD);
        let mut length = 0;
        assert_eq!(c!(C_Sign(session.0, null_mut(), 9, null_mut(), &raw mut length)), bad);
        assert_eq!(c!(C_Sign(session.0, null_mut(), 0, null_mut(), null_mut())), bad);
        assert_eq!(c!(C_SignUpdate(session.0, [0].as_mut_ptr(), CK_ULONG::MAX)), bad);
        assert_eq!(c!(C_GetTokenInfo(module.slot(), null_mut())), bad);
        assert_eq!(c!(C_GetSessionInfo(session.0, null_mut())), bad);
        assert_eq!(c!(C_OpenSession(module.slot(), crate::RW, null_mut(), None, null_mut())), bad);
        assert_eq!(c!(C_FindObjects(session.0, null_mut(), 1, &raw mut length)), bad);
        let mut template = raw(&[(CKA_LABEL, b"label")]);
        assert_eq!(c!(C_SetAttributeValue(session.0, key, template.as_mut_ptr(), CK_ULONG::MAX)), bad);
        template[0].ulValueLen = CK_ULONG::MAX;
        assert_eq!(c!(C_SetAttributeValue(session.0, key, template.as_mut_ptr(), 1)), bad);
        template[0].pValue = null_mut();
        assert_eq!(c!(C_CreateObject(session.0, template.as_mut_ptr(), 1, &raw mut length)), bad);
        assert_eq!(c!(C_GenerateRandom(session.0, null_mut(), 8)), bad);
        for handle in [0, session.0 + 1, CK_ULONG::MAX] {
            assert_eq!(c!(C_SignFinal(handle, null_mut(), &raw mut length)), Err(CKR_SESSION_HANDLE_INVALID));
            assert_eq!(
                c!(C_SignRecover(handle, null_mut(), 0, null_mut(), &raw mut length)),
                Err(CKR_SESSION_HANDLE_INVALID)
            );
        }
        assert_eq!(c!(C_GetTokenInfo(module.slot() ^ 1, null_mut())), bad);
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn the_length_of_an_oaep_label_is_a_claim_and_no_reason_to_allocate_it() {
    softhsm::alone(|hsm| {
        let module = Foreign::with_token(hsm, "token");
        let (session, key) = with_key(&module);
        let mut label = *b"x";
        let mut parameter = CK_RSA_PKCS_OAEP_PARAMS {
            hashAlg: CKM_SHA_1,
            mgf: CKG_MGF1_SHA1,
            source: CKZ_DATA_SPECIFIED,
            pSourceData: label.as_mut_ptr().cast(),
            ulSourceDataLen: 1 << 46,
        };
        let mut mechanism = CK_MECHANISM {
            mechanism: CKM_RSA_PKCS_OAEP,
            pParameter: (&raw mut parameter).cast(),
            ulParameterLen: number(size_of_val(&parameter)),
        };
        assert_eq!(c!(C_DecryptInit(session.0, &raw mut mechanism, key)), Err(CKR_MECHANISM_PARAM_INVALID));
    });
}
