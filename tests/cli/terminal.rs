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

#[cfg(target_os = "linux")]
#[test]
fn what_is_deleted_or_moved_is_confirmed_by_the_end_of_its_serial_number() {
    copy_folder(&SAMPLES.path("a"), &SAMPLES.path("typed"));
    fs::create_dir(SAMPLES.path("typed-to")).unwrap();
    let serial = SAMPLES.run(&["show", "홍길동", "--json"], &[]).json()["cert"]["sign"]["serial"].clone();
    let digits = serial.as_str().unwrap();
    let digits = &digits[digits.len() - 4..];
    let is_there = || SAMPLES.run(&["show", "홍길동", "--medium", "dir:typed"], &[]).exit == 0;

    for wrong in [b"0\n".as_slice(), b"\n", b"\x04"] {
        let (shown, exit) = on_a_terminal("delete 홍길동 --medium dir:typed", &[wrong]);
        assert_eq!(exit, 130, "{shown}");
        assert!(shown.starts_with("삭제: 홍길동 / ") && shown.contains("삭제는 폐기가 아닙니다."), "{shown}");
        // There is another copy in the folder that --medium leaves out.
        assert!(shown.contains("다른 저장매체에 사본이 있는지는 확인하지 않았습니다."), "{shown}");
        assert!(is_there());
    }
    let answers = [format!("{digits}\n"), format!("{PASSWORD}\n")];
    let answers: Vec<&[u8]> = answers.iter().map(String::as_bytes).collect();
    let (shown, exit) = on_a_terminal("move 홍길동 --medium dir:typed --to dir:typed-to", &answers);
    assert_eq!(exit, 0, "{shown}");
    assert!(shown.contains("시험 서명으로 확인했습니다.\n원본을 지웠습니다"), "{shown}");
    assert!(!is_there());
    let (shown, exit) = on_a_terminal("delete 홍길동 --medium dir:typed-to", &answers[..1]);
    assert_eq!(exit, 0, "{shown}");
}

#[cfg(target_os = "linux")]
#[test]
fn each_set_of_a_folder_may_have_a_password_of_its_own() {
    let folder = SAMPLES.path("mixed/NPKI");
    copy_folder(&SAMPLES.path("a/NPKI"), &folder);
    SAMPLES.secret("other-pw", b"0ther-S3cret!");
    assert_eq!(
        SAMPLES.run(&["sample", "--out", "other", "--password-file", "other-pw", "--name", "임꺽정"], &[]).exit,
        0
    );
    copy_folder(&SAMPLES.path("other/NPKI"), &folder);
    fs::create_dir(SAMPLES.path("mixed-to")).unwrap();
    let first = format!("{PASSWORD}\n");
    // In the order of their folders: 임꺽정 comes before 홍길동.
    let answers: [&[u8]; 2] = [b"0ther-S3cret!\n", first.as_bytes()];
    let (shown, exit) = on_a_terminal("import mixed --to dir:mixed-to", &answers);
    assert_eq!(exit, 0, "{shown}");
    assert!(shown.contains("인증서 암호 (임꺽정): \n인증서 암호 (홍길동): \n"), "{shown}");
}
