//! This file describes a certificate in words and in JSON, the same way in every verb.

use ingam::certificate::{Certificate, Standing, seoul_date};
use ingam::credential::{Credential, Pair};
use ingam::medium::{Medium, MediumKind};
use ingam::npki::authority::Authority;
use ingam::npki::policy::{Holder, Kind, Usage};
use serde_json::{Value, json};

use crate::cli::date::rfc3339;
use crate::cli::inventory::Set;
use crate::cli::language::{Language, Words};
use crate::cli::output::hex;
use crate::cli::printable::printable;
use crate::cli::report::Report;

/// The issuing CA as its customers know it; a TEST CA, ours or a real one's, is marked as such.
pub(crate) fn issuer(words: &Words, certificate: &Certificate) -> String {
    let authority = Authority::of(certificate);
    let name = match words.language() {
        Language::Korean => authority.name_ko(),
        Language::English => authority.name_en(),
    };
    let common_name = certificate.issuer_common_name();
    let is_test = common_name.to_ascii_lowercase().contains("test");
    let name = if name.is_empty() { &common_name } else { name };
    if is_test { words.tell("certificate-test-issuer", &[("issuer", name.into())]) } else { name.to_owned() }
}

/// The owner's name; where nothing of it would be seen, the subject or at least the serial number.
pub(crate) fn name(certificate: &Certificate) -> String {
    let is_seen = |text: &String| {
        text.chars().any(|c| {
            !c.is_whitespace()
                && c != char::REPLACEMENT_CHARACTER
                && printable(c.encode_utf8(&mut [0; 4])) != "\u{fffd}"
        })
    };
    [certificate.owner(), certificate.subject_display()]
        .into_iter()
        .find(is_seen)
        .unwrap_or_else(|| format!("serial:{}", certificate.serial_hex()))
}

/// 개인 은행/신용카드/보험용; the OID of what is not known.
pub(crate) fn usage(words: &Words, certificate: &Certificate) -> String {
    let kind = Kind::of(certificate);
    let (holder, usage) = match words.language() {
        Language::Korean => (kind.holder.name_ko(), kind.usage.name_ko()),
        Language::English => (kind.holder.name_en(), kind.usage.name_en()),
    };
    let mut text = match (kind.holder, kind.usage) {
        (Holder::Unknown, _) => usage.to_owned(),
        _ => format!("{holder} {usage}"),
    };
    if let (Usage::Unknown, Some(oid)) = (kind.usage, &kind.oid) {
        text = format!("{text} ({oid})");
    }
    if kind.secure_medium {
        text = format!("{text} {}", words.say("certificate-secure-medium"));
    }
    text
}

/// What the keys of a set are for: the word for signing alone, or for both.
pub(crate) fn purposes(set: &Credential) -> &'static str {
    match &set.km {
        None => "show-key-sign",
        Some(km) if km.key.is_some() => "show-key-sign-and-km",
        Some(_) => "show-key-sign-and-km-certificate",
    }
}

/// The last day, in Korea.
pub(crate) fn expires(certificate: &Certificate) -> String {
    seoul_date(certificate.not_after())
}

/// `100일`, `18일 (갱신 기간)`, `오늘 만료`, `만료됨`.
pub(crate) fn left(words: &Words, certificate: &Certificate, now: i64) -> String {
    let days = certificate.days_left(now);
    match certificate.standing(now) {
        Standing::NotYetValid => words.say("certificate-not-yet-valid"),
        Standing::Valid => words.tell("certificate-days-left", &[("days", days.into())]),
        Standing::RenewalPeriod(0) => words.say("certificate-expires-today"),
        Standing::RenewalPeriod(_) => words.tell("certificate-renewal-period", &[("days", days.into())]),
        Standing::Expired => words.say("certificate-expired"),
    }
}

/// 하드디스크, with the label where there are several; a token always has its label.
pub(crate) fn medium(words: &Words, medium: &Medium, several: bool) -> String {
    let kind = words.say(match medium.kind {
        MediumKind::SecurityToken => "certificate-medium-security-token",
        MediumKind::Smartcard => "certificate-medium-card",
        MediumKind::StorageToken => "certificate-medium-storage-token",
        MediumKind::RemovableDisk => "certificate-medium-usb",
        MediumKind::HardDisk => "certificate-medium-hdd",
    });
    if several || medium.token.is_some() { format!("{kind} {}", medium.label) } else { kind }
}

/// One line to tell this set from others: name, issuer, usage, end, and a selector that names it alone.
pub(crate) fn one_line(words: &Words, set: &Set) -> String {
    let certificate = &set.credential.sign.certificate;
    words.tell(
        "certificate-one-line",
        &[
            ("name", (&name(certificate)).into()),
            ("issuer", (&issuer(words, certificate)).into()),
            ("usage", (&usage(words, certificate)).into()),
            ("expires", (&expires(certificate)).into()),
            ("selector", (&format!("sha256:{}", hex(&set.sha256[..8]))).into()),
        ],
    )
}

/// A set as JSON.
pub(crate) fn set_json(words: &Words, set: &Set, now: i64) -> Value {
    let problem = |error| {
        let report = Report::of_error(error, words);
        json!({ "code": report.code, "message": report.message, "detail": report.detail })
    };
    json!({
        "medium": medium_json(&set.medium),
        "folder": set.medium.token.is_none().then(|| set.folder()),
        "uri": set.uri.to_string(),
        "sign": pair_json(&set.credential.sign, now),
        "km": set.credential.km.as_ref().map(|pair| pair_json(pair, now)),
        "ca_certificates": set.credential.ca_certificates.iter().map(|ca| hex(&ca.sha256())).collect::<Vec<_>>(),
        "problems": set.entry.problems.iter().map(problem).collect::<Vec<_>>(),
    })
}

/// A medium, as every document names it.
pub(crate) fn medium_json(medium: &Medium) -> Value {
    json!({
        "kind": medium_key(medium.kind),
        "label": medium.label,
        "serial": medium.serial(),
        "place": medium.place,
    })
}

/// A certificate and whether its private key is there.
fn pair_json(pair: &Pair, now: i64) -> Value {
    let certificate = &pair.certificate;
    let (authority, kind) = (Authority::of(certificate), Kind::of(certificate));
    json!({
        "name": certificate.owner(),
        "common_name": certificate.common_name(),
        "subject": certificate.subject_display(),
        "issuer": {
            "key": authority.key(),
            "organization": certificate.issuer_organization(),
            "common_name": certificate.issuer_common_name(),
        },
        "policy": {
            "oid": kind.oid,
            "scheme": kind.scheme.key(),
            "holder": kind.holder.key(),
            "usage": kind.usage.key(),
            "secure_medium": kind.secure_medium,
        },
        "serial": certificate.serial_hex(),
        "sha256": hex(&certificate.sha256()),
        "key_id": hex(&pair.id),
        "key": { "algorithm": certificate.key_algorithm(), "bits": certificate.key_bits() },
        "has_private_key": pair.key.is_some(),
        "not_before": rfc3339(certificate.not_before()),
        "not_after": rfc3339(certificate.not_after()),
        "expires": expires(certificate),
        "days_left": certificate.days_left(now),
        "standing": certificate.standing(now).key(),
    })
}

fn medium_key(kind: MediumKind) -> &'static str {
    match kind {
        MediumKind::SecurityToken => "security-token",
        MediumKind::Smartcard => "card",
        MediumKind::StorageToken => "storage-token",
        MediumKind::RemovableDisk => "usb",
        MediumKind::HardDisk => "hdd",
    }
}
