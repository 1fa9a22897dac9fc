# ingam verify

verify-title = Certificate: { $name }
verify-signature = Signature
verify-chain = Chain
verify-period = Validity
verify-usage = Usage
verify-revocation = Revocation
verify-not-checked = not checked
verify-revocation-not-checked = not checked (no revocation list is consulted)

verify-root-pinned = { $path }
verify-root-by-option = { $path } (trusted by --ca)
verify-period-value = { $from } … { $to }

verify-not-yet-valid = Not yet valid. ({ $period })
verify-expired = Expired. ({ $period })
verify-key-usage = Its key usage does not allow signing.
verify-signature-mismatch = The issuer's signature does not fit.
verify-unsupported-algorithm = The signature algorithm is not supported.
verify-issuer-missing = The issuer's certificate is not at hand. Give it with --ca.
verify-untrusted-root = The root is not trusted. For a test CA, give it with --ca.
verify-issuer-not-ca = The issuer is no CA.
verify-issuer-key-usage = The issuer may not sign certificates.
verify-path-too-long = The chain is too long.
verify-ca-outside-validity = A CA's certificate is outside its validity.
verify-policy-not-allowed = A CA does not allow this policy.
verify-unknown-critical-extension = There is a critical extension that is not known.
verify-damaged-extension = An extension is damaged.

verify-signature-fits = ✓ The signature fits. (certificate: { $name }, { $algorithm })
verify-signature-wrong = ✗ The signature does not fit. (certificate: { $name }, { $algorithm })
verify-signature-note = The certificate itself was not verified; for that, run it without --in and --signature.
