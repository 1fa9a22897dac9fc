//! This file reads a `CK_MECHANISM` and the parameter structures of the mechanisms that have one.

use std::fmt::Write as _;

use cryptoki_sys::*;

use super::argument::{Bytes, Shape};
use super::boundary::Call;
use crate::rv::Answer;

/// A mechanism, or null.
pub(crate) struct Mechanism;

/// A mechanism with its parameter, as the caller gave it; whether the numbers mean anything is not checked here.
#[derive(Debug)]
pub(crate) struct GivenMechanism {
    pub(crate) kind: CK_MECHANISM_TYPE,
    pub(crate) parameter: Parameter,
}

/// The parameter of a mechanism.
#[derive(Debug)]
pub(crate) enum Parameter {
    /// Null or empty.
    None,
    /// CK_RSA_PKCS_PSS_PARAMS.
    Pss { hash: CK_MECHANISM_TYPE, mgf: CK_RSA_PKCS_MGF_TYPE, salt: CK_ULONG },
    /// CK_RSA_PKCS_OAEP_PARAMS.
    Oaep { hash: CK_MECHANISM_TYPE, mgf: CK_RSA_PKCS_MGF_TYPE, source: CK_RSA_PKCS_OAEP_SOURCE_TYPE, label: Vec<u8> },
    /// One that the mechanism does not have, or of a wrong length.
    Unexpected,
}

impl Shape for Mechanism {
    type Raw = *mut CK_MECHANISM;
    type Safe<'call> = Option<GivenMechanism>;

    unsafe fn admit(raw: *mut CK_MECHANISM, call: &Call) -> Answer<Option<GivenMechanism>> {
        if raw.is_null() {
            return Ok(None);
        }
        // SAFETY: the caller's promise.
        let mechanism = unsafe { raw.read_unaligned() };
        // SAFETY: the caller's promise.
        let parameter = unsafe { read_parameter(&mechanism, call) }?;
        Ok(Some(GivenMechanism { kind: mechanism.mechanism, parameter }))
    }

    fn describe(safe: &Option<GivenMechanism>, line: &mut String) {
        let _ = match safe {
            Some(GivenMechanism { kind, parameter: Parameter::None }) => write!(line, "mechanism {kind:#x}"),
            Some(GivenMechanism { kind, .. }) => write!(line, "mechanism {kind:#x} with parameter"),
            None => write!(line, "null"),
        };
    }
}

/// Bytes of an OAEP label at most. A longer one is a length that is none, and no reason to allocate it.
const LABEL: usize = 64 << 10;

/// # Safety
/// The parameter of `mechanism` is null or valid for reading its length.
unsafe fn read_parameter(mechanism: &CK_MECHANISM, call: &Call) -> Answer<Parameter> {
    let (data, length) = (mechanism.pParameter, mechanism.ulParameterLen);
    if data.is_null() || length == 0 {
        // A length without a parameter is a parameter of the wrong length.
        return Ok(if length == 0 { Parameter::None } else { Parameter::Unexpected });
    }
    let holds = |bytes: usize| usize::try_from(length).is_ok_and(|length| length == bytes);
    match mechanism.mechanism {
        CKM_RSA_PKCS_PSS
        | CKM_SHA1_RSA_PKCS_PSS
        | CKM_SHA256_RSA_PKCS_PSS
        | CKM_SHA384_RSA_PKCS_PSS
        | CKM_SHA512_RSA_PKCS_PSS
            if holds(size_of::<CK_RSA_PKCS_PSS_PARAMS>()) =>
        {
            // SAFETY: the caller's promise, and the length is that of the structure.
            let read = unsafe { data.cast::<CK_RSA_PKCS_PSS_PARAMS>().read_unaligned() };
            Ok(Parameter::Pss { hash: read.hashAlg, mgf: read.mgf, salt: read.sLen })
        }
        CKM_RSA_PKCS_OAEP if holds(size_of::<CK_RSA_PKCS_OAEP_PARAMS>()) => {
            // SAFETY: as above.
            let read = unsafe { data.cast::<CK_RSA_PKCS_OAEP_PARAMS>().read_unaligned() };
            // SAFETY: the caller's promise, PKCS#11 2.1.8: the label is null or as long as it says.
            let label = unsafe { Bytes::admit((read.pSourceData.cast(), read.ulSourceDataLen), call) };
            let Some(label) = label.ok().filter(|label| label.len() <= LABEL) else { return Ok(Parameter::Unexpected) };
            Ok(Parameter::Oaep {
                hash: read.hashAlg,
                mgf: read.mgf,
                source: read.source,
                label: label.with(<[u8]>::to_vec),
            })
        }
        _ => Ok(Parameter::Unexpected),
    }
}
