//! p11-kit: our token through its proxy, which programs under p11-kit load, and through its server's socket, which reaches
//! into a sandbox or to another machine. `pkcs11-tool` is the client behind both.

use std::path::PathBuf;
use std::process::Command;

use crate::daemon::Daemon;
use crate::java_token::token_with_a_key;
use crate::place::{Place, module, said, succeeded};

/// A file of the package `p11-kit-modules`.
fn library(name: &str) -> String {
    let folders = std::fs::read_dir("/usr/lib").unwrap().flatten().map(|folder| folder.path());
    let path = folders.map(|folder: PathBuf| folder.join(name)).find(|path| path.exists());
    path.unwrap_or_else(|| panic!("{name} of p11-kit-modules")).display().to_string()
}

impl Place {
    /// Lists one token, ours, and signs with it, `pkcs11-tool` being run by `client` with `library` as its module.
    fn lists_once_and_signs(&self, library: &str, client: impl Fn() -> Command) {
        let tool = |arguments: &[&str]| {
            let mut command = client();
            command.args(["--module", library]).args(arguments);
            said(succeeded(&command.output().unwrap()))
        };
        let slots = tool(&["--list-token-slots"]);
        assert_eq!(slots.matches("token label  ").count(), 1, "{slots}");
        assert!(slots.contains(&format!("token label        : {}\n", self.variable("TOKEN_LABEL"))), "{slots}");

        let sign = ["--token-label", self.variable("TOKEN_LABEL"), "--login", "--pin", "env:USER_PIN", "--sign"];
        let with_id = ["--id", self.variable("KEY_ID"), "--output-file", "signature"];
        std::fs::write(self.path("data"), b"what is signed").unwrap();
        let pkcs1 = ["--mechanism", "SHA256-RSA-PKCS", "--input-file", "data"];
        tool(&[&sign[..], &with_id, &pkcs1].concat());
        self.openssl_verifies(&["-sha256"], "signature", "data");

        // p11-kit 0.24 hands on no mechanism that hashes and pads with PSS, so the client hashes.
        self.run("openssl", &["dgst", "-sha256", "-binary", "-out", "digest", "data"]);
        let pss = ["--mechanism", "RSA-PKCS-PSS", "--hash-algorithm", "SHA256", "--mgf", "MGF1-SHA256"];
        tool(&[&sign[..], &with_id, &pss, &["--salt-len", "32", "--input-file", "digest"]].concat());
        let options = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"];
        self.openssl_verifies(&options, "signature", "data");
    }
}

/// p11-kit does not read root's own configuration, so a root runs the clients as nobody, who then owns the folder.
#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and p11-kit"]
fn our_token_is_listed_once_through_the_proxy_and_signs() {
    let place = Place::new();
    // The checkout may lie where nobody may not look.
    let copy = place.path("libingam_pkcs11.so");
    std::fs::copy(module(), &copy).unwrap();
    let modules = place.path("config/pkcs11/modules");
    std::fs::create_dir_all(&modules).unwrap();
    std::fs::write(modules.join("ingam.module"), format!("module: {}\n", copy.display())).unwrap();
    std::fs::write(place.path("config/pkcs11/pkcs11.conf"), "user-config: only\n").unwrap();
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if is_root {
        place.run("chown", &["-R", "65534:65534", "."]);
    }
    let client = |program: &str| {
        if !is_root {
            return place.client(program);
        }
        let mut command = place.client("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", program]);
        command
    };
    let listed = said(succeeded(&client("p11-kit").arg("list-modules").output().unwrap()));
    assert_eq!(listed.matches("\n    token: ").count(), 1, "{listed}");
    assert!(listed.starts_with("ingam: "), "{listed}");
    place.lists_once_and_signs(&library("p11-kit-proxy.so"), || client("pkcs11-tool"));
}

/// A p11-kit configuration with our module, SoftHSM's and OpenSC's, and the client that reads nothing else.
struct Registered {
    place: Place,
    is_root: bool,
}

impl Registered {
    fn new() -> Self {
        let place = Place::new();
        token_with_a_key(&place, "seal", "Park Younghee", "87654321");
        let copy = place.path("libingam_pkcs11.so");
        std::fs::copy(module(), &copy).unwrap();
        let modules = place.path("config/pkcs11/modules");
        std::fs::create_dir_all(&modules).unwrap();
        let register = |name: &str, path: &str| {
            std::fs::write(modules.join(format!("{name}.module")), format!("module: {path}\n")).unwrap();
        };
        register("ingam", copy.to_str().unwrap());
        register("softhsm2", "/usr/lib/softhsm/libsofthsm2.so");
        register("opensc", "opensc-pkcs11.so");
        std::fs::write(place.path("config/pkcs11/pkcs11.conf"), "user-config: only\n").unwrap();
        let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        if is_root {
            place.run("chown", &["-R", "65534:65534", "."]);
        }
        Self { place, is_root }
    }

    /// With the modules at their well-known paths, as on a user's machine.
    fn client(&self, program: &str, configuration: &str) -> Command {
        let mut command = self.place.client(if self.is_root { "setpriv" } else { program });
        if self.is_root {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", program]);
        }
        let file = self.place.path("ingam.toml");
        std::fs::write(&file, configuration).unwrap();
        command.env_remove("INGAM_PKCS11_MODULES").env("INGAM_CONF", file);
        command.env("SOFTHSM2_CONF", self.place.path("softhsm/softhsm2.conf"));
        command
    }

    /// How often each of the two tokens is listed.
    fn listed(&self, configuration: &str) -> [usize; 2] {
        let said = said(succeeded(&self.client("p11tool", configuration).arg("--list-tokens").output().unwrap()));
        let ours = format!("Label: {}\n", self.place.variable("TOKEN_LABEL"));
        [ours.as_str(), "Label: seal\n"].map(|label| said.matches(label).count())
    }
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl, p11-kit, p11tool and softhsm2"]
fn with_softhsm_and_opensc_registered_beside_ours_each_token_is_listed_once() {
    let registered = Registered::new();
    assert_eq!(registered.listed(""), [1, 1]);
    assert_eq!(registered.listed("forward = 'never'"), [1, 1]);
    assert_eq!(registered.listed("forward = 'always'"), [1, 2], "who asks for it gets it twice");
    // An application that knows our module alone gets the token through it.
    let mut alone = registered.client("pkcs11-tool", "");
    let alone = said(succeeded(&alone.args(["--module", &module(), "--list-token-slots"]).output().unwrap()));
    assert_eq!(alone.matches("token label        : seal\n").count(), 1, "{alone}");
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and p11-kit"]
fn our_token_signs_through_the_socket_of_a_p11_kit_server() {
    let place = Place::new();
    let socket = place.path("socket");
    let mut command = place.server("p11-kit");
    command.args(["server", "--foreground", "--provider", &module(), "--name"]).arg(&socket).arg("pkcs11:");
    let mut server = Daemon::start(&mut command, place.path("server.log"));
    let ready = |said: &str| said.contains("P11_KIT_SERVER_PID=").then_some(());
    assert!(server.says(ready).is_some(), "{}", server.said());
    place.lists_once_and_signs(&library("pkcs11/p11-kit-client.so"), || {
        let mut client = place.client("pkcs11-tool");
        // Only the server knows our folder.
        client.env_remove("INGAM_NPKI_PATH");
        client.env("P11_KIT_SERVER_ADDRESS", format!("unix:path={}", socket.display()));
        client
    });
}
