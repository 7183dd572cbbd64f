import { useState } from "react";
import { useAudit, type Audit } from "../../api/audit";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { Notice } from "../../components/notice";
import page from "../../components/page.module.css";
import { ToggleGroup } from "../../components/toggle-group";
import { useNow } from "../../components/use-now";
import { formatBucket, formatInstant } from "../../format/dates";
import { formatDuration, formatNumber, userLocale } from "../../format/numbers";
import { userTimezone } from "../../format/timezones";
import { Bars } from "./bars";
import { PERIODS, barsOf, daysOf, unitOf, type PeriodId } from "./loads";
import styles from "./pipeline.module.css";
import { Proof } from "./proof";

/** What was loaded over time, and the proof that it is all. */
export function History() {
  const [period, setPeriod] = useState<PeriodId>("7");
  const now = useNow(60_000);
  const { from, to } = daysOf(period, now);
  const audit = useAudit(from, to);
  if (audit.isError && !audit.data) {
    const { title, advice } = errorText(audit.error);
    return (
      <Notice
        kind="bad"
        title={title}
        actions={<Button onPress={() => void audit.refetch()}>Try again</Button>}
      >
        {advice}
      </Notice>
    );
  }
  if (!audit.data) {
    return (
      <section className={page.panel} aria-label="Loads" aria-busy="true">
        <div className={page.waiting} />
      </section>
    );
  }
  return (
    <>
      <Proof audits={audit.data.audits} />
      <section className={page.panel} aria-labelledby="loads" aria-busy={audit.isPlaceholderData}>
        <div className={page.head}>
          <h2 id="loads">Loads</h2>
          <ToggleGroup label="Period of the loads" options={PERIODS} value={period} onChange={setPeriod} />
        </div>
        <Charts audit={audit.data} period={period} now={now} />
        <Days audit={audit.data} />
        <Newest audit={audit.data} />
      </section>
    </>
  );
}

function Charts({ audit, period, now }: { audit: Audit; period: PeriodId; now: Date }) {
  const locale = userLocale();
  const unit = unitOf(period);
  // A period that is still being fetched is drawn with the days that there are.
  const bars = barsOf(audit.hours, audit.from, now, unit);
  const rows = bars.reduce((sum, bar) => sum + bar.rows, 0);
  const lags = bars.flatMap(({ lag }) => (lag === null ? [] : [lag]));
  const longest = Math.max(...lags, 0);
  const most = Math.max(...bars.map((bar) => bar.rows), 0);
  const name = (index: number) => formatBucket(bars[index]?.start ?? now, unit, "UTC", locale);
  const ends = [name(0), name(bars.length - 1)] as const;
  if (lags.length === 0 && rows === 0) {
    return <p className={page.lead}>Nothing was loaded in these days.</p>;
  }
  const seconds = (value: number) => formatDuration(value * 1000, locale);
  return (
    <div className={styles.charts}>
      <div>
        <h3>Rows loaded, by {unit}</h3>
        <Bars
          label={`${formatNumber(rows, locale)} rows were loaded; at most ${formatNumber(most, locale)} in one ${unit}.`}
          top={formatNumber(most, locale)}
          values={bars.map((bar) => bar.rows)}
          titleOf={(index) => {
            const bar = bars[index];
            const loads = bar?.loads ?? 0;
            return `${name(index)}: ${formatNumber(bar?.rows ?? 0, locale)} rows in ${loads} ${loads === 1 ? "load" : "loads"}`;
          }}
          ends={ends}
        />
      </div>
      <div>
        <h3>Longest lag, by {unit}</h3>
        <Bars
          label={`Data waited at most ${seconds(longest)} for its load.`}
          top={seconds(longest)}
          values={bars.map(({ lag }) => lag)}
          titleOf={(index) => `${name(index)}: ${seconds(bars[index]?.lag ?? 0)}`}
          ends={ends}
        />
      </div>
    </div>
  );
}

/** The ledger's totals, day by day. */
function Days({ audit }: { audit: Audit }) {
  const locale = userLocale();
  const n = (value: number) => formatNumber(value, locale);
  const days = audit.days.filter(({ objects }) => objects > 0).reverse();
  const { totals } = audit;
  if (days.length === 0) return null;
  return (
    <>
      <h3>What arrived, by day</h3>
      {/* A region that scrolls must be within reach of the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="What arrived, by day">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Day (UTC)</th>
              <th scope="col">Accepted</th>
              <th scope="col">Loaded</th>
              <th scope="col">Duplicates</th>
              <th scope="col">Files</th>
              <th scope="col">Files set aside</th>
            </tr>
          </thead>
          <tbody>
            {days.map((day) => (
              <tr key={day.day}>
                <th scope="row">{formatBucket(new Date(`${day.day}T00:00:00Z`), "day", "UTC", locale)}</th>
                <td>{n(day.accepted)}</td>
                <td>{n(day.loaded)}</td>
                <td>{n(day.duplicates)}</td>
                <td>{n(day.objects)}</td>
                <td className={day.objects_set_aside > 0 ? styles.bad : undefined}>
                  {n(day.objects_set_aside)}
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">In all</th>
              <td>{n(totals.accepted)}</td>
              <td>{n(totals.loaded)}</td>
              <td>{n(totals.duplicates)}</td>
              <td>{n(totals.objects)}</td>
              <td>{n(totals.objects_set_aside)}</td>
            </tr>
          </tfoot>
        </table>
      </div>
      <p className={page.note}>
        As the loads have written it down: accepted lines are loaded or duplicates. Files that are set aside,
        or wait for their load, are not counted in lines; an audit counts them.
      </p>
    </>
  );
}

const SHOWN = 10;

function Newest({ audit }: { audit: Audit }) {
  const locale = userLocale();
  const here = userTimezone();
  const loads = audit.loads.slice(0, SHOWN);
  if (loads.length === 0) return null;
  return (
    <>
      <h3>Newest loads</h3>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="Newest loads">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Ended</th>
              <th scope="col">Rows</th>
              <th scope="col">Duplicates</th>
              <th scope="col">Files</th>
              <th scope="col">Took</th>
              <th scope="col">Lag</th>
            </tr>
          </thead>
          <tbody>
            {loads.map((load) => {
              const took = Date.parse(load.finished_at) - Date.parse(load.started_at);
              return (
                <tr key={load.load_id}>
                  <th scope="row">{formatInstant(new Date(load.finished_at), here, locale)}</th>
                  <td>{formatNumber(load.rows, locale)}</td>
                  <td>{formatNumber(load.duplicates, locale)}</td>
                  <td>{formatNumber(load.objects, locale)}</td>
                  <td>{formatDuration(Math.max(0, took), locale)}</td>
                  <td>{load.lag_seconds === null ? "–" : formatDuration(load.lag_seconds * 1000, locale)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </>
  );
}
