//! This file says from the first policy OID whom a certificate is for (개인, 법인) and for what (용도).
//!
//! The CAs publish their tables in prose only; the rows here are those on which public configurations of certificate
//! clients agree, or which one of them has and none contradicts. Where they contradict each other the row says less:
//! an unknown holder or usage, never a guess.

use crate::certificate::Certificate;

/// What a certificate is, by its policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The first policy OID, dotted; `None` if the certificate has none.
    pub oid: Option<String>,
    /// The PKI whose arc the OID is in.
    pub scheme: Scheme,
    /// Whom it is for.
    pub holder: Holder,
    /// What it is for.
    pub usage: Usage,
    /// 보안매체용: issued for use on secure media only.
    pub secure_medium: bool,
}

/// Korean PKIs, by their OID arcs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// 공동인증서 (NPKI).
    Npki,
    /// 행정전자서명 (GPKI).
    Gpki,
    /// 교육기관 행정전자서명 (EPKI).
    Epki,
    /// 국방 (MPKI).
    Mpki,
    /// Another PKI, or no policy.
    Unknown,
}

/// Whom a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// 개인.
    Individual,
    /// 법인, 사업자.
    Corporate,
    /// 기관.
    Institution,
    /// Not known, or the sources contradict each other.
    Unknown,
}

/// 용도. [`key`](Self::key) is the word for JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Usage {
    /// 범용.
    Universal,
    /// 은행/신용카드/보험용.
    BankCardInsurance,
    /// 은행/보험용.
    BankInsurance,
    /// 은행용.
    Bank,
    /// 보험용.
    Insurance,
    /// 증권용.
    Securities,
    /// 증권/보험용.
    SecuritiesInsurance,
    /// 신용카드용.
    CreditCard,
    /// 전자세금용, 전자세금계산서용.
    TaxInvoice,
    /// 기업뱅킹용.
    CorporateBanking,
    /// 조달용 (나라장터).
    Procurement,
    /// 고액현금거래용.
    LargeCash,
    /// 제휴기관용.
    Partner,
    /// 서버용 (SSL).
    Server,
    /// Not known, or the sources contradict each other: show the OID.
    Unknown,
}

impl Kind {
    /// Of this certificate.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        Self::of_policy(certificate.policy_oid())
    }

    /// With this first policy OID, dotted.
    #[must_use]
    pub fn of_policy(oid: Option<String>) -> Self {
        let dotted = oid.as_deref().unwrap_or_default();
        let scheme = Scheme::of_oid(dotted);
        let (row, secure_medium) = match find(dotted) {
            None => (dotted.strip_suffix(".1").filter(|base| SECURE_MEDIUM.contains(base)).and_then(find), true),
            found => (found, false),
        };
        match row {
            Some((holder, usage)) => Self { oid, scheme, holder, usage, secure_medium },
            None => Self { oid, scheme, holder: Holder::Unknown, usage: Usage::Unknown, secure_medium: false },
        }
    }
}

impl Scheme {
    fn of_oid(oid: &str) -> Self {
        let under = |arc: &str| oid.strip_prefix(arc).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if NPKI_ARCS.iter().any(|arc| under(arc)) {
            Self::Npki
        } else if under("1.2.410.100001.5.3.1.3") {
            Self::Epki
        } else if under("1.2.410.100001.2") {
            Self::Gpki
        } else if under("1.2.410.300001.2.2.2") {
            Self::Mpki
        } else {
            Self::Unknown
        }
    }

    /// The word for JSON.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Npki => "npki",
            Self::Gpki => "gpki",
            Self::Epki => "epki",
            Self::Mpki => "mpki",
            Self::Unknown => "unknown",
        }
    }
}

impl Holder {
    /// The word for JSON.
    #[must_use]
    pub const fn key(self) -> &'static str {
        self.texts()[0]
    }

    /// In Korean; empty if unknown.
    #[must_use]
    pub const fn name_ko(self) -> &'static str {
        self.texts()[1]
    }

    /// In English; empty if unknown.
    #[must_use]
    pub const fn name_en(self) -> &'static str {
        self.texts()[2]
    }

    const fn texts(self) -> [&'static str; 3] {
        match self {
            Self::Individual => ["individual", "개인", "personal"],
            Self::Corporate => ["corporate", "법인", "corporate"],
            Self::Institution => ["institution", "기관", "institution"],
            Self::Unknown => ["unknown", "", ""],
        }
    }
}

impl Usage {
    /// The word for JSON.
    #[must_use]
    pub const fn key(self) -> &'static str {
        self.texts()[0]
    }

    /// As Korean certificate windows say it. [`Unknown`](Self::Unknown) is `기타`; the OID belongs beside it.
    #[must_use]
    pub const fn name_ko(self) -> &'static str {
        self.texts()[1]
    }

    /// In English. [`Unknown`](Self::Unknown) is `other`; the OID belongs beside it.
    #[must_use]
    pub const fn name_en(self) -> &'static str {
        self.texts()[2]
    }

    const fn texts(self) -> [&'static str; 3] {
        match self {
            Self::Universal => ["universal", "범용", "universal"],
            Self::BankCardInsurance => ["bank-card-insurance", "은행/신용카드/보험용", "bank/card/insurance"],
            Self::BankInsurance => ["bank-insurance", "은행/보험용", "bank/insurance"],
            Self::Bank => ["bank", "은행용", "bank"],
            Self::Insurance => ["insurance", "보험용", "insurance"],
            Self::Securities => ["securities", "증권용", "securities"],
            Self::SecuritiesInsurance => ["securities-insurance", "증권/보험용", "securities/insurance"],
            Self::CreditCard => ["credit-card", "신용카드용", "credit card"],
            Self::TaxInvoice => ["tax-invoice", "전자세금용", "tax invoice"],
            Self::CorporateBanking => ["corporate-banking", "기업뱅킹용", "corporate banking"],
            Self::Procurement => ["procurement", "조달용", "procurement"],
            Self::LargeCash => ["large-cash", "고액현금거래용", "large cash transactions"],
            Self::Partner => ["partner", "제휴기관용", "partner services"],
            Self::Server => ["server", "서버용", "server"],
            Self::Unknown => ["unknown", "기타", "other"],
        }
    }
}

fn find(oid: &str) -> Option<(Holder, Usage)> {
    POLICIES.iter().find(|(policy, ..)| *policy == oid).map(|(_, holder, usage)| (*holder, *usage))
}

/// The arcs of the seven CAs.
const NPKI_ARCS: [&str; 7] = [
    "1.2.410.200005.1.1",
    "1.2.410.200004.5.2.1",
    "1.2.410.200004.5.1.1",
    "1.2.410.200004.5.4",
    "1.2.410.200012",
    "1.2.410.200004.5.5.1",
    "1.2.410.200004.5.3.1",
];

/// yessign policies to which it adds `.1` for certificates that are issued for secure media.
const SECURE_MEDIUM: [&str; 4] =
    ["1.2.410.200005.1.1.1", "1.2.410.200005.1.1.2", "1.2.410.200005.1.1.4", "1.2.410.200005.1.1.5"];

use Holder::{Corporate, Individual, Institution};

const POLICIES: &[(&str, Holder, Usage)] = &[
    // yessign
    ("1.2.410.200005.1.1.1", Individual, Usage::Universal),
    ("1.2.410.200005.1.1.2", Corporate, Usage::BankCardInsurance),
    ("1.2.410.200005.1.1.3", Holder::Unknown, Usage::Server),
    ("1.2.410.200005.1.1.4", Individual, Usage::BankCardInsurance),
    ("1.2.410.200005.1.1.5", Corporate, Usage::Universal),
    ("1.2.410.200005.1.1.6.1", Corporate, Usage::CorporateBanking),
    ("1.2.410.200005.1.1.6.2", Individual, Usage::CreditCard),
    ("1.2.410.200005.1.1.6.3", Corporate, Usage::Procurement),
    ("1.2.410.200005.1.1.6.5", Corporate, Usage::LargeCash),
    ("1.2.410.200005.1.1.6.8", Corporate, Usage::TaxInvoice),
    // KICA
    ("1.2.410.200004.5.2.1.1", Corporate, Usage::Universal),
    ("1.2.410.200004.5.2.1.2", Individual, Usage::Universal),
    ("1.2.410.200004.5.2.1.3", Corporate, Usage::Procurement),
    ("1.2.410.200004.5.2.1.5001", Corporate, Usage::TaxInvoice),
    ("1.2.410.200004.5.2.1.6.257", Corporate, Usage::TaxInvoice),
    ("1.2.410.200004.5.2.1.7.1", Individual, Usage::BankInsurance),
    ("1.2.410.200004.5.2.1.7.2", Individual, Usage::SecuritiesInsurance),
    ("1.2.410.200004.5.2.1.7.3", Individual, Usage::CreditCard),
    // SignKorea
    ("1.2.410.200004.5.1.1.5", Individual, Usage::Universal),
    ("1.2.410.200004.5.1.1.7", Corporate, Usage::Universal),
    ("1.2.410.200004.5.1.1.9", Individual, Usage::SecuritiesInsurance),
    ("1.2.410.200004.5.1.1.9.2", Individual, Usage::CreditCard),
    ("1.2.410.200004.5.1.1.12.908", Corporate, Usage::TaxInvoice),
    // CrossCert: from .103 on the sources assign the numbers one apart from each other (보험 or 신용카드, …).
    ("1.2.410.200004.5.4.1.1", Individual, Usage::Universal),
    ("1.2.410.200004.5.4.1.2", Corporate, Usage::Universal),
    ("1.2.410.200004.5.4.1.101", Individual, Usage::BankInsurance),
    ("1.2.410.200004.5.4.1.102", Individual, Usage::Securities),
    ("1.2.410.200004.5.4.1.103", Individual, Usage::Unknown),
    ("1.2.410.200004.5.4.1.104", Individual, Usage::Unknown),
    // TradeSign: .1.1.4 is the policy of the encryption certificate beside .1.1.3; whether .1.1.101 is 개인 or 법인 the
    // sources contradict each other.
    ("1.2.410.200012.1.1.1", Individual, Usage::Universal),
    ("1.2.410.200012.1.1.3", Corporate, Usage::Universal),
    ("1.2.410.200012.1.1.4", Corporate, Usage::Universal),
    ("1.2.410.200012.1.1.101", Holder::Unknown, Usage::Bank),
    ("1.2.410.200012.1.1.103", Individual, Usage::Securities),
    ("1.2.410.200012.1.1.105", Individual, Usage::CreditCard),
    ("1.2.410.200012.11.31", Holder::Unknown, Usage::Bank),
    ("1.2.410.200012.11.32", Holder::Unknown, Usage::Bank),
    ("1.2.410.200012.11.35", Holder::Unknown, Usage::Securities),
    ("1.2.410.200012.11.36", Holder::Unknown, Usage::Securities),
    ("1.2.410.200012.11.39", Holder::Unknown, Usage::Insurance),
    ("1.2.410.200012.11.40", Holder::Unknown, Usage::Insurance),
    ("1.2.410.200012.11.43", Holder::Unknown, Usage::CreditCard),
    ("1.2.410.200012.11.44", Holder::Unknown, Usage::CreditCard),
    // INIPASS
    ("1.2.410.200004.5.5.1.1", Individual, Usage::Universal),
    ("1.2.410.200004.5.5.1.2", Corporate, Usage::Universal),
    ("1.2.410.200004.5.5.1.3.1", Individual, Usage::Partner),
    ("1.2.410.200004.5.5.1.4.1", Corporate, Usage::Partner),
    ("1.2.410.200004.5.5.1.4.2", Corporate, Usage::TaxInvoice),
    // NCASign
    ("1.2.410.200004.5.3.1.1", Institution, Usage::Unknown),
    ("1.2.410.200004.5.3.1.2", Corporate, Usage::Universal),
    ("1.2.410.200004.5.3.1.9", Individual, Usage::Universal),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(oid: &str) -> Kind {
        Kind::of_policy(Some(oid.to_owned()))
    }

    #[test]
    fn the_first_policy_says_holder_and_usage() {
        let bank = kind("1.2.410.200005.1.1.4");
        assert_eq!((bank.holder, bank.usage, bank.secure_medium), (Individual, Usage::BankCardInsurance, false));
        let company = kind("1.2.410.200004.5.2.1.1");
        assert_eq!((company.holder, company.usage, company.scheme), (Corporate, Usage::Universal, Scheme::Npki));
    }

    #[test]
    fn yessign_marks_certificates_for_secure_media_and_no_one_else_does() {
        let marked = kind("1.2.410.200005.1.1.4.1");
        assert_eq!((marked.holder, marked.usage, marked.secure_medium), (Individual, Usage::BankCardInsurance, true));
        for other in ["1.2.410.200004.5.2.1.2.1", "1.2.410.200005.1.1.6.2.1", "1.2.410.200005.1.1.1.1.1"] {
            assert_eq!((kind(other).usage, kind(other).secure_medium), (Usage::Unknown, false), "{other}");
        }
    }

    #[test]
    fn an_unknown_or_disputed_policy_is_not_guessed() {
        for oid in ["1.2.410.200004.5.4.1.103", "1.2.410.200004.5.4.1.105", "1.2.410.200004.5.4.2.80", "1.2.3"] {
            let kind = kind(oid);
            assert_eq!((kind.usage, kind.oid.as_deref()), (Usage::Unknown, Some(oid)));
        }
        assert_eq!(kind("1.2.410.200012.1.1.101").holder, Holder::Unknown);
        let none = Kind::of_policy(None);
        assert_eq!((none.scheme, none.usage, none.oid), (Scheme::Unknown, Usage::Unknown, None));
    }

    #[test]
    fn other_korean_pkis_are_recognised_as_such() {
        for (oid, scheme) in [
            ("1.2.410.100001.2.1.1", Scheme::Gpki),
            ("1.2.410.100001.5.3.1.3", Scheme::Epki),
            ("1.2.410.300001.2.2.2", Scheme::Mpki),
            ("1.2.410.200005.1.1.99", Scheme::Npki),
            ("1.2.410.200005.1.10", Scheme::Unknown),
        ] {
            assert_eq!(kind(oid).scheme, scheme, "{oid}");
        }
    }

    #[test]
    fn every_row_is_in_an_arc_of_npki_and_stands_once() {
        for (index, (oid, ..)) in POLICIES.iter().enumerate() {
            assert_eq!(Scheme::of_oid(oid), Scheme::Npki, "{oid}");
            assert!(POLICIES[..index].iter().all(|(earlier, ..)| earlier != oid), "{oid} stands twice");
        }
    }
}
