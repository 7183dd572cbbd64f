import { useEvents } from "../../../api/events";
import { Button } from "../../../components/button";
import { Notice } from "../../../components/notice";
import { formatDays } from "../../../format/dates";
import { userLocale } from "../../../format/numbers";
import { ALL_EVENTS } from "../question";

type NothingHereProps = {
  events: readonly string[];
  timezone: string;
  onPeriod?: ((from: string, to: string) => void) | undefined;
};

/** No event matches: says so, and leads to where there are some. */
export function NothingHere({ events, timezone, onPeriod }: NothingHereProps) {
  const catalogue = useEvents().data ?? [];
  const names = new Set(events);
  const known = names.has(ALL_EVENTS) ? catalogue : catalogue.filter(({ name }) => names.has(name));
  const first = known.map((one) => one.first_seen).sort()[0];
  const last = known
    .map((one) => one.last_seen)
    .sort()
    .at(-1);
  if (first === undefined || last === undefined) {
    return (
      <Notice large title="Nothing here">
        No such event has arrived yet. Choose another one, or come back when it has.
      </Notice>
    );
  }
  const day = (instant: string) =>
    new Intl.DateTimeFormat("en-CA", { timeZone: timezone }).format(new Date(instant));
  const from = day(first);
  const to = day(last);
  return (
    <Notice
      large
      title="No events in this period"
      actions={
        onPeriod && (
          <Button kind="primary" onPress={() => onPeriod(from, to)}>
            Show all of it
          </Button>
        )
      }
    >
      There are some in {formatDays(new Date(from), new Date(to), userLocale())}. Choose such a period, or
      take a filter away.
    </Notice>
  );
}
