//! This file makes certificate sets for trying out: an NPKI set in every byte, from a CA whose names say TEST all over.
//!
//! For `ingam sample`, for other people's CI, and for our own tests and benchmarks; behind the cargo feature `sample`.
//! The certificates follow the profile that Korean CAs use (`profile.rs`), so software that classifies by issuer and
//! policy takes them for what they imitate; nothing that checks the chain to KISA's root accepts them.

mod authority;
mod key;
mod profile;

use crate::certificate::Certificate;
use crate::credential::{EntryName, VidRandom};
use crate::crypto::Scheme;
use crate::error::Result;
use crate::npki::authority::Authority;
use crate::secret::SecretBytes;
use crate::storage::{FileSet, Storage};

pub use authority::TestAuthority;

/// What a sample certificate is for; its issuer and policy follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleKind {
    /// 개인 은행/신용카드/보험용 of 금융결제원.
    PersonalBank,
    /// 개인 범용 of 코스콤.
    PersonalUniversal,
    /// 개인 증권/보험용 of 코스콤.
    PersonalSecurities,
    /// 개인 신용카드용 of 한국무역정보통신.
    PersonalCreditCard,
    /// 법인 범용 of 한국전자인증.
    CorporateUniversal,
    /// 법인 기업뱅킹용 of 금융결제원.
    CorporateBanking,
    /// 법인 전자세금용 of 한국정보인증.
    TaxInvoice,
}

impl SampleKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::PersonalBank,
        Self::PersonalUniversal,
        Self::PersonalSecurities,
        Self::PersonalCreditCard,
        Self::CorporateUniversal,
        Self::CorporateBanking,
        Self::TaxInvoice,
    ];

    /// The word for the command line.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::PersonalBank => "personal-bank",
            Self::PersonalUniversal => "personal-universal",
            Self::PersonalSecurities => "personal-securities",
            Self::PersonalCreditCard => "personal-credit-card",
            Self::CorporateUniversal => "corporate-universal",
            Self::CorporateBanking => "corporate-banking",
            Self::TaxInvoice => "tax-invoice",
        }
    }

    /// The kind of this word.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// The policy OID, dotted.
    #[must_use]
    pub const fn policy(self) -> &'static str {
        match self {
            Self::PersonalBank => "1.2.410.200005.1.1.4",
            Self::PersonalUniversal => "1.2.410.200004.5.1.1.5",
            Self::PersonalSecurities => "1.2.410.200004.5.1.1.9",
            Self::PersonalCreditCard => "1.2.410.200012.1.1.105",
            Self::CorporateUniversal => "1.2.410.200004.5.4.1.2",
            Self::CorporateBanking => "1.2.410.200005.1.1.6.1",
            Self::TaxInvoice => "1.2.410.200004.5.2.1.5001",
        }
    }

    /// Whether it is a company's.
    #[must_use]
    pub const fn is_corporate(self) -> bool {
        matches!(self, Self::CorporateUniversal | Self::CorporateBanking | Self::TaxInvoice)
    }

    /// The CA in whose arc the policy is.
    #[must_use]
    pub const fn authority(self) -> Authority {
        match self {
            Self::PersonalBank | Self::CorporateBanking => Authority::YesSign,
            Self::PersonalUniversal | Self::PersonalSecurities => Authority::SignKorea,
            Self::PersonalCreditCard => Authority::TradeSign,
            Self::CorporateUniversal => Authority::CrossCert,
            Self::TaxInvoice => Authority::Kica,
        }
    }
}

/// What to make.
#[derive(Debug)]
pub struct SampleRequest {
    /// What the certificate is for.
    pub kind: SampleKind,
    /// The owner's name, as `홍길동` or `(주)가나다`.
    pub owner: String,
    /// The moment of issue, seconds since 1970.
    pub now: i64,
    /// When the validity begins, seconds since 1970; `None` is today, or a year before the end if that is earlier.
    pub not_before: Option<i64>,
    /// Days left at the moment of issue; the validity ends with that day in Korea. Negative is expired.
    pub expires_in: i64,
    /// Whether the set has an encryption pair.
    pub km: bool,
    /// The keys' size in bits: 2048, 3072 or 4096.
    pub key_bits: usize,
    /// How the key files are sealed.
    pub scheme: Scheme,
    /// Iterations of the key files' key derivation.
    pub iterations: u32,
    /// The owner's number (주민등록번호, 사업자등록번호) in the VID: an invented one.
    pub idn: SecretBytes,
    /// Whether the signing key file keeps R. Some real ones lack it; the certificate has its VID all the same.
    pub keeps_random: bool,
}

impl SampleRequest {
    /// A set for this owner that is valid for a year from `now` on, with RSA-2048 keys sealed as Korean software does.
    #[must_use]
    pub fn new(kind: SampleKind, owner: &str, now: i64) -> Self {
        Self {
            kind,
            owner: owner.to_owned(),
            now,
            not_before: None,
            expires_in: 365,
            km: true,
            key_bits: 2048,
            scheme: Scheme::SeedCbcWithSha1,
            iterations: 2048,
            idn: SecretBytes::copy_of(b"0000000000000"),
            keeps_random: true,
        }
    }
}

/// A set as it is published, and what is in it.
#[derive(Debug)]
pub struct SampleSet {
    /// Its folder below `NPKI`.
    pub entry: EntryName,
    /// Its files.
    pub files: FileSet,
    /// The signing certificate.
    pub sign: Certificate,
    /// The encryption certificate, if it was wanted.
    pub km: Option<Certificate>,
    /// R, whether or not the key file keeps it.
    pub random: VidRandom,
}

impl SampleSet {
    /// Writes the set.
    ///
    /// # Errors
    /// As [`Storage::publish`].
    pub fn publish(&self, storage: &mut dyn Storage) -> Result<()> {
        storage.publish(&self.entry, &self.files, None)
    }
}
