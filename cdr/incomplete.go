package cdr

import "strings"

// Comments of records that lack something.
const (
	// CommentOtherSideLost marks, in flat files, a record without the facts of the other party's server.
	CommentOtherSideLost = "OtherSideLost"
	// CommentServerRemoved is in the comment of a record that was made of the other side's facts, because the server that
	// kept it was removed.
	CommentServerRemoved = "ServerRemoved"
)

// commentColumn is the comment with the mark of an incomplete record: neither layout has a column for it, and a new one
// would move those behind it.
func commentColumn(r *record) string {
	switch {
	case !r.Incomplete:
		return r.Comment
	case r.Comment == "":
		return CommentOtherSideLost
	}
	return CommentOtherSideLost + " " + r.Comment
}

func readComment(r *record, s string) {
	rest, marked := strings.CutPrefix(s, CommentOtherSideLost)
	if marked && (rest == "" || rest[0] == ' ') {
		r.Incomplete = true
		s = strings.TrimPrefix(rest, " ")
	}
	r.Comment = s
}
