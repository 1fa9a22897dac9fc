"""PyKCS11: lists, logs in, signs and verifies. KEY_ID names the key; writes data.pkcs1 and data.pss."""

import os

import PyKCS11
from PyKCS11 import LowLevel as ck

library = PyKCS11.PyKCS11Lib()
library.load(os.environ["INGAM_MODULE"])
[slot] = [
    slot
    for slot in library.getSlotList(tokenPresent=True)
    if library.getTokenInfo(slot).label.strip() == os.environ["TOKEN_LABEL"]
]
key_id = tuple(bytes.fromhex(os.environ["KEY_ID"]))
data = open("data", "rb").read()

session = library.openSession(slot, ck.CKF_SERIAL_SESSION)
try:
    session.login("wrong")
    raise SystemExit("a wrong password was taken")
except PyKCS11.PyKCS11Error as error:
    assert error.value == ck.CKR_PIN_INCORRECT, error
assert not session.findObjects([(ck.CKA_CLASS, ck.CKO_PRIVATE_KEY)]), "a private key before login"
session.login(os.environ["USER_PIN"])
[private] = session.findObjects([(ck.CKA_CLASS, ck.CKO_PRIVATE_KEY), (ck.CKA_ID, key_id)])
[public] = session.findObjects([(ck.CKA_CLASS, ck.CKO_PUBLIC_KEY), (ck.CKA_ID, key_id)])
for name, mechanism in [
    ("pkcs1", PyKCS11.Mechanism(ck.CKM_SHA256_RSA_PKCS)),
    ("pss", PyKCS11.RSA_PSS_Mechanism(ck.CKM_SHA256_RSA_PKCS_PSS, ck.CKM_SHA256, ck.CKG_MGF1_SHA256, 32)),
]:
    signature = bytes(session.sign(private, data, mechanism))
    assert session.verify(public, data, signature, mechanism)
    assert not session.verify(public, data + b".", signature, mechanism)
    open(f"data.{name}", "wb").write(signature)
print("keys:", len(session.findObjects([(ck.CKA_CLASS, ck.CKO_PRIVATE_KEY)])))
session.logout()
session.closeSession()
