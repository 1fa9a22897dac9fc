//! Tools of the module's tests: an NPKI folder made for the test, and the module as a C program sees it.

#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::ptr::null_mut;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use cryptoki_sys::*;
use ingam::npki::authority::Authority;
use ingam::pin::Pin;
use ingam::sample::{SampleKind, SampleRequest, SampleSet, TestAuthority};
use ingam::storage::NpkiFolder;
use tempfile::TempDir;

/// The password of sets made by [`Npki::with_sets`].
pub const PASSWORD: &str = "Sample-2026!";

/// An NPKI folder for one test.
pub struct Npki {
    pub home: TempDir,
    pub sets: Vec<SampleSet>,
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// One CA for all tests of a binary: making its keys takes a while.
pub fn authority() -> &'static TestAuthority {
    static AUTHORITY: OnceLock<TestAuthority> = OnceLock::new();
    AUTHORITY.get_or_init(|| TestAuthority::new(&Authority::YesSign, now()).unwrap())
}

pub fn request(owner: &str) -> SampleRequest {
    let mut request = SampleRequest::new(SampleKind::PersonalBank, owner, now());
    request.iterations = 1024;
    request
}

impl Npki {
    pub fn empty() -> Self {
        let home = TempDir::new().unwrap();
        std::fs::create_dir(home.path().join("NPKI")).unwrap();
        Self { home, sets: Vec::new() }
    }

    /// One set of 홍길동, with both pairs.
    pub fn one() -> Self {
        static SET: OnceLock<SampleSet> = OnceLock::new();
        let set =
            SET.get_or_init(|| authority().issue(&request("홍길동"), &Pin::copy_of(PASSWORD.as_bytes())).unwrap());
        let mut npki = Self::empty();
        set.publish(&mut npki.folder()).unwrap();
        npki.sets.push(copy(set));
        npki
    }

    /// A set more, under a password of its own.
    pub fn add(&mut self, owner: &str, password: &str) -> &SampleSet {
        let set = authority().issue(&request(owner), &Pin::copy_of(password.as_bytes())).unwrap();
        set.publish(&mut self.folder()).unwrap();
        self.sets.push(set);
        self.sets.last().unwrap()
    }

    /// Many sets with the same keys, under [`PASSWORD`]; written without waiting for the disk.
    pub fn many(count: usize) -> Self {
        let mut npki = Self::empty();
        let pin = Pin::copy_of(PASSWORD.as_bytes());
        npki.sets = authority().issue_many(&request("홍길동"), &pin, count).unwrap();
        for set in &npki.sets {
            let folder = npki.root().join(set.entry.as_str());
            std::fs::create_dir_all(&folder).unwrap();
            for (file, bytes) in &set.files.0 {
                std::fs::write(folder.join(file.file_name()), bytes).unwrap();
            }
        }
        npki
    }

    pub fn root(&self) -> PathBuf {
        self.home.path().join("NPKI")
    }

    pub fn folder(&self) -> NpkiFolder {
        NpkiFolder::new(self.root(), 100_000)
    }

    pub fn sign_id(&self) -> [u8; 20] {
        self.sets[0].sign.key_id()
    }

    pub fn km_id(&self) -> [u8; 20] {
        self.sets[0].km.as_ref().unwrap().key_id()
    }
}

fn copy(set: &SampleSet) -> SampleSet {
    SampleSet {
        entry: set.entry.clone(),
        files: set.files.clone(),
        sign: set.sign.clone(),
        km: set.km.clone(),
        random: ingam::credential::VidRandom::copy_of(set.random.expose().try_into().unwrap()),
    }
}

/// Calls a function of the module by its table; `Err` is any other answer than `CKR_OK`.
macro_rules! c {
    ($function:ident($($argument:expr),* $(,)?)) => {{
        // SAFETY: the arguments are what PKCS#11 asks for, or what the test wants to see refused.
        let rv = unsafe { ($crate::support::functions().$function.unwrap())($($argument),*) };
        if rv == cryptoki_sys::CKR_OK { Ok(()) } else { Err(rv) }
    }};
}

#[cfg(target_os = "linux")]
pub mod footprint;
pub mod search;
pub mod template;

/// The table of the module that was loaded by [`load`], else of the one that this binary has linked in.
pub fn functions() -> &'static CK_FUNCTION_LIST_3_0 {
    LOADED.get().copied().unwrap_or_else(|| table(ingam_pkcs11::C_GetInterface))
}

static LOADED: OnceLock<&'static CK_FUNCTION_LIST_3_0> = OnceLock::new();

type GetInterface = unsafe extern "C" fn(*mut CK_UTF8CHAR, *mut CK_VERSION, *mut *mut CK_INTERFACE, CK_FLAGS) -> CK_RV;

/// Loads a module like any host does. All tools use it from now on.
pub fn load(module: &std::path::Path) -> &'static CK_FUNCTION_LIST_3_0 {
    // SAFETY: the module's initialisers do nothing that a host must prepare.
    let library = std::mem::ManuallyDrop::new(unsafe { libloading::Library::new(module) }.unwrap());
    // SAFETY: the symbol has this type in every PKCS#11 3.0 module.
    let get = unsafe { library.get::<GetInterface>(b"C_GetInterface") }.unwrap();
    let table = table(*get);
    let _ = LOADED.set(table);
    table
}

fn table(get: GetInterface) -> &'static CK_FUNCTION_LIST_3_0 {
    let mut interface = null_mut();
    // SAFETY: a place for the interface; null asks for the default one.
    let rv = unsafe { get(null_mut(), null_mut(), &raw mut interface, 0) };
    assert_eq!(rv, CKR_OK);
    // SAFETY: the default interface is 3.0, as the tests of the tables check.
    unsafe { &*(*interface).pFunctionList.cast::<CK_FUNCTION_LIST_3_0>() }
}

/// The module is one for the process: tests take turns.
pub fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets the module see this NPKI folder and nothing of the machine's.
pub fn point_at(npki: &Npki) {
    // SAFETY: only Rust reads the environment here, under the standard library's lock.
    unsafe {
        std::env::set_var("INGAM_NPKI_PATH", npki.root());
        std::env::set_var("INGAM_PKCS11_MODULES", "none");
        std::env::set_var("HOME", npki.home.path());
        std::env::remove_var("XDG_CONFIG_HOME");
        std::env::remove_var("INGAM_CONF");
    }
}

/// The initialised module.
pub struct Module {
    _turn: MutexGuard<'static, ()>,
    npki: Option<Npki>,
}

impl Module {
    pub fn start(npki: &Npki) -> Self {
        let turn = turn();
        point_at(npki);
        c!(C_Initialize(null_mut())).unwrap();
        Self { _turn: turn, npki: None }
    }

    /// Keeps the folder as long as itself.
    pub fn owning(npki: Npki) -> Self {
        let mut module = Self::start(&npki);
        module.npki = Some(npki);
        module
    }

    pub fn slots(&self) -> Vec<CK_SLOT_ID> {
        let mut count = 0;
        c!(C_GetSlotList(CK_FALSE, null_mut(), &raw mut count)).unwrap();
        let mut slots = vec![0; usize::try_from(count).unwrap()];
        c!(C_GetSlotList(CK_FALSE, slots.as_mut_ptr(), &raw mut count)).unwrap();
        assert_eq!(slots.len(), usize::try_from(count).unwrap());
        slots
    }

    pub fn slot(&self) -> CK_SLOT_ID {
        self.slots()[0]
    }

    /// A session with the first slot.
    pub fn open(&self) -> Session {
        Session::open(self.slot(), CKF_SERIAL_SESSION).unwrap()
    }

    /// A session that is logged in.
    pub fn logged_in(&self) -> Session {
        let session = self.open();
        session.login(PASSWORD).unwrap();
        session
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let _ = c!(C_Finalize(null_mut()));
    }
}

/// A session handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session(pub CK_SESSION_HANDLE);

/// What an attribute was answered: its value, or the answer for the whole call.
pub type Attribute = Result<Vec<u8>, CK_RV>;

impl Session {
    pub fn open(slot: CK_SLOT_ID, flags: CK_FLAGS) -> Result<Self, CK_RV> {
        let mut session = 0;
        c!(C_OpenSession(slot, flags, null_mut(), None, &raw mut session))?;
        Ok(Self(session))
    }

    pub fn login(self, password: &str) -> Result<(), CK_RV> {
        let mut pin = password.as_bytes().to_vec();
        c!(C_Login(self.0, CKU_USER, pin.as_mut_ptr(), number(pin.len())))
    }

    pub fn state(self) -> CK_STATE {
        let mut info = CK_SESSION_INFO::default();
        c!(C_GetSessionInfo(self.0, &raw mut info)).unwrap();
        info.state
    }

    /// The objects that have these attributes.
    pub fn find(self, template: &[(CK_ATTRIBUTE_TYPE, &[u8])]) -> Result<Vec<CK_OBJECT_HANDLE>, CK_RV> {
        let mut template = template::raw(template);
        c!(C_FindObjectsInit(self.0, template.as_mut_ptr(), number(template.len())))?;
        let mut found = Vec::new();
        loop {
            let mut batch = [0; 7];
            let mut count = 0;
            c!(C_FindObjects(self.0, batch.as_mut_ptr(), 7, &raw mut count))?;
            if count == 0 {
                break;
            }
            found.extend_from_slice(&batch[..usize::try_from(count).unwrap()]);
        }
        c!(C_FindObjectsFinal(self.0))?;
        Ok(found)
    }

    /// The one object of this class and CKA_ID.
    pub fn one(self, class: CK_OBJECT_CLASS, id: &[u8]) -> CK_OBJECT_HANDLE {
        let found = self.find(&[(CKA_CLASS, &class.to_ne_bytes()), (CKA_ID, id)]).unwrap();
        assert_eq!(found.len(), 1, "class {class}");
        found[0]
    }

    pub fn attribute(self, object: CK_OBJECT_HANDLE, kind: CK_ATTRIBUTE_TYPE) -> Attribute {
        let mut attribute = CK_ATTRIBUTE { type_: kind, pValue: null_mut(), ulValueLen: 0 };
        c!(C_GetAttributeValue(self.0, object, &raw mut attribute, 1))?;
        let mut value = vec![0; usize::try_from(attribute.ulValueLen).unwrap()];
        attribute.pValue = value.as_mut_ptr().cast();
        c!(C_GetAttributeValue(self.0, object, &raw mut attribute, 1))?;
        Ok(value)
    }

    pub fn number(self, object: CK_OBJECT_HANDLE, kind: CK_ATTRIBUTE_TYPE) -> CK_ULONG {
        CK_ULONG::from_ne_bytes(self.attribute(object, kind).unwrap().try_into().unwrap())
    }

    pub fn flag(self, object: CK_OBJECT_HANDLE, kind: CK_ATTRIBUTE_TYPE) -> bool {
        match *self.attribute(object, kind).unwrap() {
            [CK_TRUE] => true,
            [CK_FALSE] => false,
            _ => panic!("no flag"),
        }
    }

    pub fn sign_init(self, mechanism: &mut Mechanism, key: CK_OBJECT_HANDLE) -> Result<(), CK_RV> {
        c!(C_SignInit(self.0, mechanism.raw(), key))
    }

    pub fn sign(self, mechanism: &mut Mechanism, key: CK_OBJECT_HANDLE, data: &[u8]) -> Result<Vec<u8>, CK_RV> {
        self.sign_init(mechanism, key)?;
        output(|out, len| c!(C_Sign(self.0, data.as_ptr().cast_mut(), number(data.len()), out, len)))
    }

    pub fn sign_parts(
        self,
        mechanism: &mut Mechanism,
        key: CK_OBJECT_HANDLE,
        parts: &[&[u8]],
    ) -> Result<Vec<u8>, CK_RV> {
        self.sign_init(mechanism, key)?;
        for part in parts {
            c!(C_SignUpdate(self.0, part.as_ptr().cast_mut(), number(part.len())))?;
        }
        output(|out, len| c!(C_SignFinal(self.0, out, len)))
    }

    pub fn verify(
        self,
        mechanism: &mut Mechanism,
        key: CK_OBJECT_HANDLE,
        data: &[u8],
        signature: &[u8],
    ) -> Result<(), CK_RV> {
        c!(C_VerifyInit(self.0, mechanism.raw(), key))?;
        let (data, signature) =
            ((data.as_ptr().cast_mut(), data.len()), (signature.as_ptr().cast_mut(), signature.len()));
        c!(C_Verify(self.0, data.0, number(data.1), signature.0, number(signature.1)))
    }

    pub fn decrypt(self, mechanism: &mut Mechanism, key: CK_OBJECT_HANDLE, data: &[u8]) -> Result<Vec<u8>, CK_RV> {
        c!(C_DecryptInit(self.0, mechanism.raw(), key))?;
        output(|out, len| c!(C_Decrypt(self.0, data.as_ptr().cast_mut(), number(data.len()), out, len)))
    }

    pub fn encrypt(self, mechanism: &mut Mechanism, key: CK_OBJECT_HANDLE, data: &[u8]) -> Result<Vec<u8>, CK_RV> {
        c!(C_EncryptInit(self.0, mechanism.raw(), key))?;
        output(|out, len| c!(C_Encrypt(self.0, data.as_ptr().cast_mut(), number(data.len()), out, len)))
    }
}

/// Tries until there is something; what is to come within a second has ten.
pub fn until<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = std::time::Instant::now();
    loop {
        if let Some(outcome) = attempt() {
            return outcome;
        }
        assert!(start.elapsed().as_secs() < 10, "it does not come");
        std::thread::yield_now();
    }
}

/// Asks for the length, then for the result.
pub fn output(call: impl Fn(*mut CK_BYTE, *mut CK_ULONG) -> Result<(), CK_RV>) -> Result<Vec<u8>, CK_RV> {
    let mut length = 0;
    call(null_mut(), &raw mut length)?;
    let mut result = vec![0; usize::try_from(length).unwrap()];
    call(result.as_mut_ptr(), &raw mut length)?;
    result.truncate(usize::try_from(length).unwrap());
    Ok(result)
}

pub fn number(length: usize) -> CK_ULONG {
    CK_ULONG::try_from(length).unwrap()
}

/// A mechanism with its parameter.
pub struct Mechanism {
    kind: CK_MECHANISM_TYPE,
    parameter: Parameter,
    structure: CK_MECHANISM,
}

enum Parameter {
    None,
    Pss(CK_RSA_PKCS_PSS_PARAMS),
    Oaep(CK_RSA_PKCS_OAEP_PARAMS),
}

impl Mechanism {
    pub fn new(kind: CK_MECHANISM_TYPE) -> Self {
        Self::with(kind, Parameter::None)
    }

    pub fn pss(kind: CK_MECHANISM_TYPE, hash: CK_MECHANISM_TYPE, mgf: CK_RSA_PKCS_MGF_TYPE, salt: CK_ULONG) -> Self {
        Self::with(kind, Parameter::Pss(CK_RSA_PKCS_PSS_PARAMS { hashAlg: hash, mgf, sLen: salt }))
    }

    pub fn oaep(hash: CK_MECHANISM_TYPE, mgf: CK_RSA_PKCS_MGF_TYPE) -> Self {
        let parameter = CK_RSA_PKCS_OAEP_PARAMS {
            hashAlg: hash,
            mgf,
            source: CKZ_DATA_SPECIFIED,
            pSourceData: null_mut(),
            ulSourceDataLen: 0,
        };
        Self::with(CKM_RSA_PKCS_OAEP, Parameter::Oaep(parameter))
    }

    fn with(kind: CK_MECHANISM_TYPE, parameter: Parameter) -> Self {
        let structure = CK_MECHANISM { mechanism: kind, pParameter: null_mut(), ulParameterLen: 0 };
        Self { kind, parameter, structure }
    }

    pub fn raw(&mut self) -> *mut CK_MECHANISM {
        let (place, length) = match &mut self.parameter {
            Parameter::None => (null_mut(), 0),
            Parameter::Pss(pss) => ((&raw mut *pss).cast(), size_of::<CK_RSA_PKCS_PSS_PARAMS>()),
            Parameter::Oaep(oaep) => ((&raw mut *oaep).cast(), size_of::<CK_RSA_PKCS_OAEP_PARAMS>()),
        };
        self.structure = CK_MECHANISM { mechanism: self.kind, pParameter: place, ulParameterLen: number(length) };
        &raw mut self.structure
    }
}
