# ingam sample

sample-made =
    Made { $count ->
        [one] 1 test certificate
       *[other] { $count } test certificates
    }, good for nothing real: { $folder }
sample-more = { "  " }… and { $count } more
sample-password-built-in = Password: { $password } (the test password that everybody knows)
sample-password-given = Password: the one that you gave
sample-files =
    Number for identification: { $idn } (a test number)
    Root certificate: { $root }
    CA certificates: { $ca }
sample-next =
    Go on with:
      export INGAM_NPKI_PATH={ $folder }
      ingam list
