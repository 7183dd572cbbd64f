import { useState } from "react";
import { useSearchParams } from "react-router";
import { useDefinedEvents, useDefinedProperties, type Of } from "../../api/definitions";
import { useMay } from "../../api/session";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { PlusIcon } from "../../components/icons";
import { Notice } from "../../components/notice";
import { PageHead } from "../../components/page-head";
import page from "../../components/page.module.css";
import { Select } from "../../components/select";
import { TextField } from "../../components/text-field";
import { ToggleGroup } from "../../components/toggle-group";
import { usePageTitle } from "../../components/use-page-title";
import { userTimezone } from "../../format/timezones";
import styles from "./data.module.css";
import { DefinitionDialog } from "./definition-dialog";
import { SHOWS, fromEvent, fromProperty, narrowed, type Entry, type Show } from "./entries";
import { EntryRow } from "./entry-row";

const OF: readonly { id: Of; text: string; empty: string }[] = [
  { id: "events", text: "Events", empty: "Events show here once they are loaded." },
  { id: "event", text: "Properties", empty: "Properties show here once events that have some are loaded." },
  { id: "user", text: "Attributes", empty: "Attributes show here once users that have some are loaded." },
];

/** What data there is: names of events, properties and attributes, what they mean, and what is odd about them. */
export default function DataPage() {
  usePageTitle("Data");
  const [params, setParams] = useSearchParams();
  const of = OF.find(({ id }) => id === params.get("of"))?.id ?? "events";
  const show = SHOWS.find(({ id }) => id === params.get("show"))?.id ?? "all";
  const search = (params.get("search") ?? "").slice(0, 200);
  const mayEdit = useMay("editor");
  const names = useNames(of);
  // The dialog keeps its words while the list is read anew.
  const [defining, setDefining] = useState<{ entry: Entry | null } | null>(null);

  const change = (next: { of?: Of; show?: Show; search?: string }) => {
    const all = { of, show, search, ...next };
    const kept: Record<string, string> = {};
    if (all.of !== "events") kept.of = all.of;
    if (all.show !== "all") kept.show = all.show;
    if (all.search !== "") kept.search = all.search;
    setParams(kept, { replace: true });
  };
  const found = names.data && narrowed(names.data, search, show);
  const kind = OF.find(({ id }) => id === of);

  return (
    <main className={page.page}>
      <PageHead title="Data">
        {mayEdit && (
          <Button icon={<PlusIcon />} onPress={() => setDefining({ entry: null })}>
            Define a name
          </Button>
        )}
      </PageHead>
      <p className={page.lead}>
        The names that were sent, and what they mean. Nothing here changes an answer: what is hidden is
        counted as before, and two spellings stay two names.
      </p>
      <ToggleGroup label="Names of" options={OF} value={of} onChange={(next) => change({ of: next })} />
      <div className={styles.tools}>
        <div className={styles.search}>
          <TextField
            label="Search names and descriptions"
            type="search"
            placeholder="Search names and descriptions"
            value={search}
            onChange={(text) => change({ search: text })}
            maxLength={200}
          />
        </div>
        <div className={styles.show}>
          <Select label="Show" options={SHOWS} value={show} onChange={(next) => change({ show: next })} />
        </div>
      </div>
      {names.isError && !names.data ? (
        <Notice
          kind="bad"
          title={errorText(names.error).title}
          actions={<Button onPress={names.refetch}>Try again</Button>}
        >
          {errorText(names.error).advice}
        </Notice>
      ) : !found ? (
        <div className={page.waiting} role="status" aria-busy="true">
          <span className="visually-hidden">The names are on their way</span>
        </div>
      ) : names.data?.length === 0 ? (
        <Notice large title="Nothing yet">
          {kind?.empty}
        </Notice>
      ) : found.length === 0 ? (
        <p role="status">No name matches.</p>
      ) : (
        <ul className={page.list} aria-label={kind?.text}>
          {found.map((entry) => (
            <EntryRow
              key={entry.name}
              entry={entry}
              mayEdit={mayEdit}
              onEdit={() => setDefining({ entry })}
            />
          ))}
        </ul>
      )}
      <DefinitionDialog
        of={of}
        entry={defining?.entry ?? null}
        isOpen={defining !== null}
        onClose={() => setDefining(null)}
      />
    </main>
  );
}

/** The names of a kind. Only that kind is asked for: on some warehouses asking is billed. */
function useNames(of: Of) {
  const events = useDefinedEvents(of === "events" ? userTimezone() : null);
  const properties = useDefinedProperties(of === "events" ? null : of);
  const asked = of === "events" ? events : properties;
  return {
    data:
      of === "events"
        ? events.data?.map(fromEvent)
        : properties.data?.map((property) => fromProperty(of, property)),
    isError: asked.isError,
    error: asked.error,
    refetch: () => void asked.refetch(),
  };
}
