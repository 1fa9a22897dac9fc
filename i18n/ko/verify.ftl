# ingam verify

verify-title = 인증서: { $name }
verify-signature = 서명
verify-chain = 체인
verify-period = 유효기간
verify-usage = 용도
verify-revocation = 폐기
verify-not-checked = 확인 안 함
verify-revocation-not-checked = 확인 안 함 (폐기 목록을 조회하지 않습니다)

verify-root-pinned = { $path }
verify-root-by-option = { $path } (--ca로 신뢰함)
verify-period-value = { $from } ~ { $to }

verify-not-yet-valid = 아직 유효기간 전입니다. ({ $period })
verify-expired = 만료되었습니다. ({ $period })
verify-key-usage = 서명에 쓸 수 없는 인증서입니다.
verify-signature-mismatch = 발급기관의 서명이 맞지 않습니다.
verify-unsupported-algorithm = 지원하지 않는 서명 알고리즘입니다.
verify-issuer-missing = 발급기관의 인증서가 없습니다. --ca로 지정하십시오.
verify-untrusted-root = 최상위 인증서를 신뢰할 수 없습니다. 시험용이면 --ca로 지정하십시오.
verify-issuer-not-ca = 발급자가 인증기관이 아닙니다.
verify-issuer-key-usage = 발급자의 인증서로는 인증서를 발급할 수 없습니다.
verify-path-too-long = 체인이 너무 깁니다.
verify-ca-outside-validity = 발급기관 인증서의 유효기간을 벗어났습니다.
verify-policy-not-allowed = 발급기관이 허용하지 않는 정책입니다.
verify-unknown-critical-extension = 알 수 없는 필수 확장이 있습니다.
verify-damaged-extension = 확장이 손상되었습니다.

verify-signature-fits = ✓ 서명값이 맞습니다. (인증서: { $name }, { $algorithm })
verify-signature-wrong = ✗ 서명값이 맞지 않습니다. (인증서: { $name }, { $algorithm })
verify-signature-note = 인증서 자체는 검증하지 않았습니다. 검증하려면 --in과 --signature 없이 실행하십시오.
