# Words that describe a certificate

certificate-secure-medium = (secure media)
certificate-not-yet-valid = not yet valid
certificate-days-left = { $days } d
certificate-renewal-period = { $days } d (renewal period)
certificate-expires-today = expires today
certificate-expired = expired

certificate-medium-hdd = hdd
certificate-medium-usb = usb
certificate-medium-storage-token = storage token
certificate-medium-security-token = security token
certificate-medium-card = card

certificate-test-issuer = { $issuer } (TEST)

certificate-one-line = { $name } / { $issuer } / { $usage } / expires { $expires } / { $selector }
