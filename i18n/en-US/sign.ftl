# ingam sign

sign-expired = ! Signing with an expired certificate. The recipient may refuse it.
sign-done = Signed: { $file } ({ $algorithm }, { $bytes } bytes, certificate: { $name })
sign-not-yet-valid = ! Signing with a certificate that is not yet valid. The recipient may refuse it.
