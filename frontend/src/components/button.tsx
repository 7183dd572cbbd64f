import type { ReactNode } from "react";
import {
  Button as AriaButton,
  Tooltip,
  TooltipTrigger,
  type ButtonProps as AriaButtonProps,
} from "react-aria-components";
import { Link } from "react-router";
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

type ButtonLinkProps = { to: string; kind?: "primary" | "plain"; icon?: ReactNode; children: ReactNode };

/** The way to another page, for where a button would stand. */
export function ButtonLink({ to, kind = "plain", icon, children }: ButtonLinkProps) {
  return (
    <Link to={to} className={classNames(styles.button, styles.link, styles[kind])}>
      {icon}
      {children}
    </Link>
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
