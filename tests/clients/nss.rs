//! NSS, the library of Firefox and of Chrome on Linux, through its command-line tools, with a database of the test's own.

use crate::place::{Place, module, said, succeeded};

impl Place {
    /// A database without a password of its own that knows our module, as `modutil` adds it.
    pub(crate) fn nss_database(&self) {
        std::fs::create_dir(self.path("nss")).unwrap();
        self.run("certutil", &["-N", "-d", "sql:nss", "--empty-password"]);
        self.run("modutil", &["-force", "-dbdir", "sql:nss", "-add", "ingam", "-libfile", &module()]);
    }

    /// Runs a tool of NSS on that database; the password comes from a file.
    pub(crate) fn nss(&self, tool: &str, arguments: &[&str]) -> String {
        self.run(tool, &[arguments, &["-d", "sql:nss", "-f", "password"]].concat())
    }

    /// What NSS calls the sign certificate: the token and the label, in Hangul.
    pub(crate) fn nickname(&self) -> String {
        format!("{}:{}", self.variable("TOKEN_LABEL"), self.variable("KEY_LABEL"))
    }

    fn cmsutil(&self, password: &str) -> std::process::Output {
        std::fs::write(self.path("data"), b"what is signed").unwrap();
        let mut client = self.client("cmsutil");
        client.args(["-S", "-d", "sql:nss", "-N", &self.nickname(), "-f", password, "-i", "data", "-o", "data.p7"]);
        // No preference for an encryption key: NSS would check the certificate for that, and its old verifier, which these
        // tools use, knows no critical certificatePolicies, which every NPKI certificate has.
        client.args(["-G", "-H", "SHA256", "-Y", "NONE"]).output().unwrap()
    }
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and nss-tools"]
fn modutil_adds_our_module_and_lists_its_token_once() {
    let place = Place::new();
    place.nss_database();
    let ours = place.run("modutil", &["-dbdir", "sql:nss", "-list", "ingam"]);
    let tokens: Vec<&str> = ours.lines().filter_map(|line| line.trim().strip_prefix("Token Name: ")).collect();
    assert_eq!(tokens.len(), 1, "{ours}");
    assert_eq!(tokens[0].trim_end(), place.variable("TOKEN_LABEL"));
    for fact in ["Status: Enabled", "Login Type: Login required", "User Pin: Initialized"] {
        assert!(ours.contains(fact), "{fact}: {ours}");
    }
    let mut one = place.client("modutil");
    one.args(["-dbdir", "sql:nss", "-list", "ingam"]).env("INGAM_SLOTS", "one");
    let one = said(succeeded(&one.output().unwrap()));
    assert!(one.contains("Slot: ingam\n"), "a slot for everything has a name too: {one}");
    place.run("modutil", &["-force", "-dbdir", "sql:nss", "-delete", "ingam"]);
    assert!(!place.run("modutil", &["-dbdir", "sql:nss", "-list"]).contains("ingam"));
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and nss-tools"]
fn certutil_lists_certificates_and_keys_under_their_korean_names() {
    let place = Place::new();
    place.nss_database();
    let token = place.variable("TOKEN_LABEL");
    let certificates = place.nss("certutil", &["-L", "-h", token]);
    for label in ["KEY_LABEL", "KM_KEY_LABEL"] {
        let nickname = format!("{token}:{} ", place.variable(label));
        let line = certificates.lines().find(|line| line.starts_with(&nickname) && line.ends_with("u,u,u"));
        assert!(line.is_some(), "{nickname}has a private key: {certificates}");
    }
    let keys = place.nss("certutil", &["-K", "-h", token]);
    for (id, label) in [("KEY_ID", "KEY_LABEL"), ("KM_KEY_ID", "KM_KEY_LABEL")] {
        let key = format!("{}   {}", place.variable(id), place.variable(label));
        assert!(keys.lines().any(|line| line.ends_with(&key)), "{key}: {keys}");
    }
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and nss-tools"]
fn cmsutil_signs_cms_that_openssl_verifies() {
    let place = Place::new();
    place.nss_database();
    std::fs::write(place.path("wrong"), "wrong").unwrap();
    let refused = said(&place.cmsutil("wrong"));
    assert!(refused.contains("SEC_ERROR_BAD_PASSWORD"), "{refused}");

    succeeded(&place.cmsutil("password"));
    let verify = ["cms", "-verify", "-inform", "DER", "-in", "data.p7", "-CAfile", place.variable("CA_PEM")];
    place.run("openssl", &[&verify[..], &["-partial_chain", "-purpose", "any", "-out", "back"]].concat());
    assert_eq!(std::fs::read(place.path("back")).unwrap(), b"what is signed");
}
