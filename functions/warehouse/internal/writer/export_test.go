package writer

// Waiting is how many calls of Merge wait for a transaction.
func (w *Writer) Waiting() int {
	w.waitingMu.Lock()
	defer w.waitingMu.Unlock()
	return len(w.waiting)
}
