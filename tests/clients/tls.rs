//! Mutual TLS on loopback, 1.2 and 1.3: each client proves itself with the key behind our module. The server is OpenSSL's;
//! it refuses a client without a certificate, and its page says whom it saw and what it thinks of the certificate.

use std::fs::File;

use crate::daemon::Daemon;
use crate::place::{Place, failed, module, said, succeeded};

/// `openssl s_server` on a port that the system chose.
struct Server {
    port: String,
    _daemon: Daemon,
}

impl Server {
    fn start(place: &Place) -> Self {
        let names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
        let make = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
        place.run("openssl", &[&make[..], &["-addext", names, "-keyout", "server.key", "-out", "server.pem"]].concat());
        std::fs::write(place.path("request"), "GET / HTTP/1.0\r\n\r\n").unwrap();
        let mut command = place.server("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-key", "server.key", "-cert", "server.pem", "-www"]);
        command.args(["-CAfile", place.variable("CA_PEM"), "-partial_chain", "-Verify", "2", "-verify_return_error"]);
        let mut daemon = Daemon::start(&mut command, place.path("server.log"));
        let port = daemon.says(|said| {
            let line = said.lines().find_map(|line| line.strip_prefix("ACCEPT 127.0.0.1:"))?;
            said.contains(&format!("{line}\n")).then(|| line.to_owned())
        });
        Self { port: port.unwrap_or_else(|| panic!("{}", daemon.said())), _daemon: daemon }
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn page(&self) -> String {
        format!("https://localhost:{}/", self.port)
    }
}

impl Place {
    /// The server's page names our certificate, found it good, and spoke this version of TLS.
    fn was_recognised(&self, page: &str, version: &str) {
        let ours = self.run("openssl", &["x509", "-in", self.variable("CERT_PEM"), "-noout", "-text"]);
        // OpenSSL's colons between the bytes of a modulus make this line ours alone.
        let modulus = ours.lines().skip_while(|line| !line.contains("Modulus:")).nth(1).unwrap().trim();
        assert!(page.contains(modulus), "{page}");
        assert!(page.contains("Verify return code: 0 (ok)"), "{page}");
        assert!(page.contains(&format!("Protocol  : TLSv{version}")), "{page}");
    }
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and pkcs11-engine"]
fn openssl_s_client_proves_itself_with_our_key() {
    let place = Place::new();
    let server = Server::start(&place);
    place.engine_configuration("0");
    for (version, option) in [("1.2", "-tls1_2"), ("1.3", "-tls1_3")] {
        let mut client = place.client("openssl");
        client.args(["s_client", "-connect", &server.address(), "-CAfile", "server.pem", "-verify_return_error"]);
        client.args(["-quiet", option, "-cert", place.variable("CERT_PEM"), "-engine", "pkcs11"]);
        client.args(["-keyform", "engine", "-key", &place.key_uri_with_file()]);
        client.env("OPENSSL_CONF", "engine.cnf").stdin(File::open(place.path("request")).unwrap());
        place.was_recognised(&said(succeeded(&client.output().unwrap())), version);
    }
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl, pkcs11-engine and curl"]
fn curl_proves_itself_with_our_key_and_certificate() {
    let place = Place::new();
    let server = Server::start(&place);
    place.engine_configuration("0");
    let (key, id, page) = (place.key_uri_with_file(), place.id_in_uri(), server.page());
    let curl = |arguments: &[&str]| {
        let mut client = place.client("curl");
        client.args(["--silent", "--show-error", "--noproxy", "*", "--cacert", "server.pem"]);
        client.args(arguments).arg(&page).env("OPENSSL_CONF", "engine.cnf").output().unwrap()
    };
    for version in ["1.2", "1.3"] {
        let range = [&format!("--tlsv{version}"), "--tls-max", version];
        let with_key = ["--engine", "pkcs11", "--key-type", "ENG", "--key", &key];
        let from_file = ["--cert", place.variable("CERT_PEM")];
        let answer = curl(&[&range[..], &with_key, &from_file].concat());
        place.was_recognised(&said(succeeded(&answer)), version);
        let from_token = ["--cert-type", "ENG", "--cert", &format!("pkcs11:id={id};type=cert")];
        let answer = curl(&[&range[..], &with_key, &from_token].concat());
        place.was_recognised(&said(succeeded(&answer)), version);
    }
    failed(&curl(&[]));
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and p11tool"]
fn gnutls_cli_proves_itself_with_our_key_and_certificate() {
    let place = Place::new();
    let server = Server::start(&place);
    let key = place.gnutls_key();
    let certificate = key.replace("type=private", "type=cert");
    for version in ["1.2", "1.3"] {
        let mut client = place.client("gnutls-cli");
        client.args(["--provider", &module(), "--x509cafile", "server.pem", "--port", &server.port]);
        client.args(["--priority", &format!("NORMAL:-VERS-ALL:+VERS-TLS{version}")]);
        client.args(["--x509keyfile", &key, "--x509certfile", &certificate, "localhost"]);
        client.env("GNUTLS_PIN", place.variable("USER_PIN")).stdin(File::open(place.path("request")).unwrap());
        place.was_recognised(&said(succeeded(&client.output().unwrap())), version);
    }
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and nss-tools"]
fn nss_tstclnt_proves_itself_with_our_key_and_certificate() {
    let place = Place::new();
    let server = Server::start(&place);
    place.nss_database();
    place.nss("certutil", &["-A", "-n", "server", "-t", "CT,,", "-a", "-i", "server.pem"]);
    for version in ["1.2", "1.3"] {
        let mut client = place.client("tstclnt");
        client.args(["-d", "sql:nss", "-h", "localhost", "-p", &server.port, "-4", "-A", "request"]);
        client.args(["-V", &format!("tls{version}:tls{version}"), "-n", &place.nickname(), "-W", "password"]);
        place.was_recognised(&said(succeeded(&client.output().unwrap())), version);
    }
}
