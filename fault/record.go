package fault

import "net/http"

// Faults of call records.
const (
	RecordsNotWritten  Code = "TDM-CDR-0001"
	RecordsClosedLate  Code = "TDM-CDR-0002"
	RecordJournalBad   Code = "TDM-CDR-0003"
	RecordsLostCounted Code = "TDM-CDR-0004"
	RecordSetAside     Code = "TDM-CDR-0005"
	RecordNeverEnded   Code = "TDM-CDR-0006"

	RecordsNotDelivered   Code = "TDM-CDR-0007"
	RecordsNearRetention  Code = "TDM-CDR-0008"
	RecordsDropped        Code = "TDM-CDR-0009"
	RecordsNotInserted    Code = "TDM-CDR-0010"
	RecordsQuarantined    Code = "TDM-CDR-0011"
	RecordStoreDamaged    Code = "TDM-CDR-0012"
	QuarantineUnknown     Code = "TDM-CDR-0013"
	RecordsStillBad       Code = "TDM-CDR-0014"
	RecordFileUnreadable  Code = "TDM-CDR-0015"
	RecordsMadeFromFacts  Code = "TDM-CDR-0016"
	RecordStoreUnreadable Code = "TDM-CDR-0017"
	RecordsElsewhere      Code = "TDM-CDR-0018"
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
	{RecordsNotDelivered, SeverityWarning,
		"The publisher has not taken this server's call records since {since}.",
		"{cause}.",
		"Look at the publisher with `tandem server list`. The records stay in {directory} and are delivered when it takes them again.", 0},
	{RecordsNearRetention, SeverityError,
		"Call records that the publisher has not taken will soon be removed from this server.",
		"The oldest are from {since}, and {limit}.",
		"Bring the publisher back, or copy {directory} elsewhere, or raise `CDRRetentionDays` or `MaximumCDRRecords`.", 0},
	{RecordsDropped, SeverityError,
		"Call records were removed before the publisher took them, the first of them in {file}.",
		"They reached the limit of `CDRRetentionDays` or `MaximumCDRRecords`.",
		"They are lost unless there is a copy. Bring the publisher back before more go.", 0},
	{RecordsNotInserted, SeverityError,
		"Call records of other servers cannot be stored here.",
		"{cause}.",
		"Free space in {directory}. The servers keep their records and send them again until they are stored.", 0},
	{RecordsQuarantined, SeverityWarning,
		"Call records of {server} could not be inserted and are in quarantine as {name}.",
		"{cause}.",
		"Look at them in {directory}. When the reason is gone have them inserted, or discard them. All other records are stored.", 0},
	{RecordStoreDamaged, SeverityError,
		"The store of all servers' call records was damaged and has been put aside as {file}.",
		"{cause}.",
		"Check the disk. Every server sends its records again, as far back as it keeps them.", 0},
	{QuarantineUnknown, SeverityNotice,
		"There are no call records in quarantine under the name {name}.",
		"They were inserted or discarded, or the name is wrong.",
		"List what is in quarantine.", http.StatusNotFound},
	{RecordsStillBad, SeverityWarning,
		"{count} lines of {name} still cannot be inserted.",
		"{cause}.",
		"They stay in quarantine; all other lines were inserted. Correct them in {directory} and try again, or discard them.", http.StatusConflict},
	{RecordFileUnreadable, SeverityError,
		"The file of call records {file} cannot be read and is not delivered to the publisher.",
		"{cause}.",
		"Check the disk. The files after it are delivered.", 0},
	{RecordsMadeFromFacts, SeverityNotice,
		"{count} call records that a removed server kept were made from what the other servers knew.",
		"The server was removed before it had delivered them.",
		"Nothing: they are marked as incomplete.", 0},
	{RecordStoreUnreadable, SeverityError,
		"The store of all servers' call records cannot be opened.",
		"{cause}.",
		"Check the disk and the permissions of {directory}.", 0},
	{RecordsElsewhere, SeverityNotice,
		"This server has no quarantine of call records.",
		"It is not the publisher, which stores the records of all servers, or its service CDR Insert is down.",
		"Ask the publisher.", http.StatusConflict},
}
