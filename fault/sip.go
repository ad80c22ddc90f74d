package fault

// Faults of SIP phones and trunks.
const (
	SIPAuthenticationFailed Code = "TDM-SIP-0001"
	SIPMessageInvalid       Code = "TDM-SIP-0002"
	SIPSourceHeldBack       Code = "TDM-SIP-0003"
	SIPCertificate          Code = "TDM-SIP-0004"
	SIPUnreachable          Code = "TDM-SIP-0005"
	SIPDeviceFlood          Code = "TDM-SIP-0006"
)

var sip = []Entry{
	{SIPAuthenticationFailed, SeverityWarning,
		"A registration from {address} was refused.",
		"The name or the password is wrong.",
		"If it is one of your phones, check both in the phone and in the configuration.", 0},
	{SIPMessageInvalid, SeverityNotice,
		"A message from {address} was not understood.",
		"{problem}.",
		"If it is a phone, check its load; if not, find out who is at that address.", 0},
	{SIPSourceHeldBack, SeverityWarning,
		"{address} is held back.",
		"It failed to authenticate {count} times within {window}.",
		"If it is a phone, correct its password; if not, block the address in the firewall.", 0},
	{SIPCertificate, SeverityError,
		"SIP over TLS is not available.",
		"The server's certificate cannot be used: {cause}.",
		"Renew or replace the certificate; UDP and TCP go on working.", 0},
	{SIPUnreachable, SeverityWarning,
		"{device} does not answer.",
		"No answer came from {address} within {timeout}.",
		"Check the phone's power and network.", 0},
	{SIPDeviceFlood, SeverityWarning,
		"{device} at {address} was slowed down.",
		"It sent more than {rate} requests a second.",
		"Restart the phone; if it repeats, check its load and settings.", 0},
}
