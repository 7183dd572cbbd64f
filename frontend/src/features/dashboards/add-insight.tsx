import { useState } from "react";
import { Link } from "react-router";
import { useInsights } from "../../api/saved";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { Modal, ModalActions } from "../../components/modal";
import { Notice } from "../../components/notice";
import { TextField } from "../../components/text-field";
import { useDebounced } from "../../components/use-debounced";
import styles from "./dashboard.module.css";

type AddInsightProps = {
  /** The insights that are on the dashboard already. */
  shown: ReadonlySet<string>;
  full: boolean;
  isOpen: boolean;
  onClose: () => void;
  onAdd: (insightId: string) => void;
};

/** Chooses the saved insights to put on a dashboard. */
export function AddInsight({ isOpen, onClose, ...list }: AddInsightProps) {
  return (
    <Modal title="Add insights" isOpen={isOpen} onClose={onClose}>
      <Choices {...list} />
      <ModalActions>
        <Button kind="primary" onPress={onClose}>
          Done
        </Button>
      </ModalActions>
    </Modal>
  );
}

function Choices({ shown, full, onAdd }: Pick<AddInsightProps, "shown" | "full" | "onAdd">) {
  const [search, setSearch] = useState("");
  const { data, error, refetch } = useInsights(useDebounced(search.trim(), 250));
  return (
    <>
      <TextField
        label="Search insights"
        type="search"
        placeholder="Search by name"
        value={search}
        onChange={setSearch}
        maxLength={200}
        autoFocus
      />
      {full && <Notice title="A dashboard has at most 50 cards" />}
      {error && !data ? (
        <Notice
          kind="bad"
          title={errorText(error).title}
          actions={<Button onPress={() => void refetch()}>Try again</Button>}
        >
          {errorText(error).advice}
        </Notice>
      ) : data?.length === 0 ? (
        <p>
          {search === "" ? (
            <>
              Nothing is saved yet. Ask a question in <Link to="/explore">Explore</Link>, and save it.
            </>
          ) : (
            "No name matches."
          )}
        </p>
      ) : (
        <ul className={styles.choices} aria-label="Saved insights" aria-busy={data === undefined}>
          {data?.map(({ id, name }) => (
            <li key={id}>
              <span dir="auto">{name}</span>
              <Button small aria-label={`Add ${name}`} isDisabled={full} onPress={() => onAdd(id)}>
                {shown.has(id) ? "Add again" : "Add"}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
