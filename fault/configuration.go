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
	PublisherAway         Code = "TDM-CFG-0030"
	ChangeOutcomeOpen     Code = "TDM-CFG-0031"
	ChangeOvertaken       Code = "TDM-CFG-0032"
	NoSubscriberConnected Code = "TDM-CFG-0033"
	SubscribersSlow       Code = "TDM-CFG-0034"
	PublisherDeposed      Code = "TDM-CFG-0035"
	ChangesSetAside       Code = "TDM-CFG-0036"
	CopyRebuilt           Code = "TDM-CFG-0037"
	PublisherLives        Code = "TDM-CFG-0038"
	PromotionMayLose      Code = "TDM-CFG-0039"
	NotThePublisher       Code = "TDM-CFG-0040"
	GroupMemberUnknown    Code = "TDM-CFG-0041"
	VotersInvalid         Code = "TDM-CFG-0042"
	GroupChangeFailed     Code = "TDM-CFG-0043"
	PromotionImpossible   Code = "TDM-CFG-0044"
	CopiesDiffer          Code = "TDM-CFG-0045"
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
	{PublisherAway, SeverityWarning,
		"The configuration cannot be changed at the moment.",
		"The publisher cannot be reached: {cause}.",
		"Calls go on. Bring the publisher back, or, if it is lost for good, make another server the publisher with `tandem promote`.", 503},
	{ChangeOutcomeOpen, SeverityError,
		"Whether the change took effect is not known.",
		"The answer did not come: {cause}.",
		"Look whether the change is there, and make it again if it is not.", 504},
	{ChangeOvertaken, SeverityError,
		"{kind} {name} was not saved.",
		"Somebody else changed it at the same moment, again and again.",
		"Look at what it is now, and make the change again. Nothing was changed.", 409},
	{NoSubscriberConnected, SeverityWarning,
		"Changes of the configuration are on the publisher's disk only.",
		"No subscriber is connected.",
		"Bring a subscriber back. Until then the loss of the publisher's disk would lose the latest changes.", 0},
	{SubscribersSlow, SeverityWarning,
		"A change of the configuration is on the publisher's disk only, for now.",
		"No subscriber confirmed it within {limit}.",
		"Look at `tandem replication status`; check the network between the servers and the load of the subscribers.", 0},
	{PublisherDeposed, SeverityWarning,
		"This server is not the publisher any more.",
		"Another server was promoted: the cluster is at epoch {newer}, this server is at {own}.",
		"Nothing: it rejoins as a subscriber. Changes that only it had are written to a file, and another message names that.", 0},
	{ChangesSetAside, SeverityError,
		"{count} changes of the configuration that only {server} had are not in the cluster.",
		"They were made there, or were on their way, when another server was promoted; the common history ends at index {index} of epoch {epoch}.",
		"Read them in {file} and make again what is still wanted.", 0},
	{CopyRebuilt, SeverityWarning,
		"The copy of the configuration on this server is being built anew.",
		"{cause}.",
		"Nothing: calls go on with the old copy until the new one is there. If it happens again look for the cause.", 0},
	{PublisherLives, SeverityError,
		"{name} was not promoted.",
		"{reason}.",
		"With the publisher alive move its role with `tandem promote {name}`; a forced promotion is for a publisher that is lost.", 409},
	{PromotionMayLose, SeverityError,
		"{name} was not promoted.",
		"{others} may hold changes that it does not have.",
		"Bring these servers back or promote the most advanced one; or give --accept-loss and lose what only they have.", 409},
	{NotThePublisher, SeverityError,
		"This server cannot do that.",
		"Only the publisher can; that is {publisher}.",
		"Do it there.", 409},
	{GroupMemberUnknown, SeverityError,
		"Server {name} does not follow the configuration of this cluster.",
		"The replication knows {known}.",
		"Check the name; `tandem replication status` lists the servers.", 404},
	{VotersInvalid, SeverityError,
		"The voters were not changed.",
		"{problem}.",
		"Name one, three or five servers of the cluster that can be reached.", 422},
	{GroupChangeFailed, SeverityError,
		"The servers of the replication were not changed.",
		"{cause}.",
		"Look at `tandem replication status` and try again; what was begun is completed or undone by itself.", 503},
	{PromotionImpossible, SeverityError,
		"{name} was not promoted.",
		"{cause}.",
		"Choose a server whose copy is in order; `tandem replication status` shows it.", 409},
	{CopiesDiffer, SeverityCritical,
		"The copy of the configuration on {server} differs from the publisher's.",
		"Different are {objects}.",
		"Rebuild it with `tandem replication reinitialize {server}`, and check its disk.", 0},
}
