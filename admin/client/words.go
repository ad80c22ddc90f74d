package client

import (
	"encoding/json"
	"time"

	"tandem/fault"
	"tandem/telephony"
)

// Position is a place in the log of changes. Positions of different epochs do not compare.
type Position struct {
	Epoch uint64 `json:"epoch" doc:"Rises when the log begins anew."`
	Index uint64 `json:"index" doc:"Rises with every entry."`
}

// FieldChange is one field of an object before and after. Secrets show as "(secret)".
type FieldChange struct {
	Field  string `json:"field" doc:"Path of the field, such as lines[1].label."`
	Before string `json:"before" doc:"Text before; empty if there was none."`
	After  string `json:"after" doc:"Text after; empty if there is none."`
}

// ObjectChange is one object that changed, or with a dry run would change.
type ObjectChange struct {
	Action string        `json:"action" enum:"created,changed,deleted" doc:"What happened."`
	Kind   string        `json:"kind" doc:"Kind of the object."`
	Key    string        `json:"key" doc:"Name of the object."`
	Fields []FieldChange `json:"fields,omitempty" doc:"Fields that changed."`
}

// Result says what a change did, or with a dry run would do.
type Result struct {
	Items     []ObjectChange `json:"items" doc:"What changed."`
	Unchanged int            `json:"unchanged" doc:"Objects that already were as wished."`
	Position  Position       `json:"position" doc:"Place in the log of changes."`
	Durable   int            `json:"durable" doc:"Disks that hold the change: 0 if nothing changed."`
	DryRun    bool           `json:"dryRun" doc:"Nothing was changed; this is what would be."`
}

// KindInfo describes a kind of object.
type KindInfo struct {
	Kind       string `json:"kind" doc:"The kind, in the singular."`
	Collection string `json:"collection" doc:"Where its objects are, and the key of its list in a site file."`
	Title      string `json:"title" doc:"The kind in a sentence."`
	Count      int    `json:"count" doc:"How many there are, built-in ones included."`
}

// Page is a part of a list of objects. Objects are JSON in the form of a site file, without their secrets.
type Page struct {
	Kind  telephony.Kind    `json:"kind" doc:"Kind of the objects."`
	Items []json.RawMessage `json:"items" doc:"The objects, in the order of their names."`
	Total int               `json:"total" doc:"How many there are in all that pass the filter."`
	Next  string            `json:"next,omitempty" doc:"Give it as after for the next part. Absent: this was the last one."`
}

// ListQuery narrows a list of objects.
type ListQuery struct {
	Filter string // words that must all occur in the object's texts, in any capitalisation; "field=text" asks one field
	After  string // name after which the list begins
	Limit  int    // objects at most; 0: the server's default
}

// Status is the server at one glance.
type Status struct {
	Server        string           `json:"server" doc:"Name of the server."`
	Version       string           `json:"version" doc:"Version of the program."`
	Started       time.Time        `json:"started" doc:"When the server started."`
	State         string           `json:"state" enum:"ready,starting,degraded" doc:"ready: every activated service accepts work; starting: not yet; degraded: one is down, or an alarm of severity error stands."`
	ExitStatus    int              `json:"exitStatus" enum:"0,1,3" doc:"What tandem status exits with: 0 ready, 1 starting, 3 degraded."`
	Waiting       []string         `json:"waiting,omitempty" doc:"Services on their way."`
	Down          []string         `json:"down,omitempty" doc:"Activated services that do not run."`
	Alarms        []Alarm          `json:"alarms,omitempty" doc:"Alarms that stand, worst first."`
	Registered    int              `json:"registered" doc:"Devices that are registered."`
	Configured    int              `json:"configured" doc:"Phones that are configured."`
	Calls         int              `json:"calls" doc:"Calls in progress."`
	Position      Position         `json:"position" doc:"Place in the log of changes."`
	Listening     []ListeningPlace `json:"listening,omitempty" doc:"Where the server can be reached."`
	Configuration bool             `json:"configuration" doc:"Whether the configuration is open."`
}

// ListeningPlace is one address at which the server can be reached.
type ListeningPlace struct {
	Use     string `json:"use" doc:"What for: sccp, sip, sips, tftp, provisioning, web."`
	Address string `json:"address" doc:"IP address and port."`
}

// Service is a service of the server.
type Service struct {
	Name      string       `json:"name" doc:"Name."`
	About     string       `json:"about" doc:"Its job."`
	Activated bool         `json:"activated" doc:"Whether it starts with the server."`
	Always    bool         `json:"always" doc:"It cannot be deactivated or stopped."`
	State     string       `json:"state" enum:"inactive,stopped,starting,running,stopping,failed" doc:"Where it is in its life."`
	Since     time.Time    `json:"since" doc:"Since when."`
	Restarts  int          `json:"restarts" doc:"Restarts after a failure since the server started."`
	Panics    int          `json:"panics" doc:"Faults of the program that were contained since the server started."`
	Recovery  Recovery     `json:"recovery" doc:"What happens when it fails."`
	Needs     []string     `json:"needs,omitempty" doc:"Services that run before it starts."`
	Fault     *FaultNotice `json:"fault,omitempty" doc:"Why it is down, if it failed."`
	Next      *time.Time   `json:"next,omitempty" doc:"When it is tried again."`
}

// Recovery says what happens when a service fails by itself.
type Recovery struct {
	Restart bool    `json:"restart" doc:"false: it stays down until somebody starts it."`
	After   float64 `json:"after" minimum:"0" maximum:"3600" doc:"Seconds until a restart."`
	Count   int     `json:"count" minimum:"0" maximum:"1000" doc:"Restarts within the window; one failure more and it stays down."`
	Window  float64 `json:"window" minimum:"1" maximum:"86400" doc:"Seconds in which restarts are counted."`
}

// FaultNotice is a fault as it is shown beside something else.
type FaultNotice struct {
	Code     fault.Code `json:"code" doc:"Stable identifier."`
	Severity string     `json:"severity" doc:"Name of the severity."`
	Message  string     `json:"message" doc:"What happened."`
	Reason   string     `json:"reason,omitempty" doc:"Why."`
	Action   string     `json:"action,omitempty" doc:"What to do."`
}

// Alarm is a fault that stands, or stood.
type Alarm struct {
	FaultNotice
	Subject        string     `json:"subject" doc:"What it is about."`
	First          time.Time  `json:"first" doc:"When it was raised."`
	Last           time.Time  `json:"last" doc:"When it was raised for the last time."`
	Count          int        `json:"count" doc:"How often it was raised."`
	AcknowledgedBy string     `json:"acknowledgedBy,omitempty" doc:"Who has seen it."`
	AcknowledgedAt *time.Time `json:"acknowledgedAt,omitempty" doc:"When."`
	Cleared        *time.Time `json:"cleared,omitempty" doc:"When it ended; absent while it stands."`
}

// Message explains an identifier of the catalogue.
type Message struct {
	FaultNotice
	Area string `json:"area" doc:"What the identifier's area covers."`
}

// Route explains where a number goes.
type Route struct {
	From        string      `json:"from" doc:"Device, or device and line, that would dial."`
	Line        string      `json:"line,omitempty" doc:"Directory number of the line."`
	LineCSS     string      `json:"lineCallingSearchSpace,omitempty" doc:"Calling search space of the line."`
	DeviceCSS   string      `json:"deviceCallingSearchSpace,omitempty" doc:"Calling search space of the device."`
	Digits      string      `json:"digits" doc:"What is dialled."`
	Routed      bool        `json:"routed" doc:"Whether the number leads somewhere."`
	Cause       int         `json:"cause,omitempty" doc:"Q.850 cause with which the call would end if it leads nowhere."`
	Reason      string      `json:"reason,omitempty" doc:"Why it leads nowhere."`
	Waits       bool        `json:"waits" doc:"Longer numbers match too: dialled digit by digit, the call is routed when the interdigit timer ends or the caller presses #."`
	Pattern     string      `json:"pattern,omitempty" doc:"Pattern that decided."`
	Partition   string      `json:"partition,omitempty" doc:"Its partition."`
	PatternKind string      `json:"patternKind,omitempty" doc:"Directory number, translation pattern or route pattern."`
	Called      string      `json:"called,omitempty" doc:"Called number after all transformations."`
	Calling     string      `json:"calling,omitempty" doc:"Calling number after all transformations."`
	Passes      []RoutePass `json:"passes" doc:"Look-ups: the first for the dialled digits, one more for each translation."`
	Rings       []RingsAt   `json:"rings,omitempty" doc:"Devices that the call is offered to."`
	Forwards    []string    `json:"forwards,omitempty" doc:"Forwarding that applies, in words."`
	Text        string      `json:"text" doc:"The whole decision in words."`
}

// RoutePass is one look-up of digits.
type RoutePass struct {
	Digits     string           `json:"digits" doc:"What was looked up."`
	Partitions []string         `json:"partitions" doc:"In the order in which they were searched; empty text is the null partition."`
	Candidates []RouteCandidate `json:"candidates" doc:"Patterns that match or could with more digits, the best first."`
	More       bool             `json:"more" doc:"There are more candidates than are listed."`
	Steps      []string         `json:"steps,omitempty" doc:"Transformations, in order."`
}

// RouteCandidate is a pattern that was considered.
type RouteCandidate struct {
	Pattern   string `json:"pattern" doc:"The pattern."`
	Partition string `json:"partition" doc:"Its partition."`
	Kind      string `json:"kind" doc:"What it stands for."`
	Numbers   string `json:"numbers,omitempty" doc:"How many numbers of this length it matches."`
	Verdict   string `json:"verdict" doc:"How it fared, and why."`
}

// RingsAt is a device that a call is offered to.
type RingsAt struct {
	Device     string `json:"device" doc:"Name of the device."`
	Line       int    `json:"line" doc:"Instance of the line on it, from 1."`
	Label      string `json:"label" doc:"Text beside the button."`
	Registered bool   `json:"registered" doc:"Whether it is registered now."`
	Address    string `json:"address,omitempty" doc:"From where it is registered."`
}

// Registration is a device of the cluster and its hold on a server.
type Registration struct {
	Device      string    `json:"device" doc:"Name of the device."`
	Description string    `json:"description,omitempty" doc:"Whose it is or where it stands."`
	Protocol    string    `json:"protocol" doc:"SCCP or SIP."`
	Product     string    `json:"product,omitempty" doc:"What it is."`
	State       string    `json:"state" enum:"registered,lost,unregistered" doc:"lost: it was registered at a server that does not answer now, and at no other since."`
	Server      string    `json:"server,omitempty" doc:"Server at which it is registered."`
	Node        int       `json:"node,omitempty" doc:"Number of the server."`
	Address     string    `json:"address,omitempty" doc:"From where it is registered."`
	Since       time.Time `json:"since,omitzero" doc:"Since when."`
	Load        string    `json:"load,omitempty" doc:"Firmware that it says it runs."`
	Lines       []string  `json:"lines,omitempty" doc:"Its directory numbers."`
	LastFailure *Failure  `json:"lastFailure,omitempty" doc:"What went wrong with it last, at any server that could be asked."`
}

// States of a Registration.
const (
	Registered   = "registered"
	Lost         = "lost"
	Unregistered = "unregistered"
)

// Failure is what went wrong with a device.
type Failure struct {
	Time     time.Time  `json:"time" doc:"When it happened last."`
	Code     fault.Code `json:"code" doc:"Identifier of the refusal or failure."`
	Sentence string     `json:"sentence" doc:"Plain words."`
	Server   string     `json:"server,omitempty" doc:"Server at which it happened."`
}

// RegistrationQuery says which devices are wanted. A zero field asks for nothing.
type RegistrationQuery struct {
	State  string // registered (with those that are lost) or unregistered; "": both
	Server string // at which they are registered
	Filter string // a part of the name, description, product, address, load or a directory number, in any capitals
}

// Registrations are the devices of the cluster that were asked for.
type Registrations struct {
	Devices  []Registration `json:"devices" doc:"The devices, by name."`
	NotAsked []NotAsked     `json:"notAsked,omitempty" doc:"Servers that could not be asked."`
}

// NotAsked is a server that could not be asked about what it does: what only it knows is missing.
type NotAsked struct {
	Server string `json:"server" doc:"Name of the server."`
	Reason string `json:"reason" doc:"Why not."`
}

// CallsInProgress are the sides of calls on all servers.
type CallsInProgress struct {
	Calls    []LiveCall `json:"calls" doc:"The sides, by call."`
	More     bool       `json:"more,omitempty" doc:"There are more than are listed."`
	NotAsked []NotAsked `json:"notAsked,omitempty" doc:"Servers that could not be asked."`
}

// LiveCall is one side of a call in progress.
type LiveCall struct {
	Call      string `json:"call" doc:"Identifier of the call; both sides share it."`
	Device    string `json:"device" doc:"Device of this side."`
	Line      int    `json:"line" doc:"Instance of the line on the device."`
	Number    string `json:"number,omitempty" doc:"Directory number of the line."`
	State     string `json:"state" doc:"What the call does on this side."`
	Peer      string `json:"peer,omitempty" doc:"Number of the other party."`
	PeerName  string `json:"peerName,omitempty" doc:"Name of the other party."`
	Initiator bool   `json:"initiator" doc:"This side made the call."`
	Server    string `json:"server,omitempty" doc:"Server that holds this side."`
}

// Record is a call record: one pair of parties. A transferred call has several with the same Call.
type Record struct {
	ID             string     `json:"id" doc:"Identifier of the record."`
	Call           string     `json:"call" doc:"Identifier of the call."`
	Began          time.Time  `json:"began" doc:"When the call was made."`
	Answered       *time.Time `json:"answered,omitempty" doc:"When it was answered; absent if it never was."`
	Ended          *time.Time `json:"ended,omitempty" doc:"When it ended; absent while it is up."`
	Duration       float64    `json:"duration" doc:"Seconds from answer to end."`
	Calling        string     `json:"calling,omitempty" doc:"Number that called."`
	OriginalCalled string     `json:"originalCalled,omitempty" doc:"Number called first."`
	FinalCalled    string     `json:"finalCalled,omitempty" doc:"Number reached in the end."`
	LastRedirect   string     `json:"lastRedirect,omitempty" doc:"Number that sent it on last."`
	CallingDevice  string     `json:"callingDevice,omitempty" doc:"Device that called."`
	CalledDevice   string     `json:"calledDevice,omitempty" doc:"Device reached."`
	Codec          string     `json:"codec,omitempty" doc:"Codec that the calling side received."`
	Cause          int        `json:"cause,omitempty" doc:"Q.850 cause of the end."`
	Outcome        string     `json:"outcome" doc:"How it ended, in words."`
	Transferred    bool       `json:"transferred,omitempty" doc:"The pair was joined by a transfer."`
	Server         string     `json:"server,omitempty" doc:"Server that wrote the record."`
	Incomplete     bool       `json:"incomplete,omitempty" doc:"What the other party's server knew was lost."`
}

// RecordQuery says which call records are wanted. A zero field asks for nothing.
type RecordQuery struct {
	Since, Until time.Time
	Number       string
	Device       string
	Server       string // that wrote the record
	Call         string
	Limit        int
}

// CallStory is everything known of one call.
type CallStory struct {
	Call     string          `json:"call" doc:"Identifier of the call."`
	Live     []LiveCall      `json:"live,omitempty" doc:"Its sides, if it is in progress."`
	Records  []Record        `json:"records,omitempty" doc:"Its records, in the order in which they began."`
	Messages []LadderMessage `json:"messages,omitempty" doc:"Its messages, oldest first."`
	Server   string          `json:"server" doc:"Name of the server that answers: a participant, if it took part."`
	NotAsked []NotAsked      `json:"notAsked,omitempty" doc:"Servers that could not be asked."`
}

// LadderMessage is one message of a call.
type LadderMessage struct {
	Time     time.Time `json:"time" doc:"When it was sent or received."`
	From     string    `json:"from" doc:"Participant that sent it."`
	To       string    `json:"to" doc:"Participant that received it."`
	Protocol string    `json:"protocol" doc:"SCCP, SIP or signal."`
	Summary  string    `json:"summary" doc:"The message in short."`
	Raw      []byte    `json:"raw,omitempty" doc:"Its bytes, in base64; absent unless asked for."`
	Length   int       `json:"length" doc:"How many bytes it had."`
	Server   string    `json:"server,omitempty" doc:"Server that sent or received it."`
}

// DeviceStory tells what happened to a device.
type DeviceStory struct {
	Device       string        `json:"device" doc:"Name of the device."`
	Configured   bool          `json:"configured" doc:"Whether it is configured."`
	Description  string        `json:"description,omitempty" doc:"Whose it is or where it stands."`
	Protocol     string        `json:"protocol,omitempty" doc:"What it is configured to speak."`
	Product      string        `json:"product,omitempty" doc:"What it is configured to be."`
	Registration *Registration `json:"registration,omitempty" doc:"Its registration, if it is registered."`
	Lines        []StoryLine   `json:"lines" doc:"What happened, oldest first."`
	NotAsked     []NotAsked    `json:"notAsked,omitempty" doc:"Servers that could not be asked."`
}

// StoryLine is one sentence of a story.
type StoryLine struct {
	Time     time.Time  `json:"time" doc:"When it happened first."`
	Last     time.Time  `json:"last" doc:"When it happened last."`
	Count    int        `json:"count" doc:"How often it happened."`
	Code     fault.Code `json:"code,omitempty" doc:"Identifier of a refusal or failure."`
	Sentence string     `json:"sentence" doc:"Plain words."`
	Server   string     `json:"server,omitempty" doc:"Server at which it happened."`
}

// File is a file that devices may fetch.
type File struct {
	Name     string `json:"name" doc:"Name under which devices ask for it."`
	Size     int64  `json:"size" doc:"Size in bytes."`
	SHA256   string `json:"sha256" doc:"SHA-256 of its contents."`
	Category string `json:"category" doc:"firmware, locale, ring, background or other."`
}

// Parameter is a service or enterprise parameter with the value in force.
type Parameter struct {
	Name        string   `json:"name" doc:"Name."`
	Service     string   `json:"service,omitempty" doc:"Service to which it belongs. Absent: an enterprise parameter."`
	Type        string   `json:"type" enum:"boolean,integer,text,choice" doc:"What its value is."`
	Value       string   `json:"value" doc:"Value in force on this server."`
	Source      string   `json:"source" enum:"server,cluster,default" doc:"Where the value comes from."`
	Default     string   `json:"default" doc:"Value if nothing is set."`
	Minimum     *int64   `json:"minimum,omitempty" doc:"Least value."`
	Maximum     *int64   `json:"maximum,omitempty" doc:"Greatest value; of texts the most bytes."`
	Suggested   string   `json:"suggested,omitempty" doc:"What suits most sites, where it is not the default."`
	Unit        string   `json:"unit,omitempty" doc:"Unit of the value."`
	Choices     []string `json:"choices,omitempty" doc:"Permitted values."`
	Explanation string   `json:"explanation" doc:"What it does."`
}

// ParameterValue sets a parameter.
type ParameterValue struct {
	Value  string `json:"value" maxLength:"1024" doc:"The value."`
	Server string `json:"server,omitempty" maxLength:"63" doc:"Server for which it holds. Absent: all that have no value of their own."`
}

// Token is an API token. Secret is there in the answer to its creation and never again.
type Token struct {
	Name    string `json:"name" doc:"What it is for."`
	User    string `json:"user" doc:"User for whom it acts."`
	Role    string `json:"role,omitempty" doc:"What it may do at most. Absent: what its user may do."`
	Created string `json:"created,omitempty" doc:"When it was made."`
	Expires string `json:"expires,omitempty" doc:"When it stops working. Absent: never."`
	Secret  string `json:"secret,omitempty" doc:"The token itself: shown once."`
}

// NewToken asks for an API token.
type NewToken struct {
	Name string  `json:"name" minLength:"1" maxLength:"64" doc:"What it is for."`
	User string  `json:"user,omitempty" maxLength:"128" doc:"User for whom it acts. Absent: the one who asks, if it is a user."`
	Role string  `json:"role,omitempty" enum:"administrator,operator,auditor" doc:"Lowers what the token may do."`
	Days float64 `json:"days,omitempty" minimum:"0" maximum:"36500" doc:"Days after which it stops working. 0 or absent: never."`
}

// AuditEntry is one thing that somebody did, or was refused.
type AuditEntry struct {
	Time      time.Time      `json:"time" doc:"When."`
	Actor     string         `json:"actor" doc:"Who: a user, a user and token, or local: and the number of the system's user."`
	Address   string         `json:"address,omitempty" doc:"From where; absent over the local socket."`
	Operation string         `json:"operation" doc:"What: apply, delete, export-secrets, service-stop …"`
	Object    string         `json:"object,omitempty" doc:"On what."`
	Code      fault.Code     `json:"code,omitempty" doc:"Identifier of the refusal; absent if it was done."`
	Changes   []ObjectChange `json:"changes,omitempty" doc:"Objects that changed, at most 100."`
	More      int            `json:"more,omitempty" doc:"Further objects that changed."`
}

// Refused is a request with several things wrong.
type Refused struct {
	Problems []*fault.Error
	More     int // further ones that are not listed
}

// Error lists the problems, one a line.
func (r *Refused) Error() string {
	text := ""
	for i, p := range r.Problems {
		if i > 0 {
			text += "\n"
		}
		text += p.Error()
	}
	return text
}

// Unwrap gives the problems to errors.As and errors.Is.
func (r *Refused) Unwrap() []error {
	out := make([]error, len(r.Problems))
	for i, p := range r.Problems {
		out[i] = p
	}
	return out
}
