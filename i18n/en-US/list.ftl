# ingam list

list-number = #
list-name = NAME
list-issuer = ISSUER
list-usage = USAGE
list-medium = MEDIUM
list-expires = EXPIRES
list-left = LEFT

list-medium-and-others = { $medium } +{ $count }
list-without-key = { $left }, no private key

list-summary =
    { $certificates ->
        [one] 1 certificate
       *[other] { $certificates } certificates
    } on { $media ->
        [one] 1 medium
       *[other] { $media } media
    }
list-summary-expired = { $count } expired
list-summary-renewal = { $count } in the renewal period
list-summary-copies =
    { $count ->
        [one] 1 copy
       *[other] { $count } copies
    }

list-incomplete = Incomplete:
list-unusable = Cannot be used:
list-unusable-line = ! { $place }: { $reason }

list-nothing-there = There are no certificates.
list-nothing-usable-there = There are no usable certificates.
list-nothing-fits = No certificate fits.
list-nothing = There are no certificates. Searched:
list-nothing-usable = There are no usable certificates. Searched:
list-searched = { "  " }{ $folder }
list-searched-missing = { "  " }{ $folder } (no such folder)
list-searched-closed = { "  " }{ $folder } (cannot be looked into)
list-nothing-hint =
    If they are in another folder: ingam list --medium dir:PATH
    To search there always, set the environment variable INGAM_NPKI_PATH.
    To make test certificates: ingam sample --out DIR
