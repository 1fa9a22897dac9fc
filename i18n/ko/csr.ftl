# ingam csr

csr-done = 보안토큰에 키를 만들고 발급 요청을 썼습니다: { $file } (보안토큰: { $token }, 이름: { $label })
csr-next = 발급받은 인증서는 'ingam import 인증서파일 --to token'으로 그 키에 붙이십시오.
csr-bad-subject = 주체 이름이 형식에 맞지 않습니다.
csr-bad-subject-hint = RFC 4514 형식으로 쓰십시오. 예: cn=홍길동,ou=personal,o=회사,c=kr
csr-no-keys-made = 키를 만들 수 없는 저장매체입니다: { $medium }
csr-no-keys-made-hint = 개인키가 밖으로 나오지 않는 보안토큰을 지정하십시오. 목록: ingam token list
csr-key-stays =
    보안토큰에 만든 키는 남아 있습니다: { $token } / { $label }
    쓰지 않으려면: ingam delete { $key } --medium { $medium }

help-csr = 보안토큰에 키를 만들고 인증서 발급 요청(PKCS#10)을 파일에 씁니다. (발급요청)
help-csr-usage = ingam csr --medium 저장매체 --subject DN --out 파일 [--bits 2048] [--label 이름] [--force] [--pin-fd 번호 | …]
help-csr-examples =
    ingam 발급요청 --medium token --subject 'cn=홍길동,ou=personal,o=회사,c=kr' --out hong.csr
    ingam import hong.pem --to token         발급받은 인증서를 그 키에 붙입니다
help-csr-medium = 이 보안토큰에 키를 만듭니다: security-token(보안토큰)[:이름], token[:일련번호]
help-csr-medium-value = 저장매체
help-csr-subject = 주체 이름 (RFC 4514): cn=…,o=…,c=kr
help-csr-subject-value = DN
help-csr-output = 요청을 쓸 PEM 파일, 표준 출력은 "-"
help-csr-output-value = 파일
help-csr-bits = RSA 키 길이: 2048(기본값), 3072, 4096
help-csr-bits-value = 비트
help-csr-label = 보안토큰에서 키의 이름 (기본값: 주체의 CN)
help-csr-label-value = 이름
