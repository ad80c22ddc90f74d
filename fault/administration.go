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
	ObjectChanged    Code = "TDM-API-0008"
	DeviceNotHere    Code = "TDM-API-0009"
)

var administration = []Entry{
	{NotAuthenticated, SeverityWarning,
		"The request was refused.",
		"It carries neither a valid token nor the name and password of somebody with a role.",
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
}
