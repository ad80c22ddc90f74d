package fault

// Faults of media.
const (
	NoCommonCodec Code = "TDM-MED-0001"
)

var media = []Entry{
	{NoCommonCodec, SeverityWarning,
		"A call between {calling} and {called} got no speech path.",
		"The two have no codec in common that their regions allow.",
		"Allow a common codec between the regions, or in the devices.", 0},
}
