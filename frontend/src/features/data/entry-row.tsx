import { useState } from "react";
import { Link } from "react-router";
import { usePropertyVolumes } from "../../api/definitions";
import { Button, IconButton } from "../../components/button";
import { classNames } from "../../components/class-names";
import { errorText } from "../../components/error-text";
import { CheckIcon, EditIcon } from "../../components/icons";
import page from "../../components/page.module.css";
import { formatInstant } from "../../format/dates";
import { formatNumber, formatShare, userLocale } from "../../format/numbers";
import { userTimezone } from "../../format/timezones";
import { valueText } from "../explore/operators";
import styles from "./data.module.css";
import { flagsOf, type Entry } from "./entries";
import { exploreName } from "./explore-name";

type EntryRowProps = {
  entry: Entry;
  /** Whether the reader may say what it means. */
  mayEdit: boolean;
  onEdit: () => void;
};

/** One name: what was seen of it, and what was said. */
export function EntryRow({ entry, mayEdit, onEdit }: EntryRowProps) {
  const { name, description, hidden, verified, sample, types } = entry;
  const flags = flagsOf(entry);
  const more = flags.length > 0 || verified || (entry.of === "event" && entry.seen);
  return (
    <li className={styles.row} aria-label={name}>
      <div className={styles.what}>
        <div className={styles.name}>
          <Link to={exploreName(entry)} dir="auto">
            {name}
          </Link>
          {verified && (
            <span className={classNames(styles.badge, styles.verified)}>
              <CheckIcon />
              Verified
            </span>
          )}
          {hidden && <span className={styles.badge}>Hidden</span>}
          {flags.map(({ id, text }) => (
            <span key={id} className={classNames(styles.badge, styles.flag)}>
              {text}
            </span>
          ))}
        </div>
        {description !== "" && (
          <p className={page.description} dir="auto">
            {description}
          </p>
        )}
        {types.length > 0 && (
          <p className={page.note}>
            {types.map(({ type }) => type).join(", ")}
            {sample !== null && (
              <>
                , such as <span dir="auto">{valueText(sample)}</span>
              </>
            )}
          </p>
        )}
      </div>
      <Numbers entry={entry} />
      <div className={styles.actions}>
        {mayEdit && (
          <IconButton label={`Define ${name}`} onPress={onEdit}>
            <EditIcon />
          </IconButton>
        )}
      </div>
      {more && <More entry={entry} />}
    </li>
  );
}

function Numbers({ entry }: { entry: Entry }) {
  const locale = userLocale();
  const { of, count, recent, lastSeen, seen } = entry;
  const units = of === "user" ? "user" : "event";
  return (
    <div className={styles.numbers}>
      <span className={styles.count}>
        {seen ? `${formatNumber(count, locale)} ${count === 1 ? units : `${units}s`}` : "None yet"}
      </span>
      {seen && recent !== null && <span>{formatNumber(recent, locale)} in the last 30 days</span>}
      {lastSeen !== null && <span>Last {formatInstant(new Date(lastSeen), userTimezone(), locale)}</span>}
    </div>
  );
}

/** Why a name has its flags, who verified it, and which events carry it; asked for when it is opened. */
function More({ entry }: { entry: Entry }) {
  const [open, setOpen] = useState(false);
  const { of, name, verifiedBy, verifiedAt, seen } = entry;
  const flags = flagsOf(entry);
  const carried = of === "event" && seen;
  return (
    <details className={styles.more} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {[
          ...(flags.length > 0 ? ["What the flags mean"] : []),
          ...(carried ? ["Which events carry it"] : []),
        ].join(" · ") || "Who verified it"}
      </summary>
      <div className={styles.facts}>
        {flags.length > 0 && (
          <ul className={styles.whys}>
            {flags.map(({ id, text, why }) => (
              <li key={id}>
                <strong>{text}.</strong> <span dir="auto">{why}</span>
              </li>
            ))}
          </ul>
        )}
        {verifiedBy !== null && verifiedAt !== null && (
          <p>
            Verified {formatInstant(new Date(verifiedAt), userTimezone(), userLocale())} by{" "}
            <span dir="auto">{verifiedBy}</span>.
          </p>
        )}
        {carried && open && <Volumes property={name} />}
      </div>
    </details>
  );
}

/** The events that carry a property. */
function Volumes({ property }: { property: string }) {
  const volumes = usePropertyVolumes(property);
  const locale = userLocale();
  if (volumes.isError) {
    return (
      <p role="alert">
        {errorText(volumes.error).title}. {errorText(volumes.error).advice}{" "}
        <Button small onPress={() => void volumes.refetch()}>
          Try again
        </Button>
      </p>
    );
  }
  if (!volumes.data) return <p aria-busy="true">Looking at the events…</p>;
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={`Events with ${property}`}>
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">With it</th>
            <th scope="col">Share</th>
            <th scope="col">Last 30 days</th>
          </tr>
        </thead>
        <tbody>
          {volumes.data.map(({ event, count, event_count: all, count_in_range: recent }) => (
            <tr key={event}>
              <th scope="row" dir="auto">
                <Link to={exploreName({ of: "events", name: event })}>{event}</Link>
              </th>
              <td>{formatNumber(count, locale)}</td>
              <td>{all === 0 ? "–" : formatShare(count / all, locale)}</td>
              <td>{formatNumber(recent, locale)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
