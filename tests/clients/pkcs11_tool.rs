//! `pkcs11-tool` of OpenSC, the tool that most recipes on the web use.

use crate::place::{Place, module};

impl Place {
    fn tool(&self, arguments: &[&str]) -> String {
        self.run("pkcs11-tool", &[&["--module", &module()], arguments].concat())
    }

    fn tool_logged_in(&self, arguments: &[&str]) -> String {
        self.tool(
            &[
                &["--token-label", self.variable("TOKEN_LABEL"), "--login", "--pin", self.variable("USER_PIN")],
                arguments,
            ]
            .concat(),
        )
    }

    fn tool_signs(&self, mechanism: &str, input: &str, more: &[&str]) {
        let id = self.variable("KEY_ID");
        let signing =
            ["--sign", "--id", id, "--mechanism", mechanism, "--input-file", input, "--output-file", "signature"];
        self.tool_logged_in(&[&signing, more].concat());
    }
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool and openssl"]
fn pkcs11_tool_lists_the_token_and_its_certificates_without_a_password() {
    let place = Place::new();
    assert!(place.tool(&["--list-token-slots"]).contains(place.variable("TOKEN_LABEL")));
    let objects = place.tool(&["--token-label", place.variable("TOKEN_LABEL"), "--list-objects"]);
    for id in ["KEY_ID", "KM_KEY_ID"] {
        assert!(objects.contains(place.variable(id)), "{objects}");
    }
    assert!(!objects.contains("Private Key Object"), "{objects}");
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool and openssl"]
fn pkcs11_tool_lists_private_keys_and_r_after_login() {
    let place = Place::new();
    let objects = place.tool_logged_in(&["--list-objects"]);
    assert_eq!(objects.matches("Private Key Object").count(), 2, "{objects}");
    assert!(objects.contains(&format!("R4VID={}", place.variable("KEY_ID"))), "{objects}");
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool and openssl"]
fn pkcs11_tool_signs_with_hash_and_pkcs1() {
    let place = Place::new();
    std::fs::write(place.path("data"), vec![7; 100_000]).unwrap();
    place.tool_signs("SHA256-RSA-PKCS", "data", &[]);
    place.openssl_verifies(&["-sha256"], "signature", "data");
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool and openssl"]
fn pkcs11_tool_signs_a_digest_info_of_its_own() {
    let place = Place::new();
    std::fs::write(place.path("data"), b"what is signed").unwrap();
    place.run("openssl", &["dgst", "-sha256", "-binary", "-out", "digest", "data"]);
    // RFC 8017 9.2, note 1: the DigestInfo of SHA-256 up to the digest.
    let mut digest_info = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20".to_vec();
    digest_info.extend(std::fs::read(place.path("digest")).unwrap());
    std::fs::write(place.path("digest-info"), digest_info).unwrap();
    place.tool_signs("RSA-PKCS", "digest-info", &[]);
    place.openssl_verifies(&["-sha256"], "signature", "data");
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool and openssl"]
fn pkcs11_tool_signs_with_pss() {
    let place = Place::new();
    std::fs::write(place.path("data"), b"what is signed").unwrap();
    place.tool_signs("SHA256-RSA-PKCS-PSS", "data", &["--mgf", "MGF1-SHA256"]);
    let pss = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"];
    place.openssl_verifies(&pss, "signature", "data");
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool and openssl"]
fn pkcs11_tool_decrypts_with_the_km_key() {
    let place = Place::new();
    std::fs::write(place.path("secret"), b"a content encryption key, 32 B..").unwrap();
    let encrypt =
        ["pkeyutl", "-encrypt", "-certin", "-inkey", place.variable("KM_CERT_PEM"), "-in", "secret", "-out", "sealed"];
    place.run("openssl", &encrypt);
    let id = place.variable("KM_KEY_ID");
    let decrypt =
        ["--decrypt", "--id", id, "--mechanism", "RSA-PKCS", "--input-file", "sealed", "--output-file", "opened"];
    place.tool_logged_in(&decrypt);
    assert_eq!(std::fs::read(place.path("opened")).unwrap(), b"a content encryption key, 32 B..");
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool and openssl"]
fn pkcs11_tool_says_that_a_password_is_wrong() {
    let place = Place::new();
    let login = [
        "--module",
        &module(),
        "--token-label",
        place.variable("TOKEN_LABEL"),
        "--login",
        "--pin",
        "wrong",
        "--list-objects",
    ];
    assert!(place.refused("pkcs11-tool", &login).contains("CKR_PIN_INCORRECT"));
}

/// `--test` skips in silence what a module does not offer and still ends with success, so what it did is counted.
#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool and openssl"]
fn pkcs11_tool_tests_itself_and_finds_work_to_do() {
    let place = Place::new();
    let said = place.tool_logged_in(&["--test", "--allow-sw"]);
    println!("{said}");
    assert!(said.contains("No errors"), "{said}");
    assert!(!said.contains("not implemented") && !said.contains("ERR"), "{said}");
    let did = |from: &str, to: &str| {
        let (_, rest) = said.split_once(from).unwrap_or_else(|| panic!("{from} in {said}"));
        rest.split_once(to).map_or(rest, |(section, _)| section).lines().filter(|line| line.ends_with("OK")).count()
    };
    assert!(did("Digests:", "Signatures") >= 2, "{said}");
    assert!(said.contains("all 4 signature functions seem to work"), "{said}");
    assert!(did("Signatures", "Verify") >= 3, "RSA-PKCS, SHA1-RSA-PKCS, SHA256-RSA-PKCS: {said}");
    assert!(did("Verify", "Decryption") >= 2, "RSA-PKCS, SHA1-RSA-PKCS: {said}");
    assert!(did("Decryption", "No errors") >= 3, "RSA-PKCS, OAEP with and without a label: {said}");
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool and openssl"]
fn pkcs11_tool_initialises_the_module_in_a_forked_child() {
    let place = Place::new();
    let said = place.tool(&["--test-fork"]);
    assert!(said.contains("Calling C_Initialize in forked child process"), "{said}");
    assert!(!said.contains("CKR_"), "{said}");
}

/// Each thread calls `C_Initialize`, `C_GetInfo`, `C_GetSlotList` and `C_GetTokenInfo`, the last two twice. The tool looks
/// at its threads every 30 seconds.
#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool and openssl"]
fn pkcs11_tool_lets_ten_threads_race_and_all_end_well() {
    let threads = ["--test-threads", "ILGISLT0SLT0"].repeat(10);
    let said = Place::new().tool(&[&["--use-locking"], &threads[..]].concat());
    assert!(said.contains("all threads have ended with CKR_OK"), "{said}");
    assert_eq!(said.matches("returning rv = 0").count(), 10, "{said}");
}
