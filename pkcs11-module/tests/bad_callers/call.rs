//! One call as a bad caller makes it: words in the order of C's parameters, over memory whose end is guarded.

use std::ffi::c_void;

use cryptoki_sys::*;

use super::table::{Arg, Bytes, Function, Key, State};
use crate::support::{Mechanism, Module, Npki, PASSWORD, Session, functions, output};

/// Room for what a call brings back.
pub const ROOM: usize = 512;
const GUARD: usize = 64;
const FILLER: u8 = 0xa5;
const MESSAGE: &[u8] = b"message";

/// What good calls need, once for all.
pub struct World {
    pub npki: Npki,
    pub slot: CK_SLOT_ID,
    /// Keeps the login.
    keeper: Session,
    keys: [CK_OBJECT_HANDLE; 4],
    ciphertext: Vec<u8>,
    signature: Vec<u8>,
}

impl World {
    /// Of a library that is not initialised: no handle means anything.
    pub fn none() -> Self {
        Self {
            npki: Npki::empty(),
            slot: 1,
            keeper: Session(1),
            keys: [1; 4],
            ciphertext: vec![0; 256],
            signature: vec![0; 256],
        }
    }

    pub fn new(module: &Module, npki: Npki) -> Self {
        let mut world = Self { slot: module.slot(), npki, ..Self::none() };
        world.restore();
        world.ciphertext = world.keeper.encrypt(&mut Mechanism::new(CKM_RSA_PKCS), world.keys[2], MESSAGE).unwrap();
        world.signature = world.keeper.sign(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), world.keys[0], MESSAGE).unwrap();
        world
    }

    /// Brings library and login back if the last call ended them.
    pub fn restore(&mut self) {
        let mut info = CK_SESSION_INFO::default();
        match c!(C_GetSessionInfo(self.keeper.0, &raw mut info)) {
            Ok(()) if info.state == CKS_RO_USER_FUNCTIONS => return,
            Err(CKR_CRYPTOKI_NOT_INITIALIZED) => c!(C_Initialize(std::ptr::null_mut())).unwrap(),
            _ => {}
        }
        let _ = c!(C_CloseAllSessions(self.slot));
        self.keeper = Session::open(self.slot, CKF_SERIAL_SESSION).unwrap();
        self.keeper.login(PASSWORD).unwrap();
        let (sign, km) = (self.npki.sign_id(), self.npki.km_id());
        self.keys = [(CKO_PRIVATE_KEY, sign), (CKO_PUBLIC_KEY, sign), (CKO_PUBLIC_KEY, km), (CKO_PRIVATE_KEY, km)]
            .map(|(class, id)| self.keeper.one(class, &id));
    }

    const fn key(&self, key: Key) -> CK_OBJECT_HANDLE {
        self.keys[match key {
            Key::Signs => 0,
            Key::Verifies => 1,
            Key::Encrypts => 2,
            Key::Decrypts => 3,
        }]
    }

    /// Brings a session into this state.
    pub fn bring(&self, session: Session, state: State) {
        let handle = session.0;
        let part = |update: unsafe extern "C" fn(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG) -> CK_RV, bytes: &[u8]| {
            // SAFETY: bytes and their length.
            assert_eq!(unsafe { update(handle, bytes.as_ptr().cast_mut(), bytes.len() as CK_ULONG) }, CKR_OK);
        };
        let (sha256, pkcs1) = (&mut Mechanism::new(CKM_SHA256_RSA_PKCS), &mut Mechanism::new(CKM_RSA_PKCS));
        match state {
            State::Idle => {}
            State::Find => c!(C_FindObjectsInit(handle, std::ptr::null_mut(), 0)).unwrap(),
            State::Digest | State::DigestParts => {
                c!(C_DigestInit(handle, Mechanism::new(CKM_SHA256).raw())).unwrap();
            }
            State::Sign | State::SignParts => c!(C_SignInit(handle, sha256.raw(), self.key(Key::Signs))).unwrap(),
            State::Verify | State::VerifyParts => {
                c!(C_VerifyInit(handle, sha256.raw(), self.key(Key::Verifies))).unwrap();
            }
            State::Encrypt | State::EncryptParts => {
                c!(C_EncryptInit(handle, pkcs1.raw(), self.key(Key::Encrypts))).unwrap();
            }
            State::Decrypt | State::DecryptParts => {
                c!(C_DecryptInit(handle, pkcs1.raw(), self.key(Key::Decrypts))).unwrap();
            }
        }
        match state {
            State::DigestParts => part(functions().C_DigestUpdate.unwrap(), MESSAGE),
            State::SignParts => part(functions().C_SignUpdate.unwrap(), MESSAGE),
            State::VerifyParts => part(functions().C_VerifyUpdate.unwrap(), MESSAGE),
            State::EncryptParts => {
                output(|out, len| c!(C_EncryptUpdate(handle, MESSAGE.as_ptr().cast_mut(), 7, out, len))).unwrap();
            }
            State::DecryptParts => {
                let bytes = self.ciphertext.as_ptr().cast_mut();
                output(|out, len| c!(C_DecryptUpdate(handle, bytes, 256, out, len))).unwrap();
            }
            _ => {}
        }
    }
}

/// Memory that the module may use to its length, and not a byte further.
struct Piece {
    memory: Vec<u64>,
    length: usize,
}

impl Piece {
    fn new(length: usize) -> Self {
        Self { memory: vec![u64::from_ne_bytes([FILLER; 8]); (length + GUARD).div_ceil(8)], length }
    }

    fn holding(bytes: &[u8]) -> Self {
        let mut piece = Self::new(bytes.len());
        piece.bytes()[..bytes.len()].copy_from_slice(bytes);
        piece
    }

    /// A copy of a plain C structure, or of several.
    fn of<T: Copy>(values: &[T]) -> Self {
        // SAFETY: the structures have no padding that was not written, or it does not matter here what it holds.
        Self::holding(unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) })
    }

    fn bytes(&mut self) -> &mut [u8] {
        let length = self.memory.len() * 8;
        // SAFETY: the vector's own memory, of which any bits are bytes.
        unsafe { std::slice::from_raw_parts_mut(self.memory.as_mut_ptr().cast(), length) }
    }
}

/// A call that is yet to be made.
pub struct Call {
    pub words: Vec<usize>,
    /// Where each argument of the function begins in the words.
    pub starts: Vec<usize>,
    pieces: Vec<Piece>,
}

impl Call {
    pub fn new(world: &World, session: Session, function: &Function) -> Self {
        let mut call = Self { words: Vec::new(), starts: Vec::new(), pieces: Vec::new() };
        for argument in function.arguments {
            call.starts.push(call.words.len());
            call.add(world, session, *argument);
        }
        call
    }

    fn add(&mut self, world: &World, session: Session, argument: Arg) {
        match argument {
            Arg::Slot => self.number(world.slot),
            Arg::Session => self.number(session.0),
            Arg::Handle(key) => self.number(world.key(key)),
            Arg::Object => self.number(world.key(Key::Verifies)),
            Arg::Number(number) => self.number(number),
            Arg::Reserved | Arg::Optional => self.words.push(0),
            Arg::Initialization => self.piece(Piece::of(&[CK_C_INITIALIZE_ARGS::default()])),
            Arg::Out(size) => self.piece(Piece::new(size)),
            Arg::Place(size) => {
                self.piece(Piece::new(ROOM * size));
                self.piece(Piece::of(&[ROOM]));
            }
            Arg::Batch => {
                self.piece(Piece::new(ROOM * size_of::<CK_OBJECT_HANDLE>()));
                self.words.push(ROOM);
                self.piece(Piece::new(size_of::<CK_ULONG>()));
            }
            Arg::Input(Bytes::Message) => self.input(MESSAGE),
            Arg::Input(Bytes::Signature) => self.input(&world.signature),
            Arg::Input(Bytes::Ciphertext) => self.input(&world.ciphertext),
            Arg::Input(Bytes::Fill) => self.input(&[0; 32]),
            Arg::Pin | Arg::Secret => self.input(PASSWORD.as_bytes()),
            Arg::Template | Arg::Attributes => {
                self.pieces.push(Piece::holding(&[0; 20]));
                let value = self.pieces.last_mut().unwrap().bytes().as_mut_ptr().cast();
                self.piece(Piece::of(&[CK_ATTRIBUTE { type_: CKA_ID, pValue: value, ulValueLen: 20 }]));
                self.words.push(1);
            }
            Arg::Mechanism(kind) => {
                let mechanism = CK_MECHANISM { mechanism: kind, pParameter: std::ptr::null_mut(), ulParameterLen: 0 };
                self.piece(Piece::of(&[mechanism]));
            }
        }
    }

    fn number(&mut self, number: CK_ULONG) {
        self.words.push(usize::try_from(number).unwrap());
    }

    fn input(&mut self, bytes: &[u8]) {
        self.piece(Piece::holding(bytes));
        self.words.push(bytes.len());
    }

    fn piece(&mut self, mut piece: Piece) {
        self.words.push(piece.bytes().as_mut_ptr().expose_provenance());
        self.pieces.push(piece);
    }

    /// Calls the function of this table. Afterwards no byte behind any piece of memory may have changed.
    pub fn make(&mut self, table: *const c_void, function: &Function) -> CK_RV {
        type Any = unsafe extern "C" fn(usize, usize, usize, usize, usize, usize, usize, usize, usize) -> CK_RV;
        // SAFETY: the offset is that of a function in the table; both tables have the same beginning.
        let entry = unsafe { table.byte_add(function.offset).cast::<Any>().read() };
        let mut w = [0; 9];
        w[..self.words.len()].copy_from_slice(&self.words);
        // SAFETY: as a C program without prototypes calls: every parameter is a word, and the callee looks at its own.
        let rv = unsafe { entry(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8]) };
        for piece in &mut self.pieces {
            let length = piece.length;
            assert!(piece.bytes()[length..].iter().all(|byte| *byte == FILLER), "{} writes too far", function.name);
        }
        rv
    }

    /// The place of this argument, with the room that it is said to have.
    pub fn set_room(&mut self, argument: usize, room: usize) {
        // SAFETY: the second word of a place leads to a piece that holds a number.
        unsafe { std::ptr::with_exposed_provenance_mut::<usize>(self.words[self.starts[argument] + 1]).write(room) };
    }

    /// What the module wrote as the number of values.
    pub fn length(&self, argument: usize) -> usize {
        // SAFETY: as above.
        unsafe { std::ptr::with_exposed_provenance::<usize>(self.words[self.starts[argument] + 1]).read() }
    }

    /// The bytes of the place, as many as there is room for.
    pub fn bytes(&self, argument: usize, size: usize) -> Vec<u8> {
        let data = std::ptr::with_exposed_provenance::<u8>(self.words[self.starts[argument]]);
        // SAFETY: the first word of a place leads to a piece of this length.
        unsafe { std::slice::from_raw_parts(data, ROOM * size) }.to_vec()
    }
}
