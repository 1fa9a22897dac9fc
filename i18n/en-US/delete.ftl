# ingam delete

delete-what =
    Deleting: { $what }
    { "         " }{ $place }
delete-key-alone = the key { $name }, which has no certificate
delete-last-copy = No other copy is seen. This cannot be undone.
delete-last-copy-here = Whether other media have a copy was not looked at. This cannot be undone.
delete-other-copies =
    { $count ->
        [one] There is 1 other copy.
       *[other] There are { $count } other copies.
    }
delete-key-is-lost = This cannot be undone. A certificate that was requested for this key will be of no use.
delete-is-no-revocation = Deleting is not revoking. Ask the issuing CA to revoke it.
delete-confirm = To delete it, type the last 4 digits of its serial number ({ $digits }):{ " " }
delete-confirm-key = To delete it, type the last 4 characters of its name ({ $digits }):{ " " }
delete-done = Deleted: { $name } ({ $place })

help-delete = Deletes a certificate with its keys from a medium. This is not a revocation.
help-delete-usage = ingam delete CERT [--medium MEDIUM] [--yes] [--pin-fd N | …]
help-delete-examples =
    ingam delete 홍길동 --medium hdd
    ingam delete 'key-01ab' --medium token   a key without a certificate
help-delete-certificate =
    Part of the name, serial:HEX, the beginning of sha256:HEX, a pkcs11: URI, the folder of a copy, or the name of a key on a token that has no certificate
help-delete-certificate-value = CERT
