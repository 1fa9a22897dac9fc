//! Java's SunPKCS11: `keytool`, and a program of a page that signs, as tax invoice software does.

use crate::place::{Place, module};

impl Place {
    fn java_configuration(&self) {
        std::fs::write(self.path("p11.cfg"), format!("name = ingam\nlibrary = {}\nslotListIndex = 0\n", module()))
            .unwrap();
    }
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and java"]
fn keytool_lists_both_keys_and_exports_the_certificate() {
    let place = Place::new();
    place.java_configuration();
    let store = ["-keystore", "NONE", "-storetype", "PKCS11", "-providerClass", "sun.security.pkcs11.SunPKCS11"];
    let with_pin = ["-providerArg", "p11.cfg", "-storepass", place.variable("USER_PIN")];
    let listed = place.run("keytool", &[&["-J-Duser.language=en", "-list"], &store[..], &with_pin].concat());
    assert_eq!(listed.matches("PrivateKeyEntry").count(), 2, "{listed}");
    let wrong = ["-providerArg", "p11.cfg", "-storepass", "wrong"];
    place.refused("keytool", &[&["-list"], &store[..], &wrong].concat());
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and java"]
fn a_java_program_signs_under_pkcs1_and_pss() {
    let place = Place::new();
    place.java_configuration();
    std::fs::write(place.path("data"), b"what is signed").unwrap();
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/Sign.java");
    place.run("java", &[program, "p11.cfg", place.variable("USER_PIN"), "data"]);
    place.openssl_verifies(&["-sha256"], "data.pkcs1", "data");
    let pss = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"];
    place.openssl_verifies(&pss, "data.pss", "data");
}
