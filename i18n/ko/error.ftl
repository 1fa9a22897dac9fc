# 오류. 변수 뒤에는 조사를 붙이지 않습니다.

# 라이브러리의 오류 종류
error-about = { $message } ({ $subject })
error-already-exists = 이미 있어서 덮어쓰지 않았습니다.
error-ambiguous = 둘 이상이 해당합니다.
error-busy = 다른 프로그램이 사용 중입니다.
error-busy-hint = 잠시 뒤에 다시 실행하십시오.
error-cancelled = 취소했습니다.
error-certificate-expired = 인증서의 유효기간을 벗어났습니다.
error-certificate-expired-hint = 만료된 인증서는 갱신할 수 없으며 발급기관에서 재발급받아야 합니다.
error-damaged = 손상되었거나 형식이 맞지 않습니다.
error-damaged-hint = 백업이나 다른 저장매체에 있는 사본을 사용하십시오.
error-device = 장치나 파일 시스템에서 오류가 났습니다.
error-invalid-input = 입력이 형식에 맞지 않습니다.
error-last-try-refused = 비밀번호(PIN) 입력 기회가 1회 남아 실행하지 않았습니다.
error-mismatch = 개인키와 인증서가 서로 맞지 않습니다.
error-mismatch-hint = 다른 인증서의 파일이 섞였을 수 있습니다. 사본을 사용하십시오.
error-no-space = 저장 공간이 부족합니다.
error-not-found = 파일이나 폴더를 찾을 수 없습니다.
error-not-logged-in = 암호를 먼저 입력해야 합니다.
error-not-permitted = 접근할 권한이 없습니다.
error-not-permitted-hint = 파일과 폴더의 소유자와 권한을 확인하십시오.
error-pin-incorrect = 인증서 암호가 맞지 않습니다.
error-pin-incorrect-hint =
    암호를 잊은 경우 복구할 수 없으며 발급기관에서 재발급받아야 합니다.
    개인키 파일이 손상된 경우에도 이렇게 나올 수 있습니다.
error-pin-locked = 비밀번호(PIN)가 잠겼습니다.
error-pin-rejected = 새 비밀번호가 규칙에 맞지 않습니다.
error-removed = 저장매체가 없습니다.
error-removed-hint = 연결되어 있는지, 경로가 맞는지 확인하십시오.
error-service-missing = 필요한 시스템 서비스가 실행 중이 아닙니다.
error-timed-out = 응답이 없어 그만두었습니다.
error-unsupported = 지원하지 않는 형식이나 알고리즘입니다.
error-write-protected = 쓸 수 없는 저장매체입니다.

# 원인
error-cause-is-folder = 파일이 아니라 폴더입니다.
error-cause-not-a-folder = 경로의 일부가 폴더가 아니라 파일입니다.
error-cause-name = 파일 이름이 너무 길거나 쓸 수 없는 이름입니다.
error-cause-too-large = 파일이 너무 큽니다.
error-cause-no-certificate = signCert.der 파일이 없습니다.
error-cause-not-a-file = 일반 파일이 아닙니다.
error-cause-not-a-certificate = 인증서가 아니거나 손상되었습니다.
error-too-many-iterations = 개인키 파일이 요구하는 키 유도 반복 횟수: { $number } (한도: { $limit })
error-too-many-folders = 인증서 폴더가 한도보다 많아 나머지는 읽지 않았습니다. (한도: { $limit })
error-limit-hint = 믿을 수 있다면 config.toml의 설정을 늘리십시오: { $setting }
error-configuration = 설정을 읽을 수 없습니다.

# 명령줄
error-usage = 명령을 이해할 수 없습니다.
error-unknown-option = 없는 옵션입니다: { $argument }
error-word-too-many = 필요 없는 값이 있습니다. (비밀일 수 있어 다시 출력하지 않습니다)
error-unknown-verb = 없는 명령입니다: { $verb }
error-value-missing = 값이 빠졌습니다: { $argument }
error-bad-value = 값이 맞지 않습니다: { $option } { $value }
error-bad-value-hint-medium = 사용할 수 있는 값: hdd(하드디스크), security-token(보안토큰)[:이름이나 일련번호], token[:…], dir:폴더, pkcs11: URI
error-bad-value-hint-secret-fd = 열려 있는 파일 디스크립터의 번호를 쓰십시오. 예: --pin-fd 3 3< 파일
error-bad-value-hint-password-fd = 열려 있는 파일 디스크립터의 번호를 쓰십시오. 예: --password-fd 3 3< 암호파일
error-bad-value-hint-idn-fd = 열려 있는 파일 디스크립터의 번호를 쓰십시오. 예: --idn-fd 3 3< 번호파일
error-bad-value-hint-out-fd = 열려 있는 파일 디스크립터의 번호를 쓰십시오. 예: --out-fd 3 3> 파일
error-argument-missing = 꼭 필요한 값이 빠졌습니다: { $argument }
error-verb-missing = 명령이 빠졌습니다.
error-option-twice = 두 번 쓸 수 없습니다: { $argument }
error-options-conflict = 함께 쓸 수 없습니다: { $argument } / { $other }
error-not-utf8 = UTF-8이 아닌 글자가 있습니다.
error-valid-values = 사용할 수 있는 값: { $values }
error-did-you-mean = 혹시 이것입니까: { $suggestion }
error-see-help = 도움말: { $help }
error-json-and-stdout = --json을 쓰면 표준 출력에는 JSON 문서만 나옵니다. --out에 파일을 지정하십시오.
error-json-and-form = --pem과 --der는 인증서 자체를 출력합니다. --json과 함께 쓸 수 없습니다.
error-same-input = 같은 입력을 두 번 읽을 수 없습니다: { $one } / { $other }
error-output-is-input = --out이 서명할 파일과 같습니다. 쓰면 원본을 잃습니다.

# 비밀
error-secret-on-command-line = 비밀 값은 명령줄에 쓸 수 없습니다: { $option }
error-password-hint =
    명령줄은 이 컴퓨터의 모든 프로그램이 볼 수 있습니다.
    --password-file 파일, --password-fd 번호, --password-env 변수 가운데 하나를 쓰거나, 아무것도 쓰지 말고 물을 때 입력하십시오.
error-idn-hint =
    명령줄은 이 컴퓨터의 모든 프로그램이 볼 수 있습니다.
    --idn-file 파일, --idn-fd 번호 가운데 하나를 쓰거나, 아무것도 쓰지 말고 물을 때 입력하십시오.
error-password-needed = 인증서 암호가 필요하지만 물을 수 없습니다.
error-password-needed-hint = --password-file 파일, --password-fd 번호, --password-env 변수 가운데 하나로 주십시오.
error-idn-needed = 확인할 번호가 필요하지만 물을 수 없습니다.
error-idn-needed-hint = --idn-file 파일, --idn-fd 번호 가운데 하나로 주십시오.
error-secret-file-open = 다른 사용자도 접근할 수 있는 파일에서는 비밀 값을 읽지 않습니다: { $option }
error-secret-file-open-hint = 권한을 줄이십시오: chmod 600 파일
error-secret-hint =
    명령줄은 이 컴퓨터의 모든 프로그램이 볼 수 있습니다.
    { $option }-file 파일, { $option }-fd 번호, { $option }-env 변수 가운데 하나를 쓰거나, 아무것도 쓰지 말고 물을 때 입력하십시오.
error-pin-needed = 보안토큰의 비밀번호(PIN)가 필요하지만 물을 수 없습니다.
error-so-pin-needed = 보안토큰의 관리자 비밀번호(SO PIN)가 필요하지만 물을 수 없습니다.
error-new-pin-needed = 새 비밀번호(PIN)가 필요하지만 물을 수 없습니다.
error-new-password-needed = 새 인증서 암호가 필요하지만 물을 수 없습니다.
error-secret-needed-hint = { $option }-file 파일, { $option }-fd 번호, { $option }-env 변수 가운데 하나로 주십시오.
error-secrets-differ = 두 번 입력한 것이 서로 다릅니다. 아무것도 바꾸지 않았습니다.
error-secret-not-ascii = 새 비밀번호에 한글 등 영문이 아닌 글자가 있습니다. 한/영 키를 확인하십시오. 아무것도 바꾸지 않았습니다.
error-confirmation-needed = 되돌릴 수 없는 일인데 확인을 받지 못했습니다. 아무것도 바꾸지 않았습니다.
error-confirmation-needed-hint = 미리 확인하려면 --yes를 붙이십시오.
error-not-confirmed = 입력한 것이 다릅니다. 아무것도 바꾸지 않았습니다.
error-secret-variable-missing = 지정한 환경 변수가 없습니다: { $option }
error-secret-empty-from = 암호나 번호가 비어 있습니다: { $option }
error-secret-empty = 암호나 번호가 비어 있습니다.
error-secret-source-unsupported = URI의 pin-source에는 파일의 절대 경로만 쓸 수 있습니다.
error-secret-source-unsupported-hint = 예: pin-source=file:/run/secrets/pin
error-bad-idn = 주민등록번호나 사업자등록번호가 아닙니다.
error-bad-idn-hint = 숫자와 '-', 빈칸만 쓸 수 있으며 비어 있으면 안 됩니다.

# 인증서 찾기
error-bad-selector = 인증서를 이렇게 지정할 수 없습니다: { $certificate }
error-bad-selector-hint = 이름의 일부, serial:일련번호, sha256:지문 앞부분, pkcs11: URI 가운데 하나를 쓰십시오.
error-row-needs-terminal = 목록의 번호는 터미널에서만 쓸 수 있습니다.
error-row-with-medium = 번호는 옵션 없는 목록의 번호이므로 --medium과 함께 쓸 수 없습니다.
error-row-needs-terminal-hint = 목록은 언제든 바뀔 수 있습니다. 이름, serial:일련번호, sha256:지문, pkcs11: URI로 지정하십시오.
error-certificate-not-found = 해당하는 인증서가 없습니다: { $certificate }
error-certificate-not-found-hint =
    { $unusable ->
        [0] 인증서 목록을 보려면: ingam list
       *[other] 사용할 수 없는 것이 { $unusable }개 있습니다. 인증서 목록과 까닭을 보려면: ingam list
    }
error-encryption-certificate = 암호화용 인증서입니다. 서명용 인증서를 지정해야 합니다.
error-encryption-certificate-hint = 같은 벌의 서명용 인증서: { $certificate }
error-certificate-ambiguous = 해당하는 인증서가 둘 이상입니다: { $certificate }
error-certificate-ambiguous-hint = 다음 가운데 하나를 지정하십시오.
error-no-private-key = 개인키가 없습니다. ({ $folder })
error-no-private-key-hint = 인증서만 복사된 폴더일 수 있습니다. signPri.key 파일이 있는 사본을 사용하십시오.
error-no-vid-random = 개인키에 본인확인정보(R)가 없습니다. ({ $folder })
error-no-vid-random-hint = 다른 프로그램이 변환하면서 잃었을 수 있습니다. 원본이나 다른 사본을 사용하십시오.
error-no-vid = 인증서에 본인확인정보(VID)가 없습니다. ({ $folder })
error-no-vid-hint = 발급기관이 본인확인정보 없이 발급한 인증서라서 번호를 확인할 수 없습니다.

# 파일
error-no-certificates = 인증서 파일이 아니거나 손상되었습니다: { $path }
error-no-certificates-hint = 인증서 파일은 PEM, DER, CaPubs 가운데 하나여야 합니다.
error-folder-missing = 폴더가 없습니다: { $path }
error-is-folder = 파일이 아니라 폴더입니다: { $path }
error-output-exists = 파일이 이미 있어서 쓰지 않았습니다: { $path }
error-output-exists-hint = 덮어쓰려면 --force를 붙이십시오.
error-output-is-terminal = 이 내용은 터미널에 출력하지 않습니다.
error-output-is-terminal-hint = 파일이나 다른 프로그램으로 보내십시오.
error-sample-exists = 이미 있어서 아무것도 만들지 않았습니다: { $path }
error-empty-name = --name의 이름이 비어 있습니다.
error-sample-exists-hint = --out에 다른 폴더를 지정하십시오.
error-module-not-found = 이 프로그램에 딸린 PKCS#11 모듈이 없습니다.
error-module-not-found-hint =
    모듈을 함께 설치하거나, 소스에서 빌드했다면 실행하십시오: cargo build --release -p ingam-pkcs11
    찾아본 곳: { $searched }
