package replica

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

const (
	keepInterval  = 500 * time.Millisecond
	rebuildPause  = 10 * time.Second // between two attempts to replace a damaged copy
	changeTimeout = 5 * time.Second  // of one change of the group
)

// nudge has keep look soon.
func (r *Replica) nudge() {
	select {
	case r.nudged <- struct{}{}:
	default:
	}
}

// keep brings this server into order with the cluster: a copy of an old epoch or a damaged one is begun anew, and what the publisher
// left half done is completed. It ends with the replica.
func (r *Replica) keep() {
	ticker := time.NewTicker(keepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-r.closing:
			return
		case <-r.nudged:
		case <-ticker.C:
		}
		if !r.administration.TryLock() {
			continue // somebody is at it
		}
		err := r.keepOnce()
		r.administration.Unlock()
		if err != nil {
			r.options.Logger.Warn("the replication of the configuration is not in order yet", "error", err)
		}
	}
}

func (r *Replica) keepOnce() error {
	select {
	case <-r.closing:
		return nil
	default:
	}
	m := r.machineNow()
	_, subscriber := r.marked(subscriberFile)
	own, known := r.suffrage()
	switch {
	case r.deposed():
		f := r.deposedFault()
		if !subscriber {
			r.options.Report(f)
		}
		return r.refill(errors.New("the cluster is at a newer epoch than this copy"))
	case subscriber && m.isDamaged() && own != raft.Voter && time.Since(r.rebuilt) > rebuildPause:
		halted, _ := m.state()
		return r.refill(fmt.Errorf("the copy is damaged (%w)", halted))
	case !r.runningNow():
		select {
		case <-r.closing: // it does not run because it is closed, and its log is whole
			return nil
		default:
		}
		var p promotion
		if r.readJSON(promotionFile, &p) {
			return r.promoteTo(p)
		}
		return r.refill(errors.New("its copy could not be begun anew at first"))
	case r.group().State() == raft.Leader:
		return r.tidyGroup()
	}
	if content, filling := r.marked(fillingFile); filling && !m.isFilling() && (content == fillingWait || known && own == raft.Nonvoter) {
		return r.unmark(fillingFile)
	}
	return nil
}

func (r *Replica) runningNow() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running
}
