import { MAX_SERIES, seriesLetter, type StickinessQuestion } from "../question";
import type { Dispatch } from "../use-question";
import { StepList } from "./step-list";

/** The events whose users a stickiness counts by how many intervals they did them in. */
export function StickinessSeries({
  question,
  dispatch,
}: {
  question: StickinessQuestion;
  dispatch: Dispatch;
}) {
  return (
    <StepList
      steps={question.series}
      least={1}
      most={MAX_SERIES}
      noun="series"
      mark={seriesLetter}
      coloured
      title="Events"
      addText="Add a series"
      fullText="10 series are the most"
      filterText="Filter this series"
      dispatch={dispatch}
    />
  );
}
