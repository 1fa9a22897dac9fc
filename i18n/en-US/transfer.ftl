# ingam copy, move, import

transfer-part-key = key
transfer-part-km = encryption key and certificate
transfer-part-certificate = certificate
transfer-part-chain = chain
transfer-part-r = VID R

transfer-done = ✓ { $name }: { $parts }
transfer-proved = { "  " }verified by a test signature
transfer-removed = Removed: { $from }
transfer-attached = ✓ { $name }: the certificate joined its key in the token
transfer-present = = there already: { $place }
transfer-failed = ✗ { $place }: { $reason }
transfer-not-tried =
    { $count ->
        [one] 1 more was not tried.
       *[other] { $count } more were not tried.
    }

transfer-incomplete = ! A part of the original cannot be read, and is not in the copy: { $reason }
transfer-without-r = ! There is no R: sites that check who the owner is (본인확인) will refuse it.
transfer-notice-hdd = ! A hard disk is the medium that malware reaches most easily.
transfer-notice-usb = ! While it is plugged in its files can be copied. Unplug it after use.
transfer-own-keypad = Type the PIN on the token itself: { $token }

transfer-confirm-move =
    Moving: { $certificate }
    The original is removed once the copy was verified: { $from } → { $to }
    To move it, type the last 4 digits of its serial number ({ $digits }):{ " " }

transfer-medium-ambiguous = More than one medium fits: { $medium }
transfer-copy-ambiguous = There is more than one copy of this certificate: { $certificate }
transfer-copy-ambiguous-hint = Say which by --medium, or name one of these:
transfer-key-stays = The private key does not leave the security token: { $token }
transfer-key-stays-hint = To use another medium too, have another certificate issued for that one.
transfer-token-to-token = Nothing goes from one security token straight to another.
transfer-token-to-token-hint = If its keys may leave the token, copy to dir:PATH first and import that folder.
transfer-no-place-for-r = The token cannot keep R, so nothing was written: { $token }
transfer-no-place-for-r-hint =
    To copy without R, add --drop-vid. Sites that check who the owner is (본인확인) will refuse that copy.
transfer-original-stays = The copy was verified, but the original could not be removed. The certificate is in both places.
transfer-not-yet = This cannot be imported yet: { $path }
transfer-not-yet-hint = PFX (.p12, .pfx) and PEM keys come in a later version. NPKI folders can be imported now.
transfer-not-one-certificate = The file must hold one owner's certificate, beside those of CAs: { $path }
transfer-password-stays = A copy keeps the password of its original; --new-password-… is for copies from a security token only.
transfer-nothing-there = There are no certificates in this folder: { $path }
transfer-nothing-there-hint = Give a folder with signCert.der and signPri.key, or an NPKI folder of such folders.
transfer-weak-password = The new password is too easy to guess.
transfer-password-rules =
    New password: 10 characters or more, with letters, digits and special characters (none of ' " \ |)
transfer-no-certificate-added = A certificate without its private key cannot be kept there: { $medium }
transfer-no-certificate-added-hint = A certificate file can be imported into the token only in which 'ingam csr' made its key.

help-secrets-both =
    The certificate's password and the token's PIN are each taken from the first of these that is given; never from the command line.
      …-fd, …-file, systemd credential (ingam.password, ingam.pin, ingam.new-password), pin-source of the URI, …-env, the terminal
help-secrets-one-pin =
    The PIN is taken from the first of these that is given; never from the command line.
      --pin-fd, --pin-file, systemd credential (ingam.pin), --pin-env, the terminal

help-arg-to = Where it goes: hdd, security-token[:LABEL], token[:SERIAL], dir:PATH
help-arg-to-value = MEDIUM
help-arg-drop-vid = Copy without R where the token cannot keep it
help-arg-allow-weak-password = Take a new password that breaks the rules
help-arg-new-password-fd = Read the new password from this file descriptor
help-arg-new-password-fd-value = N
help-arg-new-password-file = Read the new password from this file (readable by its owner only)
help-arg-new-password-file-value = FILE
help-arg-new-password-env = Read the new password from this environment variable (less safe than a file)
help-arg-new-password-env-value = VAR

help-import = Takes certificates with their keys from folders to a medium.
help-import-usage =
    ingam import FILE… --to MEDIUM [--drop-vid]
    { "             [" }--password-fd N | …] [--pin-fd N | …]
help-import-examples =
    ingam import ~/NPKI/yessign/USER/cn=… --to token
    ingam import ./NPKI --to hdd              every certificate in the folder
    ingam import hong.pem --to token:office   the certificate of a key that 'ingam csr' made
help-import-files = A certificate's folder (signCert.der, signPri.key), an NPKI folder of such folders, or the certificate file of a key in the token (PEM, DER, "-")
help-import-files-value = FILE

help-copy = Copies a certificate with its keys to another medium.
help-copy-usage =
    ingam copy CERT --to MEDIUM [--medium MEDIUM] [--drop-vid]
    { "           [" }--password-fd N | …] [--pin-fd N | …] [--new-password-fd N | …]
help-copy-examples =
    ingam copy 홍길동 --to dir:/mnt/usb       writes /mnt/usb/NPKI; the password stays the same
    ingam copy 홍길동 --to token:office

help-move = Moves a certificate with its keys to another medium. The original is removed once the copy was verified.
help-move-usage =
    ingam move CERT --to MEDIUM [--medium MEDIUM] [--yes]
    { "           [" }--password-fd N | …] [--pin-fd N | …] [--new-password-fd N | …]
help-move-examples =
    ingam move 홍길동 --to token
    ingam move 홍길동 --medium dir:/mnt/usb --to hdd --yes --password-file pw
