//! GnuTLS: `p11tool`, which works with the keys' own attributes and tests a signature itself.

use crate::place::{Place, module};

impl Place {
    fn p11tool(&self, arguments: &[&str]) -> String {
        let output = self
            .client("p11tool")
            .args(["--batch", "--provider", &module()])
            .args(arguments)
            .env("GNUTLS_PIN", self.variable("USER_PIN"))
            .env("GNUTLS_SYSTEM_TRUST_FILE", "")
            .output()
            .unwrap();
        crate::place::said(crate::place::succeeded(&output))
    }

    pub(crate) fn gnutls_key(&self) -> String {
        let said = self.p11tool(&["--login", "--list-privkeys", "--only-urls"]);
        let id = self.id_in_uri();
        let key = said.lines().find(|line| line.to_lowercase().contains(&id.to_lowercase()));
        key.unwrap_or_else(|| panic!("{id} in {said}")).to_owned()
    }
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and p11tool"]
fn p11tool_lists_our_token_alone_and_its_certificates() {
    let place = Place::new();
    let tokens = place.p11tool(&["--list-tokens"]);
    assert_eq!(tokens.matches("URL: pkcs11:").count(), 1, "{tokens}");
    assert!(tokens.contains(place.variable("TOKEN_LABEL")), "{tokens}");
    let certificates = place.p11tool(&["--list-all-certs"]);
    assert!(certificates.matches("Type: X.509 Certificate").count() >= 3, "sign, km and the issuer: {certificates}");
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and p11tool"]
fn p11tool_tests_a_signature_under_pkcs1_and_pss() {
    let place = Place::new();
    let key = place.gnutls_key();
    place.p11tool(&["--login", "--test-sign", &key]);
    place.p11tool(&["--login", "--test-sign", "--hash", "SHA512", &key]);
    place.p11tool(&["--login", "--test-sign", "--hash", "SHA256", "--sign-params", "RSA-PSS", &key]);
}
