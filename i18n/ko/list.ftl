# ingam list

list-number = 번호
list-name = 이름
list-issuer = 발급기관
list-usage = 용도
list-medium = 저장매체
list-expires = 만료일
list-left = 남은 기간

list-medium-and-others = { $medium } 외 { $count }곳
list-without-key = { $left }, 개인키 없음

list-summary = 인증서 { $certificates }개 · 저장매체 { $media }개
list-summary-expired = 만료 { $count }개
list-summary-renewal = 갱신 기간 { $count }개
list-summary-copies = 사본 { $count }개

list-incomplete = 일부를 읽을 수 없음
list-unusable = 사용할 수 없는 것
list-unusable-line = ! { $place }: { $reason }

list-nothing-there = 인증서가 없습니다.
list-nothing-usable-there = 사용할 수 있는 인증서가 없습니다.
list-nothing-fits = 조건에 맞는 인증서가 없습니다.
list-nothing = 인증서가 없습니다. 찾아본 폴더:
list-nothing-usable = 사용할 수 있는 인증서가 없습니다. 찾아본 폴더:
list-searched = { "  " }{ $folder }
list-searched-missing = { "  " }{ $folder } (없는 폴더)
list-searched-closed = { "  " }{ $folder } (열어 볼 수 없음)
list-nothing-hint =
    다른 폴더에 있으면: ingam list --medium dir:폴더
    늘 그 폴더에서 찾으려면 환경 변수 INGAM_NPKI_PATH에 지정하십시오.
    시험용 인증서를 만들려면: ingam sample --out 폴더
