import { Fragment, useImperativeHandle, useMemo, type CSSProperties, type Ref } from "react";
import type { components } from "../../../api/schema.gen";
import { classNames } from "../../../components/class-names";
import { formatNumber, formatShare, userLocale } from "../../../format/numbers";
import { eventName } from "../aggregations";
import { windowText } from "../funnel-answer";
import {
  pathRows,
  ribbons,
  stepText,
  toPathsResult,
  type PathColumn,
  type PathLink,
  type PathsResult,
} from "../paths-answer";
import { windowParts } from "../period";
import type { PathsQuery } from "../query";
import type { AnswerHandle } from "./answer-view";
import { NothingHere } from "./nothing-here";
import { drawPaths } from "./paths-picture";
import styles from "./paths.module.css";
import results from "./results.module.css";
import type { Size } from "./size";

type PathsViewProps = {
  query: PathsQuery;
  answer: components["schemas"]["PathsAnswer"];
  size: Size;
  onPeriod?: ((from: string, to: string) => void) | undefined;
  handle?: Ref<AnswerHandle> | undefined;
};

/**
 * Paths: a column a step, in the order of time, and between the columns how many
 * users went from which event to which. Where there is little room the steps
 * stand below each other. The table has every way with its number.
 */
export function PathsView({ query, answer, size, onPeriod, handle }: PathsViewProps) {
  const result = useMemo(() => toPathsResult(query, answer), [query, answer]);
  const locale = userLocale();
  const empty = result.users === 0;

  useImperativeHandle(handle, () => ({
    picture: (text) => (empty ? null : drawPaths(text, result, locale)),
  }));

  if (empty) {
    return (
      <div className={classNames(results.answer, size === "card" && results.card)}>
        <div className={results.body}>
          <NothingHere events={[query.event]} timezone={query.timezone ?? "UTC"} onPeriod={onPeriod} />
        </div>
      </div>
    );
  }
  return (
    <div className={classNames(results.answer, styles.paths, size === "card" && results.card)}>
      <div>
        <Headline query={query} result={result} locale={locale} />
        <Flow result={result} locale={locale} />
      </div>
      {size === "page" && <Ways result={result} locale={locale} />}
    </div>
  );
}

function Headline({ query, result, locale }: { query: PathsQuery; result: PathsResult; locale: string }) {
  const { users, columns, direction } = result;
  const next = columns.find(({ step }) => step === 1);
  const went = users - (next?.ended ?? users);
  const window = windowParts(query.window);
  return (
    <p className={styles.headline}>
      <strong>{formatShare(went / users, locale)}</strong> did something{" "}
      {direction === "after" ? "after" : "before"} <span dir="auto">{eventName(query.event)}</span>
      {window && ` within ${windowText(window.count, window.unit)}`}: {formatNumber(went, locale)} of{" "}
      {formatNumber(users, locale)} users.
    </p>
  );
}

function Flow({ result, locale }: { result: PathsResult; locale: string }) {
  const { columns, links, direction, users } = result;
  const rows = Math.max(...columns.map(({ nodes, ended }) => nodes.length + (ended ? 1 : 0)));
  return (
    <div
      className={styles.flow}
      style={{ "--columns": columns.length, "--rows": rows } as CSSProperties}
      role="group"
      aria-label="Flow"
    >
      {columns.map((column, index) => (
        <Fragment key={column.step}>
          {index > 0 && <Gap links={links[index - 1] ?? []} rows={rows} users={users} />}
          <div className={styles.column} role="group" aria-label={stepText(column.step, direction)}>
            <p className={styles.step} aria-hidden="true">
              {stepText(column.step, direction)}
            </p>
            <Nodes column={column} direction={direction} locale={locale} />
          </div>
        </Fragment>
      ))}
    </div>
  );
}

function Nodes({
  column,
  direction,
  locale,
}: {
  column: PathColumn;
  direction: PathsResult["direction"];
  locale: string;
}) {
  const { nodes, ended } = column;
  return (
    <ol className={styles.nodes}>
      {nodes.map(({ key, name, rest, users, share }) => (
        <li
          key={key}
          className={classNames(styles.node, rest && styles.rest)}
          style={{ "--share": share } as CSSProperties}
        >
          <span className={styles.name} dir="auto" title={name}>
            {name}
          </span>
          <span className={styles.users}>
            {formatNumber(users, locale)}
            <span className={styles.share}>{formatShare(share, locale)}</span>
          </span>
        </li>
      ))}
      {ended !== null && ended > 0 && (
        <li className={classNames(styles.node, styles.end)} style={{ "--share": 0 } as CSSProperties}>
          <span className={styles.name}>{direction === "after" ? "Nothing more" : "Nothing before"}</span>
          <span className={styles.users}>{formatNumber(ended, locale)}</span>
        </li>
      )}
    </ol>
  );
}

/** The ribbons between two columns. What they say is in the table. */
function Gap({ links, rows, users }: { links: readonly PathLink[]; rows: number; users: number }) {
  return (
    <svg className={styles.gap} viewBox={`0 0 1 ${rows}`} preserveAspectRatio="none" aria-hidden="true">
      {ribbons(links, users).map(({ from, to, y1, y2, width }) => {
        const half = width / 2;
        return (
          <path
            key={`${from} ${to}`}
            className={styles.ribbon}
            d={
              `M0 ${y1 - half}C.5 ${y1 - half} .5 ${y2 - half} 1 ${y2 - half}` +
              `V${y2 + half}C.5 ${y2 + half} .5 ${y1 + half} 0 ${y1 + half}Z`
            }
          />
        );
      })}
    </svg>
  );
}

function Ways({ result, locale }: { result: PathsResult; locale: string }) {
  const rows = pathRows(result);
  return (
    // A region that scrolls must be within reach of the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles.scroll} role="region" aria-label="Ways" tabIndex={0}>
      <table className={styles.ways}>
        <caption className="visually-hidden">How many users went from which event to which</caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">Users</th>
            <th scope="col">Of all</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, step, from, to, users, share }) => (
            <tr key={key}>
              <th scope="row">{stepText(step, result.direction)}</th>
              <td dir="auto">{from}</td>
              <td dir="auto">{to}</td>
              <td>{formatNumber(users, locale)}</td>
              <td>{formatShare(share, locale)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
