# ingam token

token-label = 이름
token-model = 모델
token-serial = 일련번호
token-firmware = 펌웨어
token-pin = 비밀번호(PIN)
token-so-pin = 관리자 비밀번호(SO PIN)
token-pin-length = 비밀번호 길이
token-pin-length-value = { $shortest } ~ { $longest } 바이트
token-entry = 비밀번호 입력
token-entry-keypad = 토큰의 키패드에서
token-entry-program = 프로그램에서
token-login = 개인키 사용
token-login-needed = 비밀번호(PIN)가 필요함
token-login-not-needed = 비밀번호(PIN) 없이 가능
token-memory = 남은 용량
token-memory-value = 공개 영역 { $public }, 비공개 영역 { $private }
token-memory-unknown = 알려 주지 않음
token-writing = 쓰기
token-write-protected = 쓰기 금지
token-certificates = 인증서
token-blank = { "" }
token-none = 없음
token-other = 그 밖
token-module = 모듈
token-uri = URI

token-not-initialised = 초기화 전
token-pin-not-set = 아직 없음
token-pin-good = 설정됨
token-pin-count-low = 틀린 적 있음
token-pin-final-try = 기회 1회 남음
token-pin-locked = 잠김
token-pin-to-be-changed = 바꿔야 함
token-pin-never-locks = { $state }, 틀려도 잠기지 않음

token-list-label = 이름
token-list-model = 모델
token-list-serial = 일련번호
token-list-pin = 비밀번호(PIN)
token-list-module = 모듈
token-list-summary = 보안토큰 { $tokens }개 · 모듈 { $modules }개
token-list-unusable = 사용할 수 없는 것
token-list-nothing = 보안토큰이 없습니다.
token-list-nothing-hint =
    보안토큰을 꽂고 제조사의 PKCS#11 모듈을 설치하십시오. 모듈이 다른 곳에 있으면 config.toml에 적으십시오.
    { "  [[pkcs11]]" }
      path = "/opt/maker/libtoken.so"
    시험용 소프트웨어 토큰을 만들려면: ingam token init --softhsm --label test

token-own-keypad = 토큰의 키패드에서 입력하십시오: { $token }
token-initialised = 초기화했습니다: { $token } (일련번호 { $serial }). 사용할 이름: { $uri }
token-there-already = 이미 있어서 아무것도 바꾸지 않았습니다: { $token } (일련번호 { $serial }). 사용할 이름: { $uri }
token-has-no-pin = ! 아직 비밀번호(PIN)가 없습니다: { $token }. 설정하려면: ingam token unlock
token-relabelled = 보안토큰에서 이름을 바꿨습니다 ({ $token }): { $before } → { $label }
token-reset = 지우고 초기화했습니다: { $token } (일련번호 { $serial }). 사용할 이름: { $uri }
token-reset-loss =
    { $certificates ->
        [0] 이 토큰에 보이는 인증서는 없습니다
       *[other] 이 토큰의 인증서 { $certificates }개와 키가 모두 지워집니다
    }{ $others ->
        [0] .
       *[other] . 그 밖에 { $others }개도 지워집니다.
    } 되돌릴 수 없습니다.
token-reset-loss-unknown = 이 토큰에 있는 것이 모두 지워집니다. 되돌릴 수 없습니다.
token-reset-loss-private = 비밀번호(PIN)를 입력해야 보이는 키도 지워집니다.
token-reset-confirm = 계속하려면 토큰 이름 "{ $label }" 입력:{ " " }
token-pin-changed = 비밀번호(PIN)를 바꿨습니다: { $token }
token-so-pin-changed = 관리자 비밀번호(SO PIN)를 바꿨습니다: { $token }
token-unlocked = 새 비밀번호(PIN)를 설정했습니다: { $token }

# 오류
error-token-pin-incorrect = 비밀번호(PIN)가 맞지 않습니다. (보안토큰: { $token })
error-token-so-pin-incorrect = 관리자 비밀번호(SO PIN)가 맞지 않습니다. (보안토큰: { $token })
error-token-pin-locked = 비밀번호(PIN)가 잠겼습니다. (보안토큰: { $token })
error-token-so-pin-locked = 관리자 비밀번호(SO PIN)가 잠겼습니다. (보안토큰: { $token })
error-token-last-try = 비밀번호(PIN) 입력 기회가 1회 남아 실행하지 않았습니다. (보안토큰: { $token })
error-token-so-last-try = 관리자 비밀번호(SO PIN) 입력 기회가 1회 남아 실행하지 않았습니다. (보안토큰: { $token })
error-token-last-try-hint =
    한 번 더 틀리면 보안토큰이 잠깁니다. 비밀번호를 확인한 뒤
    --allow-last-try를 붙여 다시 실행하십시오.
error-token-pin-rejected = 새 비밀번호가 보안토큰의 규칙에 맞지 않습니다. (보안토큰: { $token })
error-token-pin-not-set = 비밀번호(PIN)가 아직 설정되지 않았습니다. (보안토큰: { $token })
error-token-pin-not-set-hint = 관리자 비밀번호(SO PIN)로 설정하려면: ingam token unlock
error-token-pin-length = 새 비밀번호가 이 보안토큰에는 너무 짧거나 깁니다. 아무것도 바꾸지 않았습니다.
error-token-pin-length-hint = 이 보안토큰의 비밀번호 길이: { $shortest } ~ { $longest } 바이트
error-token-now-locked = 이제 잠겼습니다.
error-token-locked-hint = 관리자 비밀번호(SO PIN)를 아는 사람이 새로 설정할 수 있습니다: ingam token unlock
error-token-so-locked-hint = 잠긴 관리자 비밀번호(SO PIN)는 풀 수 없습니다. 비밀번호(PIN)로는 계속 쓸 수 있으니, 그것마저 잠기기 전에 제조사에 문의하십시오.
error-token-one-try-left = 남은 기회: 1회. 한 번 더 틀리면 잠깁니다.
error-token-tries-unknown = 보안토큰이 남은 횟수를 알려 주지 않습니다. 계속 틀리면 잠깁니다.
error-token-never-locks = 이 토큰은 여러 번 틀려도 잠기지 않습니다.
error-token-bad-selector = 보안토큰을 이렇게 지정할 수 없습니다: { $token }
error-token-bad-selector-hint = token, token:이름, token:일련번호, 보안토큰:이름, pkcs11: URI 가운데 하나를 쓰십시오. 슬롯 번호는 쓸 수 없습니다.
error-token-not-found = 해당하는 보안토큰이 없습니다: { $token }
error-token-there = 지금 있는 것:
error-token-none-there = 보안토큰이 하나도 없습니다. 까닭을 보려면: ingam token list
error-token-unusable = 사용할 수 없는 모듈이 { $unusable }개 있습니다. 까닭을 보려면: ingam token list
error-token-ambiguous = 해당하는 보안토큰이 둘 이상입니다: { $token }
error-token-not-initialised = 초기화하지 않은 보안토큰입니다: { $token }
error-token-not-initialised-hint = 초기화하려면: ingam token init 토큰 --label 이름
error-token-initialised = 이 이름의 보안토큰이 이미 초기화되어 있어 아무것도 바꾸지 않았습니다. ({ $token })
error-token-initialised-hint =
    그대로 두고 계속하려면 --if-absent를 붙이십시오.
    모두 지우고 다시 초기화하려면: ingam token reset
error-so-pin-without-so = 관리자 비밀번호(SO PIN)는 --so와 함께 씁니다. --so가 없으면 비밀번호(PIN)를 바꿉니다. 아무것도 보내지 않았습니다.
error-pin-with-so = --so를 쓰면 관리자 비밀번호(SO PIN)를 바꿉니다. --pin-file이 아니라 --so-pin-file로 주십시오. 아무것도 보내지 않았습니다.
error-bad-value-hint-label = 1 ~ 32바이트(한글 10자까지)의 이름이어야 하며, ':' 글자와 앞뒤 빈칸은 쓸 수 없습니다.
error-bad-value-hint-softhsm = SoftHSM은 '#'이나 제어 문자가 있는 경로를 읽지 못합니다. 다른 폴더를 지정하십시오.
error-softhsm-missing = SoftHSM이 설치되어 있지 않습니다.
error-softhsm-missing-hint = Debian, Ubuntu: apt install softhsm2 · Fedora: dnf install softhsm · macOS: brew install softhsm
error-no-data-folder = 사용자 데이터 폴더가 없습니다. 폴더를 지정하십시오: --softhsm 폴더
error-token-folder-open = 다른 사용자가 읽을 수 있는 토큰 폴더입니다: { $path }
error-token-folder-open-hint = 권한을 줄이십시오: chmod 700 { $path }

error-module-absent = PKCS#11 모듈이 없습니다.
error-module-absent-hint = config.toml의 [[pkcs11]]이나 INGAM_PKCS11_MODULES에 적은 경로를 확인하십시오. 절대 경로여야 합니다.
error-module-relative = PKCS#11 모듈의 경로는 절대 경로여야 합니다.
error-module-no-file = PKCS#11 모듈이 아니라 폴더나 장치입니다.
error-module-not-loadable = PKCS#11 모듈을 불러올 수 없습니다.
error-module-not-loadable-hint = PKCS#11 모듈이 아니거나, 다른 기종용이거나, 필요한 라이브러리가 없습니다: ldd 파일
error-module-open = 다른 사용자가 바꿀 수 있는 모듈이나 폴더라서 불러오지 않았습니다.
error-module-open-hint = 파일과 폴더의 소유자는 root나 자신이어야 합니다: chmod go-w 파일
error-module-ourselves = 이 프로그램 자신의 PKCS#11 모듈입니다.
error-module-ourselves-hint = 토큰 제조사의 모듈을 지정하십시오.
error-module-proxy = 이 프로그램의 모듈을 다시 보여 주는 p11-kit 프록시입니다.
error-module-not-starting = PKCS#11 모듈이 시작되지 않습니다.
error-module-not-starting-hint = 토큰 제조사의 드라이버나 서비스를 확인하십시오. SoftHSM이면 SOFTHSM2_CONF의 파일을 읽을 수 있는지 확인하십시오.
error-module-silent = PKCS#11 모듈이 응답하지 않아 그만두었습니다.
error-module-silent-hint = 나머지는 그대로 쓸 수 있습니다. 토큰을 다시 꽂거나 제조사에서 새 모듈을 받으십시오.

# 도움말
help-token = 보안토큰을 보고, 초기화하고, 비밀번호(PIN)를 바꾸거나 잠금을 풉니다. (토큰)
help-token-usage = ingam token list|info|init|pin|unlock|reset|relabel …
help-token-examples =
    ingam 토큰 목록
    ingam token init --softhsm --label 시험
    ingam 토큰 잠금해제 보안토큰:회사토큰
help-token-list = 모든 PKCS#11 모듈의 보안토큰과, 사용할 수 없는 모듈을 보여 줍니다. (목록)
help-token-list-usage = ingam token list
help-token-list-examples =
    ingam 토큰 목록
    ingam token list --json
help-token-info = 보안토큰의 상태와 그 안의 인증서를 보여 줍니다. (정보)
help-token-info-usage = ingam token info 토큰
help-token-info-examples =
    ingam 토큰 정보 토큰
    ingam token info token:회사토큰
help-arg-token = token:이름, token:일련번호, 보안토큰:이름, pkcs11: URI. 하나뿐이면 token만 써도 됩니다
help-arg-token-value = 토큰
help-token-init = 보안토큰을 초기화합니다: 이름, 관리자 비밀번호(SO PIN), 비밀번호(PIN)를 정합니다. (초기화)
help-token-init-usage =
    ingam token init [토큰] --label 이름 [--if-absent] [--so-pin-file 파일 | …] [--pin-file 파일 | …]
    ingam token init --softhsm [폴더] --label 이름 [--if-absent] …
help-token-init-examples =
    ingam 토큰 초기화 --label 회사토큰
    ingam token init token:0102030405060708 --label 회사토큰
    eval "$(ingam token init --softhsm ci --label ci --so-pin-file so --pin-file pin --if-absent)"
help-token-init-token = "ingam token list"에 나오는 토큰. 없으면 초기화하지 않은 하나뿐인 토큰
help-token-init-label = 토큰의 이름, 1 ~ 32바이트
help-token-init-label-value = 이름
help-token-init-if-absent = 이 이름의 토큰이 이미 있으면 아무것도 바꾸지 않습니다 (종료 코드 0)
help-token-init-softhsm = 이 폴더(없으면 사용자 데이터 폴더)에 SoftHSM 토큰을 만들고, 환경 변수에 넣을 것을 출력합니다
help-token-init-softhsm-value = 폴더
help-token-pin = 보안토큰의 비밀번호(PIN)나 관리자 비밀번호(SO PIN)를 바꿉니다. (비밀번호)
help-token-pin-usage =
    ingam token pin 토큰 [--pin-file 파일 | …] [--new-pin-file 파일 | …]
    ingam token pin 토큰 --so [--so-pin-file 파일 | …] [--new-pin-file 파일 | …]
help-token-pin-examples =
    ingam 토큰 비밀번호 토큰
    ingam token pin token:회사토큰 --so
help-token-pin-so = 관리자 비밀번호(SO PIN)를 바꿉니다
help-token-unlock = 잠겼거나 잊었거나 아직 없는 비밀번호(PIN)를 관리자 비밀번호(SO PIN)로 새로 정합니다. (잠금해제)
help-token-unlock-usage = ingam token unlock 토큰 [--so-pin-file 파일 | …] [--new-pin-file 파일 | …]
help-token-unlock-examples =
    ingam 토큰 잠금해제 보안토큰:회사토큰
help-token-reset = 보안토큰에 있는 것을 모두 지우고 새 비밀번호(PIN)를 정합니다. 그 토큰의 관리자 비밀번호(SO PIN)가 필요합니다. (재초기화)
help-token-reset-usage = ingam token reset 토큰 [--label 이름] [--so-pin-file 파일 | …] [--new-pin-file 파일 | …]
help-token-reset-examples =
    ingam 토큰 재초기화 보안토큰:회사토큰
    ingam token reset token:회사토큰 --yes --so-pin-file so --new-pin-file pin
help-token-reset-label = 토큰의 다른 이름
help-token-reset-label-value = 이름
help-token-relabel = 보안토큰에 있는 인증서와 키의 이름을 바꿉니다. (이름변경)
help-token-relabel-usage = ingam token relabel 인증서 --label 이름 [--medium 토큰] [--pin-file 파일 | …]
help-token-relabel-examples =
    ingam 토큰 이름변경 홍길동 --label "홍길동 2027"
help-token-relabel-label = 새 이름
help-token-relabel-label-value = 이름
help-arg-pin-fd = 비밀번호(PIN)를 이 번호의 파일 디스크립터에서 읽습니다
help-arg-pin-fd-value = 번호
help-arg-pin-file = 비밀번호(PIN)를 이 파일에서 읽습니다 (소유자만 읽을 수 있는 파일이어야 합니다)
help-arg-pin-file-value = 파일
help-arg-pin-env = 비밀번호(PIN)를 이 환경 변수에서 읽습니다 (파일보다 덜 안전합니다)
help-arg-pin-env-value = 변수
help-arg-so-pin-fd = 관리자 비밀번호(SO PIN)를 이 번호의 파일 디스크립터에서 읽습니다
help-arg-so-pin-fd-value = 번호
help-arg-so-pin-file = 관리자 비밀번호(SO PIN)를 이 파일에서 읽습니다 (소유자만 읽을 수 있는 파일이어야 합니다)
help-arg-so-pin-file-value = 파일
help-arg-so-pin-env = 관리자 비밀번호(SO PIN)를 이 환경 변수에서 읽습니다 (파일보다 덜 안전합니다)
help-arg-so-pin-env-value = 변수
help-arg-new-pin-fd = 새 비밀번호(PIN)를 이 번호의 파일 디스크립터에서 읽습니다
help-arg-new-pin-fd-value = 번호
help-arg-new-pin-file = 새 비밀번호(PIN)를 이 파일에서 읽습니다 (소유자만 읽을 수 있는 파일이어야 합니다)
help-arg-new-pin-file-value = 파일
help-arg-new-pin-env = 새 비밀번호(PIN)를 이 환경 변수에서 읽습니다 (파일보다 덜 안전합니다)
help-arg-new-pin-env-value = 변수
