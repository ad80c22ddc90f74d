package fault

// Faults of provisioning: what devices fetch over TFTP and HTTP.
const (
	ProvisionLoop          Code = "TDM-PRV-0001"
	ProvisionForeignTrust  Code = "TDM-PRV-0002"
	ProvisionNameRefused   Code = "TDM-PRV-0003"
	ProvisionWriteRefused  Code = "TDM-PRV-0004"
	FirmwareMissing        Code = "TDM-PRV-0005"
	ProvisionUnknownDevice Code = "TDM-PRV-0006"
	AutoRegistrationFull   Code = "TDM-PRV-0007"
	ProvisionBusy          Code = "TDM-PRV-0008"
	FirmwareInvalid        Code = "TDM-PRV-0009"

	ConfigurationFileInvalid Code = "TDM-PRV-0010"
	FilesMissing             Code = "TDM-PRV-0012"
)

var provision = []Entry{
	{ProvisionLoop, SeverityWarning,
		"{device} asks for {file} again and again.",
		"It fetched or asked for the file {count} times within {window} and does not go on.",
		"Look at its story with `tandem explain device {device}`; check its model, protocol and load.", 0},
	{ProvisionForeignTrust, SeverityWarning,
		"{device} trusts another cluster and does not accept our files.",
		"It asks only for signed files ({file}), as phones do that hold the trust list of another cluster.",
		"Let the old cluster issue an empty trust list, or let it trust this cluster's key first, or erase the trust list on the phone by hand.", 0},
	{ProvisionNameRefused, SeverityWarning,
		"A request for the file {file} from {address} was refused.",
		"The name leaves the set of files that devices may fetch.",
		"If a phone asks for it, look at its settings; otherwise find out who is at that address.", 0},
	{ProvisionWriteRefused, SeverityNotice,
		"{address} tried to write the file {file} and was refused.",
		"Devices may only read.",
		"Files are added with `tandem file add`.", 0},
	{FirmwareMissing, SeverityWarning,
		"The load {load} is not on this server.",
		"{device} is to run it, but the file was never added.",
		"Add the load with `tandem file add`, or choose another for the device or its model.", 0},
	{ProvisionUnknownDevice, SeverityNotice,
		"An unknown device {device} asked for its configuration.",
		"No device of this name is configured, and auto-registration does not admit it: {why}.",
		"Add the device, or open auto-registration for its device pool.", 0},
	{AutoRegistrationFull, SeverityError,
		"{device} could not register by itself.",
		"Every directory number from {first} to {last} is taken.",
		"Widen the auto-registration range of the server, or free some numbers.", 0},
	{ProvisionBusy, SeverityWarning,
		"The file service refused a transfer to {address}.",
		"{count} transfers are running, the most that this server serves at once.",
		"Phones try again by themselves. If it happens often, spread restarts over a longer time.", 503},
	{FirmwareInvalid, SeverityError,
		"The file {file} was not added.",
		"{problem}.",
		"Use the file as the manufacturer delivers it, under its own name.", 422},
	{ConfigurationFileInvalid, SeverityError,
		"{device} gets no configuration file.",
		"The file that its settings make is none that its model takes: {cause}.",
		"Change the setting that is named. The phone keeps its last configuration until then.", 0},
	{FilesMissing, SeverityWarning,
		"{count} files that phones may ask for are not on this server.",
		"They are in the configuration, and no server that can be reached has them: {names}.",
		"Bring the server back at which they were added, or add them again.", 0},
}
