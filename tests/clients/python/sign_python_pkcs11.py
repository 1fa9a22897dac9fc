"""python-pkcs11: lists, logs in, signs and verifies. KEY_ID names the key; writes data.pkcs1 and data.pss."""

import os

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, MGF, ObjectClass
from pkcs11.exceptions import PinIncorrect

token = pkcs11.lib(os.environ["INGAM_MODULE"]).get_token(token_label=os.environ["TOKEN_LABEL"])
key_id = bytes.fromhex(os.environ["KEY_ID"])
data = open("data", "rb").read()

try:
    token.open(user_pin="wrong")
    raise SystemExit("a wrong password was taken")
except PinIncorrect:
    pass

with token.open() as session:
    assert not list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})), "a private key before login"
    certificates = list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}))
    assert len(certificates) >= 3, "sign, km and the issuer"

with token.open(user_pin=os.environ["USER_PIN"]) as session:
    private = session.get_key(ObjectClass.PRIVATE_KEY, KeyType.RSA, id=key_id)
    public = session.get_key(ObjectClass.PUBLIC_KEY, KeyType.RSA, id=key_id)
    pss = (Mechanism.SHA256, MGF.SHA256, 32)
    for name, how in [
        ("pkcs1", {"mechanism": Mechanism.SHA256_RSA_PKCS}),
        ("pss", {"mechanism": Mechanism.SHA256_RSA_PKCS_PSS, "mechanism_param": pss}),
    ]:
        signature = private.sign(data, **how)
        assert public.verify(data, signature, **how)
        assert not public.verify(data + b".", signature, **how)
        open(f"data.{name}", "wb").write(signature)
    print("keys:", len(list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}))))
