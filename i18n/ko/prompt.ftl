# 물음. 입력하는 글자는 보이지 않습니다.

prompt-password = 인증서 암호 ({ $name }):{ " " }
prompt-password-of-nobody = 인증서 암호:{ " " }
prompt-idn = 주민등록번호 또는 사업자등록번호:{ " " }
prompt-not-ascii = ! 한글이 입력되었습니다. 한/영 키를 확인하십시오.

prompt-pin = 비밀번호(PIN) (보안토큰: { $token }):{ " " }
prompt-so-pin = 관리자 비밀번호(SO PIN) (보안토큰: { $token }):{ " " }
prompt-new-pin = 새 비밀번호(PIN) (보안토큰: { $token }):{ " " }
prompt-new-pin-again = 새 비밀번호(PIN) 확인:{ " " }
prompt-new-so-pin = 새 관리자 비밀번호(SO PIN) (보안토큰: { $token }):{ " " }
prompt-new-so-pin-again = 새 관리자 비밀번호(SO PIN) 확인:{ " " }
prompt-pin-of-nobody = 비밀번호(PIN):{ " " }
prompt-so-pin-of-nobody = 관리자 비밀번호(SO PIN):{ " " }
prompt-new-pin-of-nobody = 새 비밀번호(PIN):{ " " }
prompt-new-password = 새 인증서 암호:{ " " }
prompt-new-password-again = 새 인증서 암호 확인:{ " " }
