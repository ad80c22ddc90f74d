package fault

// Faults of the configuration database and of what is written to it.
const (
	DatabaseCorrupt       Code = "TDM-CFG-0001"
	DatabaseMissing       Code = "TDM-CFG-0002"
	DatabaseWriteFailed   Code = "TDM-CFG-0003"
	DatabaseTooNew        Code = "TDM-CFG-0004"
	DatabaseNotReady      Code = "TDM-CFG-0005"
	ObjectInvalid         Code = "TDM-CFG-0010"
	ObjectDuplicate       Code = "TDM-CFG-0011"
	ReferenceMissing      Code = "TDM-CFG-0012"
	ObjectInUse           Code = "TDM-CFG-0013"
	ObjectNotFound        Code = "TDM-CFG-0014"
	FieldUnknown          Code = "TDM-CFG-0015"
	ReferenceCycle        Code = "TDM-CFG-0016"
	KindUnknown           Code = "TDM-CFG-0017"
	ConfigurationUnparsed Code = "TDM-CFG-0018"
	ConfigurationTooLarge Code = "TDM-CFG-0019"
	ParameterUnknown      Code = "TDM-CFG-0020"
	ParameterOutOfRange   Code = "TDM-CFG-0021"
)

var configuration = []Entry{
	{DatabaseCorrupt, SeverityCritical,
		"The configuration database {file} cannot be read.",
		"Its contents are damaged: {cause}.",
		"Stop the server, keep a copy of the file, and restore the last backup, or move the file away and let the server build it again from its log.", 0},
	{DatabaseMissing, SeverityCritical,
		"The configuration database is not in {directory}.",
		"The directory holds no file of the form CCMnnnn.db.",
		"Check that the disk is mounted and that --data names the right directory.", 0},
	{DatabaseWriteFailed, SeverityCritical,
		"A change of the configuration was not stored.",
		"The write to {file} failed: {cause}.",
		"Check the disk's free space and health. The change was refused as a whole; make it again afterwards.", 507},
	{DatabaseTooNew, SeverityCritical,
		"The configuration database {file} was written by a newer version.",
		"Its format is {found}; this version knows formats up to {known}.",
		"Start the version that wrote it, or go back to the database file of this version.", 0},
	{DatabaseNotReady, SeverityWarning,
		"The configuration cannot be changed at the moment.",
		"The database is still starting: {cause}.",
		"Wait a moment and try again; `tandem status --wait` waits for it.", 503},
	{ObjectInvalid, SeverityError,
		"{kind} {name} was not saved.",
		"{field}: {problem}.",
		"Correct the value and apply it again. Nothing was changed.", 422},
	{ObjectDuplicate, SeverityError,
		"{kind} {name} was not saved.",
		"{other} is there already, and {field} must be unique.",
		"Choose another value, or change the object that has it. Nothing was changed.", 409},
	{ReferenceMissing, SeverityError,
		"{kind} {name} was not saved.",
		"{field} names {reference}, which does not exist.",
		"Create {reference} first or in the same file, or choose another. Nothing was changed.", 422},
	{ObjectInUse, SeverityError,
		"{kind} {name} was not deleted.",
		"It is used by {users}.",
		"Change or delete these first, then delete {name}.", 409},
	{ObjectNotFound, SeverityError,
		"There is no {kind} {name}.",
		"No object of this kind has that name.",
		"List what there is with `tandem get {kind}` and check the spelling.", 404},
	{FieldUnknown, SeverityError,
		"{kind} {name} was not saved.",
		"It has no field {field}.",
		"Check the spelling; the fields are {known}. Nothing was changed.", 422},
	{ReferenceCycle, SeverityError,
		"{kind} {name} was not saved.",
		"It would refer to itself: {path}.",
		"Break the circle at one of these places. Nothing was changed.", 422},
	{KindUnknown, SeverityError,
		"There is no kind of object called {kind}.",
		"The configuration holds {known}.",
		"Check the spelling.", 404},
	{ConfigurationUnparsed, SeverityError,
		"The configuration {source} cannot be read.",
		"{cause}.",
		"Correct the text at that place and apply it again. Nothing was changed.", 400},
	{ConfigurationTooLarge, SeverityError,
		"The configuration {source} was not applied.",
		"It is larger than the limit of {limit}.",
		"Divide it into several files and apply them one after the other.", 413},
	{ParameterUnknown, SeverityError,
		"Parameter {name} was not set.",
		"There is no parameter of this name.",
		"List them with `tandem parameter list` and check the spelling.", 422},
	{ParameterOutOfRange, SeverityError,
		"Parameter {name} was not set to {value}.",
		"It must be {range}.",
		"Choose a value inside the range. Nothing was changed.", 422},
}
