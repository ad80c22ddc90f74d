package fault

// Faults of call records.
const (
	RecordsNotWritten  Code = "TDM-CDR-0001"
	RecordsClosedLate  Code = "TDM-CDR-0002"
	RecordJournalBad   Code = "TDM-CDR-0003"
	RecordsLostCounted Code = "TDM-CDR-0004"
	RecordSetAside     Code = "TDM-CDR-0005"
	RecordNeverEnded   Code = "TDM-CDR-0006"
)

var record = []Entry{
	{RecordsNotWritten, SeverityError,
		"Call records cannot be written.",
		"{cause}.",
		"Free space in {directory}. Records are kept in memory as long as there is room and written when it is possible again.", 0},
	{RecordsClosedLate, SeverityNotice,
		"{count} calls that were up when the server stopped have been closed in the call records.",
		"The server ended without ending them.",
		"Nothing: their records carry a cause of their own.", 0},
	{RecordJournalBad, SeverityWarning,
		"The end of the journal of calls {file} is damaged.",
		"The server stopped in the middle of a write, or the disk is failing: {cause}.",
		"Records up to that place are kept. Check the disk if it repeats.", 0},
	{RecordsLostCounted, SeverityError,
		"{count} call records were lost.",
		"They could not be written, and the room that is kept for them in memory was used up.",
		"Free space in {directory}.", 0},
	{RecordSetAside, SeverityWarning,
		"A call record was put aside.",
		"It cannot be understood: {cause}.",
		"Look at it in {directory}; other records are not touched. Report it with `tandem support-bundle`.", 0},
	{RecordNeverEnded, SeverityWarning,
		"The call {call} of {device} has been up since {since}.",
		"It is longer than any call should be, or its end was missed.",
		"Look at it with `tandem calls`. Its record is written when it ends, or at the next start of the server.", 0},
}
