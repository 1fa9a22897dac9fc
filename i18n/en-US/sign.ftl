# ingam sign

sign-expired = ! Signing with an expired certificate. The recipient may refuse it.
sign-done = Signed: { $file } ({ $algorithm }, { $bytes } bytes, certificate: { $name })
