import { useState } from "react";
import { useEvents } from "../../../api/events";
import { errorText } from "../../../components/error-text";
import { Picker, type PickerItem } from "../../../components/picker";
import { formatCompact, userLocale } from "../../../format/numbers";
import { eventName } from "../aggregations";
import { ALL_EVENTS } from "../question";
import { ShowHidden } from "./show-hidden";

type EventPickerProps = { label: string; event: string; onChange: (event: string) => void };

/** Chooses an event out of the catalogue, or names one that is still to come. */
export function EventPicker({ label, event, onChange }: EventPickerProps) {
  const events = useEvents();
  const visible = useEvents(false);
  const [showHidden, setShowHidden] = useState(false);
  const locale = userLocale();
  const known = events.data ?? [];
  const offered = (showHidden ? events : visible).data ?? [];
  const hidden = known.length - (visible.data?.length ?? known.length);
  // What is hidden is counted all the same.
  const all = known.reduce((sum, { count }) => sum + count, 0);
  const failed = events.error ?? visible.error;
  const items: PickerItem[] = [
    { id: ALL_EVENTS, text: eventName(ALL_EVENTS), detail: formatCompact(all, locale) },
    ...offered.map(({ name, count }) => ({ id: name, text: name, detail: formatCompact(count, locale) })),
  ];
  return (
    <Picker
      label={label}
      items={events.data && visible.data ? items : []}
      selected={[event]}
      onSelect={([chosen]) => {
        if (chosen !== undefined) onChange(chosen);
      }}
      value={eventName(event)}
      placeholder="Choose an event"
      readTyped={(text) => {
        const name = text.trim();
        const found = name === "" || name.length > 200 || offered.some((one) => one.name === name);
        const detail = known.some((one) => one.name === name) ? "hidden" : "not seen yet";
        return found ? [] : [{ id: name, text: `Use “${name}”`, detail }];
      }}
      status={
        failed ? errorText(failed).title : !events.data || !visible.data ? "Fetching events…" : undefined
      }
      footer={hidden > 0 && <ShowHidden count={hidden} isSelected={showHidden} onChange={setShowHidden} />}
    />
  );
}
