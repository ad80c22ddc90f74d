package fault

// Faults of services and of the server under them.
const (
	PortTaken           Code = "TDM-SVC-0001"
	PortNotPermitted    Code = "TDM-SVC-0002"
	AddressNotHere      Code = "TDM-SVC-0003"
	ServiceFailed       Code = "TDM-SVC-0004"
	ServicePanic        Code = "TDM-SVC-0005"
	ServiceGivenUp      Code = "TDM-SVC-0006"
	ServiceStuck        Code = "TDM-SVC-0007"
	ServiceUnknown      Code = "TDM-SVC-0008"
	ServiceNeeds        Code = "TDM-SVC-0009"
	ServiceNotActivated Code = "TDM-SVC-0010"
	ServiceNeededBy     Code = "TDM-SVC-0011"
	ServiceAlwaysOn     Code = "TDM-SVC-0012"
	SettingsNotSaved    Code = "TDM-SVC-0013"
	DiskFull            Code = "TDM-SVC-0020"
	DiskFilling         Code = "TDM-SVC-0021"
	DescriptorsShort    Code = "TDM-SVC-0022"
	MemoryShort         Code = "TDM-SVC-0023"
	ClockJumped         Code = "TDM-SVC-0024"
	LogNotWritten       Code = "TDM-SVC-0025"
	ReceiveBufferSmall  Code = "TDM-SVC-0026"
	PortMoved           Code = "TDM-SVC-0027"
)

var service = []Entry{
	{PortTaken, SeverityError,
		"{service} is down: it cannot listen on port {port} of {address}.",
		"Another program uses the port.",
		"Find it with `ss -lntup` and stop it, or move the port in tandem.yaml. The service comes up by itself when the port is free.", 0},
	{PortNotPermitted, SeverityError,
		"{service} is down: it may not listen on port {port} of {address}.",
		"Ports below 1024 need a privilege that this process does not have.",
		"Start the server as root or with CAP_NET_BIND_SERVICE, or move the port in tandem.yaml, or use `tandem serve --move-ports`.", 0},
	{AddressNotHere, SeverityError,
		"{service} is down: it cannot listen on port {port} of {address}.",
		"This machine does not have that address.",
		"Correct --address or tandem.yaml, or set the address up on this machine.", 0},
	{ServiceFailed, SeverityError,
		"{service} has failed.",
		"{cause}.",
		"{next}", 0},
	{ServicePanic, SeverityError,
		"A defect of the program was contained in {service} ({part}).",
		"{cause}.",
		"Only that part was ended. Report it with `tandem support-bundle`.", 0},
	{ServiceGivenUp, SeverityCritical,
		"{service} stays down.",
		"It failed {count} times within {window}; its recovery setting allows no more. The last time: {cause}.",
		"Remove the cause, then run `tandem service start \"{service}\"`.", 0},
	{ServiceStuck, SeverityError,
		"{service} did not stop within {deadline}.",
		"Part of it is still busy.",
		"If it is not down in a minute, restart the server and report it with `tandem support-bundle`.", 0},
	{ServiceUnknown, SeverityError,
		"There is no service {service}.",
		"The services are {known}.",
		"Check the spelling.", 404},
	{ServiceNeeds, SeverityError,
		"{service} was not started.",
		"It needs {needed}, which is not activated or not running.",
		"Activate and start {needed} first.", 409},
	{ServiceNotActivated, SeverityError,
		"{service} was not started.",
		"It is not activated on this server.",
		"Run `tandem service activate \"{service}\"`.", 409},
	{ServiceNeededBy, SeverityError,
		"{service} was not deactivated.",
		"{users} need it.",
		"Deactivate these first.", 409},
	{ServiceAlwaysOn, SeverityError,
		"{service} was not {operation}.",
		"The server cannot be administered without it.",
		"Restart it with `tandem service restart \"{service}\"`, or stop the whole server.", 409},
	{SettingsNotSaved, SeverityError,
		"The settings of {service} were not changed.",
		"They cannot be stored: {cause}.",
		"Check the free space and the permissions of the data directory.", 507},
	{DiskFull, SeverityCritical,
		"The disk that holds {directory} is full.",
		"{free} are free. Calls and registrations go on; changes of the configuration are refused.",
		"Free space or enlarge the disk. Nothing needs a restart afterwards.", 507},
	{DiskFilling, SeverityWarning,
		"The disk that holds {directory} is {percent} % full.",
		"{free} are free.",
		"Free space or enlarge the disk before it is full.", 0},
	{DescriptorsShort, SeverityWarning,
		"New connections are refused.",
		"{used} of {limit} file descriptors are in use; the rest is kept for phones that are known.",
		"Raise the limit of open files (LimitNOFILE, ulimit -n), and look for an address that opens many connections.", 503},
	{MemoryShort, SeverityWarning,
		"New work is refused.",
		"{used} of {limit} memory are in use.",
		"Give the server more memory. Calls that are up go on.", 503},
	{ClockJumped, SeverityWarning,
		"The clock of this machine was moved by {step}.",
		"Somebody set it, or time synchronisation corrected it at once.",
		"Check time synchronisation. Calls, timers and the length of calls in records are not affected.", 0},
	{LogNotWritten, SeverityError,
		"The log {file} cannot be written.",
		"{cause}.",
		"Free space or correct the permissions. Until then the log goes to standard error.", 0},
	{ReceiveBufferSmall, SeverityNotice,
		"The receive buffer of port {port} is {got}, not {wanted}.",
		"The kernel allows no more to this process.",
		"Raise net.core.rmem_max, or start the server with CAP_NET_ADMIN; under heavy load packets are lost otherwise.", 0},
	{PortMoved, SeverityNotice,
		"{service} listens on port {port} instead of {usual}.",
		"This process may not use the usual port.",
		"Start the server as root to use the usual ports. Phones must be told the port otherwise.", 0},
}
