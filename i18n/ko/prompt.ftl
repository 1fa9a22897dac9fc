# 물음. 입력하는 글자는 보이지 않습니다.

prompt-password = 인증서 암호 ({ $name }):{ " " }
prompt-password-of-nobody = 인증서 암호:{ " " }
prompt-idn = 주민등록번호 또는 사업자등록번호:{ " " }
prompt-not-ascii = ! 한글이 입력되었습니다. 한/영 키를 확인하십시오.
