import { useQueryClient } from "@tanstack/react-query";
import { useEffect, type ReactNode } from "react";
import { eventsKey } from "../../api/events";
import { usePipeline } from "../../api/pipeline";
import { useCollectionUrl } from "../../api/session";
import { Button } from "../../components/button";
import { classNames } from "../../components/class-names";
import { CheckIcon } from "../../components/icons";
import { Snippet } from "../../components/snippet";
import { usePresence } from "../../components/use-presence";
import styles from "./first-run.module.css";
import { curlSnippet } from "../../components/snippets";

const EVERY = 3_000;
const IDLE_AFTER = 15 * 60_000;

type FirstRunProps = {
  /** An event that has arrived meanwhile. */
  arrived: string | null;
  onStart: (event: string) => void;
};

/** No data yet: three steps to the first chart, which notice by themselves that they are done. */
export function FirstRun({ arrived, onStart }: FirstRunProps) {
  const queryClient = useQueryClient();
  const present = usePresence(IDLE_AFTER);
  const waiting = arrived === null && present;
  const pipeline = usePipeline(waiting ? EVERY : false);
  const sent = arrived !== null || (pipeline.data?.files_waiting ?? 0) > 0;

  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => void queryClient.invalidateQueries({ queryKey: eventsKey }), EVERY);
    return () => clearInterval(timer);
  }, [waiting, queryClient]);

  return (
    <div className={styles.guide}>
      <h1 className={styles.title}>{arrived === null ? "No data yet" : "Your first event is here"}</h1>
      <p className={styles.lead}>
        {arrived === null
          ? "Three steps, and this page shows your first chart. It looks for new data by itself."
          : "From here on, what your product sends is a question away."}
      </p>
      <ol className={styles.steps}>
        <Step number={1} done={sent} title="Send an event">
          <p>
            Run this in a terminal, with your API key in its place: <code>loafctl dev</code> prints it when it
            starts, <code>loafctl output</code> tells where a stack has it.
          </p>
          <Snippet label="Command" text={curlSnippet(useCollectionUrl())} />
        </Step>
        <Step number={2} done={arrived !== null} title="Wait for the load">
          <p role="status">
            {arrived !== null
              ? `“${arrived}” has arrived.`
              : sent
                ? "Something has arrived and is loaded with the next run."
                : "Data is stored as it arrives and loaded a little later: every two seconds, unless you set another interval."}
          </p>
        </Step>
        <Step number={3} done={false} title="Ask the first question">
          <p>Choose an event, how to count it, a period and filters. The answer follows as you go.</p>
          <Button
            kind="primary"
            isDisabled={arrived === null}
            onPress={() => {
              if (arrived !== null) onStart(arrived);
            }}
          >
            {arrived === null ? "Waiting for the first event" : `Ask about “${arrived}”`}
          </Button>
        </Step>
      </ol>
    </div>
  );
}

type StepProps = { number: number; done: boolean; title: string; children: ReactNode };

function Step({ number, done, title, children }: StepProps) {
  return (
    <li className={styles.step}>
      <span className={classNames(styles.badge, done && styles.done)} aria-hidden="true">
        {done ? <CheckIcon /> : number}
      </span>
      <div className={styles.content}>
        <h2>
          {title}
          {done && <span className="visually-hidden"> (done)</span>}
        </h2>
        {children}
      </div>
    </li>
  );
}
