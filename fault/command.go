package fault

// Faults of the command line.
const (
	ServerUnreachable  Code = "TDM-CLI-0001"
	FileUnreadable     Code = "TDM-CLI-0002"
	CommandUsage       Code = "TDM-CLI-0003"
	ServerNotReady     Code = "TDM-CLI-0004"
	MessageUnknown     Code = "TDM-CLI-0005"
	CertificateUnknown Code = "TDM-CLI-0006"
	FileTooLarge       Code = "TDM-CLI-0007"
)

var command = []Entry{
	{ServerUnreachable, SeverityError,
		"The server cannot be reached at {where}.",
		"{cause}.",
		"Check that `tandem serve` is running and that --data or --server names it.", 0},
	{FileUnreadable, SeverityError,
		"The file {file} cannot be read.",
		"{cause}.",
		"Check its name and its permissions.", 0},
	{CommandUsage, SeverityError,
		"The command was not understood.",
		"{cause}.",
		"`tandem --help` lists the commands, `tandem COMMAND --help` the options of one.", 0},
	{ServerNotReady, SeverityError,
		"The server is not ready.",
		"Still waiting for {services}.",
		"Wait, or look at `tandem service list`.", 0},
	{MessageUnknown, SeverityError,
		"There is no message {id}.",
		"Identifiers have the form TDM-CFG-0012, and this one is not in the catalogue of this version.",
		"Check the spelling; `tandem explain message` lists all.", 404},
	{CertificateUnknown, SeverityError,
		"The server at {where} is not trusted.",
		"Its certificate is not signed by a known authority: {cause}.",
		"Give its authority's certificate with --ca, or use --data on the server itself.", 0},
	{FileTooLarge, SeverityError,
		"The file {file} is not sent.",
		"It is larger than {limit}.",
		"Check that it is the right file.", 0},
}
