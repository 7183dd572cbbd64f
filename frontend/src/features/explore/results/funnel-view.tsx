import { useImperativeHandle, useMemo, type Ref } from "react";
import type { components } from "../../../api/schema.gen";
import { classNames } from "../../../components/class-names";
import { formatNumber, formatShare, userLocale } from "../../../format/numbers";
import { medianText, toFunnelResult, windowText, type FunnelResult, type FunnelStep } from "../funnel-answer";
import { windowParts } from "../period";
import type { FunnelQuery } from "../query";
import type { AnswerHandle } from "./answer-view";
import { drawFunnel } from "./funnel-picture";
import styles from "./funnel.module.css";
import { NothingHere } from "./nothing-here";
import results from "./results.module.css";
import { useCohortName } from "./use-cohort-name";
import type { Size } from "./size";

// Beyond this nobody reads; the CSV has all.
const MOST_GROUPS = 200;

type FunnelViewProps = {
  query: FunnelQuery;
  answer: components["schemas"]["FunnelAnswer"];
  size: Size;
  onPeriod?: ((from: string, to: string) => void) | undefined;
  handle?: Ref<AnswerHandle> | undefined;
};

/** A funnel: a bar a step, with who came, who did not and how long it took; a table of the groups. */
export function FunnelView({ query, answer, size, onPeriod, handle }: FunnelViewProps) {
  const cohortName = useCohortName(query);
  const result = useMemo(() => toFunnelResult(query, answer, cohortName), [query, answer, cohortName]);
  const locale = userLocale();
  const [first] = result.steps;
  const last = result.steps.at(-1);
  const empty = !first || !last || first.users === 0;

  useImperativeHandle(handle, () => ({
    picture: (text) => (empty ? null : drawFunnel(text, result, locale)),
  }));

  if (empty) {
    return (
      <div className={classNames(results.answer, size === "card" && results.card)}>
        <div className={results.body}>
          <NothingHere
            events={query.steps.slice(0, 1).map(({ event }) => event)}
            timezone={query.timezone ?? "UTC"}
            onPeriod={onPeriod}
          />
        </div>
      </div>
    );
  }
  const window = windowParts(query.window);
  return (
    <div className={classNames(results.answer, styles.funnel, size === "card" && results.card)}>
      <p className={styles.headline}>
        <strong>{formatShare(last.conversion, locale)}</strong> came all the way
        {window && ` within ${windowText(window.count, window.unit)}`}: {formatNumber(last.users, locale)} of{" "}
        {formatNumber(first.users, locale)} users.
      </p>
      <ol className={styles.steps} aria-label="Steps">
        {result.steps.map((step, index) => (
          <Step key={index} step={step} number={index + 1} first={index === 0} locale={locale} />
        ))}
      </ol>
      {result.groups.length > 0 && size === "page" && <Groups result={result} locale={locale} />}
    </div>
  );
}

type StepProps = { step: FunnelStep; number: number; first: boolean; locale: string };

function Step({ step, number, first, locale }: StepProps) {
  const { name, users, conversion, stepConversion, lost, medianSeconds } = step;
  const before =
    stepConversion !== null && stepConversion > 0 ? conversion / stepConversion : first ? 1 : conversion;
  return (
    <li className={styles.step}>
      <p className={styles.stepHead}>
        <span className={styles.number} aria-hidden="true">
          {number}
        </span>
        <span className={styles.name} dir="auto">
          {name}
        </span>
        <span className={styles.users}>{formatNumber(users, locale)} users</span>
      </p>
      <div className={styles.track} aria-hidden="true">
        <div className={styles.lost} style={{ inlineSize: `${before * 100}%` }} />
        <div className={styles.bar} style={{ inlineSize: `${conversion * 100}%` }} />
      </div>
      <dl className={styles.facts}>
        <div>
          <dt>Of the first step</dt>
          <dd>{formatShare(conversion, locale)}</dd>
        </div>
        {!first && (
          <>
            <div>
              <dt>Of the step before</dt>
              <dd>{stepConversion === null ? "–" : formatShare(stepConversion, locale)}</dd>
            </div>
            <div>
              <dt>Dropped off</dt>
              <dd>{lost === null ? "–" : formatNumber(lost, locale)}</dd>
            </div>
            <div>
              <dt>Median time</dt>
              <dd>{medianText(medianSeconds, locale)}</dd>
            </div>
          </>
        )}
      </dl>
    </li>
  );
}

function Groups({ result, locale }: { result: FunnelResult; locale: string }) {
  const rows = [
    { key: "all", name: "All users", steps: result.steps },
    ...result.groups.slice(0, MOST_GROUPS),
  ];
  const left = result.groups.length - MOST_GROUPS;
  return (
    // A region that scrolls must be within reach of the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles.scroll} role="region" aria-label="Groups" tabIndex={0}>
      <table className={styles.groups}>
        <caption className="visually-hidden">Users at each step, in groups</caption>
        <thead>
          <tr>
            <th scope="col">Group</th>
            {result.steps.map(({ name }, index) => (
              <th key={index} scope="col" dir="auto">
                {index + 1}. {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, name, steps }) => (
            <tr key={key}>
              <th scope="row" dir="auto">
                {name}
              </th>
              {steps.map(({ users, conversion }, index) => (
                <td key={index}>
                  {formatNumber(users, locale)}
                  <span className={results.of}>{formatShare(conversion, locale)}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {left > 0 && (
        <p className={results.of}>{left} smaller groups are left out here; the CSV has them all.</p>
      )}
    </div>
  );
}
