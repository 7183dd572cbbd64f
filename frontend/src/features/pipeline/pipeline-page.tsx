import type { Pipeline } from "../../api/pipeline";
import { usePipeline } from "../../api/pipeline";
import { Button } from "../../components/button";
import { classNames } from "../../components/class-names";
import { errorText } from "../../components/error-text";
import { Notice } from "../../components/notice";
import { PageHead } from "../../components/page-head";
import page from "../../components/page.module.css";
import { Snippet } from "../../components/snippet";
import { usePageTitle } from "../../components/use-page-title";
import { formatInstant } from "../../format/dates";
import { formatNumber, userLocale } from "../../format/numbers";
import { userTimezone } from "../../format/timezones";
import { REPLAY_COMMAND } from "./audit-text";
import { History } from "./history";
import styles from "./pipeline.module.css";
import { Advice } from "./advice";
import { PipelineSummary } from "./pipeline-summary";

/** Is data flowing, and what could not be loaded. */
export default function PipelinePage() {
  usePageTitle("Pipeline");
  const pipeline = usePipeline(false);
  return (
    <main className={page.page}>
      <PageHead title="Pipeline" />
      <p className={page.lead}>
        Events and users are stored as they arrive and loaded into the warehouse a little later, each exactly
        once.
      </p>
      {pipeline.data ? (
        <>
          <section className={classNames(page.panel, styles.state)} aria-label="State">
            <PipelineSummary pipeline={pipeline.data} />
            <Advice pipeline={pipeline.data} />
          </section>
          <Quarantine pipeline={pipeline.data} />
          <History />
        </>
      ) : pipeline.isError ? (
        <Notice
          kind="bad"
          title={errorText(pipeline.error).title}
          actions={<Button onPress={() => void pipeline.refetch()}>Try again</Button>}
        >
          {errorText(pipeline.error).advice}
        </Notice>
      ) : (
        <section className={page.panel} aria-label="State" aria-busy="true">
          <div className={page.waiting} />
        </section>
      )}
    </main>
  );
}

function Quarantine({ pipeline }: { pipeline: Pipeline }) {
  const locale = userLocale();
  const here = userTimezone();
  const { quarantined, files_quarantined: count } = pipeline;
  return (
    <section className={page.panel} aria-labelledby="quarantine">
      <h2 id="quarantine">Quarantined files</h2>
      {quarantined.length === 0 ? (
        <p className={page.lead}>
          None. A file that cannot be loaded is set aside here, and the rest goes on.
        </p>
      ) : (
        <>
          <p className={page.lead}>
            {count > quarantined.length &&
              `The newest ${quarantined.length} of ${formatNumber(count, locale)}. `}
            Their raw data stays in storage: mend what the reason names, and load it again with
          </p>
          <Snippet label="Command to load again" text={REPLAY_COMMAND} />
          <ul className={styles.files}>
            {quarantined.map(({ object, reason, at }) => (
              <li key={object}>
                <code className={styles.object}>{object}</code>
                <p className={styles.reason}>{reason}</p>
                <p className={page.note}>{formatInstant(new Date(at), here, locale)}</p>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
