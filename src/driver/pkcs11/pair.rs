//! This file checks a pair before it is written to a token: the key works and is the certificate's.

use super::journal::Named;
use super::survey::Survey;
use super::template::{Naming, Usage};
use crate::certificate::Certificate;
use crate::credential::{Purpose, VidRandom};
use crate::crypto::rsa::{PrivateKey, PrivateNumbers};
use crate::error::{Error, ErrorKind, Result};
use crate::npki::private_key_info::PrivateKeyInfo;
use crate::secret::SecretBytes;
use crate::token::NewPair;

/// A pair to be written.
pub(super) struct ImportPair {
    pub(super) purpose: Purpose,
    pub(super) certificate: Certificate,
    pub(super) info: PrivateKeyInfo,
    /// CKA_ID.
    pub(super) id: Vec<u8>,
    label: String,
}

impl ImportPair {
    /// # Errors
    /// `Damaged`, `Unsupported` for a key that cannot be used; `Mismatch` if it is not the certificate's; `InvalidInput` for
    /// a certificate that neither signs nor encrypts.
    pub(super) fn new(pair: &NewPair) -> Result<Self> {
        let certificate = pair.certificate.clone();
        let info = PrivateKeyInfo::from_der(SecretBytes::copy_of(pair.private_key_info.expose()))
            .map_err(|error| Error::new(Error::from(error).kind(), "reading the key of a new pair").caused_by(error))?;
        // A token may take numbers that are no key.
        let key = PrivateKey::from_pkcs1_der(info.rsa_private_key())?;
        if certificate.rsa_public() != Some(key.public()) {
            return Err(Error::new(ErrorKind::Mismatch, "comparing the private key with its certificate"));
        }
        let purpose = Usage::of(&certificate).purpose()?;
        Ok(Self { purpose, id: certificate.key_id().to_vec(), certificate, info, label: String::new() })
    }

    /// The certificate's DER, CKA_ID and modulus: what nothing on the token may have yet.
    pub(super) fn identity(&self) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let modulus = self.certificate.rsa_public().map(|(modulus, _)| modulus.to_vec());
        (self.certificate.der().to_vec(), self.id.clone(), modulus.unwrap_or_default())
    }

    /// What a journal calls the key.
    pub(super) fn named(&self) -> Named {
        let (_, id, modulus) = self.identity();
        Named::new(id, &modulus)
    }

    pub(super) fn choose_label(&mut self, there: &Survey) {
        self.label = label(&self.certificate, there);
    }

    pub(super) fn naming(&self) -> Naming<'_> {
        Naming { id: &self.id, label: &self.label, certificate: &self.certificate }
    }

    pub(super) fn numbers(&self) -> Result<PrivateNumbers<'_>> {
        PrivateNumbers::of_der(self.info.rsa_private_key())
    }

    pub(super) fn vid_random(&self) -> Option<VidRandom> {
        self.info.vid_random()
    }
}

/// Whether the pairs are a signing pair and an encryption pair of one owner.
///
/// # Errors
/// `InvalidInput` for a pair in the other's place, `Mismatch` for pairs of two owners.
pub(super) fn check_set(sign: &ImportPair, km: Option<&ImportPair>) -> Result<()> {
    if sign.purpose != Purpose::Sign || km.is_some_and(|km| km.purpose != Purpose::KeyManagement) {
        return Err(Error::new(ErrorKind::InvalidInput, "storing a certificate in the place of another use"));
    }
    let (one, other) = (&sign.certificate, km.map(|km| &km.certificate));
    let same = |km: &Certificate| one.subject_der() == km.subject_der() && one.issuer_der() == km.issuer_der();
    if other.is_some_and(|km| !same(km)) {
        return Err(Error::new(ErrorKind::Mismatch, "storing pairs of two owners as one set"));
    }
    Ok(())
}

/// What the objects of a pair are called: the owner's name, ` km` behind it for an encryption pair, and the serial number
/// where another certificate is called so already.
pub(super) fn label(certificate: &Certificate, there: &Survey) -> String {
    let label = match Usage::of(certificate).purpose() {
        Ok(Purpose::KeyManagement) => format!("{} km", name(certificate)),
        _ => name(certificate),
    };
    let taken = there.certificates.iter().any(|other| other.label == label.as_bytes());
    if taken { format!("{label} {}", certificate.serial_hex()) } else { label }
}

/// The owner's name. NSS takes a colon for the border between token and nickname.
fn name(certificate: &Certificate) -> String {
    let clean = |character: char| if character.is_control() || character == ':' { ' ' } else { character };
    let clean: String = certificate.owner().chars().map(clean).collect();
    match clean.trim() {
        "" => certificate.serial_hex(),
        clean => clean.to_owned(),
    }
}
