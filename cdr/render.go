package cdr

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"tandem/call/signal"
)

// Conversation is one call with all its records: one for a plain call, several when it was transferred.
type Conversation struct {
	Call    CallID       `json:"call"`
	Began   time.Time    `json:"began"`
	Ended   time.Time    `json:"ended"`
	TalkMS  int64        `json:"talkMs"`  // sum of the records' durations, milliseconds
	Parties []string     `json:"parties"` // numbers, in the order in which they came in
	Records []CallRecord `json:"records"` // in the order in which they began
}

// Join ties records together by their call identifier. The calls come in the order in which records names them first.
func Join(records []CallRecord) []Conversation {
	index := map[signal.CallID]int{}
	var calls []Conversation
	for _, r := range records {
		i, ok := index[r.Call.CallID]
		if !ok {
			i = len(calls)
			index[r.Call.CallID] = i
			calls = append(calls, Conversation{Call: r.Call, Began: r.Began})
		}
		c := &calls[i]
		c.Records = append(c.Records, r)
		if r.Began.Before(c.Began) {
			c.Began = r.Began
		}
		if r.Ended.After(c.Ended) {
			c.Ended = r.Ended
		}
		c.TalkMS += r.DurationMS
	}
	for i := range calls {
		c := &calls[i]
		slices.SortStableFunc(c.Records, func(a, b CallRecord) int {
			if n := a.Began.Compare(b.Began); n != 0 {
				return n
			}
			return a.Ended.Compare(b.Ended)
		})
		for _, r := range c.Records {
			for _, number := range []string{r.Calling.Number, r.FinalCalled.Number} {
				if number != "" && !slices.Contains(c.Parties, number) {
					c.Parties = append(c.Parties, number)
				}
			}
		}
	}
	return calls
}

// Outcome says in words how the record ended.
func (r *CallRecord) Outcome() string {
	switch {
	case r.Cause() == signal.CauseSplit:
		return "transferred"
	case r.Answered() && r.Cause() == signal.CauseNormalClearing && r.Orig.Cause != 0:
		return "ended by caller"
	case r.Answered() && r.Cause() == signal.CauseNormalClearing:
		return "ended by called party"
	case !r.Answered() && r.Cause() == signal.CauseNormalClearing:
		return "given up"
	}
	return r.Cause().String()
}

// WriteTable writes records as a table for people, the records of one call below each other. Times are shown in zone.
func WriteTable(w io.Writer, records []CallRecord, zone *time.Location) error {
	if zone == nil {
		zone = time.UTC
	}
	b := bufio.NewWriter(w)
	t := tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "CALL\tBEGAN\tFROM\tTO\tFIRST CALLED\tTALKED\tEND\tDEVICES")
	for _, c := range Join(records) {
		for i := range c.Records {
			r := &c.Records[i]
			call := r.Call.String()
			if i > 0 {
				call = " +"
			}
			first := ""
			if r.OriginalCalled.Number != r.FinalCalled.Number {
				first = r.OriginalCalled.Number
			}
			talked := "-"
			if r.Answered() {
				talked = r.Duration().Round(time.Second).String()
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", call, r.Began.In(zone).Format(time.DateTime), dash(r.Calling.Number),
				dash(r.FinalCalled.Number), first, talked, r.Outcome(), strings.Trim(r.Orig.Device+" "+r.Dest.Device, " "))
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return b.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// WriteJSON writes records as a JSON array, one record per line.
func WriteJSON(w io.Writer, records []CallRecord) error {
	b := bufio.NewWriter(w)
	b.WriteByte('[')
	for i := range records {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n ")
		data, err := json.Marshal(&records[i])
		if err != nil {
			return err
		}
		b.Write(data)
	}
	b.WriteString("\n]\n")
	return b.Flush()
}
