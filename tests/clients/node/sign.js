// pkcs11js: lists, logs in, signs and verifies. KEY_ID names the key; writes data.pkcs1 and data.pss.
"use strict";
const assert = require("node:assert");
const fs = require("node:fs");
const pkcs11 = require("pkcs11js");

const { INGAM_MODULE, TOKEN_LABEL, USER_PIN, KEY_ID } = process.env;
const data = fs.readFileSync("data");
const module_ = new pkcs11.PKCS11();
module_.load(INGAM_MODULE);
module_.C_Initialize();
const slots = module_.C_GetSlotList(true);
const slot = slots.find((slot) => module_.C_GetTokenInfo(slot).label.trim() === TOKEN_LABEL);
assert(slot, `no token ${TOKEN_LABEL}`);
const session = module_.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION);

function find(template) {
  module_.C_FindObjectsInit(session, template);
  const found = [];
  for (let object; (object = module_.C_FindObjects(session)); ) found.push(object);
  module_.C_FindObjectsFinal(session);
  return found;
}
const key = (type) =>
  find([{ type: pkcs11.CKA_CLASS, value: type }, { type: pkcs11.CKA_ID, value: Buffer.from(KEY_ID, "hex") }]);

assert.throws(() => module_.C_Login(session, pkcs11.CKU_USER, "wrong"), /CKR_PIN_INCORRECT/);
assert.strictEqual(key(pkcs11.CKO_PRIVATE_KEY).length, 0, "a private key before login");
module_.C_Login(session, pkcs11.CKU_USER, USER_PIN);
const [privateKey] = key(pkcs11.CKO_PRIVATE_KEY);
const [publicKey] = key(pkcs11.CKO_PUBLIC_KEY);
const pss = { type: pkcs11.CK_PARAMS_RSA_PSS, hashAlg: pkcs11.CKM_SHA256, mgf: pkcs11.CKG_MGF1_SHA256, saltLen: 32 };
for (const [name, mechanism] of [
  ["pkcs1", { mechanism: pkcs11.CKM_SHA256_RSA_PKCS }],
  ["pss", { mechanism: pkcs11.CKM_SHA256_RSA_PKCS_PSS, parameter: pss }],
]) {
  module_.C_SignInit(session, mechanism, privateKey);
  const signature = module_.C_Sign(session, data, Buffer.alloc(512));
  module_.C_VerifyInit(session, mechanism, publicKey);
  assert(module_.C_Verify(session, data, signature));
  fs.writeFileSync(`data.${name}`, signature);
}
module_.C_Logout(session);
module_.C_CloseSession(session);
module_.C_Finalize();
