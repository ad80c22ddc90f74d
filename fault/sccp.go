package fault

// Faults of SCCP phones.
const (
	SCCPFrameInvalid     Code = "TDM-SCC-0001"
	SCCPKeepAliveExpired Code = "TDM-SCC-0002"
	SCCPAlarm            Code = "TDM-SCC-0003"
	SCCPFlood            Code = "TDM-SCC-0004"
	SCCPSlowReader       Code = "TDM-SCC-0005"
	SCCPAddressRewritten Code = "TDM-SCC-0006"
	SCCPOffHookTooLong   Code = "TDM-SCC-0007"
	SCCPMessageRefused   Code = "TDM-SCC-0008"
)

var sccp = []Entry{
	{SCCPFrameInvalid, SeverityWarning,
		"The connection of {device} at {address} was closed.",
		"It sent something that is not a valid message: {problem}.",
		"If it is a phone, check its load; if not, find out who is at that address.", 0},
	{SCCPKeepAliveExpired, SeverityWarning,
		"{device} at {address} is gone.",
		"Nothing was heard from it for {timeout}.",
		"Check the phone's power and network. It registers by itself when it is back.", 0},
	{SCCPAlarm, SeverityInformational,
		"{device} reports: {text}.",
		"A phone tells the reason of its last restart when it registers.",
		"Nothing, unless it repeats.", 0},
	{SCCPFlood, SeverityWarning,
		"{device} at {address} was slowed down.",
		"It sent more than {rate} messages a second.",
		"Restart the phone; if it repeats, check its load.", 0},
	{SCCPSlowReader, SeverityWarning,
		"The connection of {device} at {address} was closed.",
		"It did not take the messages sent to it: {count} were waiting.",
		"Check the network between. It registers by itself when it can.", 0},
	{SCCPAddressRewritten, SeverityNotice,
		"{device} registered from {address}, but says that its address is {inside}.",
		"Something between translates addresses or inspects SCCP.",
		"Switch SCCP inspection off in the firewall, or give the phone a direct way: speech may go one way only.", 0},
	{SCCPOffHookTooLong, SeverityNotice,
		"{device} has been off hook for {duration} without a call.",
		"The handset may lie beside the phone, or its cradle is worn.",
		"Ask the user, or replace the phone.", 0},
	{SCCPMessageRefused, SeverityWarning,
		"{device} (load {load}) did not understand message {message} of this server.",
		"Its alarm names the message: the load does not know it, or found it too short.",
		"Give the phone a newer load. If it has the newest, report load and message.", 0},
}
