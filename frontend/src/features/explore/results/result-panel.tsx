import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState, type ReactNode } from "react";
import { ApiError } from "../../../api/client";
import { answerKey, useAnswer, useCsv } from "../../../api/query";
import { Button, IconButton } from "../../../components/button";
import { classNames } from "../../../components/class-names";
import { errorText } from "../../../components/error-text";
import {
  AreaIcon,
  BarIcon,
  DownloadIcon,
  LineIcon,
  NumberIcon,
  PictureIcon,
  RefreshIcon,
  StackedIcon,
  StopIcon,
  TableIcon,
} from "../../../components/icons";
import { Notice } from "../../../components/notice";
import { ToggleGroup } from "../../../components/toggle-group";
import { useNow } from "../../../components/use-now";
import { formatDays } from "../../../format/dates";
import { userLocale } from "../../../format/numbers";
import { fileName } from "../answer";
import { daysOf } from "../period";
import {
  LIFECYCLE_VIEWS,
  STICKINESS_VIEWS,
  type LifecycleView,
  type Question,
  type RetentionView,
  type StickinessView,
  type View,
} from "../question";
import { toQuery } from "../query";
import { subtitleOf, titleOf } from "../titles";
import type { Dispatch } from "../use-question";
import { download } from "./download";
import { Freshness } from "./freshness";
import { AnswerView, type AnswerHandle } from ".";
import { hasPicture, toPng } from "./picture";
import styles from "./results.module.css";
import { Waiting } from "./waiting";

const VIEW_OPTIONS: readonly { id: View; text: string; icon: ReactNode }[] = [
  { id: "line", text: "Line", icon: <LineIcon /> },
  { id: "area", text: "Area", icon: <AreaIcon /> },
  { id: "bar", text: "Bar", icon: <BarIcon /> },
  { id: "stacked", text: "Stacked", icon: <StackedIcon /> },
  { id: "table", text: "Table", icon: <TableIcon /> },
  { id: "number", text: "Number", icon: <NumberIcon /> },
];

const RETENTION_OPTIONS: readonly { id: RetentionView; text: string }[] = [
  { id: "percent", text: "Percent" },
  { id: "users", text: "Users" },
];

const STICKINESS_OPTIONS = STICKINESS_VIEWS.map((id) => viewOption<StickinessView>(id));

const LIFECYCLE_OPTIONS = LIFECYCLE_VIEWS.map((id) => viewOption<LifecycleView>(id));

function viewOption<T extends View>(id: T) {
  const { text, icon } = VIEW_OPTIONS.find((option) => option.id === id) ?? { text: id, icon: null };
  return { id, text, icon };
}

type ResultPanelProps = {
  question: Question;
  dispatch: Dispatch;
  /** What else can be done with the question. */
  actions?: ReactNode;
};

/** The answer to the question: as a chart, a table or numbers, or why there is none. */
export function ResultPanel({ question, dispatch, actions }: ResultPanelProps) {
  const { timezone } = question;
  const queryClient = useQueryClient();
  const now = useNow(60_000);
  const csv = useCsv();
  const shown = useRef<AnswerHandle>(null);
  const [pictureFailed, setPictureFailed] = useState(false);
  const asked = useMemo(() => toQuery(question, now), [question, now]);
  const query = asked.kind === "query" ? asked.query : null;
  const answer = useAnswer(query);
  const { data, isFetching, isError, isPlaceholderData } = answer;
  const view = "view" in question ? question.view : undefined;
  const labels = useMemo(
    () => (question.kind === "trend" ? question.series.map(({ label }) => label) : undefined),
    [question],
  );

  // A refresh that fails takes nothing away; without a session, the form to
  // sign in is over the page and says enough.
  const old = isError && data !== undefined;
  const signedOut = answer.error instanceof ApiError && answer.error.status === 401;
  const stopped = query !== null && !isFetching && !isError && (data === undefined || isPlaceholderData);
  const days = daysOf(question.period, timezone, now);
  const period = formatDays(days.from.toDate("UTC"), days.to.toDate("UTC"), userLocale());
  const subtitle = subtitleOf(question, period);

  const savePicture = async () => {
    setPictureFailed(false);
    const canvas = shown.current?.picture({ title: titleOf(question), subtitle });
    try {
      if (!canvas) throw new Error("there is nothing drawn");
      download(await toPng(canvas), `${fileName(question)}.png`);
    } catch {
      setPictureFailed(true);
    }
  };

  return (
    <section className={styles.panel} aria-labelledby="result-title" aria-busy={isFetching}>
      <header className={styles.head}>
        <div className={styles.titles}>
          <h1 id="result-title" className={styles.title} dir="auto">
            {titleOf(question)}
          </h1>
          <p className={styles.subtitle}>{subtitle}</p>
        </div>
        <div className={styles.tools}>
          {question.kind === "trend" && (
            <ToggleGroup
              label="Show as"
              options={VIEW_OPTIONS}
              value={question.view}
              onChange={(next) => dispatch({ type: "view", view: next })}
            />
          )}
          {question.kind === "retention" && (
            <ToggleGroup
              label="Show as"
              options={RETENTION_OPTIONS}
              value={question.view}
              onChange={(next) => dispatch({ type: "retention/view", view: next })}
            />
          )}
          {question.kind === "stickiness" && (
            <ToggleGroup
              label="Show as"
              options={STICKINESS_OPTIONS}
              value={question.view}
              onChange={(next) => dispatch({ type: "stickiness/view", view: next })}
            />
          )}
          {question.kind === "lifecycle" && (
            <ToggleGroup
              label="Show as"
              options={LIFECYCLE_OPTIONS}
              value={question.view}
              onChange={(next) => dispatch({ type: "lifecycle/view", view: next })}
            />
          )}
          <div className={styles.actions}>
            {isFetching ? (
              <IconButton
                label="Cancel the query"
                onPress={() => void queryClient.cancelQueries({ queryKey: answerKey(query) })}
              >
                <StopIcon />
              </IconButton>
            ) : (
              <IconButton label="Ask again" isDisabled={query === null} onPress={() => void answer.refetch()}>
                <RefreshIcon />
              </IconButton>
            )}
            <IconButton
              label="Download PNG"
              isDisabled={!data || asked.kind !== "query" || !hasPicture(view)}
              onPress={() => void savePicture()}
            >
              <PictureIcon />
            </IconButton>
            <IconButton
              label="Download CSV"
              isDisabled={query === null || csv.isPending}
              onPress={() => {
                if (query)
                  csv.mutate(query, { onSuccess: (blob) => download(blob, `${fileName(question)}.csv`) });
              }}
            >
              <DownloadIcon />
            </IconButton>
          </div>
          {actions}
        </div>
      </header>
      <div className={classNames(styles.progress, isFetching && styles.running)} />
      {csv.isError && (
        <Notice kind="bad" title="The CSV could not be made">
          {errorText(csv.error).advice}
        </Notice>
      )}
      {pictureFailed && (
        <Notice kind="bad" title="The picture could not be made">
          Wait until the answer is drawn, or take the CSV.
        </Notice>
      )}
      {old && !signedOut && (
        <Notice
          kind="bad"
          title={errorText(answer.error).title}
          actions={<Button onPress={() => void answer.refetch()}>Try again</Button>}
        >
          What is shown may be out of date. {errorText(answer.error).advice}
        </Notice>
      )}
      {stopped && data !== undefined && (
        <Notice title="Stopped" actions={<Button onPress={() => void answer.refetch()}>Ask again</Button>}>
          What is shown answers the question before.
        </Notice>
      )}
      {data && asked.kind === "query" ? (
        <div className={classNames(isPlaceholderData && styles.stale)}>
          <AnswerView
            query={data.query}
            answer={data.answer}
            at={data.at}
            size="page"
            view={view}
            labels={isPlaceholderData ? undefined : labels}
            onPeriod={(from, to) => dispatch({ type: "period", period: { kind: "days", from, to } })}
            handle={shown}
          />
        </div>
      ) : (
        <div className={styles.answer}>
          <div className={styles.body}>
            {asked.kind === "unfinished" ? (
              <Notice large title={asked.advice}>
                The answer follows at once.
              </Notice>
            ) : isError && !signedOut ? (
              <Failure error={answer.error} onRetry={() => void answer.refetch()} />
            ) : stopped ? (
              <Notice
                large
                title="Stopped"
                actions={
                  <Button kind="primary" onPress={() => void answer.refetch()}>
                    Ask again
                  </Button>
                }
              >
                The query was cancelled before it had an answer.
              </Notice>
            ) : (
              <Waiting />
            )}
          </div>
          <div className={styles.below} />
        </div>
      )}
      <footer>
        <Freshness timezone={timezone} elapsed={data ? data.took : null} />
      </footer>
    </section>
  );
}

function Failure({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { title, advice } = errorText(error);
  return (
    <Notice
      large
      kind="bad"
      title={title}
      actions={
        <Button kind="primary" onPress={onRetry}>
          Try again
        </Button>
      }
    >
      {advice}
    </Notice>
  );
}
