import { useMemo, useReducer, useState } from "react";
import { Link, useLocation, useNavigate, useParams, useSearchParams } from "react-router";
import {
  useCreateDashboard,
  useDashboard,
  useDeleteDashboard,
  useDuplicateDashboard,
  useReplaceDashboard,
  type Asked,
  type Dashboard,
  type Range,
} from "../../api/saved";
import { Button, ButtonLink, IconButton } from "../../components/button";
import { classNames } from "../../components/class-names";
import { errorText } from "../../components/error-text";
import { EditIcon, FullscreenIcon, PlusIcon, TextIcon } from "../../components/icons";
import { Notice } from "../../components/notice";
import { PageHead } from "../../components/page-head";
import page from "../../components/page.module.css";
import { SaveProblem } from "../../components/save-problem";
import { UnopenedPage } from "../../components/unopened-page";
import { usePageTitle } from "../../components/use-page-title";
import { userTimezone } from "../../format/timezones";
import { TimezonePicker } from "../explore/builder/timezone-picker";
import { Freshness } from "../explore/results/freshness";
import { ChangedBy } from "../insights/changed-by";
import { ConfirmDialog } from "../insights/confirm-dialog";
import { ItemMenu } from "../insights/item-menu";
import { NameDialog } from "../insights/name-dialog";
import { same } from "../insights/saved-question";
import { AddInsight } from "./add-insight";
import styles from "./dashboard.module.css";
import { MAX_CARDS, draftReducer, toDraft, toInput } from "./dashboard-reducer";
import { GridCard } from "./grid-card";
import { readRange, writeRange } from "./range";
import { RangeControl } from "./range-control";
import { TextDialog } from "./text-dialog";
import { useFullscreen } from "./use-fullscreen";
import { usePrint } from "./use-print";

/** One dashboard, at its own address. */
export default function DashboardPage() {
  const { id = "" } = useParams();
  const dashboard = useDashboard(id);
  if (dashboard.data) return <Opened key={id} latest={dashboard.data} />;
  return (
    <UnopenedPage
      title="Dashboard"
      error={dashboard.error}
      onRetry={() => void dashboard.refetch()}
      back={<ButtonLink to="/dashboards">All dashboards</ButtonLink>}
    />
  );
}

type Doing = "insight" | "text" | "rename" | "delete" | "discard" | null;

/**
 * What is seen follows the server. What is edited is a draft of the version at
 * which editing began: whoever saves on top of another one's change hears of it.
 */
function Opened({ latest }: { latest: Dashboard }) {
  const navigate = useNavigate();
  const location = useLocation();
  const [search, setSearch] = useSearchParams();
  const [base, setBase] = useState<Dashboard | null>(() => (asksToEdit(location.state) ? latest : null));
  const [draft, dispatch] = useReducer(draftReducer, latest, toDraft);
  const [doing, setDoing] = useState<Doing>(null);
  const fresh = useDashboard(latest.id);
  const save = useReplaceDashboard();
  const copy = useCreateDashboard();
  const duplicate = useDuplicateDashboard();
  const remove = useDeleteDashboard();
  const fullscreen = useFullscreen();
  const print = usePrint();

  const editing = base !== null;
  const seen = useMemo(() => toDraft(latest), [latest]);
  const shown = editing ? draft : seen;
  usePageTitle(shown.name);

  // The address may ask for another period, which concerns nobody else.
  const chosen = readRange(search);
  const range = editing || chosen === undefined ? shown.range : chosen;
  const asked = useMemo(() => toAsked(range, shown.timezone), [range, shown.timezone]);
  const changed = editing && !same(toInput(draft), toInput(toDraft(base)));
  const full = draft.cards.length >= MAX_CARDS;

  const edit = () => {
    dispatch({ type: "open", dashboard: latest });
    setBase(latest);
  };
  const leave = () => {
    save.reset();
    copy.reset();
    setDoing(null);
    setBase(null);
    // A reload keeps the entry's state, and shall not begin to edit anew.
    if (asksToEdit(location.state)) void navigate(location, { replace: true, state: null });
  };
  const close = () => setDoing(null);

  return (
    <main className={classNames(page.page, page.full)}>
      <PageHead
        title={shown.name}
        description={shown.description}
        note={
          <>
            <Link to="/dashboards">Dashboards</Link> · <ChangedBy item={latest} />
            {changed && <span className={page.unsaved}> · Not saved</span>}
          </>
        }
      >
        {editing ? (
          <>
            <Button icon={<PlusIcon />} isDisabled={full} onPress={() => setDoing("insight")}>
              Add insights
            </Button>
            <Button icon={<TextIcon />} isDisabled={full} onPress={() => setDoing("text")}>
              Add text
            </Button>
            <Button onPress={() => setDoing("rename")}>Rename</Button>
            <Button onPress={() => (changed ? setDoing("discard") : leave())}>Cancel</Button>
            <Button
              kind="primary"
              isDisabled={save.isPending}
              onPress={() => {
                if (!changed) leave();
                else
                  save.mutate(
                    { id: base.id, version: base.version, ...toInput(draft) },
                    { onSuccess: leave },
                  );
              }}
            >
              {save.isPending ? "Saving…" : "Save"}
            </Button>
          </>
        ) : (
          <>
            <Button icon={<EditIcon />} onPress={edit}>
              Edit
            </Button>
            {fullscreen.possible && (
              <IconButton
                label={fullscreen.on ? "Leave the full screen" : "Show on the full screen"}
                onPress={fullscreen.toggle}
              >
                <FullscreenIcon />
              </IconButton>
            )}
            <ItemMenu
              label="More about this dashboard"
              actions={[
                {
                  id: "duplicate",
                  text: "Duplicate",
                  onAction: () =>
                    duplicate.mutate(latest.id, {
                      onSuccess: ({ id }) => void navigate(`/dashboards/${id}`),
                    }),
                },
                { id: "print", text: "Print", onAction: print.start },
                { id: "delete", text: "Delete", onAction: () => setDoing("delete") },
              ]}
            />
          </>
        )}
      </PageHead>
      <div className={styles.when}>
        <RangeControl
          range={range}
          timezone={shown.timezone ?? userTimezone()}
          onChange={(next) => {
            if (editing) dispatch({ type: "range", range: next });
            else setSearch(writeRange(next));
          }}
        />
        {editing && (
          <div className={styles.zone}>
            <TimezonePicker
              timezone={draft.timezone ?? "Each card’s own time zone"}
              onChange={(timezone) => dispatch({ type: "timezone", timezone })}
            />
            {draft.timezone !== null && (
              <Button small kind="quiet" onPress={() => dispatch({ type: "timezone", timezone: null })}>
                Use each card’s own
              </Button>
            )}
          </div>
        )}
      </div>
      <SaveProblem
        thing="dashboard"
        errors={[save.error]}
        onShowTheirs={() => void fresh.refetch().then(leave)}
        onSaveAsNew={() =>
          copy.mutate(toInput({ ...draft, name: `${draft.name} (mine)`.slice(0, 200) }), {
            onSuccess: ({ id }) => void navigate(`/dashboards/${id}`),
          })
        }
        canSaveAsNew={!copy.isPending}
      >
        {copy.isError && ` The copy could not be saved either: ${errorText(copy.error).advice}`}
      </SaveProblem>
      {duplicate.isError && (
        <Notice kind="bad" title="The dashboard could not be duplicated">
          {errorText(duplicate.error).advice}
        </Notice>
      )}
      {shown.cards.length === 0 ? (
        <Notice
          large
          title="No cards yet"
          actions={
            !editing && (
              <Button kind="primary" onPress={edit}>
                Edit
              </Button>
            )
          }
        >
          Add insights that were saved in Explore, and texts that explain them.
        </Notice>
      ) : (
        <div className={styles.grid} data-grid>
          {shown.cards.map((card) => (
            <GridCard
              key={card.id}
              card={card}
              cards={shown.cards}
              asked={asked}
              editing={editing}
              wanted={print.asked}
              dispatch={dispatch}
            />
          ))}
        </div>
      )}
      {insightsOn(shown.cards).size > 0 && (
        <footer>
          <Freshness timezone={shown.timezone ?? userTimezone()} elapsed={null} />
        </footer>
      )}
      <AddInsight
        shown={insightsOn(draft.cards)}
        full={full}
        isOpen={doing === "insight"}
        onClose={close}
        onAdd={(insightId) => dispatch({ type: "card/insight", insightId })}
      />
      <TextDialog
        title="New text card"
        text=""
        isOpen={doing === "text"}
        onClose={close}
        onSave={(text) => {
          close();
          dispatch({ type: "card/text", text });
        }}
      />
      <NameDialog
        title="Rename this dashboard"
        action="Keep"
        suggested={{ name: draft.name, description: draft.description }}
        isOpen={doing === "rename"}
        onClose={close}
        onSave={(named) => {
          close();
          dispatch({ type: "rename", ...named });
        }}
        isPending={false}
        error={null}
      />
      <ConfirmDialog
        title="Discard your changes?"
        action="Discard"
        isOpen={doing === "discard"}
        onClose={close}
        onConfirm={leave}
        isPending={false}
        error={null}
      >
        The dashboard goes back to what it was.
      </ConfirmDialog>
      <ConfirmDialog
        title={`Delete “${latest.name}”?`}
        action="Delete"
        isOpen={doing === "delete"}
        onClose={() => {
          remove.reset();
          close();
        }}
        onConfirm={() =>
          remove.mutate(latest.id, { onSuccess: () => void navigate("/dashboards", { replace: true }) })
        }
        isPending={remove.isPending}
        error={remove.error}
      >
        It is deleted for everybody, and cannot be brought back. The insights on it stay.
      </ConfirmDialog>
    </main>
  );
}

function toAsked(range: Range | null, timezone: string | null): Asked {
  return { ...(range ? { range } : {}), ...(timezone ? { timezone } : {}) };
}

function insightsOn(cards: Dashboard["cards"]): ReadonlySet<string> {
  return new Set(cards.flatMap((card) => (card.kind === "insight" ? [card.insight_id] : [])));
}

/** Whether whoever led here wants to begin at once, as with a new dashboard. */
function asksToEdit(state: unknown): boolean {
  return typeof state === "object" && state !== null && "editing" in state && state.editing === true;
}
