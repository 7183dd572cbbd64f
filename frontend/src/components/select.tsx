import {
  Button,
  Header,
  Label,
  ListBox,
  ListBoxItem,
  ListBoxSection,
  Popover,
  Select as AriaSelect,
  SelectValue,
} from "react-aria-components";
import styles from "./field.module.css";
import { CheckIcon, ChevronDownIcon } from "./icons";

export type Option<T extends string> = { id: T; text: string };
export type OptionGroup<T extends string> = { name: string; options: readonly Option<T>[] };

type SelectProps<T extends string> = {
  label: string;
  /** Whether the label is on the page, or told to screen readers alone. */
  labelShown?: boolean;
  value: T;
  onChange: (value: T) => void;
} & ({ options: readonly Option<T>[] } | { groups: readonly OptionGroup<T>[] });

/** A choice of a few known options. */
export function Select<T extends string>(props: SelectProps<T>) {
  const { label, labelShown = false, value, onChange } = props;
  return (
    <AriaSelect
      aria-label={labelShown ? undefined : label}
      value={value}
      onChange={(key) => {
        if (key !== null) onChange(key as T);
      }}
    >
      {labelShown && <Label className={styles.label}>{label}</Label>}
      <Button className={styles.control}>
        <SelectValue className={styles.value}>{({ selectedText }) => selectedText}</SelectValue>
        <ChevronDownIcon />
      </Button>
      <Popover className={styles.popover} offset={4}>
        <ListBox className={styles.list}>
          {"groups" in props
            ? props.groups.map((group) => (
                <ListBoxSection key={group.name} id={group.name}>
                  <Header className={styles.header}>{group.name}</Header>
                  {group.options.map(item)}
                </ListBoxSection>
              ))
            : props.options.map(item)}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

function item({ id, text }: Option<string>) {
  return (
    <ListBoxItem key={id} id={id} textValue={text} className={styles.item}>
      {({ isSelected }) => (
        <>
          <span className={styles.text}>{text}</span>
          {isSelected && <CheckIcon className={styles.tick} />}
        </>
      )}
    </ListBoxItem>
  );
}
