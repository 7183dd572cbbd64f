import { usePipeline } from "../../../api/pipeline";
import { useNow } from "../../../components/use-now";
import { formatClock } from "../../../format/dates";
import { formatAgo, formatDuration, userLocale } from "../../../format/numbers";
import styles from "./results.module.css";

/** How new the data is, and how long the answer took. */
export function Freshness({ timezone, elapsed }: { timezone: string; elapsed: number | null }) {
  const now = useNow(5_000);
  const locale = userLocale();
  const { data } = usePipeline(false);
  const loaded = data?.last_load ? new Date(data.last_load) : null;
  return (
    <p className={styles.freshness}>
      {loaded !== null && (
        <span>
          Data up to <time dateTime={loaded.toISOString()}>{formatClock(loaded, now, timezone, locale)}</time>
          , last load {formatAgo(loaded, now, locale)}
        </span>
      )}
      {elapsed !== null && <span>Answered in {formatDuration(elapsed, locale)}</span>}
    </p>
  );
}
