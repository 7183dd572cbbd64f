import { useEvents } from "../../../api/events";
import { errorText } from "../../../components/error-text";
import { Picker, type PickerItem } from "../../../components/picker";
import { formatCompact, userLocale } from "../../../format/numbers";
import { eventName } from "../aggregations";
import { ALL_EVENTS } from "../question";

type EventPickerProps = { label: string; event: string; onChange: (event: string) => void };

/** Chooses an event out of the catalogue, or names one that is still to come. */
export function EventPicker({ label, event, onChange }: EventPickerProps) {
  const events = useEvents();
  const locale = userLocale();
  const known = events.data ?? [];
  const all = known.reduce((sum, { count }) => sum + count, 0);
  const items: PickerItem[] = [
    { id: ALL_EVENTS, text: eventName(ALL_EVENTS), detail: formatCompact(all, locale) },
    ...known.map(({ name, count }) => ({ id: name, text: name, detail: formatCompact(count, locale) })),
  ];
  return (
    <Picker
      label={label}
      items={events.data ? items : []}
      selected={[event]}
      onSelect={([chosen]) => {
        if (chosen !== undefined) onChange(chosen);
      }}
      value={eventName(event)}
      placeholder="Choose an event"
      readTyped={(text) => {
        const name = text.trim();
        const found = name === "" || name.length > 200 || known.some((one) => one.name === name);
        return found ? [] : [{ id: name, text: `Use “${name}”`, detail: "not seen yet" }];
      }}
      status={
        events.isError ? errorText(events.error).title : events.isPending ? "Fetching events…" : undefined
      }
    />
  );
}
