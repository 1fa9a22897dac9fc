//! Every function of both tables × every mistake in every argument, every wrong state and every phase of the library's
//! life: the right answer, no crash, and no byte written where none belongs. Runs under valgrind in the long lane as well.

#![cfg(all(unix, target_pointer_width = "64"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "figures of a run")]
#![allow(unreachable_pub, reason = "a test has no public")]

#[macro_use]
mod support;
#[path = "bad_callers/call.rs"]
mod call;
#[path = "bad_callers/mistakes.rs"]
mod mistakes;
#[path = "bad_callers/table.rs"]
mod table;

use std::ffi::c_void;
use std::ptr::null_mut;

use call::{Call, World};
use cryptoki_sys::*;
use mistakes::Answer;
use support::{Module, Npki, Session, functions, point_at, turn};
use table::{Arg, FUNCTIONS, Function, State, Support};

/// Each table with the functions that are in it.
fn tables() -> [(*const c_void, &'static [Function]); 2] {
    let mut legacy = null_mut();
    // SAFETY: a place for the table.
    assert_eq!(unsafe { ingam_pkcs11::C_GetFunctionList(&raw mut legacy) }, CKR_OK);
    [(legacy.cast_const().cast(), &FUNCTIONS[..68]), (std::ptr::from_ref(functions()).cast(), FUNCTIONS)]
}

#[test]
fn the_matrix_has_every_function_of_both_tables() {
    let word = size_of::<usize>();
    let offsets: Vec<usize> = FUNCTIONS.iter().map(|function| function.offset).collect();
    assert_eq!(offsets, (1..=92).map(|entry| entry * word).collect::<Vec<_>>());
    assert_eq!(size_of::<CK_FUNCTION_LIST>(), 69 * word);
    assert_eq!(size_of::<CK_FUNCTION_LIST_3_0>(), 93 * word);
}

#[test]
fn before_and_after_the_librarys_life_every_function_says_that_there_is_none() {
    let _turn = turn();
    point_at(&Npki::empty());
    let world = World::none();
    let mut cases = 0;
    let mut ask_all = || {
        for (table, functions) in tables() {
            for function in functions {
                let answer = Call::new(&world, Session(1), function).make(table, function);
                let expected = match function.support {
                    Support::Always => CKR_OK,
                    Support::Yes | Support::No => CKR_CRYPTOKI_NOT_INITIALIZED,
                };
                assert_eq!(answer, expected, "{}", function.name);
                if function.name == "C_Initialize" {
                    c!(C_Finalize(null_mut())).unwrap();
                }
                cases += 1;
            }
        }
    };
    ask_all();
    c!(C_Initialize(null_mut())).unwrap();
    c!(C_Finalize(null_mut())).unwrap();
    ask_all();
    println!("{cases} cases");
    assert_eq!(cases, 2 * (68 + 92));
}

/// Makes calls, each in a session of its own, and counts them.
struct Matrix {
    world: World,
    cases: usize,
    wrong: Vec<String>,
}

impl Matrix {
    fn new(module: &Module, npki: Npki) -> Self {
        Self { world: World::new(module, npki), cases: 0, wrong: Vec::new() }
    }

    fn case(
        &mut self,
        (table, function): (*const c_void, &Function),
        state: State,
        what: &str,
        expected: CK_RV,
        spoil: impl FnOnce(&mut Call),
    ) {
        self.world.restore();
        let session = Session::open(self.world.slot, CKF_SERIAL_SESSION).unwrap();
        self.world.bring(session, state);
        let mut call = Call::new(&self.world, session, function);
        spoil(&mut call);
        let answer = call.make(table, function);
        if answer != expected {
            self.wrong.push(format!("{} {what}: {answer:#x}, expected {expected:#x}", function.name));
        }
        let _ = c!(C_CloseSession(session.0));
        self.cases += 1;
    }

    fn finish(self, cases: usize) {
        println!("{} cases", self.cases);
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
        assert_eq!(self.cases, cases);
    }
}

#[test]
fn every_mistake_in_every_argument_has_its_answer() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let mut matrix = Matrix::new(&module, npki);
    for (table, functions) in tables() {
        for function in functions {
            matrix.case((table, function), function.before, "well called", function.answer, |_| ());
            for (index, argument) in function.arguments.iter().enumerate() {
                for (what, spoil, answer) in mistakes::of(*argument) {
                    let expected = match (function.support, argument, answer) {
                        // What no token can do is not looked at further.
                        (Support::No, Arg::Session, Answer::Is(rv)) => *rv,
                        (Support::No, ..) | (_, _, Answer::Good) => function.answer,
                        // Nor is the parameter of a mechanism that it has not got.
                        (_, Arg::Mechanism(_), Answer::Is(CKR_MECHANISM_PARAM_INVALID))
                            if function.answer == CKR_MECHANISM_INVALID =>
                        {
                            CKR_MECHANISM_INVALID
                        }
                        (_, _, Answer::Is(rv)) => *rv,
                    };
                    let name = format!("with {what} as argument {}", index + 1);
                    matrix.case((table, function), function.before, &name, expected, |call| {
                        let start = call.starts[index];
                        spoil(&mut call.words[start..]);
                    });
                }
            }
        }
    }
    matrix.finish(1602);
}

#[test]
fn every_operation_that_is_not_there_or_there_already_is_told() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let mut matrix = Matrix::new(&module, npki);
    for (table, functions) in tables() {
        for function in functions.iter().filter(|function| function.before != State::Idle) {
            let expected = CKR_OPERATION_NOT_INITIALIZED;
            matrix.case((table, function), State::Idle, "without an operation", expected, |_| ());
        }
        for function in functions {
            let Some(state) = function.begins else { continue };
            matrix.case((table, function), state, "again", CKR_OPERATION_ACTIVE, |_| ());
            if let Some(index) = function.arguments.iter().position(|argument| matches!(argument, Arg::Mechanism(_))) {
                // PKCS#11 3.0: no mechanism ends the operation.
                matrix.case((table, function), state, "to end it", CKR_OK, |call| {
                    let start = call.starts[index];
                    call.words[start] = 0;
                });
            }
        }
        // Parts, then a whole: the operation is another one.
        for (name, state) in [
            ("C_Digest", State::DigestParts),
            ("C_Sign", State::SignParts),
            ("C_Verify", State::VerifyParts),
            ("C_Encrypt", State::EncryptParts),
            ("C_Decrypt", State::DecryptParts),
        ] {
            let function = functions.iter().find(|function| function.name == name).unwrap();
            matrix.case((table, function), state, "after a part", CKR_OPERATION_NOT_INITIALIZED, |_| ());
        }
    }
    matrix.finish(70);
}

/// The functions whose result has a length that is asked for first.
fn with_length() -> impl Iterator<Item = (&'static Function, usize, usize)> {
    FUNCTIONS.iter().filter(|function| function.answer == CKR_OK).filter_map(|function| {
        let place = |argument: &Arg| matches!(argument, Arg::Place(_));
        let index = function.arguments.iter().position(place)?;
        let Arg::Place(size) = function.arguments[index] else { return None };
        Some((function, index, size))
    })
}

#[test]
fn a_length_can_be_asked_for_any_number_of_times_and_too_little_room_loses_nothing() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let world = World::new(&module, npki);
    let table = std::ptr::from_ref(functions()).cast::<c_void>();
    let mut driven = 0;
    for (function, index, size) in with_length() {
        let name = function.name;
        // What one call with room enough brings.
        let fresh = || {
            let session = Session::open(world.slot, CKF_SERIAL_SESSION).unwrap();
            world.bring(session, function.before);
            session
        };
        let mut plain = Call::new(&world, fresh(), function);
        assert_eq!(plain.make(table, function), CKR_OK, "{name}");
        let (length, result) = (plain.length(index), plain.bytes(index, size));

        let session = fresh();
        let ask = |room: Option<usize>| {
            let mut call = Call::new(&world, session, function);
            match room {
                Some(room) => call.set_room(index, room),
                None => call.words[call.starts[index]] = 0,
            }
            (call.make(table, function), call.length(index), call)
        };
        let (_, most, _) = ask(None);
        assert!(most >= length, "{name}");
        // Only what a ciphertext hides may be shorter than told.
        assert!(most == length || name.starts_with("C_Decrypt"), "{name}: {most} told, {length} there");
        for _ in 0..2 {
            assert_eq!((ask(None).0, ask(None).1), (CKR_OK, most), "{name}");
            for room in [0, length / 2, length.saturating_sub(1)] {
                if room < length {
                    let (answer, told, call) = ask(Some(room));
                    assert_eq!((answer, told), (CKR_BUFFER_TOO_SMALL, length), "{name} with room for {room}");
                    assert!(call.bytes(index, size).iter().all(|byte| *byte == 0xa5), "{name} wrote all the same");
                }
            }
        }
        let (answer, told, call) = ask(Some(length));
        assert_eq!((answer, told), (CKR_OK, length), "{name}");
        if !name.starts_with("C_Encrypt") {
            assert_eq!(call.bytes(index, size), result, "{name}");
        }
        assert!(call.bytes(index, size)[length * size..].iter().all(|byte| *byte == 0xa5), "{name} wrote beyond");
        if function.before != State::Idle && !name.ends_with("Update") {
            assert_eq!(ask(Some(length)).0, CKR_OPERATION_NOT_INITIALIZED, "{name} ended with its result");
        }
        driven += 1;
    }
    println!("{driven} functions");
    assert_eq!(driven, 13);
}
