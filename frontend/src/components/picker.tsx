import { useMemo, useState, type ReactNode } from "react";
import {
  Autocomplete,
  Button,
  Dialog,
  DialogTrigger,
  Header,
  Input,
  ListBox,
  ListBoxItem,
  ListBoxSection,
  Popover,
  TextField,
  useFilter,
} from "react-aria-components";
import { classNames } from "./class-names";
import field from "./field.module.css";
import { CheckIcon, ChevronDownIcon, SearchIcon } from "./icons";
import styles from "./picker.module.css";

export type PickerItem = {
  id: string;
  text: string;
  /** What stands at the end of the line, such as a count. */
  detail?: string;
  /** The group it belongs to; items of one group stand together. */
  group?: string;
};

type PickerProps = {
  /** The control's name; with the value it is what a screen reader says. */
  label: string;
  items: readonly PickerItem[];
  selected: readonly string[];
  onSelect: (selected: string[]) => void;
  /** The chosen value in words; empty shows the placeholder. */
  value: string;
  placeholder: string;
  multiple?: boolean;
  /** What could be meant by a typed text beyond the items. */
  readTyped?: (text: string) => PickerItem[];
  /** Told every text typed; then the items are the ones that match it, and are not filtered here. */
  onSearch?: (text: string) => void;
  onOpenChange?: (open: boolean) => void;
  /** Shown in place of items: that they are being fetched, or could not be. */
  status?: ReactNode;
  icon?: ReactNode;
  /** What stands below the items. */
  footer?: ReactNode;
};

// A longer list is of no use to the eye; typing narrows it.
const MAX_SHOWN = 100;

/** A choice out of many, found by typing. */
export function Picker({
  label,
  items,
  selected,
  onSelect,
  value,
  placeholder,
  multiple = false,
  readTyped,
  onSearch,
  onOpenChange,
  status,
  icon,
  footer,
}: PickerProps) {
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const { contains } = useFilter({ sensitivity: "base" });

  const shown = useMemo(() => {
    const matching = onSearch ? items : items.filter((item) => contains(item.text, typed.trim()));
    const extra = readTyped
      ? readTyped(typed).filter((one) => !matching.some(({ id }) => id === one.id))
      : [];
    return { items: [...matching.slice(0, MAX_SHOWN), ...extra], more: matching.length - MAX_SHOWN };
  }, [items, typed, onSearch, readTyped, contains]);

  const type = (text: string) => {
    setTyped(text);
    onSearch?.(text);
  };
  const open = (next: boolean) => {
    setOpen(next);
    if (next) type("");
    onOpenChange?.(next);
  };
  const choose = (chosen: string[]) => {
    onSelect(chosen);
    if (!multiple) open(false);
  };
  const groups = [...new Set(shown.items.map((item) => item.group ?? ""))];

  return (
    <DialogTrigger isOpen={isOpen} onOpenChange={open}>
      <Button className={field.control} aria-label={`${label}: ${value === "" ? placeholder : value}`}>
        {icon}
        <span className={classNames(field.value, value === "" && field.placeholder)} dir="auto">
          {value === "" ? placeholder : value}
        </span>
        <ChevronDownIcon />
      </Button>
      <Popover className={classNames(field.popover, styles.popover)} placement="bottom start" offset={4}>
        <Dialog className={styles.dialog} aria-label={label}>
          {/* Escape closes at once, though the list would take one for itself. Enter means the
              first match also while the list has not yet come to mark it, as when typing is fast. */}
          <div
            role="presentation"
            className={styles.content}
            onKeyDownCapture={(event) => {
              if (event.key === "Escape") {
                event.stopPropagation();
                open(false);
              } else if (event.key === "Enter" && typed.trim() !== "" && !marksOne(event.target)) {
                const first = shown.items[0];
                if (!first || !contains(first.text, typed.trim())) return;
                event.preventDefault();
                event.stopPropagation();
                choose(multiple ? toggled(selected, first.id) : [first.id]);
              }
            }}
          >
            <Autocomplete inputValue={typed} onInputChange={type}>
              <TextField className={styles.search} aria-label={`Search: ${label}`} autoFocus>
                <SearchIcon />
                <Input role="combobox" aria-expanded className={styles.input} placeholder="Type to search" />
              </TextField>
              <ListBox
                aria-label={label}
                className={field.list}
                selectionMode={multiple ? "multiple" : "single"}
                selectedKeys={selected}
                onSelectionChange={(keys) => {
                  if (keys === "all") return;
                  const chosen = [...keys].map(String);
                  // Choosing the one that is chosen already empties the set, and only closes.
                  if (multiple || chosen.length > 0) choose(chosen);
                  else open(false);
                }}
                renderEmptyState={() => (
                  <p className={styles.note}>
                    {status ?? (typed === "" ? "There is nothing to choose from yet." : "Nothing matches.")}
                  </p>
                )}
              >
                {groups.map((group) =>
                  group === "" ? (
                    shown.items.filter((one) => !one.group).map(option)
                  ) : (
                    <ListBoxSection key={group} id={`group ${group}`}>
                      <Header className={field.header}>{group}</Header>
                      {shown.items.filter((one) => one.group === group).map(option)}
                    </ListBoxSection>
                  ),
                )}
              </ListBox>
              {shown.more > 0 && <p className={styles.note}>{shown.more} more: type to narrow the list.</p>}
            </Autocomplete>
            {footer && <div className={styles.footer}>{footer}</div>}
          </div>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

/** Whether the list has an option marked that Enter in this input would choose. */
function marksOne(input: EventTarget) {
  if (!(input instanceof HTMLInputElement)) return true;
  const marked = input.getAttribute("aria-activedescendant");
  return marked !== null && document.getElementById(marked) !== null;
}

function toggled(selected: readonly string[], id: string) {
  return selected.includes(id) ? selected.filter((one) => one !== id) : [...selected, id];
}

function option({ id, text, detail }: PickerItem) {
  return (
    <ListBoxItem key={id} id={id} textValue={text} className={field.item}>
      {({ isSelected }) => (
        <>
          <span className={field.text} dir="auto">
            {text}
          </span>
          {detail !== undefined && <span className={field.detail}>{detail}</span>}
          {isSelected && <CheckIcon className={field.tick} />}
        </>
      )}
    </ListBoxItem>
  );
}
