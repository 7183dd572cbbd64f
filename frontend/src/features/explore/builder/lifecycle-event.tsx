import field from "../../../components/field.module.css";
import type { LifecycleQuestion } from "../question";
import type { Dispatch } from "../use-question";
import styles from "./builder.module.css";
import { EventPicker } from "./event-picker";

/** The event whose users are new, returning, resurrecting or dormant. */
export function LifecycleEvent({ question, dispatch }: { question: LifecycleQuestion; dispatch: Dispatch }) {
  return (
    <section className={styles.part} aria-labelledby="part-lifecycle">
      <h2 id="part-lifecycle">Event</h2>
      <div className={styles.labelled}>
        <span className={field.label}>Users who did</span>
        <EventPicker
          label="Event"
          event={question.event}
          onChange={(event) => dispatch({ type: "event", event })}
        />
      </div>
    </section>
  );
}
