import { useNow } from "../../components/use-now";
import { formatInstant } from "../../format/dates";
import { formatAgo, userLocale } from "../../format/numbers";
import { userTimezone } from "../../format/timezones";

/** Who changed something last, and how long ago. */
export function ChangedBy({ item }: { item: { updated_at: string; updated_by: string } }) {
  const now = useNow(60_000);
  const locale = userLocale();
  const at = new Date(item.updated_at);
  return (
    <span>
      Changed{" "}
      <time dateTime={item.updated_at} title={formatInstant(at, userTimezone(), locale)}>
        {formatAgo(at, now, locale)}
      </time>{" "}
      by <span dir="auto">{item.updated_by}</span>
    </span>
  );
}
