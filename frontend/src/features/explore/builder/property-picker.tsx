import { useState } from "react";
import { useProperties, type PropertyInfo } from "../../../api/properties";
import { errorText } from "../../../components/error-text";
import { Picker, type PickerItem } from "../../../components/picker";
import { formatCompact, userLocale } from "../../../format/numbers";
import type { PropertyType } from "../operators";
import { ALL_EVENTS, type Scope } from "../question";
import { ShowHidden } from "./show-hidden";

type PropertyPickerProps = {
  label: string;
  /** The event whose properties are offered; "*" offers all. */
  event: string;
  scope: Scope;
  /** Empty while none is chosen. */
  property: string;
  placeholder: string;
  onChange: (scope: Scope, property: string, types: readonly PropertyType[]) => void;
  /** Where a saved cohort can be chosen as well as a property. */
  cohort?: { chosen: boolean; onChoose: () => void };
};

/** Stands among the properties for the saved cohorts; a property's id begins with its scope. */
const COHORT = "cohort:";

/** Chooses a property of the event or of the user. */
export function PropertyPicker(props: PropertyPickerProps) {
  const { label, event, scope, property, placeholder, onChange, cohort } = props;
  const ofEvent = useProperties("event", event === ALL_EVENTS ? undefined : event);
  const ofUser = useProperties("user");
  const visibleOfEvent = useProperties("event", event === ALL_EVENTS ? undefined : event, false);
  const visibleOfUser = useProperties("user", undefined, false);
  const [showHidden, setShowHidden] = useState(false);
  const locale = userLocale();

  const items: PickerItem[] = [
    ...toItems("event", (showHidden ? ofEvent : visibleOfEvent).data ?? [], "Of the event", locale),
    ...toItems("user", (showHidden ? ofUser : visibleOfUser).data ?? [], "Of the user", locale),
    ...(cohort ? [{ id: COHORT, text: "Cohort", detail: "saved users", group: "Of the user" }] : []),
  ];
  const selected = cohort?.chosen ? [COHORT] : property === "" ? [] : [`${scope}:${property}`];
  const value = cohort?.chosen ? "Cohort" : scope === "user" ? `User’s ${property}` : property;
  const hidden = hiddenOf(ofEvent.data, visibleOfEvent.data) + hiddenOf(ofUser.data, visibleOfUser.data);
  const failed = ofEvent.error ?? ofUser.error ?? visibleOfEvent.error ?? visibleOfUser.error;

  return (
    <Picker
      label={label}
      items={items}
      selected={selected}
      onSelect={([id]) => {
        if (id === undefined) return;
        if (id === COHORT) {
          cohort?.onChoose();
          return;
        }
        const [nextScope, nextProperty] = fromId(id);
        const from = nextScope === "event" ? ofEvent.data : ofUser.data;
        const info = from?.find((one) => one.name === nextProperty);
        onChange(nextScope, nextProperty, info?.types ?? []);
      }}
      value={selected.length === 0 ? "" : value}
      placeholder={placeholder}
      readTyped={(text) => typedProperty(text.trim(), items)}
      status={
        failed ? errorText(failed).title : visibleOfEvent.isPending ? "Fetching properties…" : undefined
      }
      footer={hidden > 0 && <ShowHidden count={hidden} isSelected={showHidden} onChange={setShowHidden} />}
    />
  );
}

/** How many of all names are not visible, as far as both are known. */
function hiddenOf(all: readonly unknown[] = [], visible: readonly unknown[] = all): number {
  return all.length - visible.length;
}

function toItems(
  scope: Scope,
  properties: readonly PropertyInfo[],
  group: string,
  locale: string,
): PickerItem[] {
  return properties.map(({ name, count }) => ({
    id: `${scope}:${name}`,
    text: name,
    detail: formatCompact(count, locale),
    group,
  }));
}

function fromId(id: string): [Scope, string] {
  const colon = id.indexOf(":");
  return [id.slice(0, colon) === "user" ? "user" : "event", id.slice(colon + 1)];
}

/** A name that the catalogue does not have can be asked for all the same. */
function typedProperty(name: string, items: readonly PickerItem[]): PickerItem[] {
  if (name === "" || name.length > 200 || items.some(({ text }) => text === name)) return [];
  return [
    { id: `event:${name}`, text: `Use “${name}” of the event`, detail: "not seen yet" },
    { id: `user:${name}`, text: `Use “${name}” of the user`, detail: "not seen yet" },
  ];
}
