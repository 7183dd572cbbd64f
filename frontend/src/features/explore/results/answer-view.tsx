import type { Ref } from "react";
import type { components } from "../../../api/schema.gen";
import type { RetentionView as RetentionShownAs, View } from "../question";
import type {
  FunnelQuery,
  LifecycleQuery,
  PathsQuery,
  Query,
  RetentionQuery,
  StickinessQuery,
  TrendQuery,
} from "../query";
import { FunnelView } from "./funnel-view";
import { LifecycleView } from "./lifecycle-view";
import { PathsView } from "./paths-view";
import type { PictureText } from "./picture";
import { RetentionView } from "./retention-view";
import type { Size } from "./size";
import { StickinessView } from "./stickiness-view";
import { TrendView } from "./trend-view";

/** Each kind of answer has its own ways to be shown; a way that is another kind's has no bearing. */
export type ShownAs = View | RetentionShownAs;

/** What can be asked of an answer that is on the page. */
export type AnswerHandle = {
  /** The answer as a picture under its title; null while there is none. */
  picture: (text: PictureText) => HTMLCanvasElement | null;
};

export type AnswerViewProps = {
  query: Query;
  /** The answer to this very query. */
  answer: components["schemas"]["Answer"];
  /** When it was given, which decides what is still filling. */
  at: Date;
  size: Size;
  /** A trend is a line and a retention shares, unless this says otherwise. */
  view?: ShownAs;
  /** What the reader calls a trend's series, by their places in the query. */
  labels?: readonly (string | undefined)[];
  /** Called with the days of a period that has events, where the answer's has none and the reader wants them. */
  onPeriod?: (from: string, to: string) => void;
  handle?: Ref<AnswerHandle>;
};

/** Shows the answer to a query, of any kind. */
export function AnswerView({ query, answer, at, size, view, labels, onPeriod, handle }: AnswerViewProps) {
  const common = { at, size, onPeriod, handle };
  // An answer is of its query's kind.
  switch (answer.kind) {
    case "trend":
      return (
        <TrendView
          {...common}
          query={query as TrendQuery}
          answer={answer}
          view={isTrendView(view) ? view : "line"}
          labels={labels}
        />
      );
    case "funnel":
      return <FunnelView {...common} query={query as FunnelQuery} answer={answer} />;
    case "retention":
      return (
        <RetentionView
          {...common}
          query={query as RetentionQuery}
          answer={answer}
          view={view === "users" ? "users" : "percent"}
        />
      );
    case "stickiness":
      return (
        <StickinessView
          {...common}
          query={query as StickinessQuery}
          answer={answer}
          view={view === "line" || view === "table" ? view : "bar"}
        />
      );
    case "lifecycle":
      return (
        <LifecycleView
          {...common}
          query={query as LifecycleQuery}
          answer={answer}
          view={view === "table" ? "table" : "stacked"}
        />
      );
    case "paths":
      return <PathsView {...common} query={query as PathsQuery} answer={answer} />;
  }
}

function isTrendView(view: ShownAs | undefined): view is View {
  return view !== undefined && view !== "percent" && view !== "users";
}
