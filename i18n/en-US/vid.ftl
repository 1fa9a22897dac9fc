# ingam vid

vid-fits = ✓ The number fits the certificate. (certificate: { $name })
vid-does-not-fit = ✗ The number does not fit the certificate. (certificate: { $name })
vid-random-written = R written: { $file } (mode 0600, certificate: { $name })
vid-random-handed = R handed over. (certificate: { $name })
