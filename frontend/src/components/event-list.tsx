import { Link } from "react-router";
import { formatInstant } from "../format/dates";
import { userLocale } from "../format/numbers";
import { userTimezone } from "../format/timezones";
import { personPath } from "./person-path";
import styles from "./event-list.module.css";

type ListedEvent = {
  event_id: string;
  event: string;
  user_id?: string | null;
  timestamp: string;
  properties: Record<string, unknown>;
};

/** Events one below the other, each with its properties behind it. The browser draws those in sight. */
export function EventList({ label, events }: { label: string; events: readonly ListedEvent[] }) {
  const locale = userLocale();
  const here = userTimezone();
  return (
    <ol className={styles.list} aria-label={label}>
      {events.map(({ event_id, event, user_id, timestamp, properties }) => {
        const names = Object.keys(properties);
        return (
          <li key={`${event_id} ${timestamp}`} className={styles.row}>
            <div className={styles.head}>
              <Link to={`/explore?event=${encodeURIComponent(event)}`} className={styles.event} dir="auto">
                {event}
              </Link>
              {user_id !== undefined &&
                (user_id === null ? (
                  <span className={styles.nobody}>no user</span>
                ) : (
                  <Link to={personPath(user_id)} className={styles.user} dir="auto">
                    {user_id}
                  </Link>
                ))}
              <time dateTime={timestamp} className={styles.time}>
                {formatInstant(new Date(timestamp), here, locale)}
              </time>
            </div>
            {names.length > 0 && (
              <details className={styles.details}>
                <summary>
                  <bdi>{names.join(", ")}</bdi>
                </summary>
                <Facts facts={properties} />
              </details>
            )}
          </li>
        );
      })}
    </ol>
  );
}

/** Properties or attributes with their values, as JSON where they are not text. */
export function Facts({ facts }: { facts: Record<string, unknown> }) {
  return (
    <dl className={styles.facts}>
      {Object.entries(facts).map(([name, value]) => (
        <div key={name}>
          <dt dir="auto">{name}</dt>
          <dd dir="auto">{typeof value === "string" ? value : JSON.stringify(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
