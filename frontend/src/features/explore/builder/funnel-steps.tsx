import { MAX_STEPS, MIN_STEPS, type FunnelQuestion } from "../question";
import type { Dispatch } from "../use-question";
import { StepList } from "./step-list";
import { WindowEditor } from "./window-editor";

/** The steps of a funnel in their order, and the time that users have for them. */
export function FunnelSteps({ question, dispatch }: { question: FunnelQuestion; dispatch: Dispatch }) {
  return (
    <StepList
      steps={question.steps}
      least={MIN_STEPS}
      most={MAX_STEPS}
      noun="step"
      mark={(index) => String(index + 1)}
      title="Steps"
      addText="Add a step"
      fullText="10 steps are the most"
      filterText="Filter this step"
      dispatch={dispatch}
    >
      <WindowEditor window={question.window} onChange={(window) => dispatch({ type: "window", window })} />
    </StepList>
  );
}
