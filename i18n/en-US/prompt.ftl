# Questions. What is typed does not show.

prompt-password = Password for { $name }:{ " " }
prompt-password-of-nobody = Password:{ " " }
prompt-idn = Resident or business number:{ " " }
prompt-not-ascii = ! The password has letters outside ASCII. Check the 한/영 key.

prompt-pin = PIN for token { $token }:{ " " }
prompt-so-pin = SO PIN for token { $token }:{ " " }
prompt-new-pin = New PIN for token { $token }:{ " " }
prompt-new-pin-again = New PIN again:{ " " }
prompt-new-so-pin = New SO PIN for token { $token }:{ " " }
prompt-new-so-pin-again = New SO PIN again:{ " " }
prompt-pin-of-nobody = PIN:{ " " }
prompt-so-pin-of-nobody = SO PIN:{ " " }
prompt-new-pin-of-nobody = New PIN:{ " " }
prompt-new-password = New password:{ " " }
prompt-new-password-again = New password again:{ " " }
