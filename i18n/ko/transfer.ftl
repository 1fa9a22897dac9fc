# ingam copy, move, import

transfer-part-key = 개인키
transfer-part-km = 암호화용 개인키와 인증서
transfer-part-certificate = 인증서
transfer-part-chain = 체인
transfer-part-r = 본인확인정보(R)

transfer-done = ✓ { $name }: { $parts }
transfer-proved = { "  " }시험 서명으로 확인했습니다.
transfer-removed = 원본을 지웠습니다: { $from }
transfer-attached = ✓ { $name }: 보안토큰의 키에 인증서를 붙였습니다.
transfer-present = = 이미 있습니다: { $place }
transfer-failed = ✗ { $place }: { $reason }
transfer-not-tried = 나머지 { $count }개는 시도하지 않았습니다.

transfer-incomplete = ! 원본의 일부를 읽을 수 없어 사본에 없습니다: { $reason }
transfer-without-r = ! 본인확인정보(R)가 없습니다. 본인확인이 필요한 사이트에서 쓸 수 없습니다.
transfer-notice-hdd = ! 하드디스크는 악성코드에 가장 쉽게 노출됩니다.
transfer-notice-usb = ! 꽂혀 있는 동안에는 파일이 복사될 수 있습니다. 사용 후 반드시 분리하십시오.
transfer-own-keypad = 비밀번호(PIN)를 보안토큰에서 입력하십시오: { $token }

transfer-confirm-move =
    이동: { $certificate }
    원본은 사본을 확인한 뒤에 지워집니다: { $from } → { $to }
    이동하려면 일련번호 끝 4자리({ $digits })를 입력하십시오:{ " " }

transfer-medium-ambiguous = 해당하는 저장매체가 둘 이상입니다: { $medium }
transfer-copy-ambiguous = 같은 인증서의 사본이 둘 이상입니다: { $certificate }
transfer-copy-ambiguous-hint = 어느 것인지 --medium이나 다음 이름 가운데 하나로 지정하십시오.
transfer-key-stays = 개인키는 보안토큰 밖으로 꺼낼 수 없습니다: { $token }
transfer-key-stays-hint = 다른 저장매체에서도 쓰려면 그 저장매체의 인증서를 따로 발급받으십시오.
transfer-token-to-token = 보안토큰에서 다른 보안토큰으로 바로 옮길 수 없습니다.
transfer-token-to-token-hint = 개인키를 꺼낼 수 있는 토큰이면 먼저 dir:폴더로 복사한 뒤 그 폴더를 가져오십시오.
transfer-no-place-for-r = 보안토큰에 본인확인정보(R)를 저장할 수 없어 아무것도 쓰지 않았습니다: { $token }
transfer-no-place-for-r-hint =
    본인확인정보 없이 복사하려면 --drop-vid를 붙이십시오. 그 사본은 본인확인이 필요한 사이트에서 쓸 수 없습니다.
transfer-original-stays = 사본은 확인했지만 원본을 지우지 못했습니다. 인증서가 양쪽에 모두 있습니다.
transfer-not-yet = 아직 가져올 수 없는 형식입니다: { $path }
transfer-not-yet-hint = PFX(.p12, .pfx)와 PEM 개인키는 다음 버전에서 지원합니다. 지금은 NPKI 폴더를 가져올 수 있습니다.
transfer-not-one-certificate = 소유자의 인증서가 하나만 있는 파일이어야 합니다: { $path }
transfer-password-stays = 사본의 암호는 원본의 암호와 같습니다. --new-password-…는 보안토큰에서 복사할 때만 쓸 수 있습니다.
transfer-nothing-there = 인증서가 없는 폴더입니다: { $path }
transfer-nothing-there-hint = signCert.der와 signPri.key가 있는 폴더나, 그런 폴더를 담은 NPKI 폴더를 지정하십시오.
transfer-weak-password = 새 인증서 암호가 너무 쉽습니다.
transfer-password-rules =
    새 인증서 암호: 영문·숫자·특수문자를 포함해 10자 이상 (' " \ | 제외, 대소문자 구분)
transfer-no-certificate-added = 개인키 없이 인증서만 저장할 수 없습니다: { $medium }
transfer-no-certificate-added-hint = 인증서 파일은 'ingam csr'로 키를 만든 보안토큰에만 가져올 수 있습니다.

help-secrets-both =
    인증서 암호와 보안토큰의 비밀번호(PIN)마다 다음 순서로 먼저 주어진 것을 씁니다. 명령줄에는 쓸 수 없습니다.
      …-fd, …-file, systemd 자격 증명(ingam.password, ingam.pin, ingam.new-password), URI의 pin-source, …-env, 터미널 입력
help-secrets-one-pin =
    비밀번호(PIN)는 다음 순서로 먼저 주어진 것을 씁니다. 명령줄에는 쓸 수 없습니다.
      --pin-fd, --pin-file, systemd 자격 증명(ingam.pin), --pin-env, 터미널 입력

help-arg-to = 이 저장매체로 보냅니다: hdd(하드디스크), security-token(보안토큰)[:이름], token[:일련번호], dir:폴더
help-arg-to-value = 저장매체
help-arg-drop-vid = 보안토큰이 본인확인정보(R)를 저장할 수 없을 때 R 없이 복사합니다
help-arg-allow-weak-password = 규칙에 맞지 않는 새 인증서 암호도 받습니다
help-arg-new-password-fd = 새 인증서 암호를 이 번호의 파일 디스크립터에서 읽습니다
help-arg-new-password-fd-value = 번호
help-arg-new-password-file = 새 인증서 암호를 이 파일에서 읽습니다 (소유자만 읽을 수 있는 파일이어야 합니다)
help-arg-new-password-file-value = 파일
help-arg-new-password-env = 새 인증서 암호를 이 환경 변수에서 읽습니다 (파일보다 덜 안전합니다)
help-arg-new-password-env-value = 변수

help-import = 폴더에 있는 인증서와 키를 저장매체로 가져옵니다. (가져오기)
help-import-usage =
    ingam import 파일… --to 저장매체 [--drop-vid]
    { "             [" }--password-fd 번호 | …] [--pin-fd 번호 | …]
help-import-examples =
    ingam 가져오기 ~/NPKI/yessign/USER/cn=… --to token
    ingam import ./NPKI --to hdd                폴더 안의 모든 인증서
    ingam import hong.pem --to token:회사토큰   'ingam csr'로 만든 키의 인증서
help-import-files = 인증서 폴더(signCert.der, signPri.key), 그런 폴더를 담은 NPKI 폴더, 보안토큰에 있는 키의 인증서 파일(PEM, DER, "-")
help-import-files-value = 파일

help-copy = 인증서를 키와 함께 다른 저장매체로 복사합니다. (복사)
help-copy-usage =
    ingam copy 인증서 --to 저장매체 [--medium 저장매체] [--drop-vid]
    { "           [" }--password-fd 번호 | …] [--pin-fd 번호 | …] [--new-password-fd 번호 | …]
help-copy-examples =
    ingam 복사 홍길동 --to dir:/mnt/usb       /mnt/usb/NPKI에 씁니다. 인증서 암호는 그대로입니다
    ingam copy 홍길동 --to token:회사토큰

help-move = 인증서를 키와 함께 다른 저장매체로 옮깁니다. 사본을 확인한 뒤에 원본을 지웁니다. (이동)
help-move-usage =
    ingam move 인증서 --to 저장매체 [--medium 저장매체] [--yes]
    { "           [" }--password-fd 번호 | …] [--pin-fd 번호 | …] [--new-password-fd 번호 | …]
help-move-examples =
    ingam 이동 홍길동 --to token
    ingam move 홍길동 --medium dir:/mnt/usb --to hdd --yes --password-file pw
