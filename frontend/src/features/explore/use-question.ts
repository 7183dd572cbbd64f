import { useCallback, useEffect, useMemo, useRef } from "react";
import { useLocation, useNavigate } from "react-router";
import { userTimezone } from "../../format/timezones";
import type { Question } from "./question";
import { questionReducer, type QuestionAction } from "./question-reducer";
import { readQuestion, writeQuestion } from "./question-url";

export type Dispatch = (action: QuestionAction) => void;

/** Typing in one place is one step back, not one a pause. */
const ONE_EDIT = 2_000;

/**
 * The question, which lives in the address and nowhere else: Back, Forward,
 * reload and a shared link need nothing more. Problems tell what of an address
 * could not be read.
 */
export function useQuestion(): { question: Question; problems: string[]; dispatch: Dispatch } {
  const location = useLocation();
  const { pathname, search } = location;
  const state: unknown = location.state;
  const navigate = useNavigate();
  const here = userTimezone();

  const read = useMemo(() => readQuestion(search, here), [search, here]);
  const canonical = writeQuestion(read.question);
  const problems = read.problems.length > 0 ? read.problems : problemsIn(state);

  // An address that is not the question's own, such as a bare /explore, is
  // replaced by it, so that a link copied from here says the time zone too.
  useEffect(() => {
    if (search !== canonical) void navigate(pathname + canonical, { replace: true, state: { problems } });
  }, [search, canonical, pathname, problems, navigate]);

  const latest = useRef(read.question);
  useEffect(() => {
    latest.current = read.question;
  }, [read]);

  const last = useRef({ edit: "", at: 0 });
  const dispatch = useCallback(
    (action: QuestionAction) => {
      const next = questionReducer(latest.current, action);
      if (next === latest.current) return;
      latest.current = next;
      const edit = editOf(action);
      const now = Date.now();
      const replace = edit !== "" && edit === last.current.edit && now - last.current.at < ONE_EDIT;
      last.current = { edit, at: now };
      void navigate(pathname + writeQuestion(next), { replace });
    },
    [navigate, pathname],
  );

  return { question: read.question, problems, dispatch };
}

/** Names the field that a typed edit is in; other actions are steps of their own. */
function editOf(action: QuestionAction): string {
  if (action.type === "condition/value") return `${action.type} ${action.target} ${action.index}`;
  return action.type === "series/label" ? `${action.type} ${action.index}` : "";
}

function problemsIn(state: unknown): string[] {
  if (typeof state !== "object" || state === null || !("problems" in state)) return [];
  const { problems } = state;
  return Array.isArray(problems) ? problems.filter((one) => typeof one === "string") : [];
}
