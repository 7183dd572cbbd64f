import type { Alert } from "../../api/alerts";
import { classNames } from "../../components/class-names";
import styles from "./alerts.module.css";
import { statusText } from "./texts";

/** How an alert stands, in its colour and in words. */
export function Status({ alert }: { alert: Pick<Alert, "enabled" | "state"> }) {
  return (
    <span className={classNames(styles.status, alert.enabled && styles[alert.state.status])}>
      {statusText(alert)}
    </span>
  );
}
