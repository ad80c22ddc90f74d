package fault

// Faults of call processing and of the dial plan.
const (
	CallThrottled      Code = "TDM-CAL-0001"
	CallPanic          Code = "TDM-CAL-0002"
	TranslationLoop    Code = "TDM-CAL-0003"
	ForwardLoop        Code = "TDM-CAL-0004"
	CallMailboxFull    Code = "TDM-CAL-0005"
	DialPlanNotCurrent Code = "TDM-CAL-0006"
	ForwardUnreachable Code = "TDM-CAL-0007"
	CallProcessingAway Code = "TDM-CAL-0008"
)

var call = []Entry{
	{CallThrottled, SeverityWarning,
		"New calls are refused.",
		"The server is busier than it can bear ({measure}); calls that are up come first.",
		"It ends by itself. If it happens often, move devices to another server.", 503},
	{CallPanic, SeverityError,
		"The call {call} was ended by a defect of the program.",
		"{cause}.",
		"Other calls are not touched. Report it with `tandem support-bundle`.", 0},
	{TranslationLoop, SeverityWarning,
		"The number {digits} dialled by {device} leads in a circle.",
		"Translation patterns send it to one another: {path}.",
		"Change one of these patterns.", 0},
	{ForwardLoop, SeverityWarning,
		"A call to {number} was forwarded too often.",
		"It went through {count} numbers: {path}.",
		"Change the forwarding of one of these numbers.", 0},
	{CallMailboxFull, SeverityError,
		"The call {call} was released.",
		"Its queue of {count} signals was full.",
		"Report it with `tandem support-bundle`; other calls are not touched.", 0},
	{DialPlanNotCurrent, SeverityError,
		"The dial plan in use is not the configured one.",
		"The new one cannot be compiled: {cause}.",
		"Correct the pattern named above; until then the old plan stays in use.", 0},
	{ForwardUnreachable, SeverityWarning,
		"Calls to {line} were not forwarded to {destination}.",
		"Nothing that the calling search space {space} reaches has that number.",
		"Choose a number that can be called from this phone.", 409},
	{CallProcessingAway, SeverityError,
		"Which devices are registered is not known here.",
		"Call processing does not run on {server}.",
		"Ask another server of the cluster, or start the service with `tandem service start CallManager`.", 503},
}
