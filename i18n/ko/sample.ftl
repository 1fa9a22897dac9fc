# ingam sample

sample-made = 시험용 인증서 { $count }개를 만들었습니다. 실제로는 쓸 수 없습니다: { $folder }
sample-more = { "  " }… 외 { $count }개
sample-password-built-in = 인증서 암호: { $password } (누구나 아는 시험용 암호)
sample-password-given = 인증서 암호: 지정한 암호
sample-files =
    본인확인 번호: { $idn } (시험용)
    최상위 인증서: { $root }
    발급기관 인증서: { $ca }
sample-next =
    이어서 해 보십시오:
      export INGAM_NPKI_PATH={ $folder }
      ingam list
