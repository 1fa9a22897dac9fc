//! This file checks what stays when writing fails or is killed.

use super::*;

#[test]
fn a_medium_that_cannot_be_written_keeps_every_byte_and_the_login() {
    let set = issue("홍길동", PASSWORD);
    let medium = Medium::with(&[&set]);
    medium.login(PASSWORD);
    // A file where the writer's folder must be: no new folder can be made, whoever runs the test.
    fs::write(medium.root.join("yessign/USER/.ingam-new"), b"").unwrap();
    let before = medium.tree();
    medium.change_pin(PASSWORD, NEW).unwrap_err();
    medium.remove(&key(&set, Purpose::KeyManagement)).unwrap_err();
    medium.store(pair(&issue("김철수", PASSWORD), Purpose::Sign)).unwrap_err();
    assert_eq!(medium.tree(), before);
    assert!(medium.signs(&key(&set, Purpose::Sign), &set.sign));
    assert_eq!(stamp(&medium.root, &set), stamp(&medium.root, &set));
}
