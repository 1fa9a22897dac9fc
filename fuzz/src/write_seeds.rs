//! This file writes the seeds of the fuzz targets with the library's own builders: `fuzz/seeds/<target>/`.

use std::path::Path;

use ingam::crypto::{Cipher, Pbe, Scheme};
use ingam::mechanism::Hash;
use ingam::npki::key_file::SealedKey;
use ingam::npki::private_key_info::PrivateKeyInfo;
use ingam::pin::Pin;
use ingam::sample::{SampleKind, SampleRequest, SampleSet, TestAuthority};
use ingam::storage::SetFile;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// 2026-01-01T00:00:00Z: seeds are to be valid then, whenever they are written.
const NOW: i64 = 1_767_225_600;

fn main() -> Result {
    let password = Pin::copy_of(b"password");
    for kind in [SampleKind::PersonalBank, SampleKind::TaxInvoice] {
        let authority = TestAuthority::new(&kind.authority(), NOW)?;
        let mut request = SampleRequest::new(kind, "홍길동", NOW);
        request.iterations = 2;
        let set = authority.issue(&request, &password)?;
        seed("certificate", &format!("{}.sign.der", kind.key()), file(&set, SetFile::SignCert)?)?;
        seed("certificate", &format!("{}.km.der", kind.key()), file(&set, SetFile::KmCert)?)?;
        seed("certificate", &format!("{}.ca.der", kind.key()), authority.certificate().der())?;
        seed("ca_pubs", kind.key(), authority.ca_pubs())?;
        let sign = open(&set, SetFile::SignKey, &password)?;
        seed("private_key_info", &format!("{}.sign.p8", kind.key()), sign.der())?;
        seed("private_key_info", &format!("{}.km.p8", kind.key()), open(&set, SetFile::KmKey, &password)?.der())?;
        seed("private_key_info", &format!("{}.pkcs1", kind.key()), sign.rsa_private_key())?;
    }
    write_key_files(&password)
}

/// A short key: what is fuzzed is the envelope.
fn write_key_files(password: &Pin) -> Result {
    let key = PrivateKeyInfo::new_rsa(b"a key of some bytes", None)?;
    let pbes2 = Cipher::ALL.into_iter().zip(Hash::ALL.into_iter().cycle());
    let pbes2 = pbes2.map(|(cipher, prf)| Scheme::Pbes2 { cipher, prf });
    for scheme in [Scheme::SeedCbcWithSha1, Scheme::SeedCbc].into_iter().chain(pbes2) {
        let sealed = SealedKey::seal(&key, password, &Pbe::new(scheme, 2)?)?;
        seed("key_file", &sealed.scheme().to_string().replace(", ", "-").replace(' ', "-"), sealed.der())?;
    }
    seed("key_file", "plain", key.der())
}

fn open(set: &SampleSet, name: SetFile, password: &Pin) -> Result<PrivateKeyInfo> {
    Ok(SealedKey::from_der(file(set, name)?, ingam::crypto::Limits::default())?.open(password)?)
}

fn file(set: &SampleSet, name: SetFile) -> Result<&[u8]> {
    let file = set.files.0.iter().find(|(found, _)| *found == name);
    Ok(&file.ok_or("the sample set lacks a file")?.1)
}

fn seed(target: &str, name: &str, bytes: &[u8]) -> Result {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(folder.join(name), bytes)?)
}
