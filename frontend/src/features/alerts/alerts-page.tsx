import { Link } from "react-router";
import { useAlerts, type Alert } from "../../api/alerts";
import { useMay } from "../../api/session";
import { Button, ButtonLink } from "../../components/button";
import { classNames } from "../../components/class-names";
import { errorText } from "../../components/error-text";
import { Notice } from "../../components/notice";
import { PageHead } from "../../components/page-head";
import page from "../../components/page.module.css";
import { useNow } from "../../components/use-now";
import { usePageTitle } from "../../components/use-page-title";
import { formatAgo, formatNumber, userLocale } from "../../format/numbers";
import styles from "./alerts.module.css";
import { Status } from "./status";
import { conditionText } from "./texts";

/** All alerts, and how they stand. */
export default function AlertsPage() {
  usePageTitle("Alerts");
  const alerts = useAlerts();
  const mayMake = useMay("editor");
  return (
    <main className={page.page}>
      <PageHead title="Alerts" />
      {alerts.data ? (
        alerts.data.alerts.length === 0 ? (
          <Notice
            large
            title="Nothing is watched yet"
            actions={mayMake && <ButtonLink to="/insights">Go to Insights</ButtonLink>}
          >
            {mayMake
              ? "Open a saved trend and press “Alert me…”: you are told when its value crosses a threshold."
              : "Those who may edit make alerts on saved trends: they are told when a value crosses a threshold."}
          </Notice>
        ) : (
          <>
            {mayMake && (
              <p className={page.note}>
                To add one, open a trend in <Link to="/insights">Insights</Link> and press “Alert me…”.
              </p>
            )}
            <ul className={page.list} aria-label="Alerts">
              {alerts.data.alerts.map((alert) => (
                <AlertRow key={alert.id} alert={alert} />
              ))}
            </ul>
          </>
        )
      ) : alerts.isError ? (
        <Notice
          kind="bad"
          title={errorText(alerts.error).title}
          actions={<Button onPress={() => void alerts.refetch()}>Try again</Button>}
        >
          {errorText(alerts.error).advice}
        </Notice>
      ) : (
        <div className={page.waiting} role="status" aria-busy="true">
          <span className="visually-hidden">The list is on its way</span>
        </div>
      )}
    </main>
  );
}

function AlertRow({ alert }: { alert: Alert }) {
  const now = useNow(60_000);
  const locale = userLocale();
  const { state } = alert;
  return (
    <li className={classNames(page.item, styles.alert)}>
      <div className={page.words}>
        <Link to={`/alerts/${alert.id}`} dir="auto">
          {alert.name}
        </Link>
        <span>
          Fires when {state.line ?? "it"} {conditionText(alert.condition, locale)}
        </span>
        <span className={page.note}>
          {state.value !== null && `Last value ${formatNumber(state.value, locale)} · `}
          {state.checked_at
            ? `checked ${formatAgo(new Date(state.checked_at), now, locale)}`
            : "not checked yet"}
          {state.reason && ` · ${state.reason}`}
        </span>
      </div>
      <Status alert={alert} />
    </li>
  );
}
