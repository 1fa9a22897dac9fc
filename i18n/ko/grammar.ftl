# 도움말. help-<동사>, help-<동사>-usage, help-<동사>-examples, help-<동사>-<인자>, help-arg-<공통 인자>

help-heading-usage = 사용법:
help-heading-verbs = 명령
help-heading-arguments = 대상
help-heading-options = 옵션
help-heading-global = 공통 옵션
help-heading-examples = 예:

help-ingam = 공동인증서(구 공인인증서)를 찾고, 보고, 서명하고, 검증합니다.
help-ingam-usage = ingam [공통 옵션] 명령 [옵션]
help-ingam-examples =
    ingam 목록                          모든 저장매체의 인증서를 봅니다
    ingam 서명 홍길동 --in a.pdf --out a.sig
    ingam sample --out 시험             시험용 인증서를 만듭니다

    명령마다 도움말이 있습니다: ingam 서명 --help

help-arg-json = 결과를 JSON 문서 하나로 출력합니다 (형식: docs/json.md)
help-arg-quiet = 안내를 줄이고 결과와 오류만 출력합니다
help-arg-verbose = 오류의 기술적인 원인도 출력합니다
help-arg-no-input = 암호를 묻지 않습니다. 필요한데 주어지지 않으면 오류로 끝납니다
help-arg-yes = 되돌릴 수 없는 일을 미리 확인합니다 (비밀번호(PIN)의 마지막 기회는 빼고)
help-arg-allow-last-try = 한 번 더 틀리면 잠기는 보안토큰에도 비밀번호(PIN)를 보냅니다
help-arg-lang = 언어: ko, en (기본값: LC_ALL, LC_MESSAGES, LANG)
help-arg-lang-value = 언어
help-arg-help = 도움말을 봅니다
help-arg-version = 버전을 봅니다

help-arg-certificate =
    이름의 일부, serial:일련번호, sha256:지문 앞부분, pkcs11: URI. 터미널에서는 옵션 없는 목록의 번호도 됩니다
help-arg-certificate-value = 인증서
help-arg-medium = 이 저장매체에서만 찾습니다: hdd(하드디스크), security-token(보안토큰)[:이름], token[:일련번호], dir:폴더, pkcs11: URI
help-arg-medium-value = 저장매체
help-arg-password-fd = 인증서 암호를 이 번호의 파일 디스크립터에서 읽습니다
help-arg-password-fd-value = 번호
help-arg-password-file = 인증서 암호를 이 파일에서 읽습니다 (소유자만 읽을 수 있는 파일이어야 합니다)
help-arg-password-file-value = 파일
help-arg-password-env = 인증서 암호를 이 환경 변수에서 읽습니다 (파일보다 덜 안전합니다)
help-arg-password-env-value = 변수
help-arg-hash = 해시: sha256(기본값), sha384, sha512, sha1
help-arg-hash-value = 해시
help-arg-pss = PKCS#1 v1.5 대신 PSS 서명을 사용합니다 (salt 길이는 해시 길이와 같습니다)
help-arg-force = 이미 있는 파일을 덮어씁니다

help-secrets =
    인증서 암호는 다음 순서로 먼저 주어진 것을 씁니다. 명령줄에는 쓸 수 없습니다.
      --password-fd, --password-file, systemd 자격 증명(ingam.pin), URI의 pin-source, --password-env, 터미널 입력

help-secrets-pin =
    비밀번호(PIN)마다 다음 순서로 먼저 주어진 것을 씁니다. 명령줄에는 쓸 수 없습니다.
      …-fd, …-file, systemd 자격 증명(ingam.pin, ingam.so-pin, ingam.new-pin), …-env, 터미널 입력

help-list = 모든 저장매체의 인증서를 표로 보여 줍니다. (목록)
help-list-usage = ingam list [--medium 저장매체] [--expired | --within 일수] [--all]
help-list-examples =
    ingam 목록
    ingam list --within 30d             30일 안에 만료되는 인증서
    ingam list --medium dir:/mnt/usb/NPKI
    ingam list --json
help-list-expired = 만료된 인증서만 보여 줍니다
help-list-within = 이 기간 안에 만료되는 인증서만 보여 줍니다 (예: 30d)
help-list-within-value = 일수
help-list-all = 같은 인증서의 사본도 한 줄씩 보여 줍니다
help-list-medium = 이 저장매체에서만 찾습니다: hdd(하드디스크), security-token(보안토큰)[:이름], token[:일련번호], dir:폴더, pkcs11: URI (번호는 옵션 없는 목록에만 나옵니다)

help-show = 인증서 하나를 자세히 보여 줍니다. (보기)
help-show-usage = ingam show 인증서 [--pem | --der | --text] [--medium 저장매체]
help-show-examples =
    ingam 보기 홍길동
    ingam show sha256:a002ff55 --text
    ingam show 홍길동 --pem > hong.pem
    ingam show 홍길동 --password-file pw    본인확인정보(R)가 있는지도 확인합니다
help-show-pem = 인증서를 PEM으로 출력합니다
help-show-der = 인증서를 DER로 출력합니다
help-show-text = 주체, 정책, 확장까지 모두 보여 줍니다

help-sign = 파일에 전자서명합니다. 서명값(RSA)만 만듭니다. (서명)
help-sign-usage =
    ingam sign 인증서 --in 파일 --out 파일 [--raw] [--hash 해시] [--pss] [--force]
    { "           [" }--password-fd 번호 | --password-file 파일 | --password-env 변수]
help-sign-examples =
    ingam 서명 홍길동 --in 계약서.pdf --out 계약서.sig
    ingam sign serial:1a2b --in - --out - --password-fd 3 3< pw < a.xml > a.sig
    openssl dgst -sha256 -verify pub.pem -signature 계약서.sig 계약서.pdf
help-sign-input = 서명할 파일, 표준 입력은 "-"
help-sign-input-value = 파일
help-sign-output = 서명값을 쓸 파일, 표준 출력은 "-"
help-sign-output-value = 파일
help-sign-raw = 서명값만 만듭니다 (기본값이며 지금은 이 형식뿐입니다)

help-verify = 인증서를 항목별로 검증하거나, 서명값을 확인합니다. (검증)
help-verify-usage =
    ingam verify 인증서 [--ca 파일]…
    ingam verify 인증서 --in 파일 --signature 파일 [--hash 해시] [--pss]
help-verify-examples =
    ingam 검증 홍길동
    ingam verify 홍길동 --ca root.pem       시험용 최상위 인증서를 신뢰합니다
    ingam verify 홍길동 --in 계약서.pdf --signature 계약서.sig
help-verify-ca = KISA RootCA 4 외에 이 파일의 최상위 인증서도 신뢰하고, 그 밖의 발급기관 인증서는 체인에 사용합니다 (PEM, DER). 여러 번 쓸 수 있습니다
help-verify-ca-value = 파일
help-verify-input = 서명된 파일, 표준 입력은 "-"
help-verify-input-value = 파일
help-verify-signature = 확인할 서명값 파일
help-verify-signature-value = 파일

help-vid = 본인확인정보(VID)를 다룹니다. (본인확인)
help-vid-usage = ingam vid verify|r 인증서 …
help-vid-examples =
    ingam vid verify 홍길동
    ingam vid r 홍길동 --out r.txt
help-vid-verify = 주민등록번호나 사업자등록번호가 인증서의 것인지 확인합니다. (검증)
help-vid-verify-usage = ingam vid verify 인증서 [--idn-fd 번호 | --idn-file 파일] [--password-fd 번호 | …]
help-vid-verify-examples =
    ingam vid verify 홍길동               번호와 암호를 화면에 보이지 않게 묻습니다
    ingam vid verify 홍길동 --idn-fd 3 --password-fd 4 3< idn 4< pw
help-vid-verify-idn-fd = 번호를 이 파일 디스크립터에서 읽습니다
help-vid-verify-idn-fd-value = 번호
help-vid-verify-idn-file = 번호를 이 파일에서 읽습니다 (소유자만 읽을 수 있는 파일이어야 합니다)
help-vid-verify-idn-file-value = 파일
help-vid-r = 본인확인에 쓰는 난수 R을 꺼냅니다. R은 비밀이며 터미널에는 출력하지 않습니다.
help-vid-r-usage = ingam vid r 인증서 (--out 파일 | --out-fd 번호) [--form base64|hex|raw] [--password-fd 번호 | …]
help-vid-r-examples =
    ingam vid r 홍길동 --out r.txt         권한 0600으로 씁니다
    ingam vid r 홍길동 --out - --password-file pw | 다른프로그램
help-vid-r-output = R을 쓸 파일, 표준 출력은 "-"
help-vid-r-output-value = 파일
help-vid-r-out-fd = R을 이 번호의 파일 디스크립터에 씁니다
help-vid-r-out-fd-value = 번호
help-vid-r-form = 형식: base64(기본값), hex, raw
help-vid-r-form-value = 형식

help-module = PKCS#11 모듈에 관한 명령입니다. (모듈)
help-module-usage = ingam module path
help-module-examples =
    pkcs11-tool --module "$(ingam module path)" --list-slots
help-module-path = 이 프로그램의 PKCS#11 모듈 경로를 출력합니다. (경로)
help-module-path-usage = ingam module path
help-module-path-examples =
    pkcs11-tool --module "$(ingam module path)" --list-slots
    ingam module path --json

help-sample = 시험용 인증기관과 인증서를 만듭니다. 실제로는 쓸 수 없는 인증서입니다. (시험용)
help-sample-usage =
    ingam sample --out 폴더 [--kind 종류]… [--expires-in 일수] [--km] [--name 이름] [--count 개수]
    { "             [" }--password-fd 번호 | --password-file 파일 | --password-env 변수]
help-sample-examples =
    ingam sample --out 시험
    ingam sample --out 시험 --kind personal-bank --kind tax-invoice --expires-in 18d --km
    ingam sample --out ci --password-fd 3 --json 3< pw
help-sample-output = 이 폴더에 NPKI, root.pem, ca.pem을 만듭니다. 하나라도 이미 있으면 만들지 않습니다
help-sample-output-value = 폴더
help-sample-kind =
    종류(여러 번 쓸 수 있음): personal-bank(기본값), personal-universal, personal-securities,
    personal-credit-card, corporate-universal, corporate-banking, tax-invoice
help-sample-kind-value = 종류
help-sample-expires-in = 만료까지 남은 기간 (기본값: 365d, 만료된 인증서는 -1d)
help-sample-expires-in-value = 일수
help-sample-km = 암호화용 인증서와 키도 만듭니다
help-sample-name = 소유자 이름
help-sample-name-value = 이름
help-sample-count = 종류마다 만들 개수, 1 ~ 1000 (기본값: 1)
help-sample-count-value = 개수
help-sample-password-fd = 인증서 암호를 이 번호의 파일 디스크립터에서 읽습니다 (없으면 널리 알려진 시험용 암호)
