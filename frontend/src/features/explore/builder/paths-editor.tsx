import field from "../../../components/field.module.css";
import { Select } from "../../../components/select";
import { ToggleGroup } from "../../../components/toggle-group";
import { MAX_PATH_STEPS, type Direction, type PathsQuestion } from "../question";
import type { Dispatch } from "../use-question";
import styles from "./builder.module.css";
import { EventPicker } from "./event-picker";
import { WindowEditor } from "./window-editor";

const DIRECTION_OPTIONS: readonly { id: Direction; text: string }[] = [
  { id: "after", text: "After the event" },
  { id: "before", text: "Before the event" },
];

const STEP_OPTIONS = Array.from({ length: MAX_PATH_STEPS }, (_, index) => ({
  id: String(index + 1),
  text: index === 0 ? "1 step" : `${index + 1} steps`,
}));

const LIMITS = [3, 5, 10, 20, 50] as const;

/** From which event the paths lead, whether on or back, how far, and how many events of a step are named. */
export function PathsEditor({ question, dispatch }: { question: PathsQuestion; dispatch: Dispatch }) {
  const { event, direction, steps, window, limit } = question;
  const limits = [...new Set<number>([...LIMITS, limit])].sort((one, other) => one - other);
  return (
    <section className={styles.part} aria-labelledby="part-paths">
      <h2 id="part-paths">Paths</h2>
      <div className={styles.labelled}>
        <span className={field.label}>What users do</span>
        <ToggleGroup
          label="Direction"
          options={DIRECTION_OPTIONS}
          value={direction}
          onChange={(next) => dispatch({ type: "direction", direction: next })}
        />
      </div>
      <EventPicker
        label="Event"
        event={event}
        onChange={(next) => dispatch({ type: "event", event: next })}
      />
      <div className={styles.pair}>
        <Select
          label="Steps"
          labelShown
          options={STEP_OPTIONS}
          value={String(steps)}
          onChange={(next) => dispatch({ type: "path/steps", steps: Number(next) })}
        />
        <Select
          label="Events of a step"
          labelShown
          options={limits.map((one) => ({ id: String(one), text: `Commonest ${one}` }))}
          value={String(limit)}
          onChange={(next) => dispatch({ type: "path/limit", limit: Number(next) })}
        />
      </div>
      <WindowEditor window={window} onChange={(next) => dispatch({ type: "window", window: next })} />
    </section>
  );
}
