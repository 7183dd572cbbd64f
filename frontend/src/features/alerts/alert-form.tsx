import { useReducer, type Dispatch, type SyntheticEvent } from "react";
import type { Alert } from "../../api/alerts";
import { useSaveAlert } from "../../api/alerts";
import { Button } from "../../components/button";
import { FormError } from "../../components/form-error";
import page from "../../components/page.module.css";
import { Select } from "../../components/select";
import { Switch } from "../../components/switch";
import { TextArea } from "../../components/text-area";
import { TextField } from "../../components/text-field";
import styles from "./alerts.module.css";
import { compares, reduce, toBody, type Action, type Draft, type Lines } from "./draft";
import { EVERY, REPEATS, withOwn } from "./texts";

type AlertFormProps = {
  /** The alert that is changed; null for a new one. */
  alert: Alert | null;
  initial: Draft;
  watched: Lines;
  topics: readonly string[];
  onSaved: (alert: Alert) => void;
};

const CONDITIONS = [
  { id: "above", text: "is above" },
  { id: "below", text: "is below" },
  { id: "rises", text: "rises by" },
  { id: "falls", text: "falls by" },
] as const;

const UNITS = [
  { id: "percent", text: "percent" },
  { id: "absolute", text: "in number" },
] as const;

const BUCKETS = [
  { id: "complete", text: "Last complete interval" },
  { id: "current", text: "Current interval" },
] as const;

/** What an alert watches, when it fires, and whom it tells. */
export function AlertForm({ alert, initial, watched, topics, onSaved }: AlertFormProps) {
  const [draft, dispatch] = useReducer(reduce, initial);
  const save = useSaveAlert();
  const change = (changed: Partial<Omit<Draft, "destinations">>) =>
    dispatch({ type: "change", change: changed });
  const body = toBody(draft, watched.property !== null);

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (body !== null && !save.isPending) save.mutate({ alert, body }, { onSuccess: onSaved });
  };

  return (
    <form onSubmit={submit} className={page.panel} aria-label={alert ? "Change the alert" : "New alert"}>
      <TextField
        label="Name"
        labelShown
        autoComplete="off"
        maxLength={200}
        value={draft.name}
        onChange={(name) => change({ name })}
      />
      <div className={page.line}>
        <div className={page.wide}>
          <Select
            label="Watch"
            labelShown
            value={draft.line}
            onChange={(line) => change({ line })}
            options={watched.lines}
          />
        </div>
        <div className={page.wide}>
          <Select
            label="Of the"
            labelShown
            value={draft.bucket}
            onChange={(bucket) => change({ bucket })}
            options={BUCKETS}
          />
        </div>
      </div>
      {watched.property !== null && (
        <div className={page.line}>
          <div className={page.wide}>
            <TextField
              label={`Group of ${watched.property}`}
              labelShown
              autoComplete="off"
              isDisabled={draft.groupMissing}
              value={draft.group}
              onChange={(group) => change({ group })}
            />
          </div>
          <Switch isSelected={draft.groupMissing} onChange={(groupMissing) => change({ groupMissing })}>
            Those without it
          </Switch>
        </div>
      )}
      <div className={page.line}>
        <div className={page.narrow}>
          <Select
            label="Fires when it"
            labelShown
            value={draft.condition}
            onChange={(condition) => change({ condition })}
            options={CONDITIONS}
          />
        </div>
        <div className={page.narrow}>
          <TextField
            label="Threshold"
            labelShown
            inputMode="decimal"
            autoComplete="off"
            value={draft.threshold}
            onChange={(threshold) => change({ threshold })}
          />
        </div>
        {compares(draft.condition) && (
          <div className={page.narrow}>
            <Select
              label="Counted"
              labelShown
              value={draft.unit}
              onChange={(unit) => change({ unit })}
              options={UNITS}
            />
          </div>
        )}
      </div>
      <div className={page.line}>
        <div className={page.narrow}>
          <Select
            label="Check at most every"
            labelShown
            value={draft.every}
            onChange={(every) => change({ every })}
            options={withOwn(EVERY, draft.every, "minutes")}
          />
        </div>
        <div className={page.narrow}>
          <Select
            label="Tell again while it fires"
            labelShown
            value={draft.repeat}
            onChange={(repeat) => change({ repeat })}
            options={withOwn(REPEATS, draft.repeat, "hours")}
          />
        </div>
      </div>
      <p className={page.note}>
        It is checked after data was loaded, so that a sleeping warehouse is not woken for it.
      </p>
      <Switch isSelected={draft.withoutLoads} onChange={(withoutLoads) => change({ withoutLoads })}>
        Check at the end of each interval even when no data came, which wakes the warehouse
      </Switch>
      <Switch isSelected={draft.recovery} onChange={(recovery) => change({ recovery })}>
        Also tell when it is over
      </Switch>
      <Switch isSelected={draft.enabled} onChange={(enabled) => change({ enabled })}>
        On
      </Switch>
      <Destinations draft={draft} topics={topics} dispatch={dispatch} />
      <TextArea
        label="Description, which is sent along"
        maxLength={2000}
        value={draft.description}
        onChange={(description) => change({ description })}
      />
      {save.isError && <FormError error={save.error} />}
      <div className={page.line}>
        <Button type="submit" kind="primary" isDisabled={body === null || save.isPending}>
          {save.isPending ? "Saving…" : alert ? "Save changes" : "Make the alert"}
        </Button>
      </div>
    </form>
  );
}

type DestinationsProps = { draft: Draft; topics: readonly string[]; dispatch: Dispatch<Action> };

function Destinations({ draft, topics, dispatch }: DestinationsProps) {
  const [topic] = topics;
  return (
    <div role="group" aria-label="Destinations" className={styles.destinations}>
      <h2>Who is told</h2>
      {draft.destinations.map(({ key, kind, url, topic: chosen }, index) => (
        <div key={key} className={page.line}>
          <div className={page.wide}>
            {kind === "webhook" ? (
              <TextField
                label={`Webhook ${index + 1}`}
                labelShown
                type="url"
                autoComplete="off"
                placeholder="https://"
                value={url}
                onChange={(changed) => dispatch({ type: "edit", key, change: { url: changed } })}
              />
            ) : (
              <Select
                label={`SNS topic ${index + 1}`}
                labelShown
                value={chosen}
                onChange={(changed) => dispatch({ type: "edit", key, change: { topic: changed } })}
                options={topics.map((arn) => ({ id: arn, text: arn }))}
              />
            )}
          </div>
          <Button
            aria-label={`Remove destination ${index + 1}`}
            onPress={() => dispatch({ type: "remove", key })}
          >
            Remove
          </Button>
        </div>
      ))}
      <div className={page.line}>
        <Button onPress={() => dispatch({ type: "add", kind: "webhook", topic: "" })}>Add a webhook</Button>
        {topic !== undefined && (
          <Button onPress={() => dispatch({ type: "add", kind: "sns", topic })}>Add an SNS topic</Button>
        )}
      </div>
    </div>
  );
}
