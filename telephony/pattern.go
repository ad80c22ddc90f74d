package telephony

// Presentation says whether a number is shown to the other party.
type Presentation string

// Presentations. The empty value leaves it as it came.
const (
	PresentationAllowed    Presentation = "allowed"
	PresentationRestricted Presentation = "restricted"
)

// Transformations change numbers on the way through a pattern; dialplan applies them in the order
// discard, mask, prefix (callmanager-4x.md A.4).
type Transformations struct {
	CalledPartyDiscard          string       `yaml:"calledPartyDiscard,omitempty" json:"calledPartyDiscard,omitempty" maxLength:"64" doc:"Digit discard instruction, such as PreDot."`
	CalledPartyTransformMask    string       `yaml:"calledPartyTransformMask,omitempty" json:"calledPartyTransformMask,omitempty" maxLength:"48" mask:"true" doc:"Mask laid over the called number from the right: digits replace, X keeps."`
	CalledPartyPrefix           Number       `yaml:"calledPartyPrefix,omitempty" json:"calledPartyPrefix,omitempty" maxLength:"48" number:"true" doc:"Digits put before the called number."`
	UseCallingPartyExternalMask bool         `yaml:"useCallingPartyExternalMask,omitempty" json:"useCallingPartyExternalMask,omitempty" doc:"Apply the external mask of the calling line first."`
	CallingPartyTransformMask   string       `yaml:"callingPartyTransformMask,omitempty" json:"callingPartyTransformMask,omitempty" maxLength:"48" mask:"true" doc:"Mask laid over the calling number."`
	CallingPartyPrefix          Number       `yaml:"callingPartyPrefix,omitempty" json:"callingPartyPrefix,omitempty" maxLength:"48" number:"true" doc:"Digits put before the calling number."`
	CallingLinePresentation     Presentation `yaml:"callingLinePresentation,omitempty" json:"callingLinePresentation,omitempty" enum:"allowed,restricted" doc:"Whether the called party sees the calling number."`
	CallingNamePresentation     Presentation `yaml:"callingNamePresentation,omitempty" json:"callingNamePresentation,omitempty" enum:"allowed,restricted" doc:"Whether the called party sees the calling name."`
	ConnectedLinePresentation   Presentation `yaml:"connectedLinePresentation,omitempty" json:"connectedLinePresentation,omitempty" enum:"allowed,restricted" doc:"Whether the caller sees the connected number."`
	ConnectedNamePresentation   Presentation `yaml:"connectedNamePresentation,omitempty" json:"connectedNamePresentation,omitempty" enum:"allowed,restricted" doc:"Whether the caller sees the connected name."`
}

// Block names the reason for which a pattern refuses calls; the empty value routes them.
type Block string

// Reasons to block, with the cause that the caller gets (Q.850).
const (
	BlockNoError            Block = "noError"            // cause 31, reorder tone
	BlockUnallocatedNumber  Block = "unallocatedNumber"  // cause 1
	BlockCallRejected       Block = "callRejected"       // cause 21
	BlockNumberChanged      Block = "numberChanged"      // cause 22
	BlockInvalidNumber      Block = "invalidNumber"      // cause 28
	BlockPrecedenceExceeded Block = "precedenceExceeded" // cause 46
)

// Cause is the Q.850 cause value that the caller gets, or 0 if the pattern does not block.
func (b Block) Cause() int {
	switch b {
	case BlockNoError:
		return 31
	case BlockUnallocatedNumber:
		return 1
	case BlockCallRejected:
		return 21
	case BlockNumberChanged:
		return 22
	case BlockInvalidNumber:
		return 28
	case BlockPrecedenceExceeded:
		return 46
	}
	return 0
}

// TranslationPattern changes what was dialled and looks for it again in its own calling search space.
type TranslationPattern struct {
	Pattern                Pattern                `yaml:"pattern" json:"pattern" maxLength:"50" pattern:"dial" doc:"What is dialled."`
	Partition              PartitionName          `yaml:"partition,omitempty" json:"partition,omitempty" ref:"partition" doc:"Where it can be reached."`
	Description            string                 `yaml:"description,omitempty" json:"description,omitempty" maxLength:"128" doc:"What it is for."`
	CallingSearchSpace     CallingSearchSpaceName `yaml:"callingSearchSpace,omitempty" json:"callingSearchSpace,omitempty" ref:"callingSearchSpace" doc:"Where the result is looked for. Absent: the null partition only."`
	UrgentPriority         bool                   `yaml:"urgentPriority,omitempty" json:"urgentPriority,omitempty" doc:"Do not wait for more digits when this matches."`
	ProvideOutsideDialTone bool                   `yaml:"provideOutsideDialTone,omitempty" json:"provideOutsideDialTone,omitempty" doc:"Play the outside dial tone after the access code."`
	Block                  Block                  `yaml:"block,omitempty" json:"block,omitempty" enum:"noError,unallocatedNumber,callRejected,numberChanged,invalidNumber,precedenceExceeded" doc:"Refuse the call for this reason."`
	Transformations        `yaml:",inline"`
}

// Kind implements Object.
func (*TranslationPattern) Kind() Kind { return KindTranslationPattern }

// Key implements Object.
func (t *TranslationPattern) Key() string { return t.LineKey().String() }

// LineKey is the typed key.
func (t *TranslationPattern) LineKey() LineKey { return LineKey{t.Pattern, t.Partition} }

// RoutePattern sends what was dialled to a phone or to another number.
type RoutePattern struct {
	Pattern                Pattern                `yaml:"pattern" json:"pattern" maxLength:"50" pattern:"dial" doc:"What is dialled."`
	Partition              PartitionName          `yaml:"partition,omitempty" json:"partition,omitempty" ref:"partition" doc:"Where it can be reached."`
	Description            string                 `yaml:"description,omitempty" json:"description,omitempty" maxLength:"128" doc:"What it is for."`
	Phone                  DeviceName             `yaml:"phone,omitempty" json:"phone,omitempty" ref:"phone" doc:"Phone to which calls go."`
	Number                 Number                 `yaml:"number,omitempty" json:"number,omitempty" maxLength:"48" number:"true" doc:"Number to which calls go, instead of a phone."`
	CallingSearchSpace     CallingSearchSpaceName `yaml:"callingSearchSpace,omitempty" json:"callingSearchSpace,omitempty" ref:"callingSearchSpace" doc:"Where the number is looked for."`
	UrgentPriority         bool                   `yaml:"urgentPriority,omitempty" json:"urgentPriority,omitempty" doc:"Do not wait for more digits when this matches."`
	ProvideOutsideDialTone bool                   `yaml:"provideOutsideDialTone,omitempty" json:"provideOutsideDialTone,omitempty" doc:"Play the outside dial tone after the access code."`
	AllowOverlapSending    bool                   `yaml:"allowOverlapSending,omitempty" json:"allowOverlapSending,omitempty" doc:"Send digits on as they come."`
	OffNet                 bool                   `yaml:"offNet,omitempty" json:"offNet,omitempty" doc:"Calls by this pattern leave the company."`
	Block                  Block                  `yaml:"block,omitempty" json:"block,omitempty" enum:"noError,unallocatedNumber,callRejected,numberChanged,invalidNumber,precedenceExceeded" doc:"Refuse the call for this reason."`
	Transformations        `yaml:",inline"`
}

// Kind implements Object.
func (*RoutePattern) Kind() Kind { return KindRoutePattern }

// Key implements Object.
func (r *RoutePattern) Key() string { return r.LineKey().String() }

// LineKey is the typed key.
func (r *RoutePattern) LineKey() LineKey { return LineKey{r.Pattern, r.Partition} }
