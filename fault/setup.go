package fault

// Faults of first start, installation and upgrade.
const (
	DataDirectoryEmpty    Code = "TDM-SET-0001"
	DataDirectoryNotEmpty Code = "TDM-SET-0002"
	DataDirectoryMissing  Code = "TDM-SET-0003"
	DataDirectoryInUse    Code = "TDM-SET-0004"
	DataDirectoryReadOnly Code = "TDM-SET-0005"
	SettingsInvalid       Code = "TDM-SET-0006"
	PassphraseWeak        Code = "TDM-SET-0007"
	ServerNameInvalid     Code = "TDM-SET-0008"
	DataPermissions       Code = "TDM-SET-0009"
)

var setup = []Entry{
	{DataDirectoryEmpty, SeverityCritical,
		"The server was not started.",
		"The data directory {directory} is empty. A server that started here would be a second publisher without any configuration.",
		"If the disk is not mounted, mount it. If this is a new server, run `tandem init --data {directory} --name NAME` first.", 0},
	{DataDirectoryNotEmpty, SeverityError,
		"Nothing was set up.",
		"The data directory {directory} holds files already.",
		"Choose another directory, or start the server that is there with `tandem serve --data {directory}`.", 0},
	{DataDirectoryMissing, SeverityCritical,
		"The server was not started.",
		"The data directory {directory} does not exist.",
		"Check the path given with --data. If this is a new server, run `tandem init --data {directory} --name NAME` first.", 0},
	{DataDirectoryInUse, SeverityCritical,
		"The server was not started.",
		"Another process (number {process}) uses the data directory {directory}.",
		"Stop that process first, or choose another directory.", 0},
	{DataDirectoryReadOnly, SeverityCritical,
		"The server was not started.",
		"The data directory {directory} cannot be written: {cause}.",
		"Give the user that runs the server the right to write there, or mount the disk for writing.", 0},
	{SettingsInvalid, SeverityCritical,
		"The settings file {file} cannot be used.",
		"{cause}.",
		"Correct that line. A file with only the lines that differ from the defaults is enough.", 0},
	{PassphraseWeak, SeverityError,
		"The pass-phrase was refused.",
		"It has {length} characters; {minimum} are the least.",
		"Choose a longer one, or leave --passphrase-file out: then one is generated.", 0},
	{ServerNameInvalid, SeverityError,
		"The server name {name} was refused.",
		"A name has letters, digits and hyphens, begins with a letter, and has at most 63 characters.",
		"Choose another name.", 0},
	{DataPermissions, SeverityWarning,
		"Others can read {file}.",
		"Its permissions are {mode}, and it holds secrets.",
		"Run `chmod {wanted} {file}`.", 0},
}
