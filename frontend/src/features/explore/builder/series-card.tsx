import { IconButton } from "../../../components/button";
import { DuplicateIcon, TrashIcon } from "../../../components/icons";
import { seriesLetter, type Series } from "../question";
import type { Dispatch } from "../use-question";
import { AggregationPicker } from "./aggregation-picker";
import styles from "./builder.module.css";
import { EventPicker } from "./event-picker";
import { FilterEditor } from "./filter-editor";

type SeriesCardProps = {
  index: number;
  series: Series;
  /** Whether there are other series beside it. */
  several: boolean;
  canDuplicate: boolean;
  dispatch: Dispatch;
};

/** One series: which event, how it is measured, and its own filters. */
export function SeriesCard({ index, series, several, canDuplicate, dispatch }: SeriesCardProps) {
  const letter = seriesLetter(index);
  const name = `series ${letter}`;
  return (
    <li className={styles.series} aria-label={`Series ${letter}`} data-series={index + 1}>
      <div className={styles.seriesHead}>
        <span className={styles.letter} aria-hidden="true">
          {letter}
        </span>
        <EventPicker
          label={`Event of ${letter}`}
          event={series.event}
          onChange={(event) => dispatch({ type: "series/event", index, event })}
        />
        <span className={styles.seriesTools}>
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
