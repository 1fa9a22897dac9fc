//! This file names the CA (공인인증기관, 전자서명인증사업자) that issued a certificate.

use crate::certificate::Certificate;

/// An issuing CA of NPKI, told by the issuer's O: the CAs' own certificates change every five years or so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Authority {
    /// 금융결제원.
    YesSign,
    /// 한국정보인증, whose CA certificates are called signGATE.
    Kica,
    /// 코스콤.
    SignKorea,
    /// 한국전자인증.
    CrossCert,
    /// 한국무역정보통신.
    TradeSign,
    /// 한국정보사회진흥원; issues no more.
    NcaSign,
    /// 이니텍.
    IniPass,
    /// Another issuer: its O as it stands, maybe empty.
    Unknown(String),
}

impl Authority {
    /// Every CA that is known.
    pub const KNOWN: [Self; 7] =
        [Self::YesSign, Self::Kica, Self::SignKorea, Self::CrossCert, Self::TradeSign, Self::NcaSign, Self::IniPass];

    /// Of this certificate.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        Self::of_organization(&certificate.issuer_organization())
    }

    /// With this O, whatever its case.
    #[must_use]
    pub fn of_organization(organization: &str) -> Self {
        let known =
            Self::KNOWN.into_iter().find(|known| known.organization().eq_ignore_ascii_case(organization.trim()));
        match known {
            Some(known) => known,
            None if organization.trim().eq_ignore_ascii_case("signGATE") => Self::Kica,
            None => Self::Unknown(organization.to_owned()),
        }
    }

    /// The O that it issues under, which is also its folder's name below `NPKI`.
    #[must_use]
    pub fn organization(&self) -> &str {
        match self {
            Self::YesSign => "yessign",
            Self::Kica => "KICA",
            Self::SignKorea => "SignKorea",
            Self::CrossCert => "CrossCert",
            Self::TradeSign => "TradeSign",
            Self::NcaSign => "NCASign",
            Self::IniPass => "INIPASS",
            Self::Unknown(organization) => organization,
        }
    }

    /// The word for JSON.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::YesSign => "yessign",
            Self::Kica => "kica",
            Self::SignKorea => "signkorea",
            Self::CrossCert => "crosscert",
            Self::TradeSign => "tradesign",
            Self::NcaSign => "ncasign",
            Self::IniPass => "inipass",
            Self::Unknown(_) => "unknown",
        }
    }

    /// As Korean users know it; the bare O of an unknown one.
    #[must_use]
    pub fn name_ko(&self) -> &str {
        match self {
            Self::YesSign => "금융결제원",
            Self::Kica => "한국정보인증",
            Self::SignKorea => "코스콤",
            Self::CrossCert => "한국전자인증",
            Self::TradeSign => "한국무역정보통신",
            Self::NcaSign => "한국정보사회진흥원",
            Self::IniPass => "이니텍",
            Self::Unknown(organization) => organization,
        }
    }

    /// In Latin letters; the bare O of an unknown one.
    #[must_use]
    pub fn name_en(&self) -> &str {
        self.organization()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_told_by_its_organization_in_any_case() {
        for known in Authority::KNOWN {
            assert_eq!(Authority::of_organization(&known.organization().to_uppercase()), known);
            assert_eq!(Authority::of_organization(&format!(" {} ", known.organization().to_lowercase())), known);
        }
        assert_eq!(Authority::of_organization("signGATE"), Authority::Kica);
    }

    #[test]
    fn an_unknown_organization_is_shown_not_guessed() {
        for other in ["", "KISA", "yessign2", "Government of Korea"] {
            let authority = Authority::of_organization(other);
            assert_eq!(authority, Authority::Unknown(other.to_owned()));
            assert_eq!((authority.name_ko(), authority.name_en(), authority.key()), (other, other, "unknown"));
        }
    }
}
