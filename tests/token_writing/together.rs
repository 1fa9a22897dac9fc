//! This file checks two imports at once: one may fail, both may, but none reports a set that the other took away.

#![allow(clippy::disallowed_methods, reason = "programs are told where to work")]

use std::process::{Child, Command, Stdio};

use super::kill::{Template, judge, test_program};
use super::*;

fn start(hsm: &SoftHsm) -> Child {
    let program = test_program("kill::a_set_is_imported");
    let mut import = Command::new(&program[0]);
    import.args(&program[1..]).envs(hsm.environment()).env("INGAM_TEST_SOFTHSM_FOLDER", hsm.folder());
    import.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
#[ignore = "needs softhsm2-util"]
fn of_two_imports_of_one_set_at_once_none_reports_what_the_other_took_away() {
    let template = Template::new();
    for round in 0..6 {
        let hsm = template.copy();
        let (mut one, mut other) = (start(&hsm), start(&hsm));
        let succeeded = [one.wait().unwrap().success(), other.wait().unwrap().success()];
        let (before, import, after) = judge(&hsm);
        let what = format!("round {round}: {succeeded:?} {before:?} {import} {after:?}");
        assert!(before.readable && before.dead_sets == 0, "{what}");
        assert!(!succeeded.contains(&true) || before.sets == 1 && before.named == 0, "{what}");
        assert!(after.sets == 1 && after.dead_sets == 0 && after.named == 0, "{what}");
    }
}
