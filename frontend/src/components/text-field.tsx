import {
  FieldError,
  Input,
  Label,
  Text,
  TextField as AriaTextField,
  type TextFieldProps as AriaProps,
} from "react-aria-components";
import styles from "./field.module.css";

type TextFieldProps = Omit<AriaProps, "className" | "children" | "aria-label"> & {
  label: string;
  labelShown?: boolean;
  placeholder?: string;
  /** What to know before typing. */
  hint?: string;
  /** What is wrong with what was typed. */
  error?: string | undefined;
};

/** One line of text. */
export function TextField({ label, labelShown = false, placeholder, hint, error, ...props }: TextFieldProps) {
  return (
    <AriaTextField {...props} isInvalid={error !== undefined} aria-label={labelShown ? undefined : label}>
      {labelShown && <Label className={styles.label}>{label}</Label>}
      <Input className={styles.input} placeholder={placeholder} dir="auto" />
      {hint !== undefined && (
        <Text slot="description" className={styles.hint}>
          {hint}
        </Text>
      )}
      {error !== undefined && <FieldError className={styles.error}>{error}</FieldError>}
    </AriaTextField>
  );
}
