package fault

// Faults of what users change from their phones and pages.
const (
	UserStateNotKept    Code = "TDM-USR-0001"
	UserStateSuperseded Code = "TDM-USR-0002"
	UserStateOrphaned   Code = "TDM-USR-0003"
	UserStateSingle     Code = "TDM-USR-0004"
)

var userState = []Entry{
	{UserStateNotKept, SeverityError,
		"The setting was not changed.",
		"It could not be kept: {cause}.",
		"Check the disk's free space and health, and make the change again.", 507},
	{UserStateSuperseded, SeverityNotice,
		"A change of {setting} of {subject} by {actor} has no effect.",
		"{other} changed the same setting later, and the later change counts.",
		"Nothing, or make the change again.", 0},
	{UserStateOrphaned, SeverityNotice,
		"A change of {setting} of {subject} by {actor} has no effect.",
		"What it is about, or what it refers to, is not in the configuration any more.",
		"Nothing, if that was deleted on purpose.", 0},
	{UserStateSingle, SeverityWarning,
		"What users change is held by this server alone.",
		"No other server of the cluster could be reached to hold it too.",
		"See `tandem server list` and bring another server back. Changes are passed on by themselves then.", 0},
}
