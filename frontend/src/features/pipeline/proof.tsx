import type { AuditFinding, AuditRecord } from "../../api/audit";
import { classNames } from "../../components/class-names";
import { AlertIcon, CheckIcon } from "../../components/icons";
import page from "../../components/page.module.css";
import { Snippet } from "../../components/snippet";
import { useNow } from "../../components/use-now";
import { formatInstant } from "../../format/dates";
import { formatAgo, formatNumber, userLocale } from "../../format/numbers";
import { userTimezone } from "../../format/timezones";
import { AUDIT_COMMAND, adviceFor, equation, isOld } from "./audit-text";
import styles from "./pipeline.module.css";

/** The latest proof that nothing is lost and nothing counts twice, or what does not add up. */
export function Proof({ audits }: { audits: readonly AuditRecord[] }) {
  const now = useNow(60_000);
  const [latest, ...earlier] = audits;
  return (
    <section className={page.panel} aria-labelledby="proof">
      <h2 id="proof">Proof</h2>
      {latest ? (
        <Latest record={latest} now={now} />
      ) : (
        <p className={page.lead}>
          Nobody has audited yet. An audit counts the stored files anew and holds them against what was
          loaded.
        </p>
      )}
      {(!latest || isOld(latest, now) || latest.stopped) && (
        <>
          <p className={page.note}>
            {latest && isOld(latest, now) && "That is a while ago. "}
            Run this where you run loafctl; what it finds shows here.
          </p>
          <Snippet label="Command for an audit" text={AUDIT_COMMAND} />
        </>
      )}
      {earlier.length > 0 && (
        <details className={styles.earlier}>
          <summary>Earlier audits</summary>
          <ul>
            {earlier.map((record) => (
              <li key={record.at}>
                {record.proven ? "Proven" : "Not proven"} {when(record.at)}: {equation(record, userLocale())}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Latest({ record, now }: { record: AuditRecord; now: Date }) {
  const locale = userLocale();
  const { proven, stopped, next, at, from, to, deep } = record;
  return (
    <>
      <p className={classNames(styles.verdict, proven ? styles.proven : styles.unproven)}>
        {proven ? <CheckIcon /> : <AlertIcon />}
        <span>
          {proven ? "Proven" : "Not proven"} {formatAgo(new Date(at), now, locale)}
        </span>
      </p>
      <p className={styles.equation}>{equation(record, locale)}</p>
      <p className={page.note}>
        Of what arrived from {when(from)} to {when(stopped && next !== null ? next : to)}, as it was{" "}
        {when(at)}.{" "}
        {deep
          ? "Each line was looked for in the tables, one by one."
          : "Counted file by file and load by load."}
        {stopped && " The time was up before the end: what arrived later is not looked at yet."}
      </p>
      <Findings
        title="What does not add up"
        findings={record.mismatches}
        total={record.mismatches_total}
        bad
      />
      <Findings title="To know" findings={record.notes} total={record.notes_total} />
    </>
  );
}

type FindingsProps = { title: string; findings: readonly AuditFinding[]; total: number; bad?: boolean };

function Findings({ title, findings, total, bad = false }: FindingsProps) {
  const locale = userLocale();
  if (total === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className={styles.files}>
        {findings.map(({ object, load, what, expected, found, action }, index) => (
          <li key={index}>
            <code className={styles.object}>{object ?? `Load ${load ?? ""}`}</code>
            <p className={bad ? styles.reason : undefined}>
              {what}: {formatNumber(expected, locale)} expected, {formatNumber(found, locale)} found
            </p>
            <p className={page.note}>{adviceFor(action)}</p>
          </li>
        ))}
      </ul>
      {total > findings.length && (
        <p className={page.note}>
          And {formatNumber(total - findings.length, locale)} more: loafctl audit names them.
        </p>
      )}
    </>
  );
}

function when(at: string): string {
  return formatInstant(new Date(at), userTimezone(), userLocale());
}
