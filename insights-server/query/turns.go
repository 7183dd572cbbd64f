package query

import (
	"context"
	"time"
)

// turns lets a number of questions run at once and a number wait.
type turns struct {
	running chan struct{} // one element for each that runs
	present chan struct{} // one element for each that runs or waits
	wait    time.Duration
}

func newTurns(concurrent, waiting int, wait time.Duration) turns {
	return turns{
		running: make(chan struct{}, concurrent),
		present: make(chan struct{}, concurrent+waiting),
		wait:    wait,
	}
}

// take waits for a turn. It gives ErrBusy when too many wait already, or when
// the wait was too long.
func (t turns) take(ctx context.Context) (release func(), err error) {
	select {
	case t.present <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	select { // spares a timer where there is room
	case t.running <- struct{}{}:
		return t.release, nil
	default:
	}
	timer := time.NewTimer(t.wait)
	defer timer.Stop()
	select {
	case t.running <- struct{}{}:
		return t.release, nil
	case <-timer.C:
		err = ErrBusy
	case <-ctx.Done():
		err = ctx.Err()
	}
	<-t.present
	return nil, err
}

func (t turns) release() {
	<-t.running
	<-t.present
}
