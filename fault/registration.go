package fault

// Faults of registration, whatever the protocol.
const (
	DeviceUnknown           Code = "TDM-REG-0001"
	DeviceProtocolMismatch  Code = "TDM-REG-0002"
	DeviceReplaced          Code = "TDM-REG-0003"
	RegistrationIncomplete  Code = "TDM-REG-0004"
	DeviceLost              Code = "TDM-REG-0005"
	DeviceUnregistered      Code = "TDM-REG-0006"
	RegistrationRateLimited Code = "TDM-REG-0007"
	RegistrationLimit       Code = "TDM-REG-0008"
	RegistrationPaced       Code = "TDM-REG-0009"
	ServerCapacityReached   Code = "TDM-REG-0010"
	ServerNotInGroup        Code = "TDM-REG-0011"
	DeviceElsewhere         Code = "TDM-REG-0012"
)

var registration = []Entry{
	{DeviceUnknown, SeverityWarning,
		"{device} at {address} was not registered.",
		"No device of this name is configured, and auto-registration does not admit it.",
		"Add the device, or open auto-registration for its device pool.", 0},
	{DeviceProtocolMismatch, SeverityWarning,
		"{device} at {address} was not registered.",
		"It came with {found}, but is configured for {configured}.",
		"Give the phone the load of the other protocol, or change the device's protocol.", 0},
	{DeviceReplaced, SeverityNotice,
		"{device} registered again from {address}.",
		"Its earlier connection from {previous} was still open and has been closed: the newest registration counts.",
		"Nothing, unless it happens all the time: then two devices use the same name.", 0},
	{RegistrationIncomplete, SeverityWarning,
		"{device} at {address} did not finish its registration.",
		"It was silent for {timeout} while the server waited for {step}.",
		"The device is free to begin again. If it repeats, look at its load and at the network between.", 0},
	{DeviceLost, SeverityWarning,
		"{device} at {address} is gone.",
		"{why}.",
		"Check the phone's power and network. It registers by itself when it is back.", 0},
	{DeviceUnregistered, SeverityInformational,
		"{device} at {address} unregistered.",
		"The device said: {why}.",
		"Nothing.", 0},
	{RegistrationRateLimited, SeverityWarning,
		"{address} is held back.",
		"It sent {count} failed registrations within {window}.",
		"If it is a phone, check its name and password. If not, block the address.", 0},
	{RegistrationLimit, SeverityError,
		"{device} at {address} was not registered.",
		"This server holds {count} devices, the most that it admits.",
		"Move devices to another server, or raise the limit.", 0},
	{RegistrationPaced, SeverityInformational,
		"{device} was told to come again in {seconds} s.",
		"{why}, and the server lets phones in one after the other.",
		"Nothing: it comes by itself. Should a return to this server take too long, raise its rate of fallback.", 0},
	{ServerCapacityReached, SeverityWarning,
		"{device} at {address} was not registered.",
		"Its weight of {weight} does not fit: the devices here take {used} of {capacity} units.",
		"The phone tries the next server of its group. Spread the device pools over more servers, or raise the capacity if the machine can carry more.", 0},
	{ServerNotInGroup, SeverityWarning,
		"{device} at {address} was not let in.",
		"This server does not belong to its CallManager group.",
		"The phone has an old file: reset it. Or add the server to the group.", 0},
	{DeviceElsewhere, SeverityInformational,
		"{device} is not registered at this server any more.",
		"It has registered at {server}, and the newest registration counts.",
		"Nothing, unless it happens all the time: then two devices use the same name.", 0},
}
