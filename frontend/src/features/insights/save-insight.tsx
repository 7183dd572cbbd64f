import { useState } from "react";
import { useMatch, useNavigate } from "react-router";
import { useCreateInsight } from "../../api/saved";
import { Button } from "../../components/button";
import { SaveIcon } from "../../components/icons";
import { eventName, measureText } from "../explore/aggregations";
import type { Question, Series } from "../explore/question";
import { writeQuestion } from "../explore/question-url";
import { titleOf } from "../explore/titles";
import { NameDialog, type Named } from "./name-dialog";
import { toKept, type Kept } from "./saved-question";

/** Saves the question of Explore as an insight, and opens that. A saved insight has a bar of its own. */
export function SaveInsight({ question }: { question: Question }) {
  const saved = useMatch("/insights/:id");
  const [naming, setNaming] = useState(false);
  const kept = toKept(question, new Date());
  if (saved) return null;
  return (
    <>
      <Button icon={<SaveIcon />} isDisabled={kept === null} onPress={() => setNaming(true)}>
        Save
      </Button>
      {kept && (
        <SaveAs
          title="Save this insight"
          kept={kept}
          address={writeQuestion(question)}
          suggested={{ name: suggestedName(question), description: "" }}
          isOpen={naming}
          onClose={() => setNaming(false)}
        />
      )}
    </>
  );
}

type SaveAsProps = {
  title: string;
  kept: Kept;
  /** Where the question is at, below the insight's own path. */
  address: string;
  suggested: Named;
  isOpen: boolean;
  onClose: () => void;
};

/** Asks for a name, saves the question under it as a new insight, and opens that. */
export function SaveAs({ title, kept, address, suggested, isOpen, onClose }: SaveAsProps) {
  const create = useCreateInsight();
  const navigate = useNavigate();
  const close = () => {
    create.reset();
    onClose();
  };
  return (
    <NameDialog
      title={title}
      action="Save"
      suggested={suggested}
      isOpen={isOpen}
      onClose={close}
      onSave={(named) =>
        create.mutate(
          { ...named, ...kept },
          {
            onSuccess: ({ id }) => {
              close();
              void navigate(`/insights/${id}${address}`);
            },
          },
        )
      }
      isPending={create.isPending}
      error={create.error}
    />
  );
}

function suggestedName(question: Question): string {
  switch (question.kind) {
    case "trend":
      return trendName(question.series);
    case "funnel":
      return question.steps
        .map(({ event }) => eventName(event))
        .join(" → ")
        .slice(0, 200);
    case "retention":
      return `${eventName(question.cohortEvent)}, then ${eventName(question.returnEvent)}`.slice(0, 200);
    case "stickiness":
    case "lifecycle":
    case "paths":
      return titleOf(question).slice(0, 200);
  }
}

function trendName(series: readonly Series[]): string {
  const [first] = series;
  if (first && series.length === 1) return measureText(first.event, first.aggregation, first.property);
  return [...new Set(series.map(({ event }) => eventName(event)))].join(", ").slice(0, 200);
}
