package confdb

import (
	"strings"
	"time"

	"tandem/fault"
	"tandem/telephony"
)

// Item is one wish of a change set.
type Item struct {
	// Object is to be there, in place of an earlier one of its kind and key. A secret that it leaves empty stays
	// as it was. nil: the object of Kind and Key is to be deleted.
	Object telephony.Object
	Kind   telephony.Kind // for deletion
	Key    string         // for deletion
	// ClearSecrets names secrets that are to be emptied instead of kept.
	ClearSecrets []string
	// Line is where the wish stands in its source, from 1; 0 if it has no line.
	Line int
	// FieldLines gives the lines of the object's fields, by name, where known.
	FieldLines map[string]int
}

// ChangeSet is what one call of Apply changes: all of it or nothing.
type ChangeSet struct {
	Source string // where it comes from, for messages: a file name, "the API"
	Items  []Item
}

// Put adds objects that are to be there.
func (c *ChangeSet) Put(objects ...telephony.Object) *ChangeSet {
	for _, o := range objects {
		c.Items = append(c.Items, Item{Object: o})
	}
	return c
}

// Delete adds an object that is to go.
func (c *ChangeSet) Delete(kind telephony.Kind, key string) *ChangeSet {
	c.Items = append(c.Items, Item{Kind: kind, Key: key})
	return c
}

// Options say how a change set is applied.
type Options struct {
	DryRun bool   // find out what would change, and change nothing
	Actor  string // who asks, for the feed and the audit log
	// UserState marks changes that users made at their phones and that are folded into the configuration. They are
	// facts, not wishes: circles of forwards are left to the hop limit of calls.
	UserState bool
}

// Change is one object that changed. Before is nil if it is new, After is nil if it was deleted.
type Change struct {
	Kind   telephony.Kind
	Key    string
	Before telephony.Object
	After  telephony.Object
}

// Action says what happened to an object.
type Action string

// The actions.
const (
	Created Action = "created"
	Changed Action = "changed"
	Deleted Action = "deleted"
)

// Action says what happened.
func (c Change) Action() Action {
	switch {
	case c.Before == nil:
		return Created
	case c.After == nil:
		return Deleted
	default:
		return Changed
	}
}

// ResultItem is a change as it is shown to who asked for it.
type ResultItem struct {
	Action Action         `json:"action" enum:"created,changed,deleted" doc:"What happened."`
	Kind   telephony.Kind `json:"kind" doc:"Kind of the object."`
	Key    string         `json:"key" doc:"Name of the object."`
	Fields []FieldChange  `json:"fields,omitempty" doc:"Fields that changed."`
}

// FieldChange is one field before and after. Secrets show as "(secret)", and as "(new secret)" where one replaces another.
type FieldChange struct {
	Field  string `json:"field" doc:"Path of the field, such as lines[1].label."`
	Before string `json:"before" doc:"Text before; empty if there was none."`
	After  string `json:"after" doc:"Text after; empty if there is none."`
}

// Result says what a change set did, or with DryRun would do.
type Result struct {
	Items     []ResultItem `json:"items" doc:"What changed."`
	Unchanged int          `json:"unchanged" doc:"Objects that already were as wished."`
	Position  Position     `json:"position" doc:"Place in the log of changes."`
	// Durable counts the disks that hold the change: 1 the publisher's, 2 one subscriber's as well, 0 if nothing had to be
	// written.
	Durable int  `json:"durable" doc:"Disks that hold the change: 0 if nothing changed."`
	DryRun  bool `json:"dryRun" doc:"Nothing was changed; this is what would be."`
}

// Event is one entry of the feed.
type Event struct {
	Position Position
	Actor    string
	Time     time.Time // when the publisher took the change
	Changes  []Change
	Snapshot *Snapshot // as it was after the change
	// Resync tells that entries were missed or everything was replaced: Changes is empty, begin anew from Snapshot.
	Resync bool
}

// Refused is a change set that was not applied, with everything that is wrong with it (at most MaximumProblems).
// errors.As and errors.Is find the faults in it, the first one first.
type Refused struct {
	Problems []*fault.Error
	More     int // further problems that are not listed
}

// MaximumProblems bounds the list of a Refused.
const MaximumProblems = 50

// Error lists the problems, one a line.
func (r *Refused) Error() string {
	lines := make([]string, len(r.Problems))
	for i, p := range r.Problems {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the faults to errors.As and errors.Is.
func (r *Refused) Unwrap() []error {
	errs := make([]error, len(r.Problems))
	for i, p := range r.Problems {
		errs[i] = p
	}
	return errs
}

// Add notes a problem.
func (r *Refused) Add(p *fault.Error) {
	if len(r.Problems) >= MaximumProblems {
		r.More++
		return
	}
	r.Problems = append(r.Problems, p)
}

// Err returns r if it holds a problem, else nil.
func (r *Refused) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	return r
}
