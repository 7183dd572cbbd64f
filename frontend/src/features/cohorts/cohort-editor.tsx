import { useReducer, useRef } from "react";
import { useNavigate } from "react-router";
import { useSaveCohort, type Cohort } from "../../api/cohorts";
import { Button, IconButton } from "../../components/button";
import { PlusIcon, TrashIcon } from "../../components/icons";
import page from "../../components/page.module.css";
import { SaveProblem } from "../../components/save-problem";
import { Select } from "../../components/select";
import { TextArea } from "../../components/text-area";
import { TextField } from "../../components/text-field";
import { userLocale } from "../../format/numbers";
import { TimezonePicker } from "../explore/builder/timezone-picker";
import { AttributeControls } from "./attribute-controls";
import { MAX_CONDITIONS, toDefinition, type CohortDraft, type DraftCondition } from "./cohort-draft";
import { cohortReducer, type CohortAction } from "./cohort-reducer";
import styles from "./cohorts.module.css";
import { describeCondition } from "./describe";
import { EventControls } from "./event-controls";
import { FunnelControls } from "./funnel-controls";

const MATCHES = [
  { id: "all", text: "all of these" },
  { id: "any", text: "any of these" },
] as const;

type CohortEditorProps = {
  initial: CohortDraft;
  /** The version that is changed; null makes a new cohort. */
  base: Pick<Cohort, "id" | "version"> | null;
  onSaved: (cohort: Cohort) => void;
  onCancel: () => void;
  /** Has the page show what somebody else made of it. */
  onShowTheirs: () => void;
};

/** Makes a cohort, or changes one. */
export function CohortEditor({ initial, base, onSaved, onCancel, onShowTheirs }: CohortEditorProps) {
  const navigate = useNavigate();
  const [draft, dispatch] = useReducer(cohortReducer, initial);
  const save = useSaveCohort();
  const copy = useSaveCohort();
  const panel = useRef<HTMLElement>(null);
  const defined = toDefinition(draft);
  const full = draft.conditions.length >= MAX_CONDITIONS;
  const name = draft.name.trim();
  const advice =
    name === "" ? "Give the cohort a name." : defined.kind === "unfinished" ? defined.advice : null;

  const body = (named: string) =>
    defined.kind === "definition"
      ? { name: named, description: draft.description.trim(), definition: defined.definition }
      : null;

  return (
    <form
      className={styles.fields}
      aria-label="Cohort"
      onSubmit={(event) => {
        event.preventDefault();
        const made = body(name);
        if (made && advice === null && !save.isPending)
          save.mutate(base ? { id: base.id, version: base.version, ...made } : made, { onSuccess: onSaved });
      }}
    >
      <SaveProblem
        thing="cohort"
        errors={[save.error, copy.error]}
        onShowTheirs={onShowTheirs}
        onSaveAsNew={() => {
          const made = body(`${name} (mine)`.slice(0, 200));
          if (made) copy.mutate(made, { onSuccess: ({ id }) => void navigate(`/cohorts/${id}`) });
        }}
        canSaveAsNew={advice === null && !copy.isPending}
      />
      <section className={page.panel} aria-label="What it is called">
        <TextField
          label="Name"
          labelShown
          value={draft.name}
          onChange={(next) => dispatch({ type: "name", name: next })}
          maxLength={200}
          autoFocus={base === null}
        />
        <TextArea
          label="Description (optional)"
          value={draft.description}
          onChange={(next) => dispatch({ type: "description", description: next })}
          maxLength={2000}
          rows={2}
        />
      </section>
      <section ref={panel} tabIndex={-1} className={page.panel} aria-labelledby="conditions">
        <h2 id="conditions">Who belongs to it</h2>
        <div className={styles.line}>
          <span>Users of whom</span>
          <div className={styles.medium}>
            <Select
              label="How conditions match"
              options={MATCHES}
              value={draft.match}
              onChange={(match) => dispatch({ type: "match", match })}
            />
          </div>
          <span>{draft.match === "all" ? "are true" : "is true"}</span>
        </div>
        <ol className={styles.conditions} aria-label="Conditions">
          {draft.conditions.map((condition, index) => (
            <li key={index} className={styles.condition}>
              <div className={styles.controls}>
                <Controls condition={condition} index={index} timezone={draft.timezone} dispatch={dispatch} />
              </div>
              <IconButton
                label={`Remove condition ${index + 1}`}
                onPress={() => {
                  dispatch({ type: "remove", index });
                  // The button goes with its condition: the list keeps the keyboard's place.
                  panel.current?.focus();
                }}
              >
                <TrashIcon />
              </IconButton>
            </li>
          ))}
        </ol>
        <div className={page.tools}>
          <Button
            kind="quiet"
            small
            icon={<PlusIcon />}
            isDisabled={full}
            onPress={() => dispatch({ type: "add", condition: "event" })}
          >
            {full ? `${MAX_CONDITIONS} conditions are the most` : "What they did"}
          </Button>
          <Button
            kind="quiet"
            small
            icon={<PlusIcon />}
            isDisabled={full}
            onPress={() => dispatch({ type: "add", condition: "attribute" })}
          >
            What they are
          </Button>
          <Button
            kind="quiet"
            small
            icon={<PlusIcon />}
            isDisabled={full}
            onPress={() => dispatch({ type: "add", condition: "funnel" })}
          >
            How far they came in a funnel
          </Button>
        </div>
        <div className={styles.line}>
          <span>Days are those of</span>
          <div className={styles.wide}>
            <TimezonePicker
              timezone={draft.timezone}
              onChange={(timezone) => dispatch({ type: "timezone", timezone })}
            />
          </div>
        </div>
      </section>
      <div className={styles.line}>
        <Button type="submit" kind="primary" isDisabled={advice !== null || save.isPending}>
          {save.isPending ? "Saving…" : base === null ? "Create the cohort" : "Save"}
        </Button>
        <Button onPress={onCancel}>Cancel</Button>
        <p className={page.note} role="status">
          {advice}
        </p>
      </div>
    </form>
  );
}

type ControlsProps = {
  condition: DraftCondition;
  index: number;
  timezone: string;
  dispatch: (action: CohortAction) => void;
};

function Controls({ condition, index, timezone, dispatch }: ControlsProps) {
  const name = `condition ${index + 1}`;
  switch (condition.type) {
    case "attribute":
      return (
        <AttributeControls
          condition={condition.condition}
          name={name}
          onAttribute={(property, types) => dispatch({ type: "attribute", index, property, types })}
          onOperator={(operator) => dispatch({ type: "operator", index, operator })}
          onValue={(value) => dispatch({ type: "value", index, value })}
        />
      );
    case "event":
      return (
        <EventControls
          condition={condition}
          timezone={timezone}
          name={name}
          onEvent={(event) => dispatch({ type: "event", index, event })}
          onDone={(done) => dispatch({ type: "done", index, done })}
          onAtLeast={(atLeast) => dispatch({ type: "at-least", index, atLeast })}
          onPeriod={(period) => dispatch({ type: "period", index, period })}
          onFilter={(action) => dispatch({ type: "filter", index, action })}
        />
      );
    case "funnel":
      return (
        <FunnelControls
          condition={condition}
          timezone={timezone}
          name={name}
          onOutcome={(outcome) => dispatch({ type: "outcome", index, outcome })}
          onStep={(step) => dispatch({ type: "step", index, step })}
          onPeriod={(period) => dispatch({ type: "period", index, period })}
          onFunnel={(action) => dispatch({ type: "funnel", index, action })}
        />
      );
    case "other":
      return (
        <p>
          {describeCondition(condition, userLocale())}. It stays as it is; it can be changed through the API.
        </p>
      );
  }
}
