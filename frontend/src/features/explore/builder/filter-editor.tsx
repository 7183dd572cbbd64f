import { useRef } from "react";
import { Button } from "../../../components/button";
import { PlusIcon } from "../../../components/icons";
import { Select } from "../../../components/select";
import { MAX_CONDITIONS, type Filter } from "../question";
import type { FilterTarget } from "../question-reducer";
import type { Dispatch } from "../use-question";
import styles from "./builder.module.css";
import { ConditionRow } from "./condition-row";

type FilterEditorProps = {
  target: FilterTarget;
  filter: Filter;
  /** The event whose properties are offered first; "*" offers all. */
  event: string;
  /** Whose filters these are, as the controls' names say it. */
  owner: string;
  dispatch: Dispatch;
  addText: string;
  /** Whether conditions on saved cohorts are offered. */
  cohorts?: boolean;
};

const MATCHES = [
  { id: "all", text: "all of these" },
  { id: "any", text: "any of these" },
] as const;

/** Conditions on events and users, one a row. */
export function FilterEditor({
  target,
  filter,
  event,
  owner,
  dispatch,
  addText,
  cohorts = true,
}: FilterEditorProps) {
  const list = useRef<HTMLUListElement>(null);
  const { conditions, match } = filter;

  const remove = (index: number) => {
    dispatch({ type: "condition/remove", target, index });
    // The row that had the focus is gone: its group keeps the keyboard's place.
    list.current?.closest<HTMLElement>("[data-filter]")?.querySelector<HTMLElement>("[data-add]")?.focus();
  };

  return (
    <div className={styles.filter} data-filter="">
      {conditions.length > 1 && (
        <div className={styles.match}>
          <span>Match</span>
          <Select
            label={`How ${owner} match`}
            options={MATCHES}
            value={match}
            onChange={(next) => dispatch({ type: "filter/match", target, match: next })}
          />
        </div>
      )}
      <ul className={styles.conditions} ref={list} aria-label={owner}>
        {conditions.map((condition, index) => (
          <ConditionRow
            key={index}
            condition={condition}
            cohorts={cohorts}
            event={event}
            name={`${owner}, ${index + 1}`}
            onProperty={(scope, property, types) =>
              dispatch({ type: "condition/property", target, index, scope, property, types })
            }
            onOperator={(operator) => dispatch({ type: "condition/operator", target, index, operator })}
            onValue={(value) => dispatch({ type: "condition/value", target, index, value })}
            onCohort={(cohort) => dispatch({ type: "condition/cohort", target, index, cohort })}
            onInCohort={(operator) => dispatch({ type: "condition/in-cohort", target, index, operator })}
            onRemove={() => remove(index)}
          />
        ))}
      </ul>
      <Button
        kind="quiet"
        small
        data-add=""
        icon={<PlusIcon />}
        isDisabled={conditions.length >= MAX_CONDITIONS}
        onPress={() => dispatch({ type: "condition/add", target })}
      >
        {addText}
      </Button>
    </div>
  );
}
