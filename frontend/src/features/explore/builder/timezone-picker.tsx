import { useMemo, useState } from "react";
import { Picker, type PickerItem } from "../../../components/picker";
import { formatOffset } from "../../../format/dates";
import { allTimezones, userTimezone } from "../../../format/timezones";

type TimezonePickerProps = { timezone: string; onChange: (timezone: string) => void };

/** Chooses the time zone that decides days, weeks and hours. */
export function TimezonePicker({ timezone, onChange }: TimezonePickerProps) {
  // Some four hundred zones with an offset each: made when they are looked for.
  const [opened, setOpened] = useState(false);
  const items = useMemo(() => (opened ? zones(timezone) : []), [opened, timezone]);
  return (
    <Picker
      label="Time zone"
      items={items}
      selected={[timezone]}
      onSelect={([chosen]) => {
        if (chosen !== undefined) onChange(chosen);
      }}
      value={timezone.replaceAll("_", " ")}
      placeholder="Choose a time zone"
      onOpenChange={(open) => {
        if (open) setOpened(true);
      }}
    />
  );
}

function zones(current: string): PickerItem[] {
  const now = new Date();
  // The likely ones first; the rest by name.
  const names = new Set([current, userTimezone(), "UTC", ...allTimezones()]);
  return [...names].map((name) => ({
    id: name,
    text: name.replaceAll("_", " "),
    detail: formatOffset(name, now),
  }));
}
