# ingam csr

csr-done = Made a key in the token and wrote the request: { $file } (token: { $token }, label: { $label })
csr-next = When the certificate is issued, add it to that key: ingam import FILE --to token
csr-bad-subject = This is not a subject's name.
csr-bad-subject-hint = Write it as in RFC 4514, for example: cn=홍길동,ou=personal,o=Example,c=kr
csr-no-keys-made = No keys are made in this medium: { $medium }
csr-no-keys-made-hint = Name a security token, which private keys never leave. To see them: ingam token list
csr-key-stays =
    The key that was made stays in the token: { $token } / { $label }
    To get rid of it: ingam delete { $key } --medium { $medium }

help-csr = Makes a key in a token and writes a certificate request (PKCS#10) for it.
help-csr-usage = ingam csr --medium MEDIUM --subject DN --out FILE [--bits 2048] [--label LABEL] [--force] [--pin-fd N | …]
help-csr-examples =
    ingam csr --medium token --subject 'cn=홍길동,ou=personal,o=Example,c=kr' --out hong.csr
    ingam import hong.pem --to token         adds the certificate to that key when it is issued
help-csr-medium = Make the key in this token: security-token[:LABEL], token[:SERIAL]
help-csr-medium-value = MEDIUM
help-csr-subject = The subject's name (RFC 4514): cn=…,o=…,c=kr
help-csr-subject-value = DN
help-csr-output = The PEM file for the request, "-" for standard output
help-csr-output-value = FILE
help-csr-bits = Length of the RSA key: 2048 (default), 3072, 4096
help-csr-bits-value = BITS
help-csr-label = What the key is called on the token (default: the subject's CN)
help-csr-label-value = LABEL
