import { useState } from "react";
import { useDeletions, useFindDeletions, type Deletion } from "../../api/deletions";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { FormError } from "../../components/form-error";
import { Notice } from "../../components/notice";
import page from "../../components/page.module.css";
import { TextField } from "../../components/text-field";
import { formatInstant } from "../../format/dates";
import { formatNumber, userLocale } from "../../format/numbers";
import { userTimezone } from "../../format/timezones";
import styles from "./deletions.module.css";
import { deletedText, remainsText, stateText, whose } from "./receipt";

/** The deletions of users' data: those under way, and the receipts. */
export function DeletionsPanel() {
  const deletions = useDeletions();
  return (
    <section className={page.panel} aria-labelledby="deletions">
      <h2 id="deletions">Deletions</h2>
      <p className={page.note}>
        Data of people that was deleted for good: it is asked for on the person’s page. A receipt keeps a hash
        of the id, and not the id.
      </p>
      <Lookup />
      {deletions.data ? (
        deletions.data.length === 0 ? (
          <p className={page.note}>Nothing was asked to be deleted.</p>
        ) : (
          <Receipts label="Deletions" deletions={deletions.data} />
        )
      ) : deletions.isError ? (
        <Notice
          kind="bad"
          title={errorText(deletions.error).title}
          actions={<Button onPress={() => void deletions.refetch()}>Try again</Button>}
        >
          {errorText(deletions.error).advice}
        </Notice>
      ) : (
        <div className={page.waiting} aria-busy="true" />
      )}
    </section>
  );
}

/** Tells whether somebody's data was deleted. */
function Lookup() {
  const find = useFindDeletions();
  const [id, setID] = useState("");
  return (
    <form
      className={page.form}
      aria-label="Look for a deletion"
      onSubmit={(event) => {
        event.preventDefault();
        if (id !== "" && !find.isPending) find.mutate(id);
      }}
    >
      <div className={page.line}>
        <div className={page.wide}>
          <TextField
            label="Was this person’s data deleted?"
            labelShown
            placeholder="A person’s id"
            autoComplete="off"
            spellCheck="false"
            value={id}
            onChange={(text) => {
              setID(text);
              find.reset();
            }}
          />
        </div>
        <Button type="submit" isDisabled={id === "" || find.isPending}>
          Look
        </Button>
      </div>
      <div role="status">
        {find.data &&
          (find.data.length === 0 ? (
            <p className={page.note}>No deletion was asked for of this id. Ids are compared with case.</p>
          ) : (
            <Receipts label="Deletions of this person" deletions={find.data} />
          ))}
      </div>
      {find.isError && <FormError error={find.error} />}
    </form>
  );
}

function Receipts({ label, deletions }: { label: string; deletions: Deletion[] }) {
  return (
    <ul aria-label={label}>
      {deletions.map((deletion) => (
        <Receipt key={deletion.id} deletion={deletion} />
      ))}
    </ul>
  );
}

function Receipt({ deletion }: { deletion: Deletion }) {
  const locale = userLocale();
  const format = {
    at: (time: string) => formatInstant(new Date(time), userTimezone(), locale),
    number: (n: number) => formatNumber(n, locale),
  };
  const { state, remains, reason, error, unreadable } = deletion;
  return (
    <li className={styles.row}>
      <span className={styles.name} dir="auto">
        {whose(deletion)}
      </span>
      <span>{stateText(deletion, format)}</span>
      <span className={page.note}>
        Asked for {format.at(deletion.requested_at)} by {deletion.requested_by}
        {reason !== "" && <> · {reason}</>}
      </span>
      {state !== "requested" && <span className={page.note}>{deletedText(deletion, format)}</span>}
      {(remains.length > 0 || unreadable.length > 0) && (
        <details className={page.note}>
          <summary>What is left</summary>
          <ul className={styles.left}>
            {remains.map((one) => (
              <li key={one.what}>{remainsText(one, format)}</li>
            ))}
            {unreadable.map((object) => (
              <li key={object}>
                Cannot be read: <code>{object}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
      {error !== null && <Notice title="The last try failed">{error}</Notice>}
    </li>
  );
}
