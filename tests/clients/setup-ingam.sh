#!/bin/bash
# setup-ingam.sh DIR [MATERIAL]: makes a TEST certificate with a km pair in DIR/NPKI and writes to DIR/env the variables that
# describe its token to a client. Needs INGAM_CLI and INGAM_MODULE; OWNER is the name. MATERIAL, which other modules import, is not used.
set -eu
D=$(readlink -f "$1")
PASSWORD='Clients-Only-2026!'
(umask 077 && printf %s "$PASSWORD" >"$D/password")
"$INGAM_CLI" sample --out "$D" --km --name "${OWNER:-홍길동}" --password-file "$D/password" >"$D/sample.log"
export INGAM_NPKI_PATH=$D/NPKI

# What the files say, by OpenSSL: the certificates, and CKA_ID, which is the subjectKeyIdentifier.
pem() { find "$INGAM_NPKI_PATH" -name "$1" -exec openssl x509 -in {} -out "$D/$2" \;; }
pem signCert.der sign.pem
pem kmCert.der km.pem
key_id() { openssl x509 -in "$D/$1" -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' :' | tr A-F a-f; }
KEY_ID=$(key_id sign.pem)
KM_KEY_ID=$(key_id km.pem)
# What the module calls them.
tool() { pkcs11-tool --module "$INGAM_MODULE" "$@" 2>/dev/null; }
TOKEN_LABEL=$(tool --list-token-slots | sed -nE 's/^ *token label *: (.*[^ ]) *$/\1/p')
label() { # of the certificate with this CKA_ID
    tool --list-objects --type cert | awk -v id="$1" '/^  label:/ { sub(/^  label: */, ""); sub(/ *$/, ""); label = $0 } $0 ~ "^  ID: *" id { print label }'
}

{
    printf 'export %s=%q\n' INGAM_NPKI_PATH "$INGAM_NPKI_PATH" USER_PIN "$PASSWORD" TOKEN_LABEL "$TOKEN_LABEL"
    printf 'export %s=%q\n' KEY_ID "$KEY_ID" KEY_LABEL "$(label "$KEY_ID")" KM_KEY_ID "$KM_KEY_ID" KM_KEY_LABEL "$(label "$KM_KEY_ID")"
    printf 'export %s=%q\n' CERT_PEM "$D/sign.pem" KM_CERT_PEM "$D/km.pem" CA_PEM "$D/ca.pem"
} >"$D/env"
