import { formatChange, userLocale } from "../../../format/numbers";
import { change } from "../answer";

/** How much a value differs from the one before: "+12 %". */
export function Change({ value, previous }: { value: number | null; previous: number | null }) {
  const share = change(value, previous);
  return share === null ? "–" : formatChange(share, userLocale());
}
