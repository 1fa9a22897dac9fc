# ingam delete

delete-what =
    삭제: { $what }
    { "     " } { $place }
delete-key-alone = 인증서가 없는 키 { $name }
delete-last-copy = 다른 사본은 보이지 않습니다. 삭제하면 되돌릴 수 없습니다.
delete-last-copy-here = 다른 저장매체에 사본이 있는지는 확인하지 않았습니다. 삭제하면 되돌릴 수 없습니다.
delete-other-copies = 다른 사본이 { $count }개 있습니다.
delete-key-is-lost = 키를 삭제하면 되돌릴 수 없습니다. 이 키로 발급을 요청했다면 발급된 인증서를 쓸 수 없게 됩니다.
delete-is-no-revocation = 삭제는 폐기가 아닙니다. 폐기는 발급기관에 신청하십시오.
delete-confirm = 삭제하려면 일련번호 끝 4자리({ $digits })를 입력하십시오:{ " " }
delete-confirm-key = 삭제하려면 이름 끝 4자리({ $digits })를 입력하십시오:{ " " }
delete-done = 삭제했습니다: { $name } ({ $place })

help-delete = 인증서를 키와 함께 저장매체에서 삭제합니다. 폐기가 아닙니다. (삭제)
help-delete-usage = ingam delete 인증서 [--medium 저장매체] [--yes] [--pin-fd 번호 | …]
help-delete-examples =
    ingam 삭제 홍길동 --medium hdd
    ingam delete 'key-01ab' --medium token   인증서가 없는 키
help-delete-certificate =
    이름의 일부, serial:일련번호, sha256:지문 앞부분, pkcs11: URI, 사본의 폴더, 보안토큰에 있는 인증서 없는 키의 이름
help-delete-certificate-value = 인증서
