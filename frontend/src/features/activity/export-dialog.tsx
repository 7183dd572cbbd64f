import { useState } from "react";
import { Button } from "../../components/button";
import button from "../../components/button.module.css";
import { classNames } from "../../components/class-names";
import { Modal, ModalActions } from "../../components/modal";
import { ToggleGroup } from "../../components/toggle-group";
import { useNow } from "../../components/use-now";
import { formatDays } from "../../format/dates";
import { userLocale } from "../../format/numbers";
import { userTimezone } from "../../format/timezones";
import { CustomRange } from "../explore/builder/custom-range";
import { EventPicker } from "../explore/builder/event-picker";
import { TimezonePicker } from "../explore/builder/timezone-picker";
import { PRESETS, daysOf } from "../explore/period";
import type { Period } from "../explore/question";
import styles from "./activity.module.css";
import { exportPath } from "./export-path";

const OPTIONS = PRESETS.map(({ last, label, name }) => ({ id: last, text: label, name }));

/** Asks which raw events to take away, and gives them as a file. */
export default function ExportDialog({ event: shown, onClose }: { event: string; onClose: () => void }) {
  const [event, setEvent] = useState(shown);
  const [period, setPeriod] = useState<Period>({ kind: "last", last: "4w" });
  const [timezone, setTimezone] = useState(userTimezone());
  const { from, to } = daysOf(period, timezone, useNow(60_000));
  return (
    <Modal title="Export raw events" isOpen onClose={onClose}>
      <div className={styles.export}>
        <EventPicker label="Event" event={event} onChange={setEvent} />
        <ToggleGroup
          label="Period"
          options={OPTIONS}
          value={period.kind === "last" ? period.last : null}
          onChange={(last) => setPeriod({ kind: "last", last })}
        />
        <CustomRange
          label="Days"
          from={from}
          to={to}
          days={formatDays(from.toDate("UTC"), to.toDate("UTC"), userLocale())}
          onChoose={(first, last) => setPeriod({ kind: "days", from: first.toString(), to: last.toString() })}
        />
        <TimezonePicker timezone={timezone} onChange={setTimezone} />
        <p className={styles.about}>
          A file of NDJSON: one event a line, as it was sent, the oldest first. <code>loafctl import</code>{" "}
          reads it. If the download breaks off, the browser says so.
        </p>
      </div>
      <ModalActions>
        <Button onPress={onClose}>Close</Button>
        <a
          className={classNames(button.button, button.link, button.primary)}
          href={exportPath({ event, from: from.toString(), to: to.toString(), timezone })}
          download="events.ndjson"
        >
          Download
        </a>
      </ModalActions>
    </Modal>
  );
}
