package session

import "time"

// run does what is due on a link until it ends: it alone sends, so that frames leave in order.
func (l *link) run() {
	defer l.e.group.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-l.kick:
		case <-timer.C:
		}
		timer.Reset(l.work())
	}
}

// work sends what is due and returns how long nothing will be, if nobody wakes the loop.
func (l *link) work() time.Duration {
	now := time.Now()
	beat := l.beats(now)
	var status []byte
	if beat {
		status = l.e.describe() // before the lock: it belongs to somebody else
	}
	var frames [][]byte
	l.mu.Lock()
	if l.stopped {
		l.mu.Unlock()
		return time.Hour
	}
	l.judge(now)
	next := l.presence
	if beat {
		frame := make([]byte, headerSize+1, headerSize+1+len(status))
		l.header(kindPresence).put(frame)
		if l.wantAnswer {
			frame[headerSize] = 1
		}
		frames = append(frames, append(frame, status...))
		l.answerIt, l.wantAnswer = false, false
		l.presence = now.Add(l.e.options.Heartbeat)
		next = l.presence
	}
	if l.up {
		next = l.deadlines(next)
		if again := l.outgoing.due(now, func(f *flight) {
			l.header(kindData).put(f.frame)
			frames = append(frames, f.frame)
			if f.times == 1 {
				l.e.figures.Sent.Add(1)
			} else {
				l.e.figures.Resent.Add(1)
			}
		}); !again.IsZero() && again.Before(next) {
			next = again
		}
		if due := l.incoming.due; !due.IsZero() && !due.After(now) {
			frame := make([]byte, headerSize)
			l.header(kindAck).put(frame)
			frames = append(frames, frame)
		} else if !due.IsZero() && due.Before(next) {
			next = due
		}
	}
	l.mu.Unlock()
	for _, f := range frames {
		// A frame on its way is not changed while it is sent: only this goroutine writes headers, and the rest stays.
		if err := l.e.options.Carrier.Send(l.member.Node, f); err != nil {
			l.e.options.Log.Debug("A frame was not sent.", "node", l.member.Node, "cause", err)
		}
	}
	return max(time.Until(next), 0)
}

// beats reports whether a presence goes out in this round.
func (l *link) beats(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if doubt := l.doubt(); !doubt.IsZero() && !doubt.After(now) {
		l.wantAnswer, l.doubted = true, now
		return true
	}
	return l.answerIt || !l.presence.After(now)
}

// doubt is when the other side is to be asked next whether it is still there; zero when there is no reason. A heartbeat that is late is
// reason enough: to lose some of them in a row must not lose the peer (T-19). The lock is held.
func (l *link) doubt() time.Time {
	if !l.up {
		return time.Time{}
	}
	pause := l.e.options.Heartbeat / 5
	reason := l.heard.Add(l.e.options.Heartbeat + pause)
	if !l.probing.IsZero() {
		pause, reason = l.e.options.Probe/6, time.Time{}
	}
	if again := l.doubted.Add(pause); again.After(reason) {
		return again
	}
	return reason
}

// judge ends the session if the other side has been silent for too long, or does not acknowledge. A round that comes late, because
// this process did not run, says nothing about the other side: the delay is forgiven. The lock is held.
func (l *link) judge(now time.Time) {
	if late := now.Sub(l.round) - l.e.options.Heartbeat; late > l.e.options.Heartbeat/2 {
		l.heard = l.heard.Add(late)
	}
	l.round = now
	if !l.up {
		return
	}
	switch oldest := l.outgoing.oldest(); {
	case now.Sub(l.heard) >= l.e.options.Silence:
		l.lose("nothing was heard from it")
	case !l.probing.IsZero() && !l.probing.After(now):
		l.lose("its connection broke and it does not answer")
	case !oldest.IsZero() && now.Sub(oldest) >= l.e.options.Stuck:
		l.lose("it does not acknowledge what is sent")
	}
}

// deadlines returns the first of next and the moments at which judge may find the session over. The lock is held.
func (l *link) deadlines(next time.Time) time.Time {
	for _, at := range [...]time.Time{l.heard.Add(l.e.options.Silence), l.probing, l.doubt()} {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	return next
}
