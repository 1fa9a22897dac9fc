//! This file is a PKCS#11 host: it loads any module and calls it through the C function list, as applications do.

use std::path::Path;
use std::ptr;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_C_INITIALIZE_ARGS, CK_FUNCTION_LIST, CK_MECHANISM, CK_OBJECT_HANDLE, CK_RV,
    CK_SESSION_HANDLE, CK_SLOT_ID, CK_ULONG, CKF_OS_LOCKING_OK, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKR_OK, CKU_USER,
};

/// A loaded module.
#[derive(Clone, Copy)]
pub(crate) struct Host {
    functions: &'static CK_FUNCTION_LIST,
}

/// Calls an entry of the function list and panics unless it answers `CKR_OK`.
macro_rules! ok {
    ($host:expr, $entry:ident ( $($argument:expr),* )) => {
        assert_eq!(call!($host, $entry($($argument),*)), CKR_OK, stringify!($entry))
    };
}

/// Calls an entry of the function list.
macro_rules! call {
    ($host:expr, $entry:ident ( $($argument:expr),* )) => {{
        let entry = $host.functions.$entry.expect(stringify!($entry));
        // SAFETY: the entry comes from the module's own list, and every pointer given is to a live value of the type and
        // length that PKCS#11 asks for, or null where it may be.
        unsafe { entry($($argument),*) }
    }};
}

impl Host {
    /// Loads a module, for the rest of the process.
    pub(crate) fn load(module: &Path) -> Self {
        // SAFETY: loading runs the module's constructors; a PKCS#11 module is made to be loaded.
        let library =
            unsafe { libloading::Library::new(module) }.unwrap_or_else(|error| panic!("{}: {error}", module.display()));
        // SAFETY: PKCS#11 gives this symbol this type (2.40, section 5.2).
        let list: libloading::Symbol<'_, unsafe extern "C" fn(*mut *mut CK_FUNCTION_LIST) -> CK_RV> =
            unsafe { library.get(b"C_GetFunctionList") }.expect("a PKCS#11 module");
        let mut functions = ptr::null_mut();
        // SAFETY: the pointer is to a live variable.
        assert_eq!(unsafe { list(&raw mut functions) }, CKR_OK);
        // Never unloaded: the function list is in it.
        std::mem::forget(library);
        // SAFETY: after CKR_OK it points to the module's list, which lives as long as the module: forever.
        Self { functions: unsafe { functions.as_ref() }.expect("a function list") }
    }

    /// `C_Initialize`, from a host with threads.
    pub(crate) fn initialize(self) {
        let mut arguments = CK_C_INITIALIZE_ARGS { flags: CKF_OS_LOCKING_OK, ..Default::default() };
        ok!(self, C_Initialize((&raw mut arguments).cast()));
    }

    /// `C_Finalize`.
    pub(crate) fn finalize(self) {
        ok!(self, C_Finalize(ptr::null_mut()));
    }

    /// The slots with a token.
    pub(crate) fn slots(self) -> Vec<CK_SLOT_ID> {
        let mut count = 0;
        ok!(self, C_GetSlotList(1, ptr::null_mut(), &raw mut count));
        let mut slots = vec![0; usize::try_from(count).expect("few slots")];
        ok!(self, C_GetSlotList(1, slots.as_mut_ptr(), &raw mut count));
        slots
    }

    /// Opens a session, read-write where `flags` has `CKF_RW_SESSION`.
    fn open_with(self, slot: CK_SLOT_ID, flags: CK_ULONG) -> Session {
        let mut handle = 0;
        ok!(self, C_OpenSession(slot, CKF_SERIAL_SESSION | flags, ptr::null_mut(), None, &raw mut handle));
        Session { host: self, slot, handle }
    }

    pub(crate) fn open(self, slot: CK_SLOT_ID) -> Session {
        self.open_with(slot, 0)
    }

    pub(crate) fn open_read_write(self, slot: CK_SLOT_ID) -> Session {
        self.open_with(slot, CKF_RW_SESSION)
    }
}

/// An open session.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    host: Host,
    slot: CK_SLOT_ID,
    handle: CK_SESSION_HANDLE,
}

/// An attribute that points to this value.
pub(crate) fn attribute<T: ?Sized>(kind: CK_ATTRIBUTE_TYPE, value: &T) -> CK_ATTRIBUTE {
    CK_ATTRIBUTE { type_: kind, pValue: ptr::from_ref(value).cast_mut().cast(), ulValueLen: length(size_of_val(value)) }
}

/// A mechanism whose parameter is this value.
pub(crate) fn mechanism<T>(kind: CK_ULONG, parameter: Option<&T>) -> CK_MECHANISM {
    CK_MECHANISM {
        mechanism: kind,
        pParameter: parameter.map_or(ptr::null_mut(), |value| ptr::from_ref(value).cast_mut().cast()),
        ulParameterLen: parameter.map_or(0, |value| length(size_of_val(value))),
    }
}

fn length(bytes: usize) -> CK_ULONG {
    CK_ULONG::try_from(bytes).expect("a length")
}

impl Session {
    /// One more session on the same token.
    pub(crate) fn another(self) -> Self {
        self.host.open(self.slot)
    }

    /// `C_Login` of the user; the return value, since a wrong PIN is measured too.
    pub(crate) fn login(self, pin: &str) -> CK_RV {
        let mut pin = pin.as_bytes().to_vec();
        call!(self.host, C_Login(self.handle, CKU_USER, pin.as_mut_ptr(), length(pin.len())))
    }

    pub(crate) fn logout(self) {
        ok!(self.host, C_Logout(self.handle));
    }

    /// Every object that fits the template.
    pub(crate) fn find(self, template: &[CK_ATTRIBUTE]) -> Vec<CK_OBJECT_HANDLE> {
        let mut template = template.to_vec();
        ok!(self.host, C_FindObjectsInit(self.handle, template.as_mut_ptr(), length(template.len())));
        let mut found = Vec::new();
        let mut block = [0; 256];
        loop {
            let mut count = 0;
            ok!(self.host, C_FindObjects(self.handle, block.as_mut_ptr(), length(block.len()), &raw mut count));
            if count == 0 {
                break;
            }
            found.extend_from_slice(&block[..usize::try_from(count).expect("a count")]);
        }
        ok!(self.host, C_FindObjectsFinal(self.handle));
        found
    }

    /// Reads attributes as clients do: first the lengths, then the values; returns the bytes read.
    pub(crate) fn read(self, object: CK_OBJECT_HANDLE, kinds: &[CK_ATTRIBUTE_TYPE]) -> Vec<Vec<u8>> {
        let mut template: Vec<CK_ATTRIBUTE> =
            kinds.iter().map(|kind| CK_ATTRIBUTE { type_: *kind, pValue: ptr::null_mut(), ulValueLen: 0 }).collect();
        ok!(self.host, C_GetAttributeValue(self.handle, object, template.as_mut_ptr(), length(template.len())));
        let mut values: Vec<Vec<u8>> = template
            .iter()
            .map(|attribute| vec![0; usize::try_from(attribute.ulValueLen).expect("a length")])
            .collect();
        for (attribute, value) in template.iter_mut().zip(&mut values) {
            attribute.pValue = value.as_mut_ptr().cast();
        }
        ok!(self.host, C_GetAttributeValue(self.handle, object, template.as_mut_ptr(), length(template.len())));
        values
    }

    /// `C_SignInit` and `C_Sign`, as an application does for every document; returns the signature's length.
    pub(crate) fn sign(
        self,
        mechanism: &CK_MECHANISM,
        key: CK_OBJECT_HANDLE,
        data: &[u8],
        signature: &mut [u8],
    ) -> usize {
        self.sign_init(mechanism, key);
        self.sign_begun(data, signature)
    }

    /// `C_SignInit`.
    pub(crate) fn sign_init(self, mechanism: &CK_MECHANISM, key: CK_OBJECT_HANDLE) {
        ok!(self.host, C_SignInit(self.handle, ptr::from_ref(mechanism).cast_mut(), key));
    }

    /// `C_Sign`; returns the signature's length.
    pub(crate) fn sign_begun(self, data: &[u8], signature: &mut [u8]) -> usize {
        let mut written = length(signature.len());
        ok!(
            self.host,
            C_Sign(self.handle, data.as_ptr().cast_mut(), length(data.len()), signature.as_mut_ptr(), &raw mut written)
        );
        usize::try_from(written).expect("a length")
    }

    /// `C_CreateObject`.
    pub(crate) fn create(self, template: &[CK_ATTRIBUTE]) {
        let (mut template, mut object) = (template.to_vec(), 0);
        ok!(self.host, C_CreateObject(self.handle, template.as_mut_ptr(), length(template.len()), &raw mut object));
    }

    /// `C_CopyObject`, with these attributes changed.
    pub(crate) fn copy(self, object: CK_OBJECT_HANDLE, changes: &[CK_ATTRIBUTE]) {
        let (mut changes, mut copy) = (changes.to_vec(), 0);
        ok!(self.host, C_CopyObject(self.handle, object, changes.as_mut_ptr(), length(changes.len()), &raw mut copy));
    }

    /// `C_GenerateKeyPair`; returns the public and the private key.
    pub(crate) fn generate(
        self,
        mechanism: &CK_MECHANISM,
        public: &[CK_ATTRIBUTE],
        private: &[CK_ATTRIBUTE],
    ) -> [CK_OBJECT_HANDLE; 2] {
        let (mut public, mut private) = (public.to_vec(), private.to_vec());
        let (mut public_key, mut private_key) = (0, 0);
        ok!(
            self.host,
            C_GenerateKeyPair(
                self.handle,
                ptr::from_ref(mechanism).cast_mut(),
                public.as_mut_ptr(),
                length(public.len()),
                private.as_mut_ptr(),
                length(private.len()),
                &raw mut public_key,
                &raw mut private_key
            )
        );
        [public_key, private_key]
    }
}
