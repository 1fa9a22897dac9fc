//! nginx, whose workers are forks of the process that loaded the module, and are replaced at each reload.

use std::net::TcpListener;
use std::process::Command;

use crate::daemon::Daemon;
use crate::place::Place;

/// Answers with the version of TLS; everything that it writes lies in the folder.
fn configuration(place: &Place, port: u16) -> String {
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    // A worker opens the NPKI folder itself: whoever it runs as must be able to read it.
    let user = if is_root { "user root;\n" } else { "" };
    let here = place.path("").display().to_string();
    let (certificate, key) = (place.variable("CERT_PEM"), place.key_uri_with_file());
    format!(
        "daemon off;\nworker_processes 2;\n{user}env INGAM_NPKI_PATH;\nenv INGAM_PKCS11_MODULES;\nenv OPENSSL_CONF;\n\
         pid {here}/nginx.pid;\nerror_log stderr notice;\nevents {{}}\n\
         http {{\naccess_log off;\nclient_body_temp_path {here}/body;\nproxy_temp_path {here}/proxy;\n\
         fastcgi_temp_path {here}/fastcgi;\nuwsgi_temp_path {here}/uwsgi;\nscgi_temp_path {here}/scgi;\n\
         server {{\nlisten 127.0.0.1:{port} ssl;\nssl_protocols TLSv1.2 TLSv1.3;\nssl_certificate {certificate};\n\
         ssl_certificate_key \"engine:pkcs11:{key}\";\nlocation / {{ return 200 \"spoke $ssl_protocol\\n\"; }}\n}}\n}}\n"
    )
}

fn start(place: &Place) -> (u16, Daemon) {
    // The engine must be initialised when nginx asks it for a key.
    place.engine_configuration("1");
    std::fs::write(place.path("request"), "GET / HTTP/1.0\r\n\r\n").unwrap();
    // Another program can take a port between our look and nginx's.
    for _ in 0..5 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        std::fs::write(place.path("nginx.conf"), configuration(place, port)).unwrap();
        let mut command = place.server("/usr/sbin/nginx");
        command.args(["-p", ".", "-e", "stderr", "-c"]).arg(place.path("nginx.conf"));
        command.env("OPENSSL_CONF", place.path("engine.cnf"));
        let mut daemon = Daemon::start(&mut command, place.path("nginx.log"));
        let ready = |said: &str| (said.matches("start worker process ").count() == 2).then_some(());
        if daemon.says(ready).is_some() {
            return (port, daemon);
        }
        println!("{}", daemon.said());
    }
    panic!("nginx did not start");
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl, pkcs11-engine and nginx"]
fn nginx_serves_with_our_key_in_forked_workers_before_and_after_a_reload() {
    let place = Place::new();
    let (port, mut nginx) = start(&place);
    let ask_each_version = || {
        for (version, option) in [("1.2", "-tls1_2"), ("1.3", "-tls1_3")] {
            let mut client = place.client("openssl");
            client.args(["s_client", "-connect", &format!("127.0.0.1:{port}"), option, "-quiet"]);
            // The certificate is a person's, not a server's.
            client.args(["-CAfile", place.variable("CA_PEM"), "-partial_chain", "-purpose", "any"]);
            client.arg("-verify_return_error").stdin(std::fs::File::open(place.path("request")).unwrap());
            let said = crate::place::said(crate::place::succeeded(&client.output().unwrap()));
            assert!(said.contains(&format!("spoke TLSv{version}")), "{said}");
        }
    };
    ask_each_version();
    let pid = std::fs::read_to_string(place.path("nginx.pid")).unwrap();
    place.run("sh", &["-c", &format!("kill -HUP {}", pid.trim())]);
    let reloaded = |said: &str| (said.matches("exited with code 0").count() == 2).then_some(());
    assert!(nginx.says(reloaded).is_some(), "{}", nginx.said());
    ask_each_version();
}
