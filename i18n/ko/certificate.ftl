# 인증서를 설명하는 말

certificate-secure-medium = (보안매체용)
certificate-not-yet-valid = 아직 유효기간 전
certificate-days-left = { $days }일
certificate-renewal-period = { $days }일 (갱신 기간)
certificate-expires-today = 오늘 만료
certificate-expired = 만료됨

certificate-medium-hdd = 하드디스크
certificate-medium-usb = 이동식디스크
certificate-medium-storage-token = 저장토큰
certificate-medium-security-token = 보안토큰
certificate-medium-card = 스마트카드

certificate-test-issuer = { $issuer } (시험용)

certificate-one-line = { $name } / { $issuer } / { $usage } / { $expires } 만료 / { $selector }
