//! This file checks what copying, moving, importing and deleting leave on the disk, and their JSON.

use super::*;

/// A folder of its own for one test, with a copy of the samples `from`.
fn place(name: &str, from: &str) -> (PathBuf, String) {
    let folder = SAMPLES.path(name);
    copy_folder(&SAMPLES.path(from), &folder);
    let medium = format!("dir:{name}");
    (folder, medium)
}

fn files(set: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |item: std::io::Result<fs::DirEntry>| {
        let path = item.unwrap().path();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
    };
    fs::read_dir(set).unwrap().map(read).collect()
}

#[test]
fn a_copy_has_everything_and_opens_with_the_same_password() {
    let target = SAMPLES.path("copied");
    fs::create_dir(&target).unwrap();
    let run = SAMPLES.run(&["copy", "홍길동", "--to", "dir:copied", "--password-file", "pw", "--json"], &[]);
    let document = run.json();
    assert_eq!((run.exit, document["schema"].clone()), (0, 1.into()), "{}", run.stderr);
    assert_eq!(run.stderr, "", "a program is told nothing but the document");
    let copied = &document["copied"];
    assert_eq!((&copied["km"], &copied["vid_random"], &copied["authorities"]), (&true.into(), &true.into(), &2.into()));
    assert_eq!(copied["cert"]["sha256"], document["cert"]["sha256"]);
    let set = only_set(&target.join("NPKI"));
    assert_eq!(copied["folder"], set.canonicalize().unwrap().to_str().unwrap());
    let (new, old) = (files(&set), files(&only_set(&SAMPLES.path("a/NPKI"))));
    assert_eq!(new.keys().collect::<Vec<_>>(), old.keys().collect::<Vec<_>>());
    for name in ["signCert.der", "kmCert.der", "CaPubs"] {
        assert_eq!(new[name], old[name], "{name}");
    }
    for name in ["signPri.key", "kmPri.key"] {
        assert_ne!(new[name], old[name], "sealed anew");
        assert_eq!(mode(&set.join(name)), 0o600);
    }
    assert_eq!(mode(&target.join("NPKI")), 0o700);
    let r = |medium: &str, out: &str| {
        let arguments = ["vid", "r", "홍길동", "--medium", medium, "--out", out, "--password-file", "pw"];
        assert_eq!(SAMPLES.run(&arguments, &[]).exit, 0);
        fs::read(SAMPLES.path(out)).unwrap()
    };
    assert_eq!(r("dir:copied", "copied.r"), r("dir:a", "original.r"));
}

#[test]
fn nothing_is_left_behind_by_a_copy_that_was_refused() {
    for (name, password) in [("refused-1", "wrong"), ("refused-2", "empty"), ("refused-3", "open")] {
        fs::create_dir(SAMPLES.path(name)).unwrap();
        let to = format!("dir:{name}");
        assert_ne!(SAMPLES.run(&["copy", "홍길동", "--to", &to, "--password-file", password], &[]).exit, 0);
        assert_eq!(fs::read_dir(SAMPLES.path(name)).unwrap().count(), 0, "{password}");
    }
}

#[test]
fn a_moved_set_is_gone_where_it_was_and_whole_where_it_is() {
    let (from, medium) = place("moved-from", "b");
    fs::create_dir(SAMPLES.path("moved-to")).unwrap();
    let arguments =
        ["move", "가나다", "--medium", &medium, "--to", "dir:moved-to", "--password-file", "pw", "--yes", "--json"];
    let run = SAMPLES.run(&arguments, &[]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert_eq!(run.json()["moved"]["vid_random"], true);
    assert!(run.json()["from"]["folder"].as_str().unwrap().contains("moved-from"));
    let certs = |medium: &str| SAMPLES.run(&["list", "--medium", medium, "--json"], &[]).json()["certs"].clone();
    assert_eq!(certs("dir:moved-to").as_array().unwrap().len(), 1);
    assert_eq!(certs(&medium), Value::Array(Vec::new()));
    assert!(from.join("NPKI").is_dir());
    let show = ["show", "가나다", "--medium", "dir:moved-to", "--password-file", "pw", "--json"];
    assert_eq!(SAMPLES.run(&show, &[]).json()["cert"]["has_vid_random"], true);
}

#[test]
fn a_move_that_cannot_be_done_leaves_the_original() {
    let (from, medium) = place("stays", "b");
    let before = files(&only_set(&from.join("NPKI")));
    fs::create_dir(SAMPLES.path("stays-to")).unwrap();
    let to = |to: &str, password: &str, yes: &[&str]| {
        let arguments = ["move", "가나다", "--medium", &medium, "--to", to, "--password-file", password, "--json"];
        let run = SAMPLES.run(&[&arguments[..], yes].concat(), &[]);
        (run.exit, run.error()["code"].as_str().unwrap().to_owned())
    };
    assert_eq!(to("dir:stays-to", "pw", &[]), (2, "confirmation_needed".to_owned()));
    assert_eq!(to("dir:stays-to", "wrong", &["--yes"]), (4, "pin_incorrect".to_owned()));
    assert_eq!(to("dir:stays", "pw", &["--yes"]), (8, "already_exists".to_owned()));
    assert_eq!(to("dir:stays-nowhere", "pw", &["--yes"]), (6, "removed".to_owned()));
    assert_eq!(files(&only_set(&from.join("NPKI"))), before);
}

#[cfg(target_os = "linux")]
#[test]
fn where_nothing_can_be_written_nothing_is_asked() {
    // It takes no folder, whoever asks.
    let run = SAMPLES.run(&["copy", "홍길동", "--to", "dir:/proc/self/task", "--json"], &[]);
    let code = run.error()["code"].clone();
    assert!(matches!(code.as_str(), Some("not_found" | "not_permitted" | "write_protected")), "{}", run.stderr);
}

#[test]
fn the_certificates_of_a_folder_without_that_name_are_found_and_added_to() {
    let (folder, medium) = place("renamed", "a");
    fs::rename(folder.join("NPKI"), folder.join("npki")).unwrap();
    let count = || SAMPLES.run(&["list", "--medium", &medium, "--json"], &[]).json()["certs"].as_array().unwrap().len();
    assert_eq!(count(), 1);
    assert_eq!(SAMPLES.run(&["copy", "가나다", "--to", &medium, "--password-file", "pw"], &[]).exit, 0);
    assert_eq!(count(), 2);
    // A folder that holds sets itself gets no NPKI folder that would hide them.
    fs::rename(folder.join("npki"), SAMPLES.path("bare")).unwrap();
    assert_eq!(SAMPLES.run(&["copy", "성춘향", "--to", "dir:bare", "--password-file", "pw"], &[]).exit, 0);
    let certs = SAMPLES.run(&["list", "--medium", "dir:bare", "--json"], &[]).json()["certs"].clone();
    assert_eq!(certs.as_array().unwrap().len(), 3);
}

#[test]
fn the_first_hard_disk_folder_is_made_if_there_is_none() {
    let home = SAMPLES.path("new-home/NPKI");
    let environment = [("INGAM_NPKI_PATH", home.to_str().unwrap())];
    let run = SAMPLES.run(&["import", "a", "--to", "hdd", "--password-file", "pw", "--json"], &environment);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert_eq!(run.json()["imported"][0]["cert"]["name"], "홍길동");
    assert_eq!(mode(&home), 0o700);
    let again = SAMPLES.run(&["import", "a", "--to", "hdd", "--password-file", "pw", "--json"], &environment);
    assert_eq!((again.exit, again.json()["present"].as_array().unwrap().len()), (0, 1), "{}", again.stderr);
}

#[test]
fn an_import_of_many_tells_of_each() {
    let many = SAMPLES.path("each");
    for from in ["a", "b", "c"] {
        copy_folder(&SAMPLES.path(from).join("NPKI"), &many.join("NPKI"));
    }
    fs::write(only_set(&many.join("NPKI/KICA")).join("signPri.key"), "junk").unwrap();
    fs::create_dir(SAMPLES.path("each-to")).unwrap();
    let run = SAMPLES.run(&["import", "each", "--to", "dir:each-to", "--password-file", "pw", "--json"], &[]);
    let document = run.json();
    assert_eq!(document["imported"].as_array().unwrap().len(), 2, "{document}");
    assert_eq!(document["failed"].as_array().unwrap().len(), 1);
    assert_eq!(document["failed"][0]["code"], "damaged");
    assert_eq!((run.exit, document["not_tried"].clone()), (9, 0.into()));
}

#[test]
fn a_copy_is_deleted_by_the_name_of_its_folder() {
    place("twin-1", "a");
    place("twin-2", "a");
    let roots = std::env::join_paths(["twin-1", "twin-2"].map(|name| SAMPLES.path(name).join("NPKI"))).unwrap();
    let environment = [("INGAM_NPKI_PATH", roots.to_str().unwrap())];
    let ambiguous = SAMPLES.run(&["delete", "홍길동", "--yes", "--json"], &environment);
    assert_eq!((ambiguous.exit, ambiguous.error()["code"].clone()), (3, "certificate_ambiguous".into()));
    let list = SAMPLES.run(&["list", "--json"], &environment).json();
    let folder = list["certs"][1]["folder"].as_str().unwrap().to_owned();
    let run = SAMPLES.run(&["delete", &folder, "--yes", "--json"], &environment);
    assert_eq!(run.json()["deleted"]["folder"], folder.as_str(), "{}", run.stderr);
    assert!(!Path::new(&folder).exists());
    let left = SAMPLES.run(&["list", "--json"], &environment).json();
    assert_eq!(left["certs"].as_array().unwrap().len(), 1);
    assert_eq!(left["certs"][0]["folder"], list["certs"][0]["folder"]);
}
