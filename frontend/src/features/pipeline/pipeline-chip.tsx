import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { Link } from "react-router";
import { usePipeline } from "../../api/pipeline";
import { classNames } from "../../components/class-names";
import { errorText } from "../../components/error-text";
import field from "../../components/field.module.css";
import { useNow } from "../../components/use-now";
import { userLocale } from "../../format/numbers";
import styles from "./pipeline.module.css";
import { health, healthText } from "./pipeline-state";
import { PipelineSummary } from "./pipeline-summary";

/** Says in the header whether data is flowing; pressed, it tells more. */
export function PipelineChip() {
  const pipeline = usePipeline(false);
  const now = useNow(5_000);
  const { data } = pipeline;
  const text = data
    ? healthText(data, now, userLocale())
    : pipeline.isError
      ? "Pipeline unknown"
      : "Pipeline";
  return (
    <DialogTrigger>
      <Button className={styles.chip} aria-label={`Pipeline: ${text}`}>
        <span className={classNames(styles.dot, data && styles[health(data)])} />
        <span className={styles.chipText}>{text}</span>
      </Button>
      <Popover className={classNames(field.popover, styles.popover)} placement="bottom end" offset={6}>
        <Dialog className={styles.dialog} aria-label="Pipeline">
          {({ close }) => (
            <>
              {data ? (
                <PipelineSummary pipeline={data} />
              ) : (
                <p>{pipeline.isError ? errorText(pipeline.error).advice : "Asking the server…"}</p>
              )}
              <Link to="/pipeline" onClick={close}>
                Open the pipeline page
              </Link>
            </>
          )}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
