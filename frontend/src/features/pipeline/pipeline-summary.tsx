import type { ReactNode } from "react";
import type { Pipeline } from "../../api/pipeline";
import page from "../../components/page.module.css";
import { useNow } from "../../components/use-now";
import { formatInstant } from "../../format/dates";
import { formatAgo, formatDuration, formatNumber, userLocale } from "../../format/numbers";
import { userTimezone } from "../../format/timezones";
import styles from "./pipeline.module.css";

/** The numbers of the pipeline, each with what it means. */
export function PipelineSummary({ pipeline }: { pipeline: Pipeline }) {
  const now = useNow(5_000);
  const locale = userLocale();
  const loaded = pipeline.last_load === null ? null : new Date(pipeline.last_load);
  const here = userTimezone();
  return (
    <dl className={styles.numbers}>
      <Fact
        name="Last load"
        value={loaded === null ? "None yet" : formatAgo(loaded, now, locale)}
        note={loaded === null ? "Data is loaded soon after it arrives" : formatInstant(loaded, here, locale)}
      />
      <Fact
        name="Lag"
        value={pipeline.lag_seconds === null ? "–" : formatDuration(pipeline.lag_seconds * 1000, locale)}
        note="The longest that data of the last load had waited"
      />
      <Fact
        name="Rows loaded"
        value={formatNumber(pipeline.rows_loaded, locale)}
        note={`From ${formatNumber(pipeline.files_loaded, locale)} files`}
      />
      <Fact
        name="Files waiting"
        value={formatNumber(pipeline.files_waiting, locale)}
        note="The next load takes them"
      />
      <Fact
        name="Files quarantined"
        value={formatNumber(pipeline.files_quarantined, locale)}
        note={pipeline.files_quarantined === 0 ? "All files could be loaded" : "Kept, but not loaded"}
        bad={pipeline.files_quarantined > 0}
      />
    </dl>
  );
}

function Fact({
  name,
  value,
  note,
  bad = false,
}: {
  name: string;
  value: ReactNode;
  note: string;
  bad?: boolean;
}) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>
        <span className={bad ? styles.bad : styles.value}>{value}</span>
        <span className={page.note}>{note}</span>
      </dd>
    </div>
  );
}
