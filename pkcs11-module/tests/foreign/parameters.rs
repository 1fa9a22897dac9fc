//! Whatever the arguments point at arrives: every call answers through our module what it answers without it.

use std::ffi::c_void;
use std::ptr::null_mut;

use cryptoki_sys::*;

use crate::softhsm::{self, PIN, SoftHsm};
use crate::support::number;
use crate::support::template::{GENERIC, NO, PRIVATE_KEY, PUBLIC_KEY, RSA, SECRET_KEY, YES, raw};
use crate::{Foreign, RW, bare, ours};

/// One side of the comparison.
#[derive(Clone, Copy)]
struct Side {
    table: &'static CK_FUNCTION_LIST,
    session: CK_SESSION_HANDLE,
}

/// Calls a function of a side.
macro_rules! call {
    ($side:expr, $function:ident($($argument:expr),* $(,)?)) => {{
        let side = $side;
        // SAFETY: the arguments are what PKCS#11 asks for, or what the test wants to see refused.
        let rv = unsafe { (side.table.$function.unwrap())(side.session $(, $argument)*) };
        if rv == CKR_OK { Ok(()) } else { Err(rv) }
    }};
}

type Template<'a> = &'a [(CK_ATTRIBUTE_TYPE, &'a [u8])];
type Outcome = Result<Vec<u8>, CK_RV>;

const AES: &[u8] = &CKK_AES.to_ne_bytes();
const EC: &[u8] = &CKK_EC.to_ne_bytes();
const LENGTH_32: &[u8] = &(32 as CK_ULONG).to_ne_bytes();
/// secp256r1.
const CURVE: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];

fn mechanism<T>(kind: CK_MECHANISM_TYPE, parameter: &mut T) -> CK_MECHANISM {
    CK_MECHANISM { mechanism: kind, pParameter: (&raw mut *parameter).cast(), ulParameterLen: number(size_of::<T>()) }
}

fn plain(kind: CK_MECHANISM_TYPE) -> CK_MECHANISM {
    CK_MECHANISM { mechanism: kind, pParameter: null_mut(), ulParameterLen: 0 }
}

fn fetch(call: impl Fn(*mut CK_BYTE, *mut CK_ULONG) -> Result<(), CK_RV>) -> Outcome {
    crate::support::output(call)
}

impl Side {
    fn create(self, template: Template<'_>) -> Result<CK_OBJECT_HANDLE, CK_RV> {
        let (mut template, mut object) = (raw(template), 0);
        call!(self, C_CreateObject(template.as_mut_ptr(), number(template.len()), &raw mut object))?;
        Ok(object)
    }

    fn find(self, template: Template<'_>) -> CK_OBJECT_HANDLE {
        let (mut template, mut object, mut count) = (raw(template), 0, 0);
        call!(self, C_FindObjectsInit(template.as_mut_ptr(), number(template.len()))).unwrap();
        call!(self, C_FindObjects(&raw mut object, 1, &raw mut count)).unwrap();
        call!(self, C_FindObjectsFinal()).unwrap();
        assert_eq!(count, 1);
        object
    }

    fn attribute(self, object: CK_OBJECT_HANDLE, kind: CK_ATTRIBUTE_TYPE) -> Outcome {
        let mut value = vec![0_u8; 600];
        let place = value.as_mut_ptr().cast::<c_void>();
        let mut attribute = CK_ATTRIBUTE { type_: kind, pValue: place, ulValueLen: number(600) };
        call!(self, C_GetAttributeValue(object, &raw mut attribute, 1))?;
        value.truncate(usize::try_from(attribute.ulValueLen).unwrap());
        Ok(value)
    }

    fn encrypt(self, mut mechanism: CK_MECHANISM, key: CK_OBJECT_HANDLE, data: &[u8]) -> Outcome {
        call!(self, C_EncryptInit(&raw mut mechanism, key))?;
        fetch(|out, length| call!(self, C_Encrypt(data.as_ptr().cast_mut(), number(data.len()), out, length)))
    }

    fn decrypt(self, mut mechanism: CK_MECHANISM, key: CK_OBJECT_HANDLE, data: &[u8]) -> Outcome {
        call!(self, C_DecryptInit(&raw mut mechanism, key))?;
        fetch(|out, length| call!(self, C_Decrypt(data.as_ptr().cast_mut(), number(data.len()), out, length)))
    }

    fn sign(self, mut mechanism: CK_MECHANISM, key: CK_OBJECT_HANDLE, data: &[u8]) -> Outcome {
        call!(self, C_SignInit(&raw mut mechanism, key))?;
        fetch(|out, length| call!(self, C_Sign(data.as_ptr().cast_mut(), number(data.len()), out, length)))
    }

    fn verify(self, mut mechanism: CK_MECHANISM, key: CK_OBJECT_HANDLE, data: &[u8], signature: &[u8]) -> Outcome {
        call!(self, C_VerifyInit(&raw mut mechanism, key))?;
        let (data, signature) =
            ((data.as_ptr().cast_mut(), data.len()), (signature.as_ptr().cast_mut(), signature.len()));
        call!(self, C_Verify(data.0, number(data.1), signature.0, number(signature.1))).map(|()| Vec::new())
    }

    /// The value of a key that is derived.
    fn derive(self, mut mechanism: CK_MECHANISM, base: CK_OBJECT_HANDLE) -> Outcome {
        let (mut key, template) = (0, secret(GENERIC, &[(CKA_VALUE_LEN, LENGTH_32)]));
        let mut template = raw(&template);
        call!(
            self,
            C_DeriveKey(&raw mut mechanism, base, template.as_mut_ptr(), number(template.len()), &raw mut key)
        )?;
        self.attribute(key, CKA_VALUE)
    }

    fn wrap(self, mut mechanism: CK_MECHANISM, with: CK_OBJECT_HANDLE, key: CK_OBJECT_HANDLE) -> Outcome {
        let mechanism = &raw mut mechanism;
        fetch(|out, length| call!(self, C_WrapKey(mechanism, with, key, out, length)))
    }

    fn unwrap(self, mut mechanism: CK_MECHANISM, with: CK_OBJECT_HANDLE, wrapped: &[u8]) -> Outcome {
        let (mut key, template) = (0, secret(AES, &[]));
        let mut template = raw(&template);
        call!(
            self,
            C_UnwrapKey(
                &raw mut mechanism,
                with,
                wrapped.as_ptr().cast_mut(),
                number(wrapped.len()),
                template.as_mut_ptr(),
                number(template.len()),
                &raw mut key
            )
        )?;
        self.attribute(key, CKA_VALUE)
    }
}

/// A secret key whose value can be read.
fn secret<'a>(kind: &'a [u8], more: Template<'a>) -> Vec<(CK_ATTRIBUTE_TYPE, &'a [u8])> {
    let common = [
        (CKA_CLASS, SECRET_KEY),
        (CKA_KEY_TYPE, kind),
        (CKA_TOKEN, NO),
        (CKA_PRIVATE, NO),
        (CKA_SENSITIVE, NO),
        (CKA_EXTRACTABLE, YES),
    ];
    [&common, more].concat()
}

/// Key pairs in the token, which both sides use.
fn key_pairs(side: Side) {
    let bits: &[u8] = &(2048 as CK_ULONG).to_ne_bytes();
    let pairs: [(_, Vec<_>, Vec<_>); 2] = [
        (
            CKM_RSA_PKCS_KEY_PAIR_GEN,
            vec![(CKA_MODULUS_BITS, bits), (CKA_ENCRYPT, YES), (CKA_VERIFY, YES)],
            vec![(CKA_DECRYPT, YES), (CKA_SIGN, YES)],
        ),
        (CKM_EC_KEY_PAIR_GEN, vec![(CKA_EC_PARAMS, CURVE)], vec![(CKA_DERIVE, YES)]),
    ];
    for (kind, mut public, mut private) in pairs {
        public.push((CKA_TOKEN, YES));
        private.extend([(CKA_TOKEN, YES), (CKA_PRIVATE, YES)]);
        let (mut public, mut private, mut handles) = (raw(&public), raw(&private), (0, 0));
        call!(
            side,
            C_GenerateKeyPair(
                &mut plain(kind),
                public.as_mut_ptr(),
                number(public.len()),
                private.as_mut_ptr(),
                number(private.len()),
                &raw mut handles.0,
                &raw mut handles.1
            )
        )
        .unwrap();
    }
}

/// Everything that has a parameter or a result of its own kind, by name. What is random is not in it.
fn everything(side: Side) -> Vec<(&'static str, Outcome)> {
    let mut outcomes = Vec::new();
    let more: Template<'_> = &[
        (CKA_VALUE, &[7; 32]),
        (CKA_ENCRYPT, YES),
        (CKA_DECRYPT, YES),
        (CKA_WRAP, YES),
        (CKA_UNWRAP, YES),
        (CKA_DERIVE, YES),
        (CKA_SIGN, YES),
    ];
    let aes = side.create(&secret(AES, more)).unwrap();
    let other = side.create(&secret(AES, &[(CKA_VALUE, &[9; 16])])).unwrap();
    let (mut iv, mut aad, mut data) = ([3_u8; 16], *b"a title", *b"thirty-two bytes to derive from.");

    outcomes.push(("CBC", side.encrypt(mechanism(CKM_AES_CBC_PAD, &mut iv), aes, b"some plaintext")));
    outcomes.push(("CBC of a wrong length", side.encrypt(plain(CKM_AES_CBC_PAD), aes, b"some plaintext")));
    let mut counter = CK_AES_CTR_PARAMS { ulCounterBits: 32, cb: [5; 16] };
    outcomes.push(("CTR", side.encrypt(mechanism(CKM_AES_CTR, &mut counter), aes, b"some plaintext")));
    let mut gcm = CK_GCM_PARAMS {
        pIv: iv.as_mut_ptr(),
        ulIvLen: 12,
        ulIvBits: 96,
        pAAD: aad.as_mut_ptr(),
        ulAADLen: number(aad.len()),
        ulTagBits: 128,
    };
    let sealed = side.encrypt(mechanism(CKM_AES_GCM, &mut gcm), aes, b"some plaintext");
    outcomes.push(("GCM back", side.decrypt(mechanism(CKM_AES_GCM, &mut gcm), aes, sealed.as_ref().unwrap())));
    outcomes.push(("GCM", sealed));
    gcm.ulAADLen -= 1;
    outcomes.push(("GCM of another title", side.decrypt(mechanism(CKM_AES_GCM, &mut gcm), aes, &[0; 30])));
    outcomes.push(("CMAC", side.sign(plain(CKM_AES_CMAC), aes, b"a message")));

    let mut string = CK_KEY_DERIVATION_STRING_DATA { pData: data.as_mut_ptr(), ulLen: 32 };
    outcomes.push(("ECB derivation", side.derive(mechanism(CKM_AES_ECB_ENCRYPT_DATA, &mut string), aes)));
    let mut cbc = CK_AES_CBC_ENCRYPT_DATA_PARAMS { iv, pData: data.as_mut_ptr(), length: 32 };
    outcomes.push(("CBC derivation", side.derive(mechanism(CKM_AES_CBC_ENCRYPT_DATA, &mut cbc), aes)));

    let wrapped = side.wrap(plain(CKM_AES_KEY_WRAP), aes, other);
    outcomes.push(("unwrapped", side.unwrap(plain(CKM_AES_KEY_WRAP), aes, wrapped.as_ref().unwrap())));
    outcomes.push(("wrapped", wrapped));

    let ec = side.find(&[(CKA_CLASS, PRIVATE_KEY), (CKA_KEY_TYPE, EC)]);
    let mut point = side.attribute(side.find(&[(CKA_CLASS, PUBLIC_KEY), (CKA_KEY_TYPE, EC)]), CKA_EC_POINT).unwrap();
    let mut ecdh = CK_ECDH1_DERIVE_PARAMS {
        kdf: CKD_NULL,
        ulSharedDataLen: 0,
        pSharedData: null_mut(),
        ulPublicDataLen: number(point.len()),
        pPublicData: point.as_mut_ptr(),
    };
    outcomes.push(("ECDH", side.derive(mechanism(CKM_ECDH1_DERIVE, &mut ecdh), ec)));

    let rsa = side.find(&[(CKA_CLASS, PRIVATE_KEY), (CKA_KEY_TYPE, RSA)]);
    let public = side.find(&[(CKA_CLASS, PUBLIC_KEY), (CKA_KEY_TYPE, RSA)]);
    outcomes.push(("PKCS#1", side.sign(plain(CKM_SHA256_RSA_PKCS), rsa, b"a message")));
    outcomes.push(("PKCS#1 of no key", side.sign(plain(CKM_SHA256_RSA_PKCS), 99_999, b"a message")));
    let mut pss = CK_RSA_PKCS_PSS_PARAMS { hashAlg: CKM_SHA256, mgf: CKG_MGF1_SHA256, sLen: 32 };
    let signature = side.sign(mechanism(CKM_SHA256_RSA_PKCS_PSS, &mut pss), rsa, b"a message").unwrap();
    let verified = |data| side.verify(mechanism(CKM_SHA256_RSA_PKCS_PSS, &mut { pss }), public, data, &signature);
    outcomes.push(("PSS", verified(b"a message")));
    outcomes.push(("PSS of something else", verified(b"a massage")));
    let mut oaep = CK_RSA_PKCS_OAEP_PARAMS {
        hashAlg: CKM_SHA_1,
        mgf: CKG_MGF1_SHA1,
        source: CKZ_DATA_SPECIFIED,
        pSourceData: null_mut(),
        ulSourceDataLen: 0,
    };
    let sealed = side.encrypt(mechanism(CKM_RSA_PKCS_OAEP, &mut oaep), public, b"a secret").unwrap();
    outcomes.push(("OAEP", side.decrypt(mechanism(CKM_RSA_PKCS_OAEP, &mut oaep), rsa, &sealed)));
    (oaep.pSourceData, oaep.ulSourceDataLen) = (aad.as_mut_ptr().cast(), number(aad.len()));
    outcomes.push(("OAEP with a label", side.encrypt(mechanism(CKM_RSA_PKCS_OAEP, &mut oaep), public, b"a secret")));
    outcomes.push(("OAEP wrapping", side.wrap(mechanism(CKM_RSA_PKCS_OAEP, &mut oaep), public, other)));

    let done = |outcome: Result<(), CK_RV>| outcome.map(|()| Vec::new());
    let (mut sha, mut digest) = (plain(CKM_SHA256), Vec::new());
    outcomes.push(("digest", done(call!(side, C_DigestInit(&raw mut sha)))));
    outcomes.push(("digest of data", done(call!(side, C_DigestUpdate(data.as_mut_ptr(), 32)))));
    outcomes.push(("digest of a key", done(call!(side, C_DigestKey(aes)))));
    outcomes.push(("a saved state", fetch(|out, length| call!(side, C_GetOperationState(out, length)))));
    digest.extend(fetch(|out, length| call!(side, C_DigestFinal(out, length))).unwrap_or_default());
    outcomes.push(("the digest", Ok(digest)));
    outcomes.push(("a saved state back", done(call!(side, C_SetOperationState(data.as_mut_ptr(), 32, 0, 0)))));
    outcomes.push(("recovery", done(call!(side, C_SignRecoverInit(&mut plain(CKM_RSA_PKCS), rsa)))));
    outcomes.push(("recovered", done(call!(side, C_VerifyRecoverInit(&mut plain(CKM_RSA_PKCS), public)))));
    let mut sink = ([0_u8; 64], number(64));
    let two = |out: *mut u8, length| done(call!(side, C_DigestEncryptUpdate(out, 16, out, length)));
    outcomes.push(("two functions in one", two(sink.0.as_mut_ptr(), &raw mut sink.1)));
    outcomes.push(("seed", done(call!(side, C_SeedRandom(data.as_mut_ptr(), 32)))));
    outcomes.push(("parallel", done(call!(side, C_GetFunctionStatus()))));

    // A template within a template, in and out.
    let mut inner = raw(&[(CKA_EXTRACTABLE, YES), (CKA_LABEL, b"inner")]);
    // SAFETY: attributes are bytes like any others, and outlive their use.
    let inner =
        unsafe { std::slice::from_raw_parts(inner.as_mut_ptr().cast::<u8>(), inner.len() * size_of::<CK_ATTRIBUTE>()) };
    let more: Template<'_> = &[(CKA_VALUE, &[4; 16]), (CKA_WRAP, YES), (CKA_WRAP_TEMPLATE, inner)];
    let wrapping = side.create(&secret(AES, more));
    outcomes.push(("a wrapping template", wrapping.map(|_| Vec::new())));
    if let Ok(wrapping) = wrapping {
        outcomes.push(("a wrapping key that has one", side.wrap(plain(CKM_AES_KEY_WRAP), wrapping, other)));
        outcomes.push(("another wrapping", side.wrap(plain(CKM_AES_KEY_WRAP), wrapping, aes)));
    }
    outcomes.push(("an unreadable value", side.attribute(rsa, CKA_PRIVATE_EXPONENT)));
    outcomes.push(("an unknown attribute", side.attribute(rsa, 0x8000_1234)));
    outcomes
}

/// A side with a session that is logged in.
fn side(table: &'static CK_FUNCTION_LIST, slot: CK_SLOT_ID) -> Side {
    let mut session = 0;
    // SAFETY: a place for the session.
    let rv = unsafe { table.C_OpenSession.unwrap()(slot, RW, null_mut(), None, &raw mut session) };
    assert_eq!(rv, CKR_OK);
    let (side, mut pin) = (Side { table, session }, PIN.as_bytes().to_vec());
    let login = call!(side, C_Login(CKU_USER, pin.as_mut_ptr(), number(pin.len())));
    // A login is the process's, and both sides are in one.
    assert!(matches!(login, Ok(()) | Err(CKR_USER_ALREADY_LOGGED_IN)), "{login:?}");
    side
}

/// Both sides on one token.
fn both(hsm: &SoftHsm) -> (Foreign, Side, Side) {
    let module = Foreign::with_token(hsm, "token");
    let mut slots = [0; 4];
    let mut count = 4;
    let bare = bare();
    let slot = module.slot();
    // SAFETY: a place for four slots and one for their number.
    assert_eq!(unsafe { bare.C_GetSlotList.unwrap()(CK_TRUE, slots.as_mut_ptr(), &raw mut count) }, CKR_OK);
    (module, side(ours(), slot), side(bare, slots[0]))
}

#[test]
#[ignore = "needs softhsm2-util"]
fn every_function_answers_through_us_what_it_answers_without() {
    softhsm::alone(|hsm| {
        let (_module, through, without) = both(hsm);
        key_pairs(through);
        let (through, without) = (everything(through), everything(without));
        for (through, without) in through.iter().zip(&without) {
            assert_eq!(through, without);
        }
        assert_eq!(through.len(), without.len());
        let good = through.iter().filter(|(_, outcome)| outcome.is_ok()).count();
        assert!(good >= 18, "only {good} work at all");
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_parameter_that_we_do_not_know_is_refused_before_the_module_sees_it() {
    softhsm::alone(|hsm| {
        let (_module, through, _) = both(hsm);
        let key = through.create(&secret(AES, &[(CKA_VALUE, &[7; 32]), (CKA_ENCRYPT, YES)])).unwrap();
        let mut parameter = [0x41_usize; 4];
        for kind in [CKM_VENDOR_DEFINED + 1, CKM_TLS_PRF, 0x7fff_0000] {
            let refused = through.encrypt(mechanism(kind, &mut parameter), key, b"some plaintext");
            assert_eq!(refused, Err(CKR_MECHANISM_PARAM_INVALID), "{kind:#x}");
            let unknown = through.encrypt(plain(kind), key, b"some plaintext");
            assert_eq!(unknown, Err(CKR_MECHANISM_INVALID), "{kind:#x}");
        }
        // Of structures that we know, the size must be right and no pointer may be missing.
        let mut gcm = CK_GCM_PARAMS { ulIvLen: 12, ..CK_GCM_PARAMS::default() };
        let refused = through.encrypt(mechanism(CKM_AES_GCM, &mut gcm), key, b"some plaintext");
        assert_eq!(refused, Err(CKR_MECHANISM_PARAM_INVALID));
        let refused = through.encrypt(mechanism(CKM_AES_GCM, &mut [0_u8; 8]), key, b"some plaintext");
        assert_eq!(refused, Err(CKR_MECHANISM_PARAM_INVALID));
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_template_within_an_attribute_is_read_back() {
    softhsm::alone(|hsm| {
        let (_module, through, _) = both(hsm);
        let mut inner = raw(&[(CKA_EXTRACTABLE, YES), (CKA_LABEL, b"inner")]);
        // SAFETY: attributes are bytes like any others, and outlive their use.
        let inner = unsafe {
            std::slice::from_raw_parts(inner.as_mut_ptr().cast::<u8>(), inner.len() * size_of::<CK_ATTRIBUTE>())
        };
        let more: Template<'_> = &[(CKA_VALUE, &[7; 16]), (CKA_WRAP, YES), (CKA_WRAP_TEMPLATE, inner)];
        let key = through.create(&secret(AES, more)).unwrap();
        let mut asked = CK_ATTRIBUTE { type_: CKA_WRAP_TEMPLATE, ..CK_ATTRIBUTE::default() };
        call!(through, C_GetAttributeValue(key, &raw mut asked, 1)).unwrap();
        assert_eq!({ asked.ulValueLen }, number(2 * size_of::<CK_ATTRIBUTE>()));
        let (mut parts, mut values) = ([CK_ATTRIBUTE::default(); 2], [[0_u8; 16]; 2]);
        // First of which attributes it is made and how long they are, then what they are.
        asked.pValue = parts.as_mut_ptr().cast();
        call!(through, C_GetAttributeValue(key, &raw mut asked, 1)).unwrap();
        for (part, value) in parts.iter_mut().zip(&mut values) {
            (part.pValue, part.ulValueLen) = (value.as_mut_ptr().cast(), 16);
        }
        call!(through, C_GetAttributeValue(key, &raw mut asked, 1)).unwrap();
        let read = parts.map(|part| (part.type_, part.ulValueLen));
        let label = read.iter().position(|(kind, _)| *kind == CKA_LABEL).unwrap();
        assert_eq!((read[label].1, &values[label][..5]), (5, &b"inner"[..]));
        assert_eq!((read[1 - label], values[1 - label][0]), ((CKA_EXTRACTABLE, 1), CK_TRUE));
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn an_attribute_of_a_vendor_that_could_hold_pointers_is_refused() {
    softhsm::alone(|hsm| {
        let (_module, through, _) = both(hsm);
        let kind = CKA_VENDOR_DEFINED | CKF_ARRAY_ATTRIBUTE | 7;
        let value = [0_u8; 2 * size_of::<CK_ATTRIBUTE>()];
        let mut template = raw(&[(kind, &value)]);
        let find = |template: &mut Vec<CK_ATTRIBUTE>| call!(through, C_FindObjectsInit(template.as_mut_ptr(), 1));
        assert_eq!(find(&mut template), Err(CKR_ATTRIBUTE_TYPE_INVALID));
        // What NSS looks for in every token has the same bit and is no template.
        template[0].type_ = 0xce53_4372;
        assert_eq!(find(&mut template), Ok(()));
    });
}
