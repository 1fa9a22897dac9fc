# ingam vid

vid-fits = ✓ 본인확인: 번호가 인증서와 맞습니다. (인증서: { $name })
vid-does-not-fit = ✗ 본인확인: 번호가 인증서와 맞지 않습니다. (인증서: { $name })
vid-random-written = R을 썼습니다: { $file } (권한 0600, 인증서: { $name })
vid-random-handed = R을 전달했습니다. (인증서: { $name })
