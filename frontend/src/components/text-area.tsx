import {
  Label,
  TextArea as AriaTextArea,
  TextField as AriaTextField,
  type TextFieldProps as AriaProps,
} from "react-aria-components";
import { classNames } from "./class-names";
import styles from "./field.module.css";

type TextAreaProps = Omit<AriaProps, "className" | "children" | "aria-label"> & {
  label: string;
  rows?: number;
};

/** Several lines of text. */
export function TextArea({ label, rows = 3, ...props }: TextAreaProps) {
  return (
    <AriaTextField {...props}>
      <Label className={styles.label}>{label}</Label>
      <AriaTextArea className={classNames(styles.input, styles.area)} rows={rows} dir="auto" />
    </AriaTextField>
  );
}
