//! This file copies mechanisms with their parameters, also what these point at.
//!
//! A parameter can only be copied if its structure is known. One that is not may hold pointers of the caller's, and is
//! refused: so is every parameter of a vendor's own mechanism.

use std::mem::offset_of;

use cryptoki_sys::*;

use super::carry::{Block, Carry};
use super::parameter::Mechanism;
use crate::rv::Answer;

/// A parameter without pointers is not longer than this.
const FLAT: usize = 64 << 10;

/// How the parameter of a mechanism is made.
enum Form {
    /// Of bytes and numbers.
    Flat,
    /// A structure of this size that points at these parts.
    Structure(usize, &'static [Part]),
}

/// What a structure points at.
enum Part {
    /// Bytes: where the pointer is, and where their number.
    Bytes(usize, usize),
    /// Another structure: where the pointer is.
    Structure(usize, &'static Form),
}

macro_rules! structure {
    ($structure:ident { $($pointer:ident: $length:ident),* }) => {
        Form::Structure(
            size_of::<$structure>(),
            &[$(Part::Bytes(offset_of!($structure, $pointer), offset_of!($structure, $length))),*],
        )
    };
}

static FLAT_FORM: Form = Form::Flat;
static OAEP: Form = structure!(CK_RSA_PKCS_OAEP_PARAMS { pSourceData: ulSourceDataLen });
static GCM: Form = structure!(CK_GCM_PARAMS { pIv: ulIvLen, pAAD: ulAADLen });
static CCM: Form = structure!(CK_CCM_PARAMS { pNonce: ulNonceLen, pAAD: ulAADLen });
static ECDH: Form = structure!(CK_ECDH1_DERIVE_PARAMS { pSharedData: ulSharedDataLen, pPublicData: ulPublicDataLen });
static EDDSA: Form = structure!(CK_EDDSA_PARAMS { pContextData: ulContextDataLen });
static STRING_DATA: Form = structure!(CK_KEY_DERIVATION_STRING_DATA { pData: ulLen });
static DES_CBC_DATA: Form = structure!(CK_DES_CBC_ENCRYPT_DATA_PARAMS { pData: length });
static AES_CBC_DATA: Form = structure!(CK_AES_CBC_ENCRYPT_DATA_PARAMS { pData: length });
static SEED_CBC_DATA: Form = structure!(CK_SEED_CBC_ENCRYPT_DATA_PARAMS { pData: length });
static ARIA_CBC_DATA: Form = structure!(CK_ARIA_CBC_ENCRYPT_DATA_PARAMS { pData: length });
static CAMELLIA_CBC_DATA: Form = structure!(CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS { pData: length });
static RSA_AES_KEY_WRAP: Form = Form::Structure(
    size_of::<CK_RSA_AES_KEY_WRAP_PARAMS>(),
    &[Part::Structure(offset_of!(CK_RSA_AES_KEY_WRAP_PARAMS, pOAEPParams), &OAEP)],
);

/// The form of a mechanism's parameter, if it is known.
#[allow(clippy::too_many_lines, reason = "one list")]
fn form(kind: CK_MECHANISM_TYPE) -> Option<&'static Form> {
    Some(match kind {
        CKM_RSA_PKCS_OAEP => &OAEP,
        CKM_RSA_AES_KEY_WRAP => &RSA_AES_KEY_WRAP,
        CKM_AES_GCM => &GCM,
        CKM_AES_CCM => &CCM,
        CKM_ECDH1_DERIVE | CKM_ECDH1_COFACTOR_DERIVE => &ECDH,
        CKM_EDDSA => &EDDSA,
        CKM_CONCATENATE_BASE_AND_DATA
        | CKM_CONCATENATE_DATA_AND_BASE
        | CKM_XOR_BASE_AND_DATA
        | CKM_DES_ECB_ENCRYPT_DATA
        | CKM_DES3_ECB_ENCRYPT_DATA
        | CKM_AES_ECB_ENCRYPT_DATA
        | CKM_SEED_ECB_ENCRYPT_DATA
        | CKM_ARIA_ECB_ENCRYPT_DATA
        | CKM_CAMELLIA_ECB_ENCRYPT_DATA => &STRING_DATA,
        CKM_DES_CBC_ENCRYPT_DATA | CKM_DES3_CBC_ENCRYPT_DATA => &DES_CBC_DATA,
        CKM_AES_CBC_ENCRYPT_DATA => &AES_CBC_DATA,
        CKM_SEED_CBC_ENCRYPT_DATA => &SEED_CBC_DATA,
        CKM_ARIA_CBC_ENCRYPT_DATA => &ARIA_CBC_DATA,
        CKM_CAMELLIA_CBC_ENCRYPT_DATA => &CAMELLIA_CBC_DATA,
        // CK_RSA_PKCS_PSS_PARAMS.
        CKM_RSA_PKCS_PSS
        | CKM_SHA1_RSA_PKCS_PSS
        | CKM_SHA224_RSA_PKCS_PSS
        | CKM_SHA256_RSA_PKCS_PSS
        | CKM_SHA384_RSA_PKCS_PSS
        | CKM_SHA512_RSA_PKCS_PSS
        | CKM_SHA3_224_RSA_PKCS_PSS
        | CKM_SHA3_256_RSA_PKCS_PSS
        | CKM_SHA3_384_RSA_PKCS_PSS
        | CKM_SHA3_512_RSA_PKCS_PSS
        // An initialisation vector, or the structures of CTR and RC2 that hold one.
        | CKM_DES_CBC
        | CKM_DES_CBC_PAD
        | CKM_DES_OFB64
        | CKM_DES_OFB8
        | CKM_DES_CFB64
        | CKM_DES_CFB8
        | CKM_DES3_CBC
        | CKM_DES3_CBC_PAD
        | CKM_AES_CBC
        | CKM_AES_CBC_PAD
        | CKM_AES_CTR
        | CKM_AES_CTS
        | CKM_AES_XTS
        | CKM_AES_OFB
        | CKM_AES_CFB1
        | CKM_AES_CFB8
        | CKM_AES_CFB64
        | CKM_AES_CFB128
        | CKM_AES_KEY_WRAP
        | CKM_AES_KEY_WRAP_PAD
        | CKM_AES_KEY_WRAP_KWP
        | CKM_SEED_CBC
        | CKM_SEED_CBC_PAD
        | CKM_ARIA_CBC
        | CKM_ARIA_CBC_PAD
        | CKM_CAMELLIA_CBC
        | CKM_CAMELLIA_CBC_PAD
        | CKM_CAMELLIA_CTR
        | CKM_BLOWFISH_CBC
        | CKM_TWOFISH_CBC
        | CKM_IDEA_CBC
        | CKM_IDEA_CBC_PAD
        | CKM_CAST128_CBC
        | CKM_CAST128_CBC_PAD
        | CKM_RC2_ECB
        | CKM_RC2_CBC
        | CKM_RC2_CBC_PAD
        | CKM_RC2_MAC
        | CKM_RC2_MAC_GENERAL
        // The length of a MAC.
        | CKM_MD5_HMAC_GENERAL
        | CKM_SHA_1_HMAC_GENERAL
        | CKM_SHA224_HMAC_GENERAL
        | CKM_SHA256_HMAC_GENERAL
        | CKM_SHA384_HMAC_GENERAL
        | CKM_SHA512_HMAC_GENERAL
        | CKM_SHA3_224_HMAC_GENERAL
        | CKM_SHA3_256_HMAC_GENERAL
        | CKM_SHA3_384_HMAC_GENERAL
        | CKM_SHA3_512_HMAC_GENERAL
        | CKM_DES_MAC_GENERAL
        | CKM_DES3_MAC_GENERAL
        | CKM_DES3_CMAC_GENERAL
        | CKM_AES_MAC_GENERAL
        | CKM_AES_CMAC_GENERAL
        | CKM_SEED_MAC_GENERAL
        | CKM_ARIA_MAC_GENERAL
        | CKM_CAMELLIA_MAC_GENERAL
        // A bit's place, a key's handle, the other side's public value, an object identifier.
        | CKM_EXTRACT_KEY_FROM_KEY
        | CKM_CONCATENATE_BASE_AND_KEY
        | CKM_DH_PKCS_DERIVE
        | CKM_GOSTR3410
        | CKM_GOSTR3410_WITH_GOSTR3411
        | CKM_GOSTR3411_HMAC
        | CKM_GOST28147
        | CKM_GOST28147_MAC => &FLAT_FORM,
        _ => return None,
    })
}

/// A copy of a mechanism.
pub(crate) struct CarriedMechanism {
    mechanism: CK_MECHANISM,
    /// Whether there was one.
    given: bool,
    /// Its parameter and what that points at.
    blocks: Vec<Block>,
}

// SAFETY: its pointer leads into the blocks beside it, theirs too, or is null.
unsafe impl Send for CarriedMechanism {}

impl Carry for Mechanism {
    type Carried = CarriedMechanism;

    unsafe fn carry(raw: *mut CK_MECHANISM) -> Answer<CarriedMechanism> {
        let mut blocks = Vec::new();
        if raw.is_null() {
            let mechanism = CK_MECHANISM { mechanism: 0, pParameter: std::ptr::null_mut(), ulParameterLen: 0 };
            return Ok(CarriedMechanism { mechanism, given: false, blocks });
        }
        // SAFETY: the caller's promise.
        let mut mechanism = unsafe { raw.read_unaligned() };
        let length = usize::try_from(mechanism.ulParameterLen).unwrap_or(usize::MAX);
        if length == 0 {
            mechanism.pParameter = std::ptr::null_mut();
        } else {
            let form = form(mechanism.mechanism).filter(|_| !mechanism.pParameter.is_null()).ok_or(REFUSED)?;
            // SAFETY: the caller's promise, for a mechanism of this form.
            mechanism.pParameter = unsafe { form.copy(mechanism.pParameter.cast(), length, &mut blocks) }?.cast();
        }
        Ok(CarriedMechanism { mechanism, given: true, blocks })
    }

    fn lend(carried: &mut CarriedMechanism) -> *mut CK_MECHANISM {
        debug_assert!(carried.given || carried.blocks.is_empty());
        if carried.given { &raw mut carried.mechanism } else { std::ptr::null_mut() }
    }
}

const REFUSED: CK_RV = CKR_MECHANISM_PARAM_INVALID;

impl Form {
    /// Copies a parameter and what it points at; where the copy is.
    ///
    /// # Safety
    /// `data` is not null and can be read for `length` bytes. If they are a structure of this form, its pointers are null or
    /// lead to as many bytes as it says.
    unsafe fn copy(&self, data: *const u8, length: usize, blocks: &mut Vec<Block>) -> Answer<*mut u8> {
        let parts = match self {
            Self::Flat if length <= FLAT => &[][..],
            Self::Structure(size, parts) if length == *size => parts,
            _ => return Err(REFUSED.into()),
        };
        // SAFETY: the caller's promise.
        let copy = unsafe { keep(data, length, blocks) }?;
        for part in parts {
            let (Part::Bytes(place, _) | Part::Structure(place, _)) = part;
            // SAFETY: a pointer of the structure lies there.
            let place = unsafe { copy.add(*place) }.cast::<*mut u8>();
            // SAFETY: as above.
            let inner = unsafe { place.read_unaligned() };
            let copied = match part {
                Part::Bytes(_, count) => {
                    // SAFETY: a number of the structure lies there.
                    let count = unsafe { copy.add(*count).cast::<CK_ULONG>().read_unaligned() };
                    match usize::try_from(count) {
                        Ok(0) => std::ptr::null_mut(),
                        // SAFETY: the caller's promise.
                        Ok(count) if !inner.is_null() => unsafe { keep(inner, count, blocks) }?,
                        _ => return Err(REFUSED.into()),
                    }
                }
                Part::Structure(..) if inner.is_null() => inner,
                // SAFETY: the caller's promise.
                Part::Structure(_, form) => unsafe { form.copy(inner, form.size(), blocks) }?,
            };
            // SAFETY: as above.
            unsafe { place.write_unaligned(copied) };
        }
        Ok(copy)
    }

    const fn size(&self) -> usize {
        match self {
            Self::Flat => 0,
            Self::Structure(size, _) => *size,
        }
    }
}

/// Copies bytes into a block more; where they are.
///
/// # Safety
/// `length` bytes can be read at `data`.
unsafe fn keep(data: *const u8, length: usize, blocks: &mut Vec<Block>) -> Answer<*mut u8> {
    // SAFETY: the caller's promise.
    let mut block = unsafe { Block::copy_of(data, length) }.map_err(|_| REFUSED)?;
    let copy = block.pointer();
    blocks.push(block);
    Ok(copy)
}
