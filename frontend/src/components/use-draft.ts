import { useEffect, useRef, useState } from "react";

const PAUSE = 400;

/**
 * A text that is the user's while they type. It is committed after a pause, and
 * at once by flush (on Enter, or when the field loses focus), so that typing
 * waits for nothing. Revert takes back what is not committed yet. A value from
 * outside, such as Back brings, replaces it.
 */
export function useDraft(value: string, commit: (text: string) => void) {
  const [draft, setDraft] = useState(value);
  const [seen, setSeen] = useState(value);
  const [sent, setSent] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  if (seen !== value) {
    setSeen(value);
    // Our own commit comes back as well, when the user may have typed on.
    if (value !== sent) {
      setSent(value);
      setDraft(value);
    }
  }

  useEffect(() => () => clearTimeout(timer.current), []);

  const send = (text: string) => {
    clearTimeout(timer.current);
    if (text === value) return;
    setSent(text);
    commit(text);
  };
  const change = (text: string) => {
    setDraft(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => send(text), PAUSE);
  };
  const revert = () => {
    clearTimeout(timer.current);
    setDraft(value);
  };
  return { draft, change, flush: () => send(draft), revert };
}
