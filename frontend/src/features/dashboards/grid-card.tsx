import { useId, useRef, useState, type CSSProperties, type ReactNode } from "react";
import { Link } from "react-router";
import { ApiError } from "../../api/client";
import { useInsight, type Asked, type Card } from "../../api/saved";
import { Button } from "../../components/button";
import { classNames } from "../../components/class-names";
import { errorText } from "../../components/error-text";
import { MoveIcon, ResizeIcon } from "../../components/icons";
import { Notice } from "../../components/notice";
import { ItemMenu } from "../insights/item-menu";
import { CardAnswer } from "./card-answer";
import { CardText } from "./card-text";
import styles from "./dashboard.module.css";
import { MAX_CARDS, type DraftAction } from "./dashboard-reducer";
import type { Layout, Step } from "./layout";
import { TextDialog } from "./text-dialog";
import { useDrag } from "./use-drag";
import { useOverflow } from "./use-overflow";
import { useSeen } from "../../components/use-seen";

type GridCardProps = {
  card: Card;
  cards: readonly Card[];
  asked: Asked;
  editing: boolean;
  /** Whether it is to be answered although it is out of sight. */
  wanted: boolean;
  dispatch: (action: DraftAction) => void;
};

/** One card of a dashboard. While the dashboard is edited it has handles and a menu. */
export function GridCard({ card, cards, asked, editing, wanted, dispatch }: GridCardProps) {
  const element = useRef<HTMLElement>(null);
  const title = useId();
  const seen = useSeen(element);
  const { x, y, w, h } = card.layout;
  const place = { "--x": x + 1, "--y": y + 1, "--w": w, "--h": h } as CSSProperties;
  const tools = editing && <Tools card={card} cards={cards} dispatch={dispatch} />;
  return (
    <article
      ref={element}
      className={classNames(styles.card, editing && styles.editing)}
      style={place}
      aria-label={card.kind === "text" ? "Text" : undefined}
      aria-labelledby={card.kind === "text" ? undefined : title}
    >
      {card.kind === "text" ? (
        <>
          {editing && (
            <header className={styles.cardHead}>
              <p className={styles.cardTitle}>Text</p>
              {tools}
            </header>
          )}
          <CardText text={card.text} />
        </>
      ) : (
        <InsightCard card={card} title={title} asked={asked} seen={seen || wanted} tools={tools} />
      )}
      {editing && <ResizeHandle card={card} cards={cards} dispatch={dispatch} />}
    </article>
  );
}

type InsightCardProps = {
  card: Extract<Card, { kind: "insight" }>;
  /** The id of the card's heading. */
  title: string;
  asked: Asked;
  seen: boolean;
  tools: ReactNode;
};

function InsightCard({ card, title, asked, seen, tools }: InsightCardProps) {
  const insight = useInsight(card.insight_id);
  const body = useRef<HTMLDivElement>(null);
  const overflows = useOverflow(body);
  const gone = insight.error instanceof ApiError && insight.error.status === 404;
  return (
    <>
      <header className={styles.cardHead}>
        <h2 id={title} className={styles.cardTitle} dir="auto">
          {insight.data ? (
            <Link to={`/insights/${card.insight_id}`}>{insight.data.name}</Link>
          ) : gone ? (
            "Deleted insight"
          ) : (
            "Insight"
          )}
        </h2>
        {tools}
      </header>
      <div
        ref={body}
        className={styles.cardBody}
        // A region that scrolls must be within reach of the keyboard.
        {...(overflows && { tabIndex: 0, role: "group", "aria-label": "Answer" })}
      >
        {insight.data ? (
          <CardAnswer insight={insight.data} asked={asked} seen={seen} />
        ) : gone ? (
          <p className={styles.nothing}>
            This insight was deleted. Edit the dashboard to take the card away.
          </p>
        ) : insight.isError ? (
          <Notice
            kind="bad"
            title={errorText(insight.error).title}
            actions={
              <Button small onPress={() => void insight.refetch()}>
                Try again
              </Button>
            }
          >
            {errorText(insight.error).advice}
          </Notice>
        ) : (
          <div className={styles.cardWaiting} aria-busy="true" />
        )}
      </div>
    </>
  );
}

type HandleProps = Pick<GridCardProps, "card" | "cards" | "dispatch">;

const STEPS: readonly { id: Step; text: string }[] = [
  { id: "left", text: "Move left" },
  { id: "right", text: "Move right" },
  { id: "up", text: "Move up" },
  { id: "down", text: "Move down" },
  { id: "narrower", text: "Make narrower" },
  { id: "wider", text: "Make wider" },
  { id: "shorter", text: "Make shorter" },
  { id: "taller", text: "Make taller" },
];

/** The handle that moves a card, and the menu with all that can be done without dragging. */
function Tools({ card, cards, dispatch }: HandleProps) {
  const [writing, setWriting] = useState(false);
  const handle = useDrag(card, cards, "move", dispatch);
  const { id } = card;
  const steps = STEPS.map((one) => ({
    ...one,
    onAction: () => dispatch({ type: "card/step", id, by: one.id }),
  }));
  const remove = { id: "remove", text: "Remove", onAction: () => dispatch({ type: "card/remove", id }) };
  const duplicate = {
    id: "duplicate",
    text: "Duplicate",
    onAction: () => dispatch({ type: "card/duplicate", id }),
  };
  const edit = { id: "edit", text: "Edit text", onAction: () => setWriting(true) };
  return (
    <div className={styles.cardTools}>
      <button
        type="button"
        className={styles.handle}
        aria-label={`Move, with the arrow keys too. ${placeText(card.layout)}`}
        {...handle}
      >
        <MoveIcon />
      </button>
      <ItemMenu
        label="Card"
        actions={[
          ...(card.kind === "text" ? [edit] : []),
          ...(cards.length < MAX_CARDS ? [duplicate] : []),
          ...steps,
          remove,
        ]}
      />
      {card.kind === "text" && (
        <TextDialog
          title="Text card"
          text={card.text}
          isOpen={writing}
          onClose={() => setWriting(false)}
          onSave={(text) => {
            setWriting(false);
            dispatch({ type: "card/edit", id, text });
          }}
        />
      )}
    </div>
  );
}

function ResizeHandle({ card, cards, dispatch }: HandleProps) {
  const handle = useDrag(card, cards, "resize", dispatch);
  return (
    <button
      type="button"
      className={classNames(styles.handle, styles.resize)}
      aria-label={`Change the size, with the arrow keys too. ${placeText(card.layout)}`}
      {...handle}
    >
      <ResizeIcon />
    </button>
  );
}

/** Where a card is, for those who do not see it. */
function placeText({ x, y, w, h }: Layout): string {
  return `Column ${x + 1}, row ${y + 1}, ${w} wide, ${h} high`;
}
