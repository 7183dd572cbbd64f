import { useState } from "react";
import { ToggleButton, useFilter } from "react-aria-components";
import { Button } from "../../../components/button";
import { TextField } from "../../../components/text-field";
import { formatBucket } from "../../../format/dates";
import { formatNumber, userLocale } from "../../../format/numbers";
import { headline, type Result } from "../answer";
import { Change } from "./change";
import styles from "./results.module.css";
import { DRAWN_AT_FIRST, MOST_DRAWN, type Shown } from "./use-shown";

// From here on one searches rather than looks.
const MANY = 12;
// A longer list is of no use to the eye; typing narrows it.
const MOST_LISTED = 200;

/** The chart's legend, with each series' number; a series is pressed to hide it and to show it again. */
export function Summary({ result, shown }: { result: Result; shown: Shown }) {
  const locale = userLocale();
  const { contains } = useFilter({ sensitivity: "base" });
  const [typed, setTyped] = useState("");
  const many = result.series.length > MANY;
  const compared = result.series.some(({ previous }) => previous !== null);
  const matching = [...result.series.entries()].filter(
    ([, { name }]) => !many || contains(name, typed.trim()),
  );
  const drawn = result.series.length - shown.hidden.size;
  return (
    <div className={styles.summaryPart}>
      {many && (
        <div className={styles.summaryTools}>
          <p className={styles.of} role="status">
            {drawn} of {result.series.length} series are drawn
            {shown.full
              ? `, which is as many as can be (${MOST_DRAWN}): hide one to show another.`
              : result.series.length > DRAWN_AT_FIRST
                ? ": choose more of them here."
                : "."}
          </p>
          <TextField label="Search series" placeholder="Search series" value={typed} onChange={setTyped} />
          <Button small onPress={shown.hideAll}>
            Hide all
          </Button>
          <Button small onPress={shown.reset}>
            Show the largest
          </Button>
        </div>
      )}
      <div className={many ? styles.summaryScroll : undefined}>
        <table className={styles.summary}>
          <caption className="visually-hidden">Series</caption>
          <thead>
            <tr>
              <th scope="col">Series</th>
              <th scope="col" className={styles.figure}>
                Events
              </th>
              <th scope="col" className={styles.figure}>
                Value
              </th>
              {compared && (
                <th scope="col" className={styles.figure}>
                  Before
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {matching.slice(0, MOST_LISTED).map(([index, series]) => {
              const { value, previous, of } = headline(result, series);
              const hidden = shown.hidden.has(index);
              return (
                <tr key={series.key} data-series={(index % 10) + 1}>
                  <th scope="row">
                    <ToggleButton
                      className={styles.legend}
                      isSelected={!hidden}
                      isDisabled={hidden && shown.full}
                      onChange={() => shown.toggle(index)}
                      aria-label={`Show ${series.name}`}
                    >
                      <span className={styles.swatch} aria-hidden="true" />
                      <span dir="auto">{series.name}</span>
                    </ToggleButton>
                  </th>
                  <td className={styles.figure}>
                    {series.count === null ? "–" : formatNumber(series.count, locale)}
                  </td>
                  <td className={styles.figure}>
                    {value === null ? "–" : formatNumber(value, locale)}
                    {of.kind === "bucket" && (
                      <span className={styles.of}>
                        {formatBucket(of.start, result.interval, result.timezone, locale)}
                      </span>
                    )}
                  </td>
                  {compared && (
                    <td className={styles.figure}>
                      {previous === null ? "–" : formatNumber(previous, locale)}
                      <span className={styles.of}>
                        <Change value={value} previous={previous} />
                      </span>
                    </td>
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
        {matching.length > MOST_LISTED && (
          <p className={styles.of}>{matching.length - MOST_LISTED} more: type to narrow the list.</p>
        )}
        {matching.length === 0 && <p className={styles.of}>No series has such a name.</p>}
      </div>
    </div>
  );
}
