# Errors: what happened; the hint says what to do.

# Kinds of the library's errors
error-about = { $message } ({ $subject })
error-already-exists = It exists already and was not overwritten.
error-ambiguous = More than one fits.
error-busy = Another program is using it.
error-busy-hint = Try again in a moment.
error-cancelled = Cancelled.
error-certificate-expired = The certificate is outside its validity.
error-certificate-expired-hint = An expired certificate cannot be renewed; its CA must issue a new one.
error-damaged = Damaged, or not of its format.
error-damaged-hint = Use a backup or a copy on another medium.
error-device = The device or file system failed.
error-invalid-input = The input is not of the right form.
error-last-try-refused = Only one PIN try is left; nothing was sent.
error-mismatch = Private key and certificate do not belong together.
error-mismatch-hint = Files of another certificate may have been mixed in. Use a copy.
error-no-space = There is no space left.
error-not-found = There is no such file or folder.
error-not-logged-in = The password is needed first.
error-not-permitted = You are not permitted to access it.
error-not-permitted-hint = Check owner and mode of the file and its folders.
error-pin-incorrect = Wrong password.
error-pin-incorrect-hint =
    There is no recovery: a forgotten password means re-issue by the CA.
    A damaged key file can look the same.
error-pin-locked = The PIN is locked.
error-pin-rejected = The new PIN does not follow the rules.
error-removed = The medium is not there.
error-removed-hint = Check that it is plugged in and that the path is right.
error-service-missing = A system service that this needs is not running.
error-timed-out = There was no answer in time.
error-unsupported = This format or algorithm is not supported.
error-write-protected = The medium cannot be written.

# Causes
error-cause-is-folder = This is a folder, not a file.
error-cause-not-a-folder = A part of the path is a file, not a folder.
error-cause-name = The file name is too long or cannot be used here.
error-cause-too-large = The file is too large.
error-cause-no-certificate = There is no signCert.der.
error-cause-not-a-file = This is not a regular file.
error-cause-not-a-certificate = Not a certificate, or damaged.
error-too-many-iterations = The key file demands { $number } iterations of key derivation; the limit is { $limit }.
error-too-many-folders = There are more than { $limit } certificate folders; the rest was not read.
error-limit-hint = If it is to be trusted, raise { $setting } in config.toml.
error-configuration = The configuration cannot be read.

# Command line
error-usage = The command line could not be understood.
error-unknown-option = There is no such option: { $argument }
error-word-too-many = There is one value too many. (Not repeated here: it may be a secret.)
error-unknown-verb = There is no such command: { $verb }
error-value-missing = The value is missing: { $argument }
error-bad-value = This value does not fit: { $option } { $value }
error-bad-value-hint-medium = Possible values: hdd, security-token[:LABEL or serial number], token[:…], dir:PATH, a pkcs11: URI
error-bad-value-hint-secret-fd = Use the number of an open file descriptor, such as: --pin-fd 3 3< file
error-bad-value-hint-password-fd = Use the number of an open file descriptor, such as: --password-fd 3 3< file
error-bad-value-hint-idn-fd = Use the number of an open file descriptor, such as: --idn-fd 3 3< file
error-bad-value-hint-out-fd = Use the number of an open file descriptor, such as: --out-fd 3 3> file
error-argument-missing = This is needed and was not given: { $argument }
error-verb-missing = The command is missing.
error-option-twice = This cannot be given twice: { $argument }
error-options-conflict = These cannot be used together: { $argument } / { $other }
error-not-utf8 = There are characters that are not UTF-8.
error-valid-values = Possible values: { $values }
error-did-you-mean = Did you mean: { $suggestion }
error-see-help = Help: { $help }
error-json-and-stdout = With --json, standard output is taken by the JSON document. Give --out a file.
error-json-and-form = --pem and --der print the certificate itself. Leave out --json, or them.
error-same-input = These would read the same input: { $one } / { $other }
error-output-is-input = --out is the very file that is signed; it would be lost.

# Secrets
error-secret-on-command-line = A secret cannot be given on the command line: { $option }
error-password-hint =
    Every program on this machine can read the command line.
    Use --password-file FILE, --password-fd N or --password-env VAR, or give nothing and answer the prompt.
error-idn-hint =
    Every program on this machine can read the command line.
    Use --idn-file FILE or --idn-fd N, or give nothing and answer the prompt.
error-password-needed = The certificate's password is needed, and there is nobody to ask.
error-password-needed-hint = Give it by --password-file FILE, --password-fd N or --password-env VAR.
error-idn-needed = The number to check is needed, and there is nobody to ask.
error-idn-needed-hint = Give it by --idn-file FILE or --idn-fd N.
error-secret-file-open = No secret is read from a file that other users can access: { $option }
error-secret-file-open-hint = Restrict it: chmod 600 FILE
error-secret-hint =
    Every program on this machine can read the command line.
    Use { $option }-file FILE, { $option }-fd N or { $option }-env VAR, or give nothing and answer the prompt.
error-pin-needed = The token's PIN is needed, and there is nobody to ask.
error-so-pin-needed = The token's SO PIN is needed, and there is nobody to ask.
error-new-pin-needed = The new PIN is needed, and there is nobody to ask.
error-new-password-needed = The new password is needed, and there is nobody to ask.
error-secret-needed-hint = Give it by { $option }-file FILE, { $option }-fd N or { $option }-env VAR.
error-secrets-differ = The two are not the same. Nothing was changed.
error-secret-not-ascii = The new PIN has letters outside ASCII. Check the 한/영 key. Nothing was changed.
error-confirmation-needed = This destroys something and was not confirmed. Nothing was changed.
error-confirmation-needed-hint = To confirm it beforehand, add --yes.
error-not-confirmed = What was typed is something else. Nothing was changed.
error-secret-variable-missing = The environment variable of { $option } is not set.
error-secret-empty-from = The password or number is empty: { $option }
error-secret-empty = The password or number is empty.
error-secret-source-unsupported = The pin-source of a URI can only be the absolute path of a file.
error-secret-source-unsupported-hint = Such as: pin-source=file:/run/secrets/pin
error-bad-idn = This is no resident or business number.
error-bad-idn-hint = It can have digits, '-' and blanks only, and must not be empty.

# Finding a certificate
error-bad-selector = This cannot name a certificate: { $certificate }
error-bad-selector-hint = Use part of a name, serial:HEX, the beginning of sha256:HEX, or a pkcs11: URI.
error-row-needs-terminal = A number in the list can be used on a terminal only.
error-row-with-medium = The numbers are those of the plain list; they cannot be used with --medium.
error-row-needs-terminal-hint = The list may change at any time. Use a name, serial:HEX, sha256:HEX or a pkcs11: URI.
error-certificate-not-found = No certificate fits: { $certificate }
error-certificate-not-found-hint =
    { $unusable ->
        [0] To see all certificates: ingam list
        [one] 1 thing cannot be used. To see all certificates and the reason: ingam list
       *[other] { $unusable } things cannot be used. To see all certificates and the reasons: ingam list
    }
error-encryption-certificate = This names the encryption certificate; a signing certificate is needed.
error-encryption-certificate-hint = The signing certificate of the same set: { $certificate }
error-certificate-ambiguous = More than one certificate fits: { $certificate }
error-certificate-ambiguous-hint = Name one of these:
error-no-private-key = There is no private key. ({ $folder })
error-no-private-key-hint = The certificate may have been copied alone. Use a copy that has signPri.key.
error-no-vid-random = The private key holds no R. ({ $folder })
error-no-vid-random-hint = Another program may have lost it when converting. Use the original or another copy.
error-no-vid = The certificate holds no VID. ({ $folder })
error-no-vid-hint = Its CA issued it without one; the owner's number cannot be checked against it.

# Files
error-no-certificates = Not a file of certificates, or damaged: { $path }
error-no-certificates-hint = A file of certificates is PEM, DER or CaPubs.
error-folder-missing = There is no such folder: { $path }
error-is-folder = This is a folder, not a file: { $path }
error-output-exists = The file exists and was not overwritten: { $path }
error-output-exists-hint = Add --force to overwrite it.
error-output-is-terminal = This is not printed to a terminal.
error-output-is-terminal-hint = Send it to a file or to another program.
error-sample-exists = It exists already; nothing was made: { $path }
error-empty-name = The name of --name is empty.
error-sample-exists-hint = Give --out another folder.
error-module-not-found = The PKCS#11 module of this program is not there.
error-module-not-found-hint =
    Install the module too or, in a source tree, run: cargo build --release -p ingam-pkcs11
    Searched: { $searched }
