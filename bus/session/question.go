package session

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"tandem/bus"
	"tandem/call/signal"
)

// answerGrace is how many milliseconds longer than the asking side the answering side goes on, so that the deadline is seen where it was set.
const answerGrace = 1000

// Ask sends a question and waits for the answer. A peer that is lost meanwhile ends it with bus.ErrUnreachable.
func (e *Endpoint) Ask(ctx context.Context, to signal.NodeID, topic bus.Topic, payload []byte) ([]byte, error) {
	if len(payload) > bus.MaximumMessage {
		return nil, fmt.Errorf("%w: %d bytes for server %d", bus.ErrTooLarge, len(payload), to)
	}
	unreachable := fmt.Errorf("server %d: %w", to, bus.ErrUnreachable)
	l := e.link(to)
	if l == nil {
		return nil, unreachable
	}
	h, session, ok := l.questionHeader()
	if !ok {
		return nil, unreachable
	}
	bounded, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(session, cancel)()
	wait := uint64(longestWait)
	if deadline, ok := ctx.Deadline(); ok {
		wait = uint64(min(max(time.Until(deadline).Milliseconds(), 0)+answerGrace, longestWait))
	}
	frame := make([]byte, headerSize, headerSize+8+len(payload))
	h.put(frame)
	reply, err := e.options.Carrier.Ask(bounded, to, question{topic, wait, payload}.append(frame))
	switch {
	case err == nil:
		return parseAnswer(reply)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case session.Err() != nil:
		return nil, unreachable
	}
	return nil, err
}

// Question takes a question that came and answers it through reply, from a goroutine of its own. It keeps frame, and does not block.
func (e *Endpoint) Question(frame []byte, reply func(answer []byte)) {
	h, body, err := split(frame)
	q, bad := parseQuestion(body)
	l := e.link(h.from)
	if err != nil || bad != nil || h.kind != kindQuestion || l == nil {
		e.refuse(errors.Join(err, bad))
		reply(answer(verdictUnreachable, nil))
		return
	}
	l.frame(h, nil) // it may be the first that shows that the other side has come up
	from, session, ok := l.asks(h)
	if !ok {
		reply(answer(verdictUnreachable, nil))
		return
	}
	e.mu.Lock()
	a := e.answerers[q.topic]
	busy := e.answering >= maximumAnswering
	if a == nil || busy || e.closed {
		e.mu.Unlock()
		text := fmt.Sprintf("nobody answers questions of topic %d", q.topic)
		if busy {
			text = "the server answers too many questions already"
		}
		reply(answer(verdictError, []byte(text)))
		return
	}
	e.answering++
	e.group.Add(1)
	e.mu.Unlock()
	go func() {
		defer e.group.Done()
		ctx, cancel := context.WithTimeout(session, time.Duration(q.wait)*time.Millisecond)
		defer cancel()
		result, err := e.contained(ctx, a, from, q.payload)
		e.mu.Lock()
		e.answering--
		e.mu.Unlock()
		switch {
		case err != nil:
			reply(answer(verdictError, []byte(err.Error())))
		case len(result) > bus.MaximumMessage:
			reply(answer(verdictError, []byte(bus.ErrTooLarge.Error())))
		default:
			reply(answer(verdictAnswer, result))
		}
	}()
}

// contained answers one question; a panic ends that question only.
func (e *Endpoint) contained(ctx context.Context, a answerer, from bus.Peer, payload []byte) (result []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			e.recovered(p)
			result, err = nil, errors.New("the question failed on the other server; its log has the details")
		}
	}()
	return a(ctx, from, payload)
}

func (e *Endpoint) recovered(p any) {
	e.figures.Recoveries.Add(1)
	e.options.Log.Error("Taking a message from another server failed.", "panic", p, "stack", string(debug.Stack()))
}
