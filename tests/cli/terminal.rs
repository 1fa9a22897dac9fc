//! This file puts `ingam` on a terminal of its own and types.

use super::*;

/// `ingam` on a terminal of its own, by script(1); `answers` are typed when a question has come.
#[cfg(target_os = "linux")]
fn on_a_terminal(arguments: &str, answers: &[&[u8]]) -> (String, i32) {
    let samples = &*SAMPLES;
    let plain = samples.command(&[], &[("LC_ALL", "ko_KR.UTF-8")]);
    let mut command = Command::new("script");
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_ingam"));
    command.args(["--quiet", "--return", "--echo", "never", "--command", &line, "/dev/null"]);
    command.current_dir(samples.folder.path()).env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap());
    }
    command.env("SHELL", "/bin/sh").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("script(1) is there");
    let mut typed = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let mut shown = Vec::new();
    let mut answers = answers.iter();
    let mut piece = [0; 1024];
    loop {
        let length = screen.read(&mut piece).unwrap();
        if length == 0 {
            break;
        }
        shown.extend_from_slice(&piece[..length]);
        if shown.ends_with(b": ")
            && let Some(answer) = answers.next()
        {
            typed.write_all(answer).unwrap();
            typed.flush().unwrap();
        }
    }
    let status = child.wait().unwrap();
    let shown = String::from_utf8_lossy(&shown).replace('\r', "");
    assert!(!shown.contains(PASSWORD), "{shown}");
    (shown, status.code().unwrap_or(-1))
}

#[cfg(target_os = "linux")]
#[test]
fn a_person_may_use_the_number_of_the_list_and_is_asked_for_the_password() {
    let (shown, exit) = on_a_terminal("sign 1 --in a.txt --out asked.sig", &[format!("{PASSWORD}\n").as_bytes()]);
    assert_eq!(exit, 0, "{shown}");
    assert!(shown.starts_with("인증서 암호 (홍길동): "), "{shown}");
    assert!(shown.contains("서명했습니다: asked.sig"), "{shown}");
    let (shown, exit) = on_a_terminal("show 9", &[]);
    assert_eq!(exit, 3, "{shown}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_person_may_give_up_at_the_prompt() {
    for key in [b"abc\x03".as_slice(), b"\x04"] {
        let (shown, exit) = on_a_terminal("sign 1 --in a.txt --out never.sig", &[key]);
        assert_eq!(exit, 130, "{shown}");
        assert!(shown.contains("취소했습니다."), "{shown}");
    }
    assert!(!SAMPLES.path("never.sig").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn bytes_are_not_written_to_a_terminal() {
    for arguments in ["show 1 --der", "sign 1 --in a.txt --out -", "vid r 1 --out -"] {
        let (shown, exit) = on_a_terminal(arguments, &[]);
        assert_eq!(exit, 2, "{shown}");
    }
    let (shown, exit) = on_a_terminal("vid r 1 --out-fd 1", &[format!("{PASSWORD}\n").as_bytes()]);
    assert_eq!(exit, 2, "{shown}");
}

#[cfg(target_os = "linux")]
#[test]
fn hangul_in_a_password_is_pointed_out() {
    let (shown, exit) = on_a_terminal("sign 1 --in a.txt --out never.sig", &["비밀\n".as_bytes()]);
    assert_eq!(exit, 4, "{shown}");
    assert!(shown.contains("한/영 키") && !shown.contains("비밀\n"), "{shown}");
}
