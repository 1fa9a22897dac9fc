//! This file is the profile of the TEST certificates: names and extensions as Korean CAs have issued them since 2010.
//!
//! A person's certificate has authorityKeyIdentifier, subjectKeyIdentifier, a critical keyUsage, critical
//! certificatePolicies with a notice as BMPString, and, on the signing certificate, identifyData in the
//! subjectAltName. A CA's has anyPolicy, path length 0 and requireExplicitPolicy; a root has no keyUsage.

use std::time::Duration;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{C, CN, O, OU};
use const_oid::db::rfc5280::{
    ANY_POLICY, ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES, ID_CE_KEY_USAGE,
    ID_CE_POLICY_CONSTRAINTS, ID_CE_SUBJECT_ALT_NAME, ID_CE_SUBJECT_KEY_IDENTIFIER, ID_QT_CPS, ID_QT_UNOTICE,
};
use const_oid::db::rfc5912::ID_SHA_256;
use der::asn1::{BmpString, GeneralizedTime, Ia5String, OctetString, PrintableString};
use der::flagset::FlagSet;
use der::{Any, Decode as _, Encode};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoRef};
use x509_cert::TbsCertificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder as _, CertificateBuilder};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::{GeneralName, OtherName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, KeyUsage, KeyUsages, PolicyConstraints,
    SubjectAltName, SubjectKeyIdentifier,
    certpolicy::{PolicyInformation, PolicyQualifierInfo},
};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use super::SampleRequest;
use super::key::KeyPair;
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};
use crate::npki::authority::Authority;
use crate::npki::vid::{IDENTIFY_DATA, VID, Vid};

/// Whom a certificate is for, and what it says about them.
pub(super) struct Subject<'a> {
    name: Vec<(ObjectIdentifier, String)>,
    role: Role<'a>,
}

enum Role<'a> {
    Root,
    Ca,
    Person { key_id: [u8; 20], policy: &'static str, identity: Option<(&'a str, &'a Vid)> },
}

impl<'a> Subject<'a> {
    pub(super) fn root() -> Self {
        let name =
            [(C, "KR"), (O, "INGAM TEST"), (OU, "TEST ONLY"), (CN, "INGAM TEST RootCA (NOT A REAL CERTIFICATE)")];
        Self { name: owned(&name), role: Role::Root }
    }

    pub(super) fn ca(authority: &Authority) -> Self {
        let organization = authority.organization();
        let common_name = format!("INGAM TEST {organization} CA (NOT A REAL CERTIFICATE)");
        let name = [(C, "KR"), (O, organization), (OU, "AccreditedCA"), (OU, "TEST"), (CN, &common_name)];
        Self { name: owned(&name), role: Role::Ca }
    }

    /// Without a VID it is the encryption certificate.
    pub(super) fn person(
        request: &'a SampleRequest,
        number: &str,
        key_id: [u8; 20],
        vid: Option<&'a Vid>,
    ) -> Result<Self> {
        if request.owner.trim().is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "naming the owner of a test certificate"));
        }
        let authority = request.kind.authority();
        let common_name = format!("{}(){number}", request.owner);
        let unit = if request.kind.is_corporate() { "corporation4TEST" } else { "personal4TEST" };
        let name = [(C, "kr"), (O, authority.organization()), (OU, unit), (OU, "TEST"), (CN, &common_name)];
        let identity = vid.map(|vid| (request.owner.as_str(), vid));
        Ok(Self { name: owned(&name), role: Role::Person { key_id, policy: request.kind.policy(), identity } })
    }
}

/// Issues a certificate; without an issuer it is self-signed.
pub(super) fn certificate(
    serial: u32,
    subject: &Subject<'_>,
    validity: (i64, i64),
    key: &KeyPair,
    issuer: Option<(&Certificate, &KeyPair)>,
) -> Result<Certificate> {
    let signer = issuer.map_or(key, |(_, key)| key);
    let build = || {
        let profile = Profile {
            issuer: match issuer {
                Some((certificate, _)) => Name::from_der(certificate.subject_der())?,
                None => name(&subject.name)?,
            },
            subject: name(&subject.name)?,
            extensions: extensions(subject, key, issuer.map(|(certificate, _)| certificate))?,
        };
        let validity = Validity::new(time(validity.0)?, time(validity.1)?);
        let public = key.public_key_info().clone();
        let mut builder = CertificateBuilder::new(profile, SerialNumber::from(serial), validity, public)?;
        let tbs = builder.finalize(signer)?;
        Ok::<_, x509_cert::builder::Error>((builder, tbs))
    };
    let failed = |error| Error::new(ErrorKind::InvalidInput, "making a test certificate").caused_by(error);
    let (builder, tbs) = build().map_err(failed)?;
    let certificate = builder.assemble(signer.sign(&tbs)?, signer).map_err(failed)?;
    Certificate::from_der(&certificate.to_der().map_err(|error| failed(error.into()))?)
}

/// Names and extensions as they were decided, for the builder.
struct Profile {
    issuer: Name,
    subject: Name,
    extensions: Vec<Extension>,
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        Ok(self.extensions.clone())
    }
}

fn extensions(subject: &Subject<'_>, key: &KeyPair, issuer: Option<&Certificate>) -> der::Result<Vec<Extension>> {
    let mut extensions = Vec::new();
    let mut add = |oid, critical, value: Vec<u8>| -> der::Result<()> {
        extensions.push(Extension { extn_id: oid, critical, extn_value: OctetString::new(value)? });
        Ok(())
    };
    if let Some(issuer) = issuer {
        add(ID_CE_AUTHORITY_KEY_IDENTIFIER, false, authority_key_id(issuer)?.to_der()?)?;
    }
    let key_id = match &subject.role {
        Role::Person { key_id, .. } => *key_id,
        Role::Root | Role::Ca => key.id(),
    };
    add(ID_CE_SUBJECT_KEY_IDENTIFIER, false, SubjectKeyIdentifier(OctetString::new(key_id)?).to_der()?)?;
    let usage = |flags: FlagSet<KeyUsages>| KeyUsage(flags).to_der();
    match &subject.role {
        Role::Root => {
            add(ID_CE_BASIC_CONSTRAINTS, true, BasicConstraints { ca: true, path_len_constraint: None }.to_der()?)?;
        }
        Role::Ca => {
            add(ID_CE_KEY_USAGE, true, usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?)?;
            add(ID_CE_CERTIFICATE_POLICIES, true, policies(ANY_POLICY)?.to_der()?)?;
            add(ID_CE_BASIC_CONSTRAINTS, true, BasicConstraints { ca: true, path_len_constraint: Some(0) }.to_der()?)?;
            let constraints = PolicyConstraints { require_explicit_policy: Some(0), inhibit_policy_mapping: None };
            add(ID_CE_POLICY_CONSTRAINTS, true, constraints.to_der()?)?;
        }
        Role::Person { policy, identity, .. } => {
            let flags = match identity {
                Some(_) => KeyUsages::DigitalSignature | KeyUsages::NonRepudiation,
                None => KeyUsages::KeyEncipherment.into(),
            };
            add(ID_CE_KEY_USAGE, true, usage(flags)?)?;
            add(ID_CE_CERTIFICATE_POLICIES, true, policies(ObjectIdentifier::new(policy)?)?.to_der()?)?;
            if let Some((real_name, vid)) = identity {
                let name = OtherName { type_id: IDENTIFY_DATA, value: identify_data(real_name, vid)? };
                add(ID_CE_SUBJECT_ALT_NAME, false, SubjectAltName(vec![GeneralName::OtherName(name)]).to_der()?)?;
            }
        }
    }
    Ok(extensions)
}

/// With issuer and serial number of the issuer's own certificate, as Korean CAs do.
fn authority_key_id(issuer: &Certificate) -> der::Result<AuthorityKeyIdentifier> {
    Ok(AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(issuer.key_id())?),
        authority_cert_issuer: Some(vec![GeneralName::DirectoryName(Name::from_der(issuer.issuer_der())?)]),
        authority_cert_serial_number: Some(SerialNumber::from_der(issuer.serial_der())?),
    })
}

#[derive(der::Sequence)]
struct UserNotice {
    explicit_text: BmpString,
}

fn policies(policy: ObjectIdentifier) -> der::Result<CertificatePolicies> {
    let notice = UserNotice {
        explicit_text: BmpString::from_utf8("이 인증서는 시험용(TEST)이며 효력이 없습니다")?
    };
    let qualifier = |oid, value: Any| PolicyQualifierInfo { policy_qualifier_id: oid, qualifier: Some(value) };
    let cps = Ia5String::new("http://ingam.invalid/TEST.html")?;
    let qualifiers =
        vec![qualifier(ID_QT_UNOTICE, Any::encode_from(&notice)?), qualifier(ID_QT_CPS, Any::encode_from(&cps)?)];
    Ok(CertificatePolicies(vec![PolicyInformation { policy_identifier: policy, policy_qualifiers: Some(qualifiers) }]))
}

#[derive(der::Sequence)]
struct IdentifyData {
    real_name: String,
    user_info: Vec<UserInfo>,
}

#[derive(der::Sequence)]
struct UserInfo {
    kind: ObjectIdentifier,
    value: VidValue,
}

#[derive(der::Sequence)]
struct VidValue {
    hash_algorithm: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    value: OctetString,
}

fn identify_data(real_name: &str, vid: &Vid) -> der::Result<Any> {
    let value = VidValue {
        hash_algorithm: AlgorithmIdentifierOwned { oid: ID_SHA_256, parameters: None },
        value: OctetString::new(vid.value())?,
    };
    Any::encode_from(&IdentifyData { real_name: real_name.to_owned(), user_info: vec![UserInfo { kind: VID, value }] })
}

fn owned(name: &[(ObjectIdentifier, &str)]) -> Vec<(ObjectIdentifier, String)> {
    name.iter().map(|(oid, value)| (*oid, (*value).to_owned())).collect()
}

/// C is a PrintableString, everything else a UTF8String.
fn name(attributes: &[(ObjectIdentifier, String)]) -> der::Result<Name> {
    let mut rdns = RdnSequence::default();
    for (oid, value) in attributes {
        let value = match *oid {
            C => Any::encode_from(&PrintableString::new(value)?)?,
            _ => Any::encode_from(value)?,
        };
        rdns.push(RelativeDistinguishedName::try_from(vec![AttributeTypeAndValue { oid: *oid, value }])?);
    }
    Name::from_der(&rdns.to_der()?)
}

fn time(moment: i64) -> der::Result<Time> {
    let since_1970 = Duration::from_secs(u64::try_from(moment).map_err(|_| der::ErrorKind::DateTime)?);
    Ok(Time::GeneralTime(GeneralizedTime::from_unix_duration(since_1970)?))
}
