import type { ReactNode } from "react";
import {
  Button as AriaButton,
  Tooltip,
  TooltipTrigger,
  type ButtonProps as AriaButtonProps,
} from "react-aria-components";
import styles from "./button.module.css";
import { classNames } from "./class-names";

type Kind = "primary" | "plain" | "quiet";

type ButtonProps = Omit<AriaButtonProps, "className" | "children"> & {
  kind?: Kind;
  /** For what stands in a line with text. */
  small?: boolean;
  icon?: ReactNode;
  children: ReactNode;
};

/** A button with words on it. */
export function Button({ kind = "plain", small = false, icon, children, ...props }: ButtonProps) {
  return (
    <AriaButton {...props} className={classNames(styles.button, styles[kind], small && styles.small)}>
      {icon}
      {children}
    </AriaButton>
  );
}

type IconButtonProps = Omit<AriaButtonProps, "className" | "children" | "aria-label"> & {
  label: string;
  children: ReactNode;
};

/** A button that is an icon; its name shows when it is pointed at or focused. */
export function IconButton({ label, children, ...props }: IconButtonProps) {
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      <AriaButton {...props} aria-label={label} className={classNames(styles.button, styles.icon)}>
        {children}
      </AriaButton>
      <Tooltip className={styles.tooltip} offset={6}>
        {label}
      </Tooltip>
    </TooltipTrigger>
  );
}
