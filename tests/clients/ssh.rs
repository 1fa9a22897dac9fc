//! OpenSSH: keys from `ssh-keygen -D`, a login to an sshd of the test's own on loopback, and the same through `ssh-agent`.
//! The password comes from `SSH_ASKPASS`; ssh takes it in no other way.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use crate::daemon::Daemon;
use crate::place::{Place, failed, module, said, succeeded};

/// A server that lets in whoever holds the sign key, and nobody else.
struct Sshd {
    port: u16,
    daemon: Daemon,
}

impl Sshd {
    fn start(place: &Place) -> Self {
        place.run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", "host"]);
        let here = place.path("").display().to_string();
        let configuration = format!(
            "HostKey {here}/host\nAuthorizedKeysFile {here}/authorized\nListenAddress 127.0.0.1\nPidFile none\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\nPermitUserRC no\nLogLevel VERBOSE\n"
        );
        std::fs::write(place.path("sshd.conf"), configuration).unwrap();
        std::fs::write(place.path("authorized"), place.key_of_the_token()).unwrap();
        if user(&["-u"]) == "0" {
            // Where Debian's service separates privileges; it is there while that service runs.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        // Another program can take a port between our look and sshd's.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut command = place.server("/usr/sbin/sshd");
            command.args(["-D", "-e", "-f", "sshd.conf", "-p", &port.to_string()]);
            let mut daemon = Daemon::start(&mut command, place.path("sshd.log"));
            if daemon.says(|said| said.contains(&format!("port {port}.")).then_some(())).is_some() {
                return Self { port, daemon };
            }
            println!("{}", daemon.said());
        }
        panic!("sshd found no port");
    }

    /// Logs in with nothing of the user's, and lets the shell there calculate.
    fn login(&self, place: &Place, options: &[&str]) -> Output {
        let mut ssh = place.ssh_client("ssh");
        ssh.args(["-F", "none", "-p", &self.port.to_string()]);
        ssh.args(["-o", "StrictHostKeyChecking=accept-new", "-o", "UserKnownHostsFile=known"]);
        ssh.args(["-o", "PreferredAuthentications=publickey", "-o", "NumberOfPasswordPrompts=1"]);
        ssh.args(options).arg(format!("{}@127.0.0.1", user(&["-un"]))).arg("echo logged-in-$((40+2))");
        ssh.output().unwrap()
    }

    fn admits(&self, place: &Place, options: &[&str]) {
        let answer = said(succeeded(&self.login(place, options)));
        assert!(answer.contains("logged-in-42"), "{answer}");
        assert!(self.daemon.said().contains("Accepted publickey"), "{}", self.daemon.said());
    }

    fn turns_away(&self, place: &Place, options: &[&str]) {
        let answer = failed(&self.login(place, options));
        assert!(answer.contains("Permission denied"), "{answer}");
    }
}

impl Place {
    /// An OpenSSH client that asks a script for the password.
    fn ssh_client(&self, program: &str) -> Command {
        let script = self.path("askpass");
        std::fs::write(&script, "#!/bin/sh\nexec cat \"$PASSWORD_FILE\"\n").unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut command = self.client(program);
        command.env("SSH_ASKPASS", script).env("SSH_ASKPASS_REQUIRE", "force");
        command.env("PASSWORD_FILE", self.path("password")).env("SSH_AUTH_SOCK", self.path("agent"));
        command
    }

    fn ssh(&self, program: &str, arguments: &[&str]) -> String {
        said(succeeded(&self.ssh_client(program).args(arguments).output().unwrap()))
    }

    /// The line of `ssh-keygen -D` for the sign certificate. The CA's keys stand there too: whoever holds one of them must
    /// not be let in.
    fn key_of_the_token(&self) -> String {
        let keys = self.run("ssh-keygen", &["-D", &module()]);
        let ours = format!(" {}", self.variable("KEY_LABEL"));
        keys.lines().find(|line| line.ends_with(&ours)).unwrap().to_owned()
    }

    /// The sign certificate's key as OpenSSH writes it, from the certificate's file.
    fn key_of_the_certificate(&self) -> String {
        self.run("openssl", &["x509", "-in", self.variable("CERT_PEM"), "-pubkey", "-noout", "-out", "public.pem"]);
        self.run("ssh-keygen", &["-i", "-m", "PKCS8", "-f", "public.pem"]).trim().to_owned()
    }
}

fn user(option: &[&str]) -> String {
    String::from_utf8(Command::new("id").args(option).output().unwrap().stdout).unwrap().trim().to_owned()
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and ssh"]
fn ssh_keygen_lists_our_keys_without_a_password() {
    let place = Place::new();
    let ours = format!("{} {}", place.key_of_the_certificate(), place.variable("KEY_LABEL"));
    assert_eq!(place.key_of_the_token(), ours);
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl, ssh and sshd"]
fn ssh_logs_in_with_our_key_and_not_with_a_wrong_password() {
    let place = Place::new();
    let sshd = Sshd::start(&place);
    // Among many keys the file of the public one says which; the server would not listen to all of them.
    std::fs::write(place.path("own.pub"), place.key_of_the_certificate()).unwrap();
    let provider = format!("PKCS11Provider={}", module());
    let none = ["-o", "IdentityAgent=none", "-o", "IdentitiesOnly=yes", "-o", "IdentityFile=own.pub"];
    let ours = [&none[..], &["-o", &provider]].concat();
    sshd.admits(&place, &ours);
    std::fs::write(place.path("password"), "wrong").unwrap();
    sshd.turns_away(&place, &ours);
    sshd.turns_away(&place, &none);
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl, ssh and sshd"]
fn ssh_agent_holds_our_key_until_it_is_told_to_forget_it() {
    let place = Place::new();
    let sshd = Sshd::start(&place);
    let mut command = place.server("ssh-agent");
    command.args(["-D", "-a", "agent", "-P", &module()]);
    let mut agent = Daemon::start(&mut command, place.path("agent.log"));
    assert!(agent.says(|said| said.contains("SSH_AUTH_SOCK").then_some(())).is_some(), "{}", agent.said());

    for _ in 0..2 {
        place.ssh("ssh-add", &["-s", &module()]);
        assert!(place.ssh("ssh-add", &["-L"]).contains(&place.key_of_the_certificate()));
        sshd.admits(&place, &["-o", "IdentityFile=none"]);
        place.ssh("ssh-add", &["-e", &module()]);
        let none = failed(&place.ssh_client("ssh-add").arg("-L").output().unwrap());
        assert!(none.contains("no identities"), "{none}");
        sshd.turns_away(&place, &["-o", "IdentityFile=none"]);
    }
}
