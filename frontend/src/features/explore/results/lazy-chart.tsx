import { lazy, Suspense } from "react";
import { ErrorBoundary } from "../../../components/error-boundary";
import type { ChartProps } from "./chart";
import { Waiting } from "./waiting";

const Chart = lazy(() => import("./chart"));

/** The chart, whose library is fetched when the first one is to be drawn. */
export function LazyChart(props: ChartProps) {
  return (
    <ErrorBoundary>
      <Suspense fallback={<Waiting />}>
        <Chart {...props} />
      </Suspense>
    </ErrorBoundary>
  );
}
