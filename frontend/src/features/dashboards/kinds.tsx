import type { Answer } from "../../api/saved";
import { formatBucket } from "../../format/dates";
import { formatDuration, formatNumber, userLocale } from "../../format/numbers";
import type { Interval } from "../explore/question";
import styles from "./card-answer.module.css";

type Funnel = Extract<Answer, { kind: "funnel" }>;
type Retention = Extract<Answer, { kind: "retention" }>;

function percent(share: number): string {
  return new Intl.NumberFormat(userLocale(), { style: "percent", maximumFractionDigits: 1 }).format(share);
}

/** A funnel: a bar for each step. */
export function FunnelView({ answer }: { answer: Funnel }) {
  const locale = userLocale();
  return (
    <ol className={styles.funnel} aria-label="Steps">
      {answer.steps.map((step, index) => (
        <li key={index}>
          <p className={styles.step}>
            <span dir="auto">
              {index + 1}. {step.event === "*" ? "All events" : step.event}
            </span>
            <span className={styles.figures}>
              {formatNumber(step.users, locale)} users, {percent(step.conversion)}
            </span>
          </p>
          <div className={styles.track} aria-hidden="true">
            <div className={styles.bar} style={{ inlineSize: `${step.conversion * 100}%` }} />
          </div>
          {step.step_conversion !== null && (
            <p className={styles.small}>
              {percent(step.step_conversion)} of the step before
              {step.median_seconds !== null &&
                `, after ${formatDuration(step.median_seconds * 1000, locale)} in the median`}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

type RetentionViewProps = { answer: Retention; interval: Interval; timezone: string };

/** Retention: a row for each cohort, as shares of its size. */
export function RetentionView({ answer, interval, timezone }: RetentionViewProps) {
  const locale = userLocale();
  const periods = answer.cohorts[0]?.values.length ?? 0;
  return (
    // A region that scrolls must be within reach of the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles.scroll} role="region" aria-label="Cohorts" tabIndex={0}>
      <table className={styles.cohorts}>
        <thead>
          <tr>
            <th scope="col">Cohort</th>
            <th scope="col">Users</th>
            {Array.from({ length: periods }, (_, period) => (
              <th key={period} scope="col">
                {period}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {answer.cohorts.map(({ cohort, size, values }) => (
            <tr key={cohort}>
              <th scope="row">{formatBucket(new Date(cohort), interval, timezone, locale)}</th>
              <td>{formatNumber(size, locale)}</td>
              {values.map((value, period) => (
                <td key={period}>{size === 0 ? "–" : percent(value / size)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
