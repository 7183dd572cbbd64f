// What an audit found, in words, and what to do about it.
import type { AuditRecord } from "../../api/audit";
import { formatNumber } from "../../format/numbers";

/** The command that makes a proof of the last day. */
export const AUDIT_COMMAND = "loafctl audit --from 24h";

/** The command that loads again what was set aside. */
export const REPLAY_COMMAND = "loafctl replay --from 72h";

const OLD = 7 * 24 * 3_600_000;

/** Whether an audit says little about now. */
export function isOld({ at }: Pick<AuditRecord, "at">, now: Date): boolean {
  return now.getTime() - Date.parse(at) > OLD;
}

type Sum = { accepted: number; loaded: number; duplicates: number; aside: number; waiting: number };

/** The totals over all kinds of data. */
export function sumOf({ totals }: Pick<AuditRecord, "totals">): Sum {
  const sum = { accepted: 0, loaded: 0, duplicates: 0, aside: 0, waiting: 0 };
  for (const one of totals) {
    sum.accepted += one.accepted;
    sum.loaded += one.loaded;
    sum.duplicates += one.duplicates;
    sum.aside += one.quarantined;
    sum.waiting += one.waiting;
  }
  return sum;
}

/** "78,831 accepted = 78,830 loaded + 1 duplicate + 0 set aside + 0 waiting"; with ≠ where it is not so. */
export function equation(record: Pick<AuditRecord, "totals">, locale: string): string {
  const { accepted, loaded, duplicates, aside, waiting } = sumOf(record);
  const n = (value: number) => formatNumber(value, locale);
  const sign = accepted === loaded + duplicates + aside + waiting ? "=" : "≠";
  const doubles = duplicates === 1 ? "duplicate" : "duplicates";
  return `${n(accepted)} accepted ${sign} ${n(loaded)} loaded + ${n(duplicates)} ${doubles} + ${n(aside)} set aside + ${n(waiting)} waiting`;
}

/** What to do about a finding. */
export function adviceFor(action: string): string {
  switch (action) {
    case "replay":
      return `Mend what the reason names, then run ${REPLAY_COMMAND}.`;
    case "sweep":
      return `No load has met it: ${REPLAY_COMMAND} loads such objects, too.`;
    case "restore":
      return "Bring back the object, from the bucket’s older versions or a backup.";
    default:
      return "This is a defect of DataLoaf: report it with the output of loafctl audit --json.";
  }
}
