# Questions. What is typed does not show.

prompt-password = Password for { $name }:{ " " }
prompt-password-of-nobody = Password:{ " " }
prompt-idn = Resident or business number:{ " " }
prompt-not-ascii = ! The password has letters outside ASCII. Check the 한/영 key.
