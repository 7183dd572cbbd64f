import { useRef } from "react";
import { Button, IconButton } from "../../../components/button";
import { PlusIcon, TrashIcon } from "../../../components/icons";
import { TextField } from "../../../components/text-field";
import { useDraft } from "../../../components/use-draft";
import { formulaProblem } from "../formula";
import { MAX_FORMULAS, type Formula, type TrendQuestion } from "../question";
import type { Dispatch } from "../use-question";
import styles from "./builder.module.css";

/** What is calculated of the series, by their letters. */
export function FormulaEditor({ question, dispatch }: { question: TrendQuestion; dispatch: Dispatch }) {
  const { formulas, series } = question;
  const panel = useRef<HTMLElement>(null);
  const full = formulas.length >= MAX_FORMULAS;
  return (
    <section ref={panel} tabIndex={-1} className={styles.part} aria-labelledby="part-formulas">
      <h2 id="part-formulas">Formulas</h2>
      {formulas.length > 0 && (
        <ul className={styles.list}>
          {formulas.map((formula, index) => (
            <FormulaRow
              key={index}
              formula={formula}
              number={index + 1}
              series={series.length}
              colour={((series.length + index) % 10) + 1}
              onExpression={(expression) => dispatch({ type: "formula/expression", index, expression })}
              onLabel={(label) => dispatch({ type: "formula/label", index, label })}
              onRemove={() => {
                dispatch({ type: "formula/remove", index });
                // The button goes with its formula: the part keeps the keyboard's place.
                panel.current?.focus();
              }}
            />
          ))}
        </ul>
      )}
      <Button
        kind="quiet"
        small
        icon={<PlusIcon />}
        isDisabled={full}
        onPress={() => dispatch({ type: "formula/add" })}
      >
        {full ? "10 formulas are the most" : "Add a formula"}
      </Button>
    </section>
  );
}

type FormulaRowProps = {
  formula: Formula;
  number: number;
  /** How many series there are to calculate with. */
  series: number;
  /** Its colour in the chart, unless the answer is broken down. */
  colour: number;
  onExpression: (expression: string) => void;
  onLabel: (label: string) => void;
  onRemove: () => void;
};

function FormulaRow(props: FormulaRowProps) {
  const { formula, number, series, colour, onExpression, onLabel, onRemove } = props;
  const expression = useDraft(formula.expression, onExpression);
  const label = useDraft(formula.label ?? "", onLabel);
  const name = `formula ${number}`;
  return (
    <li className={styles.series} aria-label={`Formula ${number}`} data-series={colour}>
      <div className={styles.seriesHead}>
        <span className={styles.letter} aria-hidden="true">
          ƒ
        </span>
        <div className={styles.name}>
          <TextField
            label={`Name of ${name}`}
            placeholder={formula.expression.trim() === "" ? "A formula" : formula.expression}
            maxLength={200}
            value={label.draft}
            onChange={label.change}
            onBlur={label.flush}
            onKeyDown={(event) => {
              if (event.key === "Enter") label.flush();
              if (event.key === "Escape") label.revert();
            }}
          />
        </div>
        <IconButton label={`Remove ${name}`} onPress={onRemove}>
          <TrashIcon />
        </IconButton>
      </div>
      <TextField
        label={`Expression of ${name}`}
        placeholder="A / B * 100"
        maxLength={500}
        // While it is typed on, what is wrong is what is seen.
        error={formulaProblem(expression.draft, series) ?? undefined}
        value={expression.draft}
        onChange={expression.change}
        onBlur={expression.flush}
        onKeyDown={(event) => {
          if (event.key === "Enter") expression.flush();
          if (event.key === "Escape") expression.revert();
        }}
      />
    </li>
  );
}
