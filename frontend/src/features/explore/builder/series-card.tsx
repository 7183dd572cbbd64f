import { IconButton } from "../../../components/button";
import { DuplicateIcon, TrashIcon } from "../../../components/icons";
import { TextField } from "../../../components/text-field";
import { useDraft } from "../../../components/use-draft";
import { measureText } from "../aggregations";
import { seriesLetter, type Series } from "../question";
import type { Dispatch } from "../use-question";
import { AggregationPicker } from "./aggregation-picker";
import styles from "./builder.module.css";
import { EventPicker } from "./event-picker";
import { FilterEditor } from "./filter-editor";
import { MoveButtons } from "./move-buttons";
import type { Mover } from "./use-mover";

type SeriesCardProps = {
  index: number;
  series: Series;
  /** How many series there are. */
  count: number;
  canDuplicate: boolean;
  dispatch: Dispatch;
  onMove: Mover;
};

/** One series: what it is called, which event, how it is measured, and its own filters. */
export function SeriesCard({ index, series, count, canDuplicate, dispatch, onMove }: SeriesCardProps) {
  const letter = seriesLetter(index);
  const name = `series ${letter}`;
  const several = count > 1 || series.filter.conditions.length > 0;
  return (
    // Alt with an arrow key moves the card; each way has a button of its own as well.
    <li
      className={styles.series}
      aria-label={`Series ${letter}`}
      data-series={index + 1}
      onKeyDownCapture={onMove.onKeyDown(index)}
    >
      <div className={styles.seriesHead}>
        <span className={styles.letter} aria-hidden="true">
          {letter}
        </span>
        <Name
          label={`Name of ${letter}`}
          name={series.label ?? ""}
          otherwise={measureText(series.event, series.aggregation, series.property)}
          onChange={(label) => dispatch({ type: "series/label", index, label })}
        />
        <span className={styles.seriesTools}>
          {count > 1 && <MoveButtons name={name} index={index} count={count} mover={onMove} />}
          <IconButton
            label={`Duplicate ${name}`}
            isDisabled={!canDuplicate}
            onPress={() => dispatch({ type: "series/duplicate", index })}
          >
            <DuplicateIcon />
          </IconButton>
          {several && (
            <IconButton label={`Remove ${name}`} onPress={() => dispatch({ type: "series/remove", index })}>
              <TrashIcon />
            </IconButton>
          )}
        </span>
      </div>
      <EventPicker
        label={`Event of ${letter}`}
        event={series.event}
        onChange={(event) => dispatch({ type: "series/event", index, event })}
      />
      <AggregationPicker
        letter={letter}
        series={series}
        onAggregation={(aggregation) => dispatch({ type: "series/aggregation", index, aggregation })}
        onProperty={(property) => dispatch({ type: "series/property", index, property })}
      />
      {several && (
        <FilterEditor
          target={index}
          filter={series.filter}
          event={series.event}
          owner={`filters of ${name}`}
          dispatch={dispatch}
          addText="Filter this series"
        />
      )}
    </li>
  );
}

type NameProps = { label: string; name: string; otherwise: string; onChange: (name: string) => void };

/** What the reader calls the series. Enter keeps it, Escape takes back what was typed, empty is the usual name. */
function Name({ label, name, otherwise, onChange }: NameProps) {
  const { draft, change, flush, revert } = useDraft(name, onChange);
  return (
    <div className={styles.name}>
      <TextField
        label={label}
        placeholder={otherwise}
        maxLength={200}
        value={draft}
        onChange={change}
        onBlur={flush}
        onKeyDown={(event) => {
          if (event.key === "Enter") flush();
          if (event.key === "Escape") revert();
        }}
      />
    </div>
  );
}
