import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useReducer, useState } from "react";
import { ToggleButton } from "react-aria-components";
import { useSearchParams } from "react-router";
import { activityKey, useActivity, useActivityStream, type StreamState } from "../../api/activity";
import { Button } from "../../components/button";
import button from "../../components/button.module.css";
import { classNames } from "../../components/class-names";
import { errorText } from "../../components/error-text";
import { EventList } from "../../components/event-list";
import { LoadMore } from "../../components/load-more";
import { Notice } from "../../components/notice";
import { PageHead } from "../../components/page-head";
import page from "../../components/page.module.css";
import { usePageTitle } from "../../components/use-page-title";
import { usePresence } from "../../components/use-presence";
import { formatNumber, userLocale } from "../../format/numbers";
import { EventPicker } from "../explore/builder/event-picker";
import { ALL_EVENTS } from "../explore/question";
import styles from "./activity.module.css";
import { NOTHING, liveReducer, merge } from "./live";

const ExportDialog = lazy(() => import("./export-dialog"));

/** A stream keeps the warehouse awake: it ends when nobody has been here for so long. */
const IDLE_AFTER = 15 * 60_000;

/** The newest events, live on demand. */
export function ActivityPage() {
  usePageTitle("Activity");
  const [params, setParams] = useSearchParams();
  const event = params.get("event") ?? ALL_EVENTS;
  return (
    <main className={page.page}>
      <PageHead title="Activity" />
      {/* Another event begins anew: what came of the one before is none of it. */}
      <Activity
        key={event}
        event={event}
        onEvent={(next) => setParams(next === ALL_EVENTS ? {} : { event: next })}
      />
    </main>
  );
}

function Activity({ event, onEvent }: { event: string; onEvent: (event: string) => void }) {
  const queryClient = useQueryClient();
  const locale = userLocale();
  const [wanted, setWanted] = useState(true);
  const [exporting, setExporting] = useState(false);
  const present = usePresence(IDLE_AFTER);
  const [live, dispatch] = useReducer(liveReducer, NOTHING);
  const activity = useActivity(event);
  const state = useActivityStream(event, wanted && present, (news) => dispatch({ type: "news", news }));

  // Where more came than the stream tells, the pages are fetched anew.
  const stale = live.gap && !live.paused;
  useEffect(() => {
    if (!stale) return;
    dispatch({ type: "clear" });
    void queryClient.resetQueries({ queryKey: [...activityKey, event] });
  }, [stale, queryClient, event]);

  const events = merge(live.shown, activity.data?.pages.flatMap(({ events }) => events) ?? []);
  return (
    <>
      <div className={styles.tools}>
        <EventPicker label="Event" event={event} onChange={onEvent} />
        <ToggleButton
          isSelected={wanted}
          onChange={setWanted}
          className={classNames(button.button, button.plain)}
        >
          <span className={classNames(styles.dot, styles[state])} />
          {TEXT[state]}
        </ToggleButton>
        {wanted && (
          <Button onPress={() => dispatch({ type: live.paused ? "resume" : "pause" })}>
            {live.paused ? "Resume" : "Pause"}
          </Button>
        )}
        <Button onPress={() => setExporting(true)}>Export…</Button>
      </div>
      {exporting && (
        <Suspense>
          <ExportDialog event={event} onClose={() => setExporting(false)} />
        </Suspense>
      )}
      <div role="status" className={styles.news}>
        {live.waiting > 0 && (
          <Button kind="primary" onPress={() => dispatch({ type: "resume" })}>
            Show {formatNumber(live.waiting, locale)} new {live.waiting === 1 ? "event" : "events"}
          </Button>
        )}
      </div>
      {activity.data ? (
        <section className={page.panel} aria-label="Newest events" aria-busy={activity.isPlaceholderData}>
          {events.length === 0 && (
            <Notice title="Nothing has happened yet">Events show here as soon as they are loaded.</Notice>
          )}
          <EventList label="Newest events" events={events} />
          {activity.hasNextPage && (
            <LoadMore loading={activity.isFetchingNextPage} onMore={() => void activity.fetchNextPage()} />
          )}
        </section>
      ) : null}
      {activity.isError ? (
        <Notice
          kind="bad"
          title={errorText(activity.error).title}
          actions={<Button onPress={() => void activity.refetch()}>Try again</Button>}
        >
          {errorText(activity.error).advice}
        </Notice>
      ) : (
        activity.isPending && <Notice title="Fetching events…" />
      )}
    </>
  );
}

const TEXT: Record<StreamState, string> = { off: "Live: off", connecting: "Live: connecting…", open: "Live" };
