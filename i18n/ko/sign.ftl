# ingam sign

sign-expired = ! 만료된 인증서로 서명합니다. 받는 쪽에서 거절할 수 있습니다.
sign-done = 서명했습니다: { $file } ({ $algorithm }, { $bytes }바이트, 인증서: { $name })
sign-not-yet-valid = ! 유효기간이 아직 시작되지 않은 인증서로 서명합니다. 받는 쪽에서 거절할 수 있습니다.
