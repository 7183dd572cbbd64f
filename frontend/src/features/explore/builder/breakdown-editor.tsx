import { IconButton } from "../../../components/button";
import { CloseIcon } from "../../../components/icons";
import { Select } from "../../../components/select";
import { DEFAULT_GROUPS, type Breakdown } from "../question";
import type { Dispatch } from "../use-question";
import styles from "./builder.module.css";
import { PropertyPicker } from "./property-picker";

const LIMITS = [3, 5, 10, 25, 50, 100, 250, 1000] as const;

type BreakdownEditorProps = {
  breakdown: Breakdown | null;
  /** The event whose properties are offered; "*" offers all. */
  event: string;
  dispatch: Dispatch;
};

/** Splits the answer into groups by a property, and says how many of them are named. */
export function BreakdownEditor({ breakdown, event, dispatch }: BreakdownEditorProps) {
  const limits = [...new Set<number>([...LIMITS, breakdown?.limit ?? DEFAULT_GROUPS])].sort((a, b) => a - b);
  return (
    <div className={styles.breakdown}>
      <div className={styles.property}>
        <PropertyPicker
          label="Break down by"
          event={event}
          scope={breakdown?.scope ?? "event"}
          property={breakdown?.property ?? ""}
          placeholder="No breakdown"
          onChange={(scope, property) =>
            dispatch({
              type: "breakdown",
              breakdown: { scope, property, limit: breakdown?.limit ?? DEFAULT_GROUPS },
            })
          }
        />
        {breakdown && (
          <IconButton
            label="Remove the breakdown"
            onPress={() => dispatch({ type: "breakdown", breakdown: null })}
          >
            <CloseIcon />
          </IconButton>
        )}
      </div>
      {breakdown && (
        <Select
          label="Groups"
          options={limits.map((limit) => ({ id: String(limit), text: `Largest ${limit} and the rest` }))}
          value={String(breakdown.limit)}
          onChange={(limit) =>
            dispatch({ type: "breakdown", breakdown: { ...breakdown, limit: Number(limit) } })
          }
        />
      )}
    </div>
  );
}
