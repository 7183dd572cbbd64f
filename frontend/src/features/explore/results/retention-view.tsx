import { useImperativeHandle, useMemo, type CSSProperties, type Ref } from "react";
import type { components } from "../../../api/schema.gen";
import { classNames } from "../../../components/class-names";
import { formatBucket } from "../../../format/dates";
import { formatNumber, formatShare, userLocale } from "../../../format/numbers";
import type { RetentionView as ShownAs } from "../question";
import type { RetentionQuery } from "../query";
import { periodName, toRetentionResult, type RetentionCell } from "../retention-answer";
import type { AnswerHandle } from "./answer-view";
import { NothingHere } from "./nothing-here";
import results from "./results.module.css";
import { drawRetention } from "./retention-picture";
import styles from "./retention.module.css";
import { scrollRole, type Size } from "./size";

type RetentionViewProps = {
  query: RetentionQuery;
  answer: components["schemas"]["RetentionAnswer"];
  at: Date;
  size: Size;
  view: ShownAs;
  onPeriod?: ((from: string, to: string) => void) | undefined;
  handle?: Ref<AnswerHandle> | undefined;
};

/** A retention: a row a cohort, a column a period, the darker the more came back. */
export function RetentionView({ query, answer, at, size, view, onPeriod, handle }: RetentionViewProps) {
  const result = useMemo(() => toRetentionResult(query, answer, at), [query, answer, at]);
  const { cohorts, overall, interval, timezone } = result;
  const locale = userLocale();
  const empty = result.size === 0;

  useImperativeHandle(handle, () => ({
    picture: (text) => (empty ? null : drawRetention(text, result, view, locale)),
  }));

  if (empty) {
    return (
      <div className={classNames(results.answer, size === "card" && results.card)}>
        <div className={results.body}>
          <NothingHere events={[query.cohort_event]} timezone={timezone} onPeriod={onPeriod} />
        </div>
      </div>
    );
  }
  return (
    <div className={classNames(results.answer, size === "card" && results.card)}>
      {/* A region that scrolls must be within reach of the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={styles.scroll} role={scrollRole(size)} aria-label="Cohorts" tabIndex={0}>
        <table className={styles.cohorts}>
          <caption className="visually-hidden">
            {view === "percent"
              ? "Shares of each cohort that came back"
              : "Users of each cohort that came back"}
          </caption>
          <thead>
            <tr>
              <th scope="col">Cohort</th>
              <th scope="col">Users</th>
              {overall.map((_, period) => (
                <th key={period} scope="col">
                  {periodName(interval, period)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr className={styles.overall}>
              <th scope="row">All cohorts</th>
              <td>{formatNumber(result.size, locale)}</td>
              {overall.map((cell, period) => (
                // Over all cohorts only shares can be compared: not all have lived through each period.
                <Cell key={period} cell={cell} view="percent" locale={locale} />
              ))}
            </tr>
            {cohorts.map(({ start, size: users, state, cells }) => (
              <tr key={start.getTime()}>
                <th scope="row">
                  {formatBucket(start, interval, timezone, locale)}
                  {state === "current" && <span className={styles.filling}>still filling</span>}
                </th>
                <td>{state === "future" ? "" : formatNumber(users, locale)}</td>
                {cells.map((cell, period) => (
                  <Cell key={period} cell={cell} view={view} locale={locale} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={results.of}>
        A dashed cell is still filling. An empty one has not begun
        {cohorts.some(({ size: users }) => users === 0) && "; a cohort without users has no shares"}.
      </p>
    </div>
  );
}

function Cell({ cell, view, locale }: { cell: RetentionCell; view: ShownAs; locale: string }) {
  const { users, share, state } = cell;
  if (state === "future") return <td />;
  // The shade is the share's in both views, so that they tell the same. Most
  // shares are small: by their roots they can be told apart.
  const shade = { "--shade-of": `${Math.round(Math.sqrt(share ?? 0) * 100)}%` } as CSSProperties;
  return (
    <td
      className={classNames(styles.cell, state === "current" && styles.current)}
      style={shade}
      title={state === "current" ? "Still filling" : undefined}
    >
      {view === "users" ? formatNumber(users, locale) : share === null ? "–" : formatShare(share, locale)}
    </td>
  );
}
