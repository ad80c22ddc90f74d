package fault

// Faults of the administration interface.
const (
	NotAuthenticated Code = "TDM-API-0001"
	NotAuthorised    Code = "TDM-API-0002"
	RequestInvalid   Code = "TDM-API-0003"
	RequestTooLarge  Code = "TDM-API-0004"
	Unexpected       Code = "TDM-API-0005"
	RequestsTooFast  Code = "TDM-API-0006"
	NotHere          Code = "TDM-API-0007"

	ObjectChangedMeanwhile Code = "TDM-API-0008"
	MethodNotAllowed       Code = "TDM-API-0009"
	NotAnsweringNow        Code = "TDM-API-0010"
	DeviceNotRegistered    Code = "TDM-API-0011"
	CallNotKnown           Code = "TDM-API-0012"
	DeviceNotKnown         Code = "TDM-API-0013"
	AlarmNotStanding       Code = "TDM-API-0014"
	AuditNotWritten        Code = "TDM-API-0015"
	LineNotThere           Code = "TDM-API-0016"
)

var administration = []Entry{
	{NotAuthenticated, SeverityWarning,
		"The request was refused.",
		"It carries no valid token.",
		"Create a token with `tandem api-token create` on the server and give it with --token.", 401},
	{NotAuthorised, SeverityWarning,
		"The request was refused.",
		"The role {role} may not {operation}.",
		"Ask an administrator who may.", 403},
	{RequestInvalid, SeverityError,
		"The request was not understood.",
		"{problem}.",
		"Correct it; the API describes itself at /api/v1/docs.", 400},
	{RequestTooLarge, SeverityError,
		"The request was refused.",
		"It is larger than the limit of {limit}.",
		"Send less at once.", 413},
	{Unexpected, SeverityError,
		"The request failed.",
		"The server met something unforeseen; its log has the details under {reference}.",
		"Try again. If it repeats, report it with `tandem support-bundle`.", 500},
	{RequestsTooFast, SeverityWarning,
		"The request was refused.",
		"Too many requests came from {address}.",
		"Wait {wait} and try again.", 429},
	{NotHere, SeverityError,
		"There is nothing at {path}.",
		"The API has no such address.",
		"The API describes itself at /api/v1/docs.", 404},
	{ObjectChanged, SeverityWarning,
		"The {kind} {name} was not changed.",
		"Somebody else has changed it since it was read.",
		"Read it again, and make the change in what is there now.", 412},
	{DeviceNotHere, SeverityWarning,
		"The device {device} was not restarted.",
		"It is not registered.",
		"`tandem explain device {device}` tells why; a device that is not registered can only be restarted by hand.", 409},
	{ObjectChangedMeanwhile, SeverityWarning,
		"{kind} {name} was not changed.",
		"Somebody else changed it since it was read, or it is there already.",
		"Read it again, and make the change to what it is now.", 412},
	{MethodNotAllowed, SeverityError,
		"{path} was not changed.",
		"The API has no {method} there; it has {allowed}.",
		"The API describes itself at /api/v1/docs.", 405},
	{NotAnsweringNow, SeverityWarning,
		"The question cannot be answered at the moment.",
		"The service {service} does not run.",
		"Look at `tandem service list`, and start it with `tandem service start \"{service}\"`.", 503},
	{DeviceNotRegistered, SeverityWarning,
		"Device {device} was not restarted.",
		"It is not registered, so that nothing can be sent to it.",
		"It fetches its configuration anew when it comes back; `tandem explain device {device}` tells what happened to it.", 409},
	{CallNotKnown, SeverityError,
		"Nothing is known of call {call}.",
		"It is neither in progress, nor in the call records, nor among the messages that the server still has.",
		"Calls are named as `tandem calls` lists them, such as 1/1001.", 404},
	{DeviceNotKnown, SeverityError,
		"Nothing is known of device {device}.",
		"It is not configured, and since the server started nothing of this name has asked for anything.",
		"Check the spelling against `tandem get phone`. If it is a real phone, see whether it reaches this server at all: its TFTP server address, VLAN and cabling.", 404},
	{AlarmNotStanding, SeverityError,
		"The alarm {code} about {subject} was not acknowledged.",
		"It does not stand.",
		"List the alarms that stand with `tandem alarm list`.", 404},
	{AuditNotWritten, SeverityError,
		"Changes are not recorded in the audit log {file}.",
		"The write failed: {cause}.",
		"Check the disk's free space and health. Secrets are not exported meanwhile; other work goes on.", 507},
	{LineNotThere, SeverityError,
		"{device} has no line {line}.",
		"Its lines are {lines}.",
		"Name one of them: its instance, counted from 1, or its directory number.", 404},
}
